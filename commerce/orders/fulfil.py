"""The way of a parcel: an order ships, an order is done."""

from __future__ import annotations

from commerce import stock
from commerce.orders import shipment_store, store
from commerce.orders.move import moved
from commerce.orders.types import RECEIPT_DAYS, Actor, ActorKind, OrderStatus, Parcel
from server.database import Connection


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
