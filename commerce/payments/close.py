"""Close the payments of an order at their gateways before the order ends."""

from __future__ import annotations

import asyncio

import structlog

from commerce.orders import Closing
from commerce.payments import store
from commerce.payments.capture import Outcome, take
from commerce.payments.provider import Providers
from commerce.payments.types import GatewayDown, MethodUnavailable, Payment, TradeState
from server.application import Application

CloseResult = Closing
log = structlog.get_logger("payments")


async def close_for_order(app: Application, order_id: int) -> CloseResult:
    """Close what is open of an order's payments: CLOSED, ALREADY_PAID (and taken on), or UNKNOWN (ask again).

    It talks to gateways and opens transactions of its own: never call it inside one. Without open payments it costs
    one query.
    """
    async with app.database.connection() as connection:
        pending = await store.pending_of_order(connection, order_id)
    found = await asyncio.gather(*(close_one(app, payment) for payment in pending))
    for worst in (Closing.ALREADY_PAID, Closing.UNKNOWN):
        if worst in found:
            return worst
    return Closing.CLOSED


async def close_one(app: Application, payment: Payment) -> CloseResult:
    """Close one payment at its gateway and note how it stands; also one that was closed here but may still come."""
    try:
        trade = await app.resource(Providers).of(payment.method).close(payment)
    except (GatewayDown, MethodUnavailable) as error:
        log.warning("closing waits", payment_no=payment.payment_no, error=str(error))
        return Closing.UNKNOWN
    if trade.state is TradeState.PAID:
        outcome = await take(app, trade)
        # Another sum than asked pays nothing: that money goes back, and the order may end.
        return Closing.CLOSED if outcome is Outcome.MISMATCH else Closing.ALREADY_PAID
    async with app.database.transaction() as connection:
        await store.move_to_closed(connection, payment.id, absent=trade.state is TradeState.ABSENT)
    return Closing.CLOSED
