"""The statements about sales and their figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flashsale.seckill.types import Item, ItemState
from server.database import Connection, many, one

_COLUMNS = """
    id, shop_id, product_id, sku_id, title, specs, picture, price, list_price, quantity, allocated, limit_per_member,
    starts_at, ends_at, pay_within_s, challenge, listed, state, rev, epoch, created_by, created_at,
    published_at, ended_at, archived_at
"""

_CHANGEABLE = frozenset(
    {
        "title",
        "price",
        "list_price",
        "quantity",
        "limit_per_member",
        "starts_at",
        "ends_at",
        "pay_within_s",
        "challenge",
        "listed",
    }
)


async def insert_item(connection: Connection, values: Mapping[str, Any]) -> Item:
    """Add a draft; ``values`` are columns of fs_items."""
    names = list(values)
    row = await connection.fetchrow(
        f"INSERT INTO fs_items ({', '.join(names)}) VALUES ({', '.join(f'${at}' for at in range(1, len(names) + 1))}) "  # noqa: S608  # names are ours
        f"RETURNING {_COLUMNS}",
        *values.values(),
    )
    item = one(Item, row)
    assert item is not None
    return item


async def update_draft(connection: Connection, item_id: int, values: Mapping[str, Any]) -> Item | None:
    """Change columns of a draft; None if it is none any more."""
    names = [name for name in values if name in _CHANGEABLE]
    settings = ", ".join(f"{name} = ${at}" for at, name in enumerate(names, 2))
    return one(
        Item,
        await connection.fetchrow(
            f"UPDATE fs_items SET {settings}, rev = rev + 1 WHERE id = $1 AND state = 'draft' RETURNING {_COLUMNS}",  # noqa: S608  # names are ours
            item_id,
            *(values[name] for name in names),
        ),
    )


async def item(connection: Connection, item_id: int) -> Item | None:
    """Return a sale."""
    return one(Item, await connection.fetchrow(f"SELECT {_COLUMNS} FROM fs_items WHERE id = $1", item_id))  # noqa: S608  # a constant


async def lock_item(connection: Connection, item_id: int) -> Item | None:
    """Return a sale and lock its row: nothing is settled, expired or rebuilt until the transaction ends."""
    return one(
        Item,
        await connection.fetchrow(f"SELECT {_COLUMNS} FROM fs_items WHERE id = $1 FOR UPDATE", item_id),  # noqa: S608  # a constant
    )


async def share_item(connection: Connection, item_id: int) -> int | None:
    """Return the sale's epoch and hold its row FOR SHARE, so that no rebuild comes in between; None without a sale."""
    epoch: int | None = await connection.fetchval("SELECT epoch FROM fs_items WHERE id = $1 FOR SHARE", item_id)
    return epoch


async def epoch(connection: Connection, item_id: int) -> int | None:
    """Return the sale's epoch; None without a sale."""
    found: int | None = await connection.fetchval("SELECT epoch FROM fs_items WHERE id = $1", item_id)
    return found


async def live_items(connection: Connection) -> list[Item]:
    """Return the sales that have, or should have, a gate in Redis, by id."""
    return many(
        Item,
        await connection.fetch(
            f"SELECT {_COLUMNS} FROM fs_items WHERE state <> 'draft' AND archived_at IS NULL ORDER BY id"  # noqa: S608  # a constant
        ),
    )


async def shown_items(connection: Connection) -> list[Item]:
    """Return the sales that are listed for shoppers: those on, coming within a week, or over for an hour."""
    return many(
        Item,
        await connection.fetch(
            f"""
            SELECT {_COLUMNS} FROM fs_items
            WHERE listed AND state <> 'draft' AND archived_at IS NULL
                AND starts_at < now() + interval '7 days' AND ends_at > now() - interval '1 hour'
                AND (ended_at IS NULL OR ended_at > now() - interval '1 hour')
            ORDER BY starts_at, ends_at, id
            """  # noqa: S608  # a constant
        ),
    )


async def items_of_product(connection: Connection, product_id: int) -> list[Item]:
    """Return the listed sales of a product that are on or start within a week, the first one first."""
    return many(
        Item,
        await connection.fetch(
            f"""
            SELECT {_COLUMNS} FROM fs_items
            WHERE product_id = $1 AND listed AND state IN ('published', 'paused') AND ends_at > now()
                AND starts_at < now() + interval '7 days'
            ORDER BY starts_at, id LIMIT 4
            """,  # noqa: S608  # a constant
            product_id,
        ),
    )


async def planned_items(
    connection: Connection, shops: Sequence[int] | None, offset: int, limit: int
) -> tuple[list[Item], int]:
    """Return one page of the sales of ``shops`` (None: all), the newest first, and how many there are."""
    rows = await connection.fetch(
        f"""
        SELECT {_COLUMNS} FROM fs_items
        WHERE $1::bigint[] IS NULL OR shop_id = ANY ($1)
        ORDER BY id DESC OFFSET $2 LIMIT $3
        """,  # noqa: S608  # a constant
        shops,
        offset,
        limit,
    )
    total: int = await connection.fetchval(
        "SELECT count(*) FROM fs_items WHERE $1::bigint[] IS NULL OR shop_id = ANY ($1)", shops
    )
    return many(Item, rows), total


