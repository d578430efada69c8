"""The statements that lay down the demo's reviews."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from server.database import Connection, many


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """A line that a demo member has received and not reviewed."""

    line_id: int
    order_id: int
    member_id: int
    product_id: int
    at: datetime


async def received(connection: Connection, phones: Sequence[str]) -> list[Received]:
    """Return the lines that these members may review, by product."""
    rows = await connection.fetch(
        """
        SELECT l.id AS line_id, o.id AS order_id, m.id AS member_id, l.product_id, d.at
        FROM members AS m
        JOIN orders AS o ON o.member_id = m.id AND o.status = 'completed'
        JOIN order_lines AS l ON l.order_id = o.id
        CROSS JOIN LATERAL (
            SELECT max(e.at) AS at FROM order_events AS e WHERE e.order_id = o.id AND e.to_status = 'completed'
        ) AS d
        WHERE m.phone = ANY ($1) AND d.at BETWEEN now() - interval '29 days' AND now()
            AND NOT EXISTS (SELECT FROM remarks AS r WHERE r.line_id = l.id)
        ORDER BY l.product_id, l.id
        """,
        list(phones),
    )
    return many(Received, rows)


async def any_remark(connection: Connection) -> bool:
    """Tell whether anybody has said anything."""
    found: bool = await connection.fetchval("SELECT EXISTS (SELECT FROM remarks)")
    return found


async def date(connection: Connection, remark_id: int, at: datetime, replied_at: datetime | None = None) -> None:
    """Let a remark have been written at some time."""
    await connection.execute(
        """
        UPDATE remarks SET created_at = $2, replied_at = CASE WHEN reply IS NOT NULL THEN coalesce($3, now()) END
        WHERE id = $1
        """,
        remark_id,
        at,
        replied_at,
    )


async def some_staff(connection: Connection) -> int | None:
    """Return somebody who replies for shops."""
    found: int | None = await connection.fetchval("SELECT id FROM staff WHERE shop_id IS NULL ORDER BY id LIMIT 1")
    return found
