"""Take on money that a gateway says it has: the one path of notifications, queries and closings."""

from __future__ import annotations

from enum import StrEnum

import structlog

from commerce import orders
from commerce.orders import OrderKey, OrderStatus, Sources
from commerce.payments import books, store
from commerce.payments.late import refund_late
from commerce.payments.refund import DOUBLE, MISMATCH, refund_in
from commerce.payments.types import Payment, Purpose, Trade, TradeState
from server.application import Application
from server.clock import now
from server.database import Connection

log = structlog.get_logger("payments")


class Outcome(StrEnum):
    """What was made of a gateway's word."""

    PAID = "paid"
    """The money paid its order."""
    LATE = "late"
    DOUBLE = "double"
    MISMATCH = "mismatch"
    REPEATED = "repeated"
    """It was known already."""
    CLOSED = "closed"
    NOTHING = "nothing"
    """It changes nothing: nobody has paid yet."""
    NO_PAYMENT = "no_payment"
    """There is no such payment."""
    OTHER_TRADE = "other_trade"
    """The trade paid another payment, or the payment was made by another trade."""


REFUSED = frozenset({Outcome.NO_PAYMENT, Outcome.OTHER_TRADE})


class Disagreement(RuntimeError):
    """A source and its order contradict each other: nothing is written, and somebody has to look."""


async def take(app: Application, trade: Trade) -> Outcome:
    """Make what ``trade`` says true here, in one transaction. Harmless any number of times and from many processes.

    Locks, in this order: what the order's source holds, the order, the payment.
    """
    async with app.database.transaction() as connection:
        payment = await store.by_number(connection, trade.payment_no)
        if payment is None:
            return Outcome.NO_PAYMENT
        match trade.state:
            case TradeState.PAID:
                return await _paid(app, connection, payment, trade)
            case TradeState.CLOSED:
                return Outcome.CLOSED if await store.move_to_closed(connection, payment.id) else Outcome.REPEATED
            case _:
                return Outcome.NOTHING


async def _paid(app: Application, connection: Connection, payment: Payment, trade: Trade) -> Outcome:
    owner = await store.by_trade(connection, trade.trade_no)
    if owner is not None and owner.id != payment.id:
        return Outcome.OTHER_TRADE
    if payment.purpose is not None:
        return Outcome.REPEATED if payment.gateway_trade_no == trade.trade_no else Outcome.OTHER_TRADE
    key = await orders.key(connection, payment.order_id)
    assert key is not None
    if trade.amount != payment.amount:
        return await _mismatched(connection, payment, trade)
    source = app.resource(Sources).of(key.source)
    turned = await source.paid(connection, key) if source is not None else False
    order = await orders.lock(connection, key.id)
    fresh = await store.lock(connection, payment.id)
    assert order is not None
    assert fresh is not None
    if fresh.purpose is not None:
        purpose = None
    elif order.status is OrderStatus.PENDING_PAYMENT and (turned or source is None):
        purpose = Purpose.ORDER
    elif order.status in (OrderStatus.PENDING_PAYMENT, OrderStatus.CANCELLED):
        purpose = Purpose.LATE
    else:
        purpose = Purpose.DOUBLE
    if turned and purpose is not Purpose.ORDER:
        raise Disagreement(f"order {order.order_no} is {order.status}, its source still held it unpaid")
    if purpose is None:
        return Outcome.REPEATED if fresh.gateway_trade_no == trade.trade_no else Outcome.OTHER_TRADE
    at = trade.paid_at or now()
    await store.move_to_paid(connection, payment.id, trade.trade_no, trade.amount, purpose, at)
    await books.captured(connection, payment, trade.amount, purpose, at)
    match purpose:
        case Purpose.ORDER:
            if not await orders.mark_paid_in(connection, order.id, payment.amount, at):
                raise Disagreement(f"order {order.order_no} costs {order.amount}, its payment {payment.amount}")
        case Purpose.LATE:
            await _late(app, connection, key, payment)
        case _:
            await refund_in(connection, payment.id, payment.amount, DOUBLE)
            await orders.note_in(connection, order.id, "paid_twice", "重复付款，多付的一笔将原路退回")
    return Outcome.PAID if purpose is Purpose.ORDER else Outcome(purpose.value)


async def _mismatched(connection: Connection, payment: Payment, trade: Trade) -> Outcome:
    await orders.lock(connection, payment.order_id)
    if not await store.set_mismatch(connection, payment.id, trade.trade_no, trade.amount):
        return Outcome.REPEATED
    log.warning("wrong amount", payment_no=payment.payment_no, asked=payment.amount, received=trade.amount)
    await books.captured(connection, payment, trade.amount, Purpose.MISMATCH, trade.paid_at)
    await refund_in(connection, payment.id, trade.amount, MISMATCH)
    await orders.note_in(connection, payment.order_id, "paid_wrong", "付款金额与订单不符，将原路退回，请重新付款")
    return Outcome.MISMATCH


async def _late(app: Application, connection: Connection, key: OrderKey, payment: Payment) -> None:
    source = app.resource(Sources).of(key.source)
    if source is not None:
        await orders.note_in(connection, key.id, "paid_late", "付款在订单取消后到账，正在确认货是否还在")
        await source.late(connection, key, payment.id)
    else:
        await orders.note_in(connection, key.id, "paid_late", "付款在订单取消后到账，将原路退回")
        await refund_late(connection, payment.id, payment.amount)
