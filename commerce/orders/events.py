"""What follows from an order's move: its member hears of it, its products count their sales."""

from __future__ import annotations

from collections import Counter

import msgspec

from commerce import catalogue
from commerce.orders import store
from commerce.orders.sources import Sources
from commerce.orders.types import OrderChanged, OrderStatus, OrderTold
from realtime import notices
from server.application import Application
from server.clock import wire
from server.database import Connection


async def tell_member(app: Application, connection: Connection, event: OrderChanged, event_id: int) -> None:
    """Add a notice ``order`` for the member whose order moved; of a sale's order it names the sale."""
    key = await store.key(connection, event.order_id)
    source = app.resource(Sources).of(key.source) if key is not None else None
    sale = await source.sale(connection, key) if source is not None and key is not None else None
    await notices.add(
        connection,
        event.member_id,
        "order",
        OrderTold(
            order_no=event.order_no,
            status=event.status,
            at=wire(event.at),
            item_id=str(sale) if sale is not None else msgspec.UNSET,
        ),
    )


async def count_sales(app: Application, connection: Connection, event: OrderChanged, event_id: int) -> None:
    """Count the units of a paid order as sold. Locks the products in order of id."""
    if event.before is event.status or event.status is not OrderStatus.PENDING_SHIPMENT:
        return
    units: Counter[int] = Counter()
    for line in (await store.lines(connection, [event.order_id]))[event.order_id]:
        units[line.product_id] += line.quantity
    for product_id in sorted(units):
        await catalogue.add_sales(connection, product_id, units[product_id])
