"""Give money back: decided in a transaction, done at the gateway by a job, as often as it takes."""

from __future__ import annotations

import asyncio

import msgspec
import structlog

from commerce import orders
from commerce.orders import OrderStatus, RefundState, RefundStatus
from commerce.payments import books, refund_store, store
from commerce.payments.provider import Providers
from commerce.payments.types import (
    Decision,
    GatewayDown,
    GatewayRefused,
    MethodUnavailable,
    Payment,
    Purpose,
)
from server.application import Application
from server.database import Connection
from server.jobs import Job, Schedule, enqueue
from server.numbers import new_number

log = structlog.get_logger("payments")
_AT_ONCE = 5
LATE, DOUBLE, MISMATCH = "late", "double", "mismatch"


class RefundRefused(ValueError):
    """More would go back than came, or another sum for a reason that was refunded before: a defect of the caller."""


class RefundTask(msgspec.Struct, frozen=True):
    """The job that gives one refund to the gateway."""

    refund_no: str


async def refund_in(connection: Connection, payment_id: int, amount: int, reason: str) -> str:
    """Decide to give back ``amount`` fen of a payment and return the refund's number; a job does it after the commit.

    Once for each ``reason``: the same reason again returns the same number. Locks the payment's row, so lock the
    order's first if at all. Raises RefundRefused.
    """
    payment = await store.lock(connection, payment_id)
    if payment is None or payment.received is None:
        raise RefundRefused(f"payment {payment_id} has received nothing")
    if (known := await refund_store.for_reason(connection, payment_id, reason)) is not None:
        if known.amount != amount:
            raise RefundRefused(f"payment {payment_id} was refunded {known.amount} for {reason}, not {amount}")
        return known.refund_no
    if amount <= 0 or await refund_store.promised(connection, payment_id) + amount > payment.received:
        raise RefundRefused(
            f"payment {payment_id} has received {payment.received}, too little to give back {amount} more"
        )
    refund_no = new_number()
    await refund_store.insert(connection, refund_no, payment_id, amount, reason)
    await books.refund_decided(connection, payment, refund_no, amount)
    await enqueue(connection, JOB.name, RefundTask(refund_no))
    return refund_no


async def carry_out(app: Application, task: RefundTask) -> None:
    """Have the gateway give one refund back and note it. A gateway that does not answer is asked again by the sweep."""
    async with app.database.connection() as connection:
        refund = await refund_store.by_number(connection, task.refund_no)
        payment = await store.by_id(connection, refund.payment_id) if refund is not None else None
    if refund is None or payment is None or refund.status is not RefundState.PENDING:
        return
    try:
        await app.resource(Providers).of(payment.method).refund(payment, refund)
    except (GatewayDown, MethodUnavailable) as error:
        log.warning("refund waits", refund_no=refund.refund_no, error=str(error))
        return
    except GatewayRefused as error:
        log.error("refund refused", refund_no=refund.refund_no, error=str(error))
        async with app.database.transaction() as connection:
            await orders.lock(connection, payment.order_id)
            await store.lock(connection, payment.id)
            if await refund_store.move_to_failed(connection, refund.refund_no, refund.attempt, str(error)):
                await books.refund_failed(connection, payment, refund.refund_no, refund.amount, refund.attempt)
                await orders.note_in(connection, payment.order_id, "refund_failed", "退款遇到问题，工作人员正在处理")
                await orders.refunds_changed_in(connection, payment.order_id)
        return
    async with app.database.transaction() as connection:
        await note_done(connection, payment, refund.refund_no, refund.amount)


async def note_done(connection: Connection, payment: Payment, refund_no: str, amount: int) -> None:
    """Note that the gateway gave a refund back, once. Locks the order, the payment, the refund."""
    order = await orders.lock(connection, payment.order_id)
    assert order is not None
    await store.lock(connection, payment.id)
    attempt = await refund_store.move_to_done(connection, refund_no)
    if attempt is None:
        known = await refund_store.by_number(connection, refund_no)
        if known is not None and known.status is RefundState.FAILED:
            # Two askers heard different answers. Another try under the same number will settle it.
            log.warning("given back after it was refused", refund_no=refund_no, attempt=known.attempt)
        return
    await books.refund_done(connection, payment, refund_no, amount, attempt)
    if await refund_store.done_of_payment(connection, payment.id) == payment.received:
        await store.move_to_refunded(connection, payment.id)
    await orders.note_in(connection, order.id, "refunded", "退款已原路退回")
    told = False
    # A second late payment, refunded while the first one won the units again, says nothing about the order.
    if payment.purpose in (Purpose.ORDER, Purpose.LATE) and (
        order.status is OrderStatus.CANCELLED or payment.late_decision is not Decision.REFUND
    ):
        back = await refund_store.done_of_order(connection, order.id)
        told = await orders.refunded_in(
            connection, order.id, RefundStatus.FULL if back >= order.amount else RefundStatus.PARTIAL
        )
    if not told:
        await orders.refunds_changed_in(connection, order.id)


async def sweep(app: Application) -> None:
    """Carry out the refunds whose turn has come: those that a gateway did not answer and those of dead workers."""
    async with app.database.transaction() as connection:
        numbers = await refund_store.claim_due(connection, 20)
    turn = asyncio.Semaphore(_AT_ONCE)

    async def one(refund_no: str) -> None:
        async with turn:
            await carry_out(app, RefundTask(refund_no))

    for error in await asyncio.gather(*(one(refund_no) for refund_no in numbers), return_exceptions=True):
        if isinstance(error, BaseException):
            log.error("refund not carried out", exc_info=error)


JOB = Job(name="payments.refund", payload=RefundTask, run=carry_out)
SWEEP = Schedule(name="payments.refunds", every=2, run=sweep)
