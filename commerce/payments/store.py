"""Every SQL statement of payments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from commerce.payments.states import before
from commerce.payments.types import Decision, Payment, PaymentStatus, Purpose
from server.database import Connection, many, one, touched

_PAYMENT = """
    SELECT id, payment_no, order_id, method, amount, status, gateway_trade_no, received, purpose, late_decision,
           pay_before, created_at, paid_at, closed_at
    FROM payments
"""

GRACE = 120.0
"""Seconds after a payment's deadline in which the gateway may still let it be made: clocks differ."""


class OfMember(msgspec.Struct, frozen=True, kw_only=True):
    """Whose payment it is."""

    order_no: str
    member_id: int


async def insert(
    connection: Connection, payment_no: str, order_id: int, method: str, amount: int, pay_before: datetime
) -> None:
    """Write a new payment."""
    await connection.execute(
        "INSERT INTO payments (payment_no, order_id, method, amount, pay_before) VALUES ($1, $2, $3, $4, $5)",
        payment_no,
        order_id,
        method,
        amount,
        pay_before,
    )


async def by_id(connection: Connection, payment_id: int) -> Payment | None:
    """Return a payment."""
    return one(Payment, await connection.fetchrow(f"{_PAYMENT} WHERE id = $1", payment_id))


async def by_number(connection: Connection, payment_no: str) -> Payment | None:
    """Return a payment, whoever's it is."""
    return one(Payment, await connection.fetchrow(f"{_PAYMENT} WHERE payment_no = $1", payment_no))


async def of_order(connection: Connection, order_id: int) -> list[Payment]:
    """Return the payments of an order, oldest first."""
    return many(Payment, await connection.fetch(f"{_PAYMENT} WHERE order_id = $1 ORDER BY id", order_id))


async def pending_of_order(connection: Connection, order_id: int) -> list[Payment]:
    """Return the payments of an order that may still be made."""
    rows = await connection.fetch(f"{_PAYMENT} WHERE order_id = $1 AND status = 'pending' ORDER BY id", order_id)
    return many(Payment, rows)


async def pending_of(connection: Connection, order_ids: Sequence[int]) -> set[int]:
    """Return which of these orders have payments that may still be made."""
    rows = await connection.fetch(
        "SELECT DISTINCT order_id FROM payments WHERE order_id = ANY ($1) AND status = 'pending'", order_ids
    )
    return {row["order_id"] for row in rows}


async def lock(connection: Connection, payment_id: int) -> Payment | None:
    """Return a payment with its row locked until the transaction ends."""
    return one(Payment, await connection.fetchrow(f"{_PAYMENT} WHERE id = $1 FOR UPDATE", payment_id))


async def by_trade(connection: Connection, trade_no: str) -> Payment | None:
    """Return the payment that this trade of the gateway paid."""
    return one(Payment, await connection.fetchrow(f"{_PAYMENT} WHERE gateway_trade_no = $1", trade_no))


async def move_to_paid(
    connection: Connection, payment_id: int, trade_no: str, received: int, purpose: Purpose, at: datetime
) -> bool:
    """Move pending or closed → paid. False when the money of this payment had come already."""
    status = await connection.execute(
        """
        UPDATE payments
        SET status = 'paid', gateway_trade_no = $2, received = $3, purpose = $4, paid_at = $5, closed_at = NULL,
            may_come = false
        WHERE id = $1 AND status = ANY ($6) AND purpose IS NULL
        """,
        payment_id,
        trade_no,
        received,
        purpose,
        at,
        before(PaymentStatus.PAID),
    )
    return touched(status) == 1


async def set_mismatch(connection: Connection, payment_id: int, trade_no: str, received: int) -> bool:
    """Note that another sum came: the payment is closed and never pays its order. False when money had come already."""
    status = await connection.execute(
        """
        UPDATE payments
        SET status = 'closed', gateway_trade_no = $2, received = $3, purpose = 'mismatch',
            closed_at = coalesce(closed_at, now()), may_come = false
        WHERE id = $1 AND status IN ('pending', 'closed') AND purpose IS NULL
        """,
        payment_id,
        trade_no,
        received,
    )
    return touched(status) == 1


