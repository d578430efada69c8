"""Ask the gateways about payments whose notification has not come."""

from __future__ import annotations

import asyncio

import msgspec
import structlog

from commerce import orders
from commerce.orders import OrderStatus
from commerce.payments import store
from commerce.payments.capture import take
from commerce.payments.close import close_one
from commerce.payments.provider import Providers
from commerce.payments.types import GatewayDown, MethodUnavailable, Payment, PaymentStatus
from server.application import Application
from server.jobs import Job, Schedule

log = structlog.get_logger("payments")
_AT_ONCE = 10


class AskTask(msgspec.Struct, frozen=True):
    """The job that asks about one payment now."""

    payment_no: str


class SupersedeTask(msgspec.Struct, frozen=True):
    """The job that closes the payments of an order that were begun before ``payment_no``."""

    order_id: int
    payment_no: str


async def ask(app: Application, payment: Payment) -> None:
    """Learn how one payment stands; if it was closed here, or its order no longer waits for it, close it there too."""
    if payment.status is PaymentStatus.CLOSED:
        await close_one(app, payment)
        return
    async with app.database.connection() as connection:
        order = await orders.by_id(connection, payment.order_id)
    if order is None or order.status is not OrderStatus.PENDING_PAYMENT:
        await close_one(app, payment)
        return
    try:
        trade = await app.resource(Providers).of(payment.method).query(payment)
    except (GatewayDown, MethodUnavailable) as error:
        log.warning("query waits", payment_no=payment.payment_no, error=str(error))
        return
    await take(app, trade)


async def ask_now(app: Application, task: AskTask) -> None:
    """Ask about a payment that somebody is waiting for."""
    async with app.database.connection() as connection:
        payment = await store.by_number(connection, task.payment_no)
    if payment is not None and payment.status is PaymentStatus.PENDING:
        await ask(app, payment)


async def supersede(app: Application, task: SupersedeTask) -> None:
    """Close the older payments of an order, so that it is not paid twice from two windows."""
    async with app.database.connection() as connection:
        newest = await store.by_number(connection, task.payment_no)
        pending = await store.pending_of_order(connection, task.order_id)
    for payment in pending:
        # Ids rise with the order's lock; numbers are dealt by the clock of whichever process began the payment.
        if newest is not None and payment.id < newest.id:
            await close_one(app, payment)


async def sweep(app: Application) -> None:
    """Ask about payments that are open, or may still be made, after 15 s and then less and less often."""
    async with app.database.transaction() as connection:
        due = await store.claim_to_query(connection, 50)
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(payment: Payment) -> None:
        async with gate:
            await ask(app, payment)

    for error in await asyncio.gather(*(one(payment) for payment in due), return_exceptions=True):
        if isinstance(error, BaseException):
            log.error("query failed", exc_info=error)


ASK = Job(name="payments.ask", payload=AskTask, run=ask_now)
SUPERSEDE = Job(name="payments.supersede", payload=SupersedeTask, run=supersede)
SWEEP = Schedule(name="payments.queries", every=2, run=sweep)
