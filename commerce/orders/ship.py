"""Ship an order for its shop, and put right what was mistyped of its parcel."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from commerce.orders import letters, shipment_store, store
from commerce.orders.fulfil import ship_in
from commerce.orders.move import note_in, shipment_changed_in
from commerce.orders.parcels import address_version, read
from commerce.orders.refunds import Refunds, RefundState
from commerce.orders.types import (
    Actor,
    ActorKind,
    AddressChanged,
    AlreadyShipped,
    BeingRefunded,
    NoAddress,
    NotInTransit,
    NotShippable,
    Order,
    OrderStatus,
    Parcel,
    RefundStatus,
)
from commerce.staff import On, audit
from server.database import Connection
from server.errors import NotFound


async def ship(
    connection: Connection,
    refunds: Refunds,
    shops: Sequence[int] | None,
    order_no: str,
    parcel: Parcel,
    staff_id: int,
    address_seen: str = "",
) -> Order:
    """Ship an order of these shops (None: of any) whole, and return it as it is now.

    ``address_seen`` is the version of the address that is on the parcel: the member may have changed it since. Whoever
    refunds an order's price locks the order first, so that one of the two comes before the other.
    Locks the order, then stock in order of SKU. Raises NotFound, AlreadyShipped, NotShippable, BeingRefunded,
    NoAddress, AddressChanged.
    """
    order = await _locked(connection, shops, order_no)
    if order.status in (OrderStatus.PENDING_RECEIPT, OrderStatus.COMPLETED):
        sent = (await shipment_store.of_orders(connection, [order.id]))[order.id]
        raise AlreadyShipped(details={"status": order.status, **(_told(sent[0].parcel) if sent else {})})
    if order.status is not OrderStatus.PENDING_SHIPMENT:
        raise NotShippable(details={"status": order.status})
    if await held_by_refund(connection, refunds, order):
        raise BeingRefunded(details={"refund_status": order.refund_status})
    if not order.address["name"]:
        raise NoAddress
    if address_seen and address_seen != address_version(order.address):
        raise AddressChanged(field="address_version")
    moved = await ship_in(connection, order.id, parcel, Actor(ActorKind.STAFF, staff_id))
    assert moved
    await audit(
        connection,
        staff_id,
        "order_shipped",
        On("order", order_no),
        shop_id=order.shop_id,
        before={"status": OrderStatus.PENDING_SHIPMENT},
        after={"status": OrderStatus.PENDING_RECEIPT, **_told(parcel)},
    )
    return await _again(connection, order.id)


async def correct(
    connection: Connection,
    shops: Sequence[int] | None,
    order_no: str,
    carrier: str | None,
    number: str | None,
    staff_id: int,
) -> Order:
    """Put right the carrier or the number (None: as it is) of an order on its way, tell its member, return the order.

    What is right already changes nothing. Locks the order. Raises NotFound, NotInTransit, Invalid.
    """
    order = await _locked(connection, shops, order_no)
    sent = (await shipment_store.of_orders(connection, [order.id]))[order.id]
    if order.status is not OrderStatus.PENDING_RECEIPT or not sent:
        raise NotInTransit(details={"status": order.status})
    before = sent[0].parcel
    parcel = read(
        before.carrier if carrier is None else carrier,
        before.tracking_no if number is None else number,
    )
    if parcel == before:
        return order
    shipment = await shipment_store.correct(connection, sent[0].id, parcel)
    await note_in(connection, order.id, "shipment_corrected", "商家更正了快递信息", Actor(ActorKind.STAFF, staff_id))
    await shipment_changed_in(connection, order.id)
    await letters.tell_corrected(connection, order, shipment)
    await audit(
        connection,
        staff_id,
        "shipment_corrected",
        On("order", order_no),
        shop_id=order.shop_id,
        before=_told(before),
        after=_told(parcel),
    )
    return order


async def held_by_refund(connection: Connection, refunds: Refunds, order: Order) -> bool:
    """Tell whether the order's price has gone back whole, or some of it is on its way back."""
    if order.refund_status is RefundStatus.FULL:
        return True
    found = await refunds.of_order(connection, order.id)
    return any(refund.of_the_price and refund.status is not RefundState.DONE for refund in found)


async def _locked(connection: Connection, shops: Sequence[int] | None, order_no: str) -> Order:
    found = await store.of_shops(connection, shops, order_no)
    order = await store.lock(connection, found.id) if found is not None else None
    if order is None:
        raise NotFound
    return order


async def _again(connection: Connection, order_id: int) -> Order:
    order = await store.by_id(connection, order_id)
    assert order is not None
    return order


def _told(parcel: Parcel) -> dict[str, str]:
    told: dict[str, str] = msgspec.to_builtins(parcel)
    return told
