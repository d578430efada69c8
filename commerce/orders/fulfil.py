"""The way of a parcel: an order ships, an order is done."""

from __future__ import annotations

from commerce import stock
from commerce.orders import shipment_store, store
from commerce.orders.move import moved
from commerce.orders.refunds import Refunds, under_way
from commerce.orders.types import RECEIPT_DAYS, SYSTEM, Actor, ActorKind, OrderStatus, Parcel
from server.database import Connection

_LOOK_AGAIN_S = 3600.0


async def ship_in(connection: Connection, order_id: int, parcel: Parcel, actor: Actor) -> bool:
    """Move pending_shipment → pending_receipt; the units leave the stock. False when it does not wait for shipment.

    Locks the order, then stock in order of SKU.
    """
    row = await store.move_to_shipped(connection, order_id, RECEIPT_DAYS)
    if not await moved(
        connection,
        order_id,
        row,
        "shipped",
        OrderStatus.PENDING_SHIPMENT,
        OrderStatus.PENDING_RECEIPT,
        actor,
        "商家已发货",
    ):
        return False
    await shipment_store.insert(connection, order_id, parcel)
    by = str(actor.kind) if actor.kind is ActorKind.SYSTEM else f"{actor.kind}:{actor.id}"
    for line in sorted((await store.lines(connection, [order_id]))[order_id], key=lambda line: line.sku_id):
        await stock.ship(connection, line.sku_id, line.quantity, f"order:{row['order_no']}", by)
    return True


async def receive_in_time(connection: Connection, refunds: Refunds, order_id: int) -> bool:
    """Complete an order that nobody has confirmed in time. False: it is not on its way, or waits for a refund.

    Whoever refunds an order's price locks the order first, so that one of the two comes before the other. Locks it.
    """
    order = await store.lock(connection, order_id)
    if order is None or order.status is not OrderStatus.PENDING_RECEIPT:
        return False  # its member or another worker was faster
    if under_way(await refunds.of_order(connection, order_id)):
        # Put off rather than left: those that wait must not fill the sweep's handfuls.
        await shipment_store.put_off(connection, order_id, _LOOK_AGAIN_S)
        return False
    return await complete_in(connection, order_id, SYSTEM)


async def complete_in(connection: Connection, order_id: int, actor: Actor) -> bool:
    """Move pending_receipt → completed. False when it is not on its way. Locks the order."""
    row = await store.move_to_completed(connection, order_id)
    return await moved(
        connection,
        order_id,
        row,
        "completed",
        OrderStatus.PENDING_RECEIPT,
        OrderStatus.COMPLETED,
        actor,
        "到期自动确认收货" if actor.kind is ActorKind.SYSTEM else "已确认收货",
    )
