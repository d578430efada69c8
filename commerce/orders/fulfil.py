"""The way of a parcel: an order ships, an order is done."""

from __future__ import annotations

from commerce import stock
from commerce.orders import store
from commerce.orders.move import moved
from commerce.orders.types import Actor, OrderStatus
from server.database import Connection


async def ship_in(connection: Connection, order_id: int, actor: Actor) -> bool:
    """Move pending_shipment → pending_receipt; the units leave the stock. False when it does not wait for shipment.

    Locks the order, then stock in order of SKU.
    """
    row = await store.move(connection, order_id, OrderStatus.PENDING_SHIPMENT, OrderStatus.PENDING_RECEIPT)
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
    for line in sorted((await store.lines(connection, [order_id]))[order_id], key=lambda line: line.sku_id):
        await stock.ship(connection, line.sku_id, line.quantity, f"order:{row['order_no']}", str(actor.kind))
    return True


async def complete_in(connection: Connection, order_id: int, actor: Actor) -> bool:
    """Move pending_receipt → completed. False when it is not on its way."""
    row = await store.move(connection, order_id, OrderStatus.PENDING_RECEIPT, OrderStatus.COMPLETED)
    return await moved(
        connection,
        order_id,
        row,
        "completed",
        OrderStatus.PENDING_RECEIPT,
        OrderStatus.COMPLETED,
        actor,
        "已确认收货",
    )
