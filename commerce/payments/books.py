"""What each movement of a payment posts to the ledger."""

from __future__ import annotations

from datetime import datetime

from commerce import ledger
from commerce.ledger import Entry, accounts
from commerce.payments import store
from commerce.payments.types import Decision, Payment, Purpose
from server.database import Connection


async def captured(
    connection: Connection, payment: Payment, received: int, purpose: Purpose, at: datetime | None = None
) -> None:
    """Post ``received`` fen that the gateway took: owed to the shop if they paid the order, else to the sender."""
    owed = (
        accounts.payable(await store.shop_of(connection, payment.order_id))
        if purpose is Purpose.ORDER
        else accounts.UNALLOCATED
    )
    await ledger.post(
        connection,
        "payment.captured",
        payment.payment_no,
        [Entry(accounts.gateway(payment.method), received), Entry(owed, -received)],
        at,
    )


async def rewon(connection: Connection, payment: Payment) -> None:
    """Post that a late payment has paid its order after all."""
    payable = accounts.payable(await store.shop_of(connection, payment.order_id))
    await ledger.post(
        connection,
        "payment.rewon",
        payment.payment_no,
        [Entry(accounts.UNALLOCATED, payment.amount), Entry(payable, -payment.amount)],
    )


async def refund_decided(
    connection: Connection, payment: Payment, refund_no: str, amount: int, attempt: int = 1
) -> None:
    """Post that ``amount`` fen are to go back: no longer owed to the shop, on their way to whoever paid."""
    await ledger.post(
        connection,
        "refund.decided",
        refund_ref(refund_no, attempt),
        [Entry(await _owed(connection, payment), amount), Entry(accounts.REFUNDS, -amount)],
    )


async def refund_done(connection: Connection, payment: Payment, refund_no: str, amount: int, attempt: int) -> None:
    """Post that the gateway gave ``amount`` fen back."""
    await ledger.post(
        connection,
        "refund.done",
        refund_ref(refund_no, attempt),
        [Entry(accounts.REFUNDS, amount), Entry(accounts.gateway(payment.method), -amount)],
    )


async def refund_failed(connection: Connection, payment: Payment, refund_no: str, amount: int, attempt: int) -> None:
    """Post that the gateway will not give ``amount`` fen back: they are owed as before."""
    await ledger.post(
        connection,
        "refund.failed",
        refund_ref(refund_no, attempt),
        [Entry(accounts.REFUNDS, amount), Entry(await _owed(connection, payment), -amount)],
    )


def refund_ref(refund_no: str, attempt: int) -> str:
    """Return what the ledger calls an attempt of a refund: the refund's number, from the second on with ``-2``."""
    return refund_no if attempt == 1 else f"{refund_no}-{attempt}"


async def _owed(connection: Connection, payment: Payment) -> str:
    if payment.purpose is Purpose.ORDER or payment.late_decision is Decision.REWON:
        return accounts.payable(await store.shop_of(connection, payment.order_id))
    return accounts.UNALLOCATED
