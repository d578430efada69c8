"""Begin a payment of an order."""

from __future__ import annotations

from datetime import datetime

import msgspec

from commerce import orders
from commerce.orders import OrderStatus
from commerce.payments import store
from commerce.payments.ask import SUPERSEDE, SupersedeTask
from commerce.payments.provider import Providers
from commerce.payments.types import DeadlinePassed, NotPayable, Payment, TooManyPayments
from server.application import Application
from server.database import Connection
from server.errors import NotFound
from server.jobs import enqueue
from server.numbers import new_number

MOST_OPEN = 10
"""Payments of one order that may be open at once: each is one more to close before the order can end."""


class Begun(msgspec.Struct, frozen=True):
    """A new payment and the address of the gateway's cashier for it."""

    payment: Payment
    pay_url: str


async def begin(app: Application, connection: Connection, member_id: int, order_no: str, method: str) -> Begun:
    """Begin a payment of a member's order in the caller's transaction; the amount is the order's.

    Locks the order's row. Earlier payments of the order that nobody made are closed at their gateway afterwards; if
    one of them is made all the same, the later money goes back. Raises NotFound, MethodUnavailable, NotPayable,
    DeadlinePassed, TooManyPayments.
    """
    provider = app.resource(Providers).of(method)
    found = await orders.of_member(connection, member_id, order_no)
    if found is None:
        raise NotFound
    order = await orders.lock(connection, found.id)
    assert order is not None
    if order.status is not OrderStatus.PENDING_PAYMENT:
        raise NotPayable(details={"status": order.status})
    moment: datetime = await store.database_time(connection)
    if order.pay_before <= moment:
        raise DeadlinePassed
    payment_no = new_number()
    earlier = await store.pending_of_order(connection, order.id)
    if len(earlier) >= MOST_OPEN:
        raise TooManyPayments
    await store.insert(connection, payment_no, order.id, method, order.amount, order.pay_before)
    if earlier:
        await enqueue(connection, SUPERSEDE.name, SupersedeTask(order.id, payment_no))
    payment = await store.by_number(connection, payment_no)
    assert payment is not None
    return Begun(payment, provider.pay_url(payment, await subject(connection, order.id)))


async def subject(connection: Connection, order_id: int) -> str:
    """Return what the gateway's cashier shows that is paid for."""
    titles = await store.line_titles(connection, order_id)
    first = titles[0] if titles else "凌峰订单"
    return (first if len(titles) < 2 else f"{first} 等 {len(titles)} 件商品")[:120]
