"""Every SQL statement of the simulated gateway."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from commerce.sandbox.alipay.types import Act, Delivery, Outcome, RefusalReason, Trade
from server.database import Connection, many, one, touched

_TRADE = """
    SELECT id, trade_no, out_trade_no, token, app_id, subject, total_amount, status, paid_amount, refunded, notify_url,
           return_url, expires_at, created_at, paid_at
    FROM sandbox_alipay_trades
"""


async def insert_trade(connection: Connection, values: dict[str, Any]) -> None:
    """Open a trade, unless the merchant's number has one."""
    await connection.execute(
        """
        INSERT INTO sandbox_alipay_trades
            (trade_no, out_trade_no, token, app_id, subject, total_amount, notify_url, return_url, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (out_trade_no) DO NOTHING
        """,
        values["trade_no"],
        values["out_trade_no"],
        values["token"],
        values["app_id"],
        values["subject"],
        values["total_amount"],
        values["notify_url"],
        values["return_url"],
        values["expires_at"],
    )


async def by_merchant(connection: Connection, out_trade_no: str, *, lock: bool = False) -> Trade | None:
    """Return the trade of a merchant's number, its row locked if wanted."""
    end = "FOR UPDATE" if lock else ""
    return one(Trade, await connection.fetchrow(f"{_TRADE} WHERE out_trade_no = $1 {end}", out_trade_no))


async def by_number(connection: Connection, trade_no: str, *, lock: bool = False) -> Trade | None:
    """Return the trade of the gateway's own number, its row locked if wanted."""
    end = "FOR UPDATE" if lock else ""
    return one(Trade, await connection.fetchrow(f"{_TRADE} WHERE trade_no = $1 {end}", trade_no))


async def by_token(connection: Connection, token: str) -> Trade | None:
    """Return the trade of a cashier's address."""
    return one(Trade, await connection.fetchrow(f"{_TRADE} WHERE token = $1", token))


async def by_id(connection: Connection, trade_id: int, *, lock: bool = False) -> Trade | None:
    """Return a trade, its row locked if wanted."""
    end = "FOR UPDATE" if lock else ""
    return one(Trade, await connection.fetchrow(f"{_TRADE} WHERE id = $1 {end}", trade_id))


async def newest(connection: Connection, limit: int) -> list[Trade]:
    """Return the newest trades."""
    return many(Trade, await connection.fetch(f"{_TRADE} ORDER BY id DESC LIMIT $1", limit))


async def set_paid(connection: Connection, trade_id: int, amount: int) -> None:
    """Take the buyer's money, whatever was closed before: between a close and a payment the bank may decide."""
    await connection.execute(
        """
        UPDATE sandbox_alipay_trades SET status = 'TRADE_SUCCESS', paid_amount = $2, paid_at = now(), closed_at = NULL
        WHERE id = $1
        """,
        trade_id,
        amount,
    )


async def set_closed(connection: Connection, trade_id: int) -> bool:
    """Close a trade that waits for its buyer."""
    status = await connection.execute(
        """
        UPDATE sandbox_alipay_trades SET status = 'TRADE_CLOSED', closed_at = now()
        WHERE id = $1 AND status = 'WAIT_BUYER_PAY'
        """,
        trade_id,
    )
    return touched(status) == 1


async def refund_of(connection: Connection, trade_id: int, request: str) -> int | None:
    """Return what a refund request gave back, None for a new one."""
    found: int | None = await connection.fetchval(
        "SELECT amount FROM sandbox_alipay_refunds WHERE trade_id = $1 AND out_request_no = $2", trade_id, request
    )
    return found


async def insert_refund(connection: Connection, trade_id: int, request: str, amount: int) -> None:
    """Give money back; a trade of which everything went back is closed."""
    await connection.execute(
        "INSERT INTO sandbox_alipay_refunds (trade_id, out_request_no, amount) VALUES ($1, $2, $3)",
        trade_id,
        request,
        amount,
    )
    await connection.execute(
        """
        UPDATE sandbox_alipay_trades
        SET refunded = refunded + $2, status = CASE WHEN refunded + $2 = paid_amount THEN 'TRADE_CLOSED' ELSE status END
        WHERE id = $1
        """,
        trade_id,
        amount,
    )


async def insert_refusals(connection: Connection, out_trade_no: str | None, reason: RefusalReason, times: int) -> None:
    """Note that so many refunds are to be refused: of one trade, or whichever come next."""
    await connection.execute(
        "INSERT INTO sandbox_alipay_refusals (out_trade_no, reason) SELECT $1, $2 FROM generate_series(1, $3)",
        out_trade_no,
        reason,
        times,
    )


