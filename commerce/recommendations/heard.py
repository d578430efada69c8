"""What the log of behaviour hears of products and orders: pages that are opened, orders that are placed and paid."""

from __future__ import annotations

from collections import Counter

from commerce.behaviour import Ordered, Paid, Viewed, note, record
from commerce.catalogue import Product
from commerce.orders import store as orders
from commerce.orders.types import OrderChanged, OrderStatus
from server.application import Application
from server.database import Connection
from server.http import Call


async def viewed(call: Call, product: Product) -> None:
    """Note that the page of a product is opened; another SKU of it is no new page. As a block it shows nothing."""
    if "HX-Request" not in call.request.headers:
        happening = Viewed(product_id=product.id)
        call.each_time(lambda each: _note(each, happening))


def _note(call: Call, happening: Viewed) -> None:
    note(call, happening)


async def ordered(app: Application, connection: Connection, event: OrderChanged, event_id: int) -> None:
    """Note an order once it is paid or given up, at the moment it was placed, and its payment."""
    if event.before is not OrderStatus.PENDING_PAYMENT or event.status is event.before:
        return
    order = await orders.by_id(connection, event.order_id)
    if order is None:
        return
    units: Counter[int] = Counter()
    for line in (await orders.lines(connection, [order.id]))[order.id]:
        units[line.product_id] += line.quantity
    placed = [Ordered(product_id=one, order_no=order.order_no, quantity=n) for one, n in units.items()]
    await record(connection, order.member_id, order.created_at, *placed)
    if event.status is OrderStatus.PENDING_SHIPMENT:
        paid = [Paid(product_id=one, order_no=order.order_no, quantity=n) for one, n in units.items()]
        await record(connection, order.member_id, event.at, *paid)