async def set_state(connection: Connection, item_id: int, state: ItemState, before: ItemState) -> Item | None:
    """Move a sale from one state to another, under a new revision; None if it is not in ``before``."""
    return one(
        Item,
        await connection.fetchrow(
            f"""
            UPDATE fs_items SET
                state = $2, rev = rev + 1,
                published_at = CASE WHEN $2 = 'published' THEN coalesce(published_at, now()) ELSE published_at END,
                ended_at = CASE WHEN $2 = 'ended' THEN now() ELSE ended_at END
            WHERE id = $1 AND state = $3
            RETURNING {_COLUMNS}
            """,  # noqa: S608  # a constant
            item_id,
            state,
            before,
        ),
    )


async def end_due(connection: Connection) -> list[int]:
    """End the sales whose window is over and return their ids."""
    rows = await connection.fetch(
        """
        UPDATE fs_items SET state = 'ended', rev = rev + 1, ended_at = now()
        WHERE state IN ('published', 'paused') AND ends_at < now() - interval '1 second'
        RETURNING id
        """
    )
    return [row["id"] for row in rows]


async def set_allocated(connection: Connection, item_id: int, allocated: int) -> None:
    """Set how many units the sale may give away."""
    await connection.execute("UPDATE fs_items SET allocated = $2 WHERE id = $1", item_id, allocated)


async def archive(connection: Connection, item_id: int) -> None:
    """Note that the sale has no gate any more."""
    await connection.execute("UPDATE fs_items SET archived_at = now() WHERE id = $1", item_id)


async def archivable(connection: Connection) -> list[int]:
    """Return the sales that ended a day ago with nothing held and nothing left to give back."""
    rows = await connection.fetch(
        """
        SELECT i.id FROM fs_items AS i
        WHERE i.state = 'ended' AND i.archived_at IS NULL AND i.ended_at < now() - interval '1 day'
            AND NOT EXISTS (SELECT FROM fs_reservations AS r WHERE r.item_id = i.id AND r.status = 'held')
            AND NOT EXISTS (
                SELECT FROM fs_reservations AS r JOIN fs_releases AS e ON e.reservation_id = r.id
                WHERE r.item_id = i.id AND e.done_at IS NULL
            )
        ORDER BY i.id
        """
    )
    return [row["id"] for row in rows]


# --- Figures ----------------------------------------------------------------------------------------------------------


async def add_figures(connection: Connection, at: datetime, counts: Sequence[tuple[int, str, int]]) -> None:
    """Add counts (item, outcome, n) to the second ``at``."""
    await connection.execute(
        """
        INSERT INTO fs_figures (item_id, at, outcome, n)
        SELECT item_id, $1, outcome, n FROM unnest($2::bigint[], $3::text[], $4::bigint[]) AS c (item_id, outcome, n)
        ORDER BY item_id, outcome
        ON CONFLICT (item_id, at, outcome) DO UPDATE SET n = fs_figures.n + excluded.n
        """,
        at,
        [item_id for item_id, _, _ in counts],
        [outcome for _, outcome, _ in counts],
        [n for _, _, n in counts],
    )


async def outcome_totals(connection: Connection, item_id: int) -> dict[str, int]:
    """Return how often each outcome was told."""
    rows = await connection.fetch(
        "SELECT outcome, sum(n)::bigint AS n FROM fs_figures WHERE item_id = $1 GROUP BY outcome", item_id
    )
    return {row["outcome"]: row["n"] for row in rows}


async def last_seconds(connection: Connection, item_id: int, seconds: int) -> list[tuple[datetime, int, int]]:
    """Return second, attempts and first wins of the last ``seconds`` in which anything happened, oldest first."""
    rows = await connection.fetch(
        """
        SELECT at, sum(n)::bigint AS attempts, coalesce(sum(n) FILTER (WHERE outcome = 'won'), 0)::bigint AS won
        FROM fs_figures WHERE item_id = $1 AND at > now() - make_interval(secs => $2)
        GROUP BY at ORDER BY at
        """,
        item_id,
        float(seconds),
    )
    return [(row["at"], row["attempts"], row["won"]) for row in rows]


async def busiest_second(connection: Connection, item_id: int) -> int:
    """Return the attempts of the sale's busiest second; 0 before the first."""
    most: int = await connection.fetchval(
        "SELECT coalesce(max(n), 0) FROM "
        "(SELECT sum(n)::bigint AS n FROM fs_figures WHERE item_id = $1 GROUP BY at) AS seconds",
        item_id,
    )
    return most


async def unit_sums(connection: Connection, item_id: int) -> dict[str, int]:
    """Return the units of the item's reservations by status."""
    rows = await connection.fetch(
        "SELECT status, sum(qty)::bigint AS units FROM fs_reservations WHERE item_id = $1 GROUP BY status", item_id
    )
    return {row["status"]: row["units"] for row in rows}


async def wins(connection: Connection, item_id: int) -> int:
    """Return how many attempts have won the item's units: one may win several."""
    found: int = await connection.fetchval(
        "SELECT count(*) FROM fs_reservations WHERE item_id = $1 AND status <> 'void'", item_id
    )
    return found


async def forget_figures(connection: Connection) -> None:
    """Remove seconds older than thirty days."""
    await connection.execute("DELETE FROM fs_figures WHERE at < now() - interval '30 days'")