async def claim_refusal(connection: Connection, out_trade_no: str) -> RefusalReason | None:
    """Use up the oldest refusal that a refund of this trade meets and return its reason; None when it meets none."""
    found: str | None = await connection.fetchval(
        """
        UPDATE sandbox_alipay_refusals SET done_at = now() WHERE id = (
            SELECT id FROM sandbox_alipay_refusals
            WHERE done_at IS NULL AND (out_trade_no IS NULL OR out_trade_no = $1)
            ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
        )
        RETURNING reason
        """,
        out_trade_no,
    )
    return RefusalReason(found) if found is not None else None


async def waiting_refusals(connection: Connection) -> int:
    """Return how many refusals wait for a refund."""
    found: int = await connection.fetchval("SELECT count(*) FROM sandbox_alipay_refusals WHERE done_at IS NULL")
    return found


async def forget_refusals(connection: Connection) -> None:
    """Refuse nothing any more."""
    await connection.execute("DELETE FROM sandbox_alipay_refusals WHERE done_at IS NULL")


async def insert_act(
    connection: Connection, trade_id: int, outcome: Outcome, amount: int | None, times: int, delay: float
) -> None:
    """Note what a buyer will do in ``delay`` seconds."""
    await connection.execute(
        """
        INSERT INTO sandbox_alipay_acts (trade_id, outcome, amount, times, due_at)
        VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5))
        """,
        trade_id,
        outcome,
        amount,
        times,
        delay,
    )


async def claim_act(connection: Connection) -> Act | None:
    """Return an act whose time has come and mark it done in the caller's transaction."""
    row = await connection.fetchrow(
        """
        UPDATE sandbox_alipay_acts SET done_at = now() WHERE id = (
            SELECT id FROM sandbox_alipay_acts WHERE done_at IS NULL AND due_at <= now()
            ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
        )
        RETURNING id, trade_id, outcome, amount, times
        """
    )
    return one(Act, row)


async def waiting_act(connection: Connection, trade_id: int) -> datetime | None:
    """Return when a buyer will do something about a trade."""
    found: datetime | None = await connection.fetchval(
        "SELECT min(due_at) FROM sandbox_alipay_acts WHERE trade_id = $1 AND done_at IS NULL", trade_id
    )
    return found


async def expired(connection: Connection, limit: int) -> list[int]:
    """Close trades that nobody paid in time and return them."""
    rows = await connection.fetch(
        """
        UPDATE sandbox_alipay_trades SET status = 'TRADE_CLOSED', closed_at = now() WHERE id IN (
            SELECT id FROM sandbox_alipay_trades WHERE status = 'WAIT_BUYER_PAY' AND expires_at <= now()
            ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED
        )
        RETURNING id
        """,
        limit,
    )
    return [row["id"] for row in rows]


async def insert_delivery(connection: Connection, trade_id: int, notify_id: str, payload: dict[str, str]) -> None:
    """Put a notification on its way."""
    await connection.execute(
        "INSERT INTO sandbox_alipay_deliveries (trade_id, notify_id, payload) VALUES ($1, $2, $3)",
        trade_id,
        notify_id,
        payload,
    )


async def claim_deliveries(connection: Connection, lease: float, limit: int) -> list[Delivery]:
    """Return notifications that are due; nobody else gets them for ``lease`` seconds."""
    rows = await connection.fetch(
        """
        UPDATE sandbox_alipay_deliveries d SET attempts = d.attempts + 1, due_at = now() + make_interval(secs => $1)
        FROM sandbox_alipay_trades t
        WHERE t.id = d.trade_id AND d.id IN (
            SELECT id FROM sandbox_alipay_deliveries
            WHERE done_at IS NULL AND given_up_at IS NULL AND due_at <= now()
            ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED
        )
        RETURNING d.id, t.notify_url AS url, d.payload, d.attempts
        """,
        lease,
        limit,
    )
    return many(Delivery, rows)


async def delivered(connection: Connection, delivery_id: int) -> None:
    """Note that the merchant said success."""
    await connection.execute(
        "UPDATE sandbox_alipay_deliveries SET done_at = now(), answer = 'success' WHERE id = $1", delivery_id
    )


async def put_off(connection: Connection, delivery_id: int, answer: str, delay: float | None) -> None:
    """Note another answer and when to try again; None for never."""
    await connection.execute(
        """
        UPDATE sandbox_alipay_deliveries
        SET answer = $2, due_at = now() + make_interval(secs => coalesce($3, 0)),
            given_up_at = CASE WHEN $3::float8 IS NULL THEN now() END
        WHERE id = $1
        """,
        delivery_id,
        answer[:200],
        delay,
    )
