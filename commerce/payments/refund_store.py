"""Every SQL statement of refunds."""

from __future__ import annotations

from collections.abc import Sequence

from commerce.orders import OrderRefund, RefundState
from commerce.payments.types import ListedRefund, Refund
from server.database import Connection, many, one, touched

_REFUND = "SELECT id, refund_no, payment_id, amount, status, reason, created_at, done_at, tries, attempt FROM refunds"
_LISTED = """
    SELECT r.refund_no, p.payment_no, o.order_no, o.id AS order_id, p.id AS payment_id, r.shop_id, p.method, r.amount,
           r.status, r.reason, r.attempt, r.error, r.created_at, r.failed_at, r.done_at
    FROM refunds r JOIN payments p ON p.id = r.payment_id JOIN orders o ON o.id = p.order_id
"""


async def insert(connection: Connection, refund_no: str, payment_id: int, amount: int, reason: str) -> bool:
    """Write a refund. False when the payment has one for this reason."""
    made = await connection.fetchval(
        """
        INSERT INTO refunds (refund_no, payment_id, shop_id, amount, reason)
        SELECT $1, p.id, o.shop_id, $3, $4 FROM payments AS p JOIN orders AS o ON o.id = p.order_id WHERE p.id = $2
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


async def lock(connection: Connection, refund_no: str) -> Refund | None:
    """Return a refund with its row locked until the transaction ends. Lock its order and its payment first."""
    return one(Refund, await connection.fetchrow(f"{_REFUND} WHERE refund_no = $1 FOR UPDATE", refund_no))


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


async def move_to_done(connection: Connection, refund_no: str) -> int | None:
    """Move pending → done and return in which attempt; None when it was not pending."""
    found: int | None = await connection.fetchval(
        """
        UPDATE refunds SET status = 'done', done_at = now() WHERE refund_no = $1 AND status = 'pending'
        RETURNING attempt
        """,
        refund_no,
    )
    return found


async def move_to_failed(connection: Connection, refund_no: str, attempt: int, error: str) -> bool:
    """Move pending → failed: the gateway will not, and a person has to see why. False in another attempt."""
    status = await connection.execute(
        """
        UPDATE refunds SET status = 'failed', failed_at = now(), error = $3
        WHERE refund_no = $1 AND attempt = $2 AND status = 'pending'
        """,
        refund_no,
        attempt,
        error,
    )
    return touched(status) == 1


async def move_to_pending(connection: Connection, refund_no: str) -> int | None:
    """Move failed → pending and return the number of the new attempt; None when it was not failed."""
    found: int | None = await connection.fetchval(
        """
        UPDATE refunds SET status = 'pending', attempt = attempt + 1, tries = 0, try_at = now() + interval '5 seconds'
        WHERE refund_no = $1 AND status = 'failed' RETURNING attempt
        """,
        refund_no,
    )
    return found


async def of_shops(connection: Connection, shops: Sequence[int] | None, refund_no: str) -> ListedRefund | None:
    """Return a refund of an order of these shops; None for ``shops`` means every shop."""
    row = await connection.fetchrow(
        f"{_LISTED} WHERE r.refund_no = $1 AND ($2::bigint[] IS NULL OR r.shop_id = ANY ($2))", refund_no, shops
    )
    return one(ListedRefund, row)


_EACH_STATE = """
    FROM unnest($1::text[]) AS t (status) CROSS JOIN LATERAL (
        SELECT id FROM refunds
        WHERE $2::bigint[] IS NULL AND status = t.status
        ORDER BY id DESC LIMIT $3::bigint + $4::bigint
    ) AS f ORDER BY f.id DESC OFFSET $3 LIMIT $4
"""
_EACH_STATE_OF_EACH_SHOP = """
    FROM unnest($1::text[]) AS t (status) CROSS JOIN unnest($2::bigint[]) AS s (id) CROSS JOIN LATERAL (
        SELECT id FROM refunds WHERE shop_id = s.id AND status = t.status ORDER BY id DESC LIMIT $3::bigint + $4::bigint
    ) AS f ORDER BY f.id DESC OFFSET $3 LIMIT $4
"""


async def page_of_shops(
    connection: Connection, shops: Sequence[int] | None, status: RefundState | None, offset: int, size: int
) -> list[ListedRefund]:
    """Return one page of the refunds of these shops (None: of all), newest first."""
    runs = _EACH_STATE if shops is None else _EACH_STATE_OF_EACH_SHOP
    states = list(RefundState) if status is None else [status]
    query = _LISTED + "WHERE r.id IN (SELECT f.id" + runs + ") ORDER BY r.id DESC"
    return many(ListedRefund, await connection.fetch(query, states, shops, offset, size))


async def counts_of_shops(
    connection: Connection, shops: Sequence[int] | None, states: Sequence[RefundState] = tuple(RefundState)
) -> dict[RefundState, int]:
    """Return how many refunds of these shops (None: of all) stand in each of these states."""
    rows = await connection.fetch(
        """
        SELECT status, count(*) AS refunds FROM refunds
        WHERE status = ANY ($2::text[]) AND ($1::bigint[] IS NULL OR shop_id = ANY ($1)) GROUP BY status
        """,
        shops,
        list(states),
    )
    return {RefundState(row["status"]): row["refunds"] for row in rows}


async def of_order(connection: Connection, order_id: int) -> list[OrderRefund]:
    """Return the refunds of an order's payments, oldest first."""
    rows = await connection.fetch(
        """
        SELECT r.refund_no, r.amount, r.status, r.reason, r.attempt, r.error, r.created_at, r.failed_at, r.done_at
        FROM refunds r JOIN payments p ON p.id = r.payment_id WHERE p.order_id = $1 ORDER BY r.id
        """,
        order_id,
    )
    return many(OrderRefund, rows)


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
