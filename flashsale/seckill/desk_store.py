"""The statements behind the back office's pages of flash sales."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from flashsale.seckill.types import Item, ReservationStatus
from server.database import Connection, many

_SHOW = """
    CASE WHEN state = 'published' AND starts_at > now() THEN 'coming' WHEN state = 'published' THEN 'on' ELSE state END
"""
SHOWS = ("on", "coming", "draft", "paused", "ended")


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """A win and its order."""

    order_no: str
    status: ReservationStatus
    quantity: int
    pay_before: datetime
    created_at: datetime


async def counts(connection: Connection, shops: Sequence[int] | None) -> dict[str, int]:
    """Return how many sales of ``shops`` (None: all) stand where."""
    rows = await connection.fetch(
        f"SELECT {_SHOW} AS show, count(*) AS n FROM fs_items "  # noqa: S608  # a constant
        "WHERE $1::bigint[] IS NULL OR shop_id = ANY ($1) GROUP BY 1",
        shops,
    )
    return {row["show"]: row["n"] for row in rows}


async def listed(
    connection: Connection, shops: Sequence[int] | None, show: str, pattern: str, offset: int, limit: int
) -> tuple[list[Item], int]:
    """Return one page of sales, what is on first and then the newest, and how many there are."""
    where = f"""
        ($1::bigint[] IS NULL OR shop_id = ANY ($1)) AND ($2 = '' OR {_SHOW} = $2) AND ($3 = '' OR title ILIKE $3)
    """
    rows = await connection.fetch(
        f"""
        SELECT * FROM fs_items WHERE {where}
        ORDER BY array_position(ARRAY['on', 'paused', 'coming', 'draft', 'ended'], {_SHOW}),
            CASE WHEN state = 'published' THEN starts_at END, id DESC
        OFFSET $4 LIMIT $5
        """,  # noqa: S608  # constants
        shops,
        show,
        pattern,
        offset,
        limit,
    )
    total: int = await connection.fetchval(
        f"SELECT count(*) FROM fs_items WHERE {where}",  # noqa: S608  # a constant
        shops,
        show,
        pattern,
    )
    return many(Item, rows), total


async def units(connection: Connection, item_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """Return the units of each sale's reservations by status."""
    rows = await connection.fetch(
        "SELECT item_id, status, sum(qty)::bigint AS units FROM fs_reservations "
        "WHERE item_id = ANY ($1::bigint[]) GROUP BY 1, 2",
        list(item_ids),
    )
    found: dict[int, dict[str, int]] = {item_id: {} for item_id in item_ids}
    for row in rows:
        found[row["item_id"]][row["status"]] = row["units"]
    return found


async def holders(connection: Connection, item_id: int, most: int) -> list[Holder]:
    """Return the last wins of a sale, the newest first."""
    rows = await connection.fetch(
        """
        SELECT o.order_no, r.status, r.qty AS quantity, r.pay_before, r.created_at
        FROM fs_reservations AS r JOIN orders AS o ON o.reservation_id = r.id
        WHERE r.item_id = $1 ORDER BY r.id DESC LIMIT $2
        """,
        item_id,
        most,
    )
    return many(Holder, rows)


async def overlapping(connection: Connection, item: Item) -> list[Item]:
    """Return other sales of the same SKU whose window meets this one's."""
    rows = await connection.fetch(
        """
        SELECT * FROM fs_items
        WHERE sku_id = $1 AND id <> $2 AND state IN ('published', 'paused') AND starts_at < $4 AND ends_at > $3
        ORDER BY starts_at LIMIT 5
        """,
        item.sku_id,
        item.id,
        item.starts_at,
        item.ends_at,
    )
    return many(Item, rows)
