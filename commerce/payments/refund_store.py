"""Every SQL statement of refunds."""

from __future__ import annotations

from commerce.payments.types import Refund
from server.database import Connection, many, one, touched

_REFUND = "SELECT id, refund_no, payment_id, amount, status, reason, created_at, done_at, tries FROM refunds"


async def insert(connection: Connection, refund_no: str, payment_id: int, amount: int, reason: str) -> bool:
    """Write a refund. False when the payment has one for this reason."""
    made = await connection.fetchval(
        """
        INSERT INTO refunds (refund_no, payment_id, amount, reason) VALUES ($1, $2, $3, $4)
        ON CONFLICT (payment_id, reason) DO NOTHING RETURNING true
        """,
        refund_no,
        payment_id,
        amount,
        reason,
    )
    return bool(made)


async def for_reason(connection: Connection, payment_id: int, reason: str) -> Refund | None:
    """Return the refund of a payment for a reason."""
    row = await connection.fetchrow(f"{_REFUND} WHERE payment_id = $1 AND reason = $2", payment_id, reason)
    return one(Refund, row)


async def by_number(connection: Connection, refund_no: str) -> Refund | None:
    """Return a refund."""
    return one(Refund, await connection.fetchrow(f"{_REFUND} WHERE refund_no = $1", refund_no))


async def of_payment(connection: Connection, payment_id: int) -> list[Refund]:
    """Return the refunds of a payment, oldest first."""
    return many(Refund, await connection.fetch(f"{_REFUND} WHERE payment_id = $1 ORDER BY id", payment_id))


async def promised(connection: Connection, payment_id: int) -> int:
    """Return the fen of a payment that went back or are going back."""
    found: int = await connection.fetchval(
        "SELECT coalesce(sum(amount), 0)::bigint FROM refunds WHERE payment_id = $1 AND status <> 'failed'", payment_id
    )
    return found


async def done_of_payment(connection: Connection, payment_id: int) -> int:
    """Return the fen of a payment that went back."""
    found: int = await connection.fetchval(
        "SELECT coalesce(sum(amount), 0)::bigint FROM refunds WHERE payment_id = $1 AND status = 'done'", payment_id
    )
    return found


async def done_of_order(connection: Connection, order_id: int) -> int:
    """Return the fen that went back of what paid the order, or came late for one that stayed cancelled."""
    found: int = await connection.fetchval(
        """
        SELECT coalesce(sum(r.amount), 0)::bigint
        FROM refunds r JOIN payments p ON p.id = r.payment_id JOIN orders o ON o.id = p.order_id
        WHERE p.order_id = $1 AND r.status = 'done'
            AND (p.purpose = 'order' OR p.late_decision = 'rewon' OR (p.purpose = 'late' AND o.status = 'cancelled'))
        """,
        order_id,
    )
    return found


async def move_to_done(connection: Connection, refund_no: str) -> bool:
    """Move pending → done."""
    status = await connection.execute(
        "UPDATE refunds SET status = 'done', done_at = now() WHERE refund_no = $1 AND status = 'pending'", refund_no
    )
    return touched(status) == 1


async def move_to_failed(connection: Connection, refund_no: str, error: str) -> bool:
    """Move pending → failed: the gateway will not, and a person has to see why."""
    status = await connection.execute(
        """
        UPDATE refunds SET status = 'failed', failed_at = now(), error = $2 WHERE refund_no = $1 AND status = 'pending'
        """,
        refund_no,
        error,
    )
    return touched(status) == 1


async def claim_due(connection: Connection, limit: int) -> list[str]:
    """Return pending refunds whose turn has come and set their next one: 5 s, doubling up to an hour."""
    rows = await connection.fetch(
        """
        UPDATE refunds SET tries = tries + 1,
            try_at = now() + make_interval(secs => least(3600, 5 * power(2, least(tries, 12))))
        WHERE id IN (
            SELECT id FROM refunds WHERE status = 'pending' AND try_at <= now()
            ORDER BY try_at LIMIT $1 FOR UPDATE SKIP LOCKED
        )
        RETURNING refund_no
        """,
        limit,
    )
    return [row["refund_no"] for row in rows]
