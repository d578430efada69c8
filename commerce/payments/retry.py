"""Try a refund again that its gateway refused: staff have seen to what stood in its way."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from commerce import orders
from commerce.orders import Actor, ActorKind, RefundState
from commerce.payments import books, refund_store, store
from commerce.payments.refund import JOB, RefundTask
from commerce.payments.types import ListedRefund, NotFailed, RefundTooMuch
from commerce.staff import On, audit
from server.database import Connection
from server.errors import NotFound
from server.jobs import enqueue

log = structlog.get_logger("payments")


async def retry(connection: Connection, shops: Sequence[int] | None, refund_no: str, staff_id: int) -> ListedRefund:
    """Begin another attempt of a failed refund of these shops (None: of any) and return it; a job does it.

    The gateway gets the same number again: had it given the money back after all, it says so and pays nothing more.
    Locks the order, the payment, the refund. Raises NotFound, NotFailed, RefundTooMuch.
    """
    found = await refund_store.of_shops(connection, shops, refund_no)
    if found is None:
        raise NotFound
    await orders.lock(connection, found.order_id)
    payment = await store.lock(connection, found.payment_id)
    refund = await refund_store.lock(connection, refund_no)
    assert payment is not None
    assert refund is not None
    if refund.status is not RefundState.FAILED:
        raise NotFailed
    if await refund_store.promised(connection, payment.id) + refund.amount > (payment.received or 0):
        raise RefundTooMuch
    attempt = await refund_store.move_to_pending(connection, refund_no)
    assert attempt is not None
    await books.refund_decided(connection, payment, refund_no, refund.amount, attempt)
    actor = Actor(ActorKind.STAFF, staff_id)
    await orders.note_in(connection, found.order_id, "refund_retried", "工作人员重新发起了退款", actor)
    await orders.refunds_changed_in(connection, found.order_id)
    await audit(
        connection,
        staff_id,
        "refund_retried",
        On("refund", refund_no),
        shop_id=found.shop_id,
        before={"status": RefundState.FAILED},
        after={"status": RefundState.PENDING},
        detail={"attempt": attempt, "amount": refund.amount},
    )
    await enqueue(connection, JOB.name, RefundTask(refund_no))
    log.info("refund tried again", refund_no=refund_no, attempt=attempt, staff=staff_id)
    again = await refund_store.of_shops(connection, shops, refund_no)
    assert again is not None
    return again
