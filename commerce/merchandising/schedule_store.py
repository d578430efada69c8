"""The statements of what goes on or off the shelf at a moment to come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from commerce.catalogue.types import Status
from server.database import Connection, many, one, touched


class DueState(StrEnum):
    """What became of it."""

    WAITING = "waiting"
    DONE = "done"
    SAME = "same"
    REFUSED = "refused"
    CANCELLED = "cancelled"


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """A product that is to be put on or off the shelf at a moment (UTC)."""

    id: int
    product_id: int
    shop_id: int
    title: str
    status: Status
    due_at: datetime
    staff_id: int
    staff: str
    batch_id: int | None
    state: DueState
    reason: str
    done_at: datetime | None


_DUE = """
    SELECT
        c.id, c.product_id, p.shop_id, p.title, c.status, c.due_at, c.staff_id, s.name AS staff, c.batch_id, c.state,
        c.reason, c.done_at
    FROM shelf_changes AS c
    JOIN products AS p ON p.id = c.product_id
    JOIN staff AS s ON s.id = c.staff_id
"""


async def add(
    connection: Connection, product_id: int, status: Status, at: datetime, staff_id: int, batch_id: int | None = None
) -> int:
    """Have a product put on or off at a moment and return the change's id; at the same moment the last word counts."""
    made: int = await connection.fetchval(
        """
        INSERT INTO shelf_changes (product_id, status, due_at, staff_id, batch_id) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (product_id, due_at) WHERE state = 'waiting'
        DO UPDATE SET status = excluded.status, staff_id = excluded.staff_id, batch_id = excluded.batch_id
        RETURNING id
        """,
        product_id,
        status,
        at,
        staff_id,
        batch_id,
    )
    return made


async def waiting(connection: Connection, product_ids: Sequence[int]) -> list[Due]:
    """Return what waits for products, the first due first."""
    rows = await connection.fetch(
        _DUE + "WHERE c.product_id = ANY ($1::bigint[]) AND c.state = 'waiting' ORDER BY c.due_at, c.id",
        list(product_ids),
    )
    return many(Due, rows)


async def listed(
    connection: Connection, shops: Sequence[int] | None, state: DueState | None, offset: int, size: int
) -> tuple[list[Due], int]:
    """Return a stretch of what is due for products of ``shops`` (None: all), or was, and how many there are."""
    given = (None if shops is None else list(shops), state)
    total: int = await connection.fetchval(
        """
        SELECT count(*) FROM shelf_changes AS c JOIN products AS p ON p.id = c.product_id
        WHERE ($1::bigint[] IS NULL OR p.shop_id = ANY ($1::bigint[])) AND ($2::text IS NULL OR c.state = $2::text)
        """,
        *given,
    )
    rows = await connection.fetch(
        _DUE
        + """
        WHERE ($1::bigint[] IS NULL OR p.shop_id = ANY ($1::bigint[])) AND ($2::text IS NULL OR c.state = $2::text)
        ORDER BY c.state <> 'waiting', CASE WHEN c.state = 'waiting' THEN c.due_at END, c.due_at DESC, c.id
        OFFSET $3 LIMIT $4
        """,
        *given,
        offset,
        size,
    )
    return many(Due, rows), total


async def cancel(connection: Connection, change_id: int, shops: Sequence[int] | None) -> Due | None:
    """Cancel what waits for a product of ``shops`` (None: any) and return it; None when nothing of the kind waits."""
    row = await connection.fetchrow(
        """
        UPDATE shelf_changes AS c SET state = 'cancelled', done_at = now()
        FROM products AS p
        WHERE c.id = $1 AND c.state = 'waiting' AND p.id = c.product_id
            AND ($2::bigint[] IS NULL OR p.shop_id = ANY ($2::bigint[]))
        RETURNING c.id
        """,
        change_id,
        None if shops is None else list(shops),
    )
    return None if row is None else one(Due, await connection.fetchrow(_DUE + "WHERE c.id = $1", change_id))


async def cancel_of(connection: Connection, batch_id: int, product_id: int) -> bool:
    """Cancel what waits for a product because of a batch; False when nothing of the kind waits."""
    status = await connection.execute(
        """
        UPDATE shelf_changes SET state = 'cancelled', done_at = now()
        WHERE batch_id = $1 AND product_id = $2 AND state = 'waiting'
        """,
        batch_id,
        product_id,
    )
    return touched(status) > 0


async def next_due(connection: Connection) -> Due | None:
    """Lock and return the change that is longest overdue and that nobody else is at."""
    row = await connection.fetchrow(
        _DUE
        + """
        WHERE c.state = 'waiting' AND c.due_at <= clock_timestamp()
        ORDER BY c.due_at, c.id
        LIMIT 1
        FOR UPDATE OF c SKIP LOCKED
        """
    )
    return one(Due, row)


async def close(connection: Connection, change_id: int, state: DueState, reason: str = "") -> None:
    """Write down what became of it. The caller holds its lock."""
    status = await connection.execute(
        "UPDATE shelf_changes SET state = $2, reason = $3, done_at = now() WHERE id = $1 AND state = 'waiting'",
        change_id,
        state,
        reason,
    )
    if touched(status) != 1:
        raise RuntimeError(f"shelf change {change_id} was closed by somebody else")
