"""Shipping over JSON, for staff."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from commerce.orders import shipment_store, store
from commerce.orders.parcels import address_for, address_version, read
from commerce.orders.refunds import Refunds
from commerce.orders.ship import correct, ship
from commerce.orders.types import (
    AddressChanged,
    AlreadyShipped,
    BeingRefunded,
    Carrier,
    NoAddress,
    NotInTransit,
    NotShippable,
    Order,
    OrderStatus,
    RefundStatus,
)
from commerce.orders.views import ShipmentView, shipment_view
from commerce.staff import Permission
from server.clock import wire
from server.database import Connection
from server.errors import NotFound
from server.http import Body, Call, Instant, Kind, Routes, StaffWith, View
from server.http.routes import Key

routes = Routes("back office: shipping", realm=Kind.STAFF)
API = "/api/v1/backoffice/orders/{order_no}/shipment"
TrackingNo = Annotated[
    str,
    Meta(
        pattern="^[0-9A-Za-z-]{6,32}$", description="Letters, digits and hyphens, a digit among them; kept in capitals."
    ),
]


class ShipBody(Body, frozen=True, kw_only=True):
    """A parcel with the whole order. ``address_version`` is that of the address it is sent to: another one by now
    refuses the shipment."""

    carrier: Carrier
    tracking_no: TrackingNo
    address_version: Annotated[str, Meta(max_length=64)] = ""


class ShipmentPatch(Body, frozen=True, kw_only=True):
    """What was mistyped."""

    carrier: Carrier | None = None
    tracking_no: TrackingNo | None = None


class OrderShipmentView(View, frozen=True, kw_only=True):
    """Where an order goes, and what has left. ``address_version`` changes with the address, ``shipment`` is null
    before it has shipped. Who may not send orders gets an address that is masked, and no version."""

    order_no: str
    status: OrderStatus
    refund_status: RefundStatus
    address: dict[str, Any]
    address_version: str
    shipment: ShipmentView | None
    receipt_before: Instant | None


@routes.get(API, StaffWith(Permission.ORDERS_VIEW), errors=(NotFound,))
async def show_shipment(call: Call, order_no: str) -> OrderShipmentView:
    """Show where an order of one's shops goes, and with whom it has left."""
    async with call.database.snapshot() as connection:
        order = await store.of_shops(connection, call.staff.shops, order_no)
        if order is None:
            raise NotFound
        return await _view(connection, call, order)


@routes.post(
    API,
    StaffWith(Permission.ORDERS_MANAGE),
    status=201,
    key=Key.REQUIRED,
    errors=(NotFound, AlreadyShipped, NotShippable, BeingRefunded, NoAddress, AddressChanged),
)
async def ship_order(call: Call, order_no: str, body: ShipBody) -> OrderShipmentView:
    """Ship a paid order whole. Needs an Idempotency-Key."""
    parcel = read(body.carrier, body.tracking_no)
    async with call.transaction() as connection:
        order = await ship(
            connection,
            call.resource(Refunds),
            call.staff.shops,
            order_no,
            parcel,
            call.staff.id,
            body.address_version,
        )
        return await _view(connection, call, order)


@routes.patch(API, StaffWith(Permission.ORDERS_MANAGE), errors=(NotFound, NotInTransit))
async def correct_shipment(call: Call, order_no: str, body: ShipmentPatch) -> OrderShipmentView:
    """Put right the carrier or the number of an order that is on its way; its member is told."""
    async with call.transaction() as connection:
        order = await correct(connection, call.staff.shops, order_no, body.carrier, body.tracking_no, call.staff.id)
        return await _view(connection, call, order)


async def _view(connection: Connection, call: Call, order: Order) -> OrderShipmentView:
    sent = (await shipment_store.of_orders(connection, [order.id]))[order.id]
    return OrderShipmentView(
        order_no=order.order_no,
        status=order.status,
        refund_status=order.refund_status,
        address=address_for(order, call.staff),
        address_version=address_version(order.address)
        if call.staff.may(Permission.ORDERS_MANAGE, order.shop_id)
        else "",
        shipment=shipment_view(sent[0], call.tr) if sent else None,
        receipt_before=wire(order.receipt_before) if order.receipt_before else None,
    )