async def move_to_closed(connection: Connection, payment_id: int, *, absent: bool = False) -> bool:
    """Move pending → closed. False when it was closed or paid.

    ``absent``: the gateway knows of no such payment. Until ``GRACE`` seconds after its deadline somebody may still
    make it in an open window of the cashier, so it goes on being asked about until an answer after that.
    """
    was_pending: bool | None = await connection.fetchval(
        """
        WITH old AS (
            SELECT id, status FROM payments WHERE id = $1 AND (status = ANY ($2) OR may_come) FOR UPDATE
        )
        UPDATE payments p SET status = 'closed', closed_at = coalesce(p.closed_at, now()),
            may_come = $3 AND p.pay_before > clock_timestamp() - make_interval(secs => $4),
            queries = CASE WHEN old.status = 'closed' THEN p.queries ELSE 0 END,
            query_at = CASE WHEN old.status = 'closed' THEN p.query_at ELSE now() + interval '15 seconds' END
        FROM old WHERE p.id = old.id
        RETURNING old.status = 'pending'
        """,
        payment_id,
        before(PaymentStatus.CLOSED),
        absent,
        GRACE,
    )
    return bool(was_pending)


async def move_to_refunded(connection: Connection, payment_id: int) -> bool:
    """Move paid → refunded."""
    status = await connection.execute(
        "UPDATE payments SET status = 'refunded' WHERE id = $1 AND status = ANY ($2)",
        payment_id,
        before(PaymentStatus.REFUNDED),
    )
    return touched(status) == 1


async def set_decision(connection: Connection, payment_id: int, decision: Decision) -> bool:
    """Decide a late payment, NULL → decision. False when it was decided or is not late."""
    status = await connection.execute(
        "UPDATE payments SET late_decision = $2 WHERE id = $1 AND late_decision IS NULL AND purpose = 'late'",
        payment_id,
        decision,
    )
    return touched(status) == 1


async def undecided(connection: Connection, age: float, limit: int) -> list[Payment]:
    """Return late payments without a decision for longer than ``age`` seconds."""
    rows = await connection.fetch(
        f"""
        {_PAYMENT} WHERE purpose = 'late' AND late_decision IS NULL AND paid_at < now() - make_interval(secs => $1)
        ORDER BY id LIMIT $2
        """,
        age,
        limit,
    )
    return many(Payment, rows)


async def claim_to_query(connection: Connection, limit: int) -> list[Payment]:
    """Return payments that are due to be asked about and set their next turn: 15 s, doubling up to 10 min.

    Those that are pending, and those that were closed here but may still be made.
    """
    rows = await connection.fetch(
        """
        UPDATE payments SET queries = queries + 1,
            query_at = now() + make_interval(secs => least(600, 15 * power(2, least(queries, 10))))
        WHERE id IN (
            SELECT id FROM payments WHERE (status = 'pending' OR may_come) AND query_at <= now()
            ORDER BY query_at LIMIT $1 FOR UPDATE SKIP LOCKED
        )
        RETURNING id, payment_no, order_id, method, amount, status, gateway_trade_no, received, purpose, late_decision,
                  pay_before, created_at, paid_at, closed_at
        """,
        limit,
    )
    return many(Payment, rows)


async def owner(connection: Connection, payment_no: str, member_id: int) -> OfMember | None:
    """Return whose payment it is, None when it is not this member's."""
    row = await connection.fetchrow(
        """
        SELECT o.order_no, o.member_id FROM payments p JOIN orders o ON o.id = p.order_id
        WHERE p.payment_no = $1 AND o.member_id = $2
        """,
        payment_no,
        member_id,
    )
    return one(OfMember, row)


async def insert_message(
    connection: Connection, method: str, body: bytes, verified: bool, payment_no: str | None, outcome: str, address: str
) -> None:
    """Keep a notification as it came."""
    await connection.execute(
        """
        INSERT INTO gateway_messages (method, body, verified, payment_no, outcome, address)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        method,
        body,
        verified,
        payment_no,
        outcome,
        address,
    )


async def shop_of(connection: Connection, order_id: int) -> int:
    """Return the shop whose order it is."""
    found: int = await connection.fetchval("SELECT shop_id FROM orders WHERE id = $1", order_id)
    return found


async def line_titles(connection: Connection, order_id: int) -> list[str]:
    """Return what an order's lines are called."""
    rows = await connection.fetch("SELECT title FROM order_lines WHERE order_id = $1 ORDER BY id", order_id)
    return [row["title"] for row in rows]


async def database_time(connection: Connection) -> datetime:
    """Return PostgreSQL's clock, which judges deadlines."""
    moment: datetime = await connection.fetchval("SELECT clock_timestamp()")
    return moment


async def drop_forgeries(connection: Connection, days: int) -> None:
    """Remove notifications that nobody signed and that are older than ``days``. The true ones stay."""
    await connection.execute(
        "DELETE FROM gateway_messages WHERE NOT verified AND at < now() - make_interval(days => $1)", days
    )
