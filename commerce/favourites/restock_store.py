"""Every SQL statement about reminders of what is there again."""

from __future__ import annotations

from commerce.favourites.restock_types import Offer, Reminder, Waiting
from server.database import Connection, many, one, touched


async def can_wait(connection: Connection, sku_id: int) -> bool | None:
    """Tell whether a SKU on the shelf has nothing left; None when it is not on the shelf."""
    found: bool | None = await connection.fetchval(
        """
        SELECT coalesce(f.free, 0) <= 0
        FROM skus AS k
        JOIN products AS p ON p.id = k.product_id
        LEFT JOIN stock_free AS f ON f.sku_id = k.id
        WHERE k.id = $1 AND k.status = 'on' AND p.status = 'on'
        """,
        sku_id,
    )
    return found


async def add(connection: Connection, member_id: int, sku_id: int) -> bool:
    """Have a member wait for a SKU, anew if they were told before; False when they wait already."""
    status = await connection.execute(
        """
        INSERT INTO restock_reminders AS r (member_id, sku_id) VALUES ($1, $2)
        ON CONFLICT (member_id, sku_id) DO UPDATE SET asked_at = now(), told_at = NULL WHERE r.told_at IS NOT NULL
        """,
        member_id,
        sku_id,
    )
    return touched(status) == 1


async def lock_member(connection: Connection, member_id: int) -> None:
    """Let one transaction at a time add to what a member waits for."""
    await connection.execute("SELECT FROM members WHERE id = $1 FOR NO KEY UPDATE", member_id)


async def waiting(connection: Connection, member_id: int) -> int:
    """Return how many SKUs a member waits for."""
    number: int = await connection.fetchval(
        "SELECT count(*) FROM restock_reminders WHERE member_id = $1 AND told_at IS NULL", member_id
    )
    return number


async def count(connection: Connection, member_id: int) -> int:
    """Return how long a member's list is."""
    number: int = await connection.fetchval("SELECT count(*) FROM restock_reminders WHERE member_id = $1", member_id)
    return number


async def remove(connection: Connection, member_id: int, sku_id: int) -> bool:
    """Have a member wait no longer; False when nothing was there."""
    status = await connection.execute(
        "DELETE FROM restock_reminders WHERE member_id = $1 AND sku_id = $2", member_id, sku_id
    )
    return touched(status) == 1


async def waits(connection: Connection, member_id: int, sku_id: int) -> bool:
    """Tell whether a member waits for a SKU."""
    found: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM restock_reminders WHERE member_id = $1 AND sku_id = $2 AND told_at IS NULL)",
        member_id,
        sku_id,
    )
    return found


async def page(connection: Connection, member_id: int, offset: int, size: int) -> tuple[list[Reminder], int]:
    """Return a page of a member's reminders, those told of first, then by when they were asked for; and the total."""
    rows = await connection.fetch(
        """
        SELECT
            k.id AS sku_id, p.id AS product_id, p.title, k.specs, p.spec_names,
            coalesce(nullif(k.picture, ''), p.pictures ->> 0, '') AS picture, s.name AS shop_name, k.price,
            greatest(coalesce(f.free, 0), 0) AS free, k.status = 'on' AND p.status = 'on' AS on_sale,
            r.asked_at, r.told_at
        FROM restock_reminders AS r
        JOIN skus AS k ON k.id = r.sku_id
        JOIN products AS p ON p.id = k.product_id
        JOIN shops AS s ON s.id = p.shop_id
        LEFT JOIN stock_free AS f ON f.sku_id = k.id
        WHERE r.member_id = $1
        ORDER BY r.told_at DESC NULLS LAST, r.asked_at DESC, r.sku_id DESC OFFSET $2 LIMIT $3
        """,
        member_id,
        offset,
        size,
    )
    return many(Reminder, rows), await count(connection, member_id)


async def wanted(connection: Connection, product_id: int) -> bool:
    """Tell whether anybody waits for a SKU of a product."""
    found: bool = await connection.fetchval(
        """
        SELECT EXISTS (
            SELECT FROM skus AS k JOIN restock_reminders AS r ON r.sku_id = k.id AND r.told_at IS NULL
            WHERE k.product_id = $1
        )
        """,
        product_id,
    )
    return found


async def due(connection: Connection, most: int) -> list[int]:
    """Return up to ``most`` products of which somebody waits for a SKU that is there, by id."""
    rows = await connection.fetch(
        """
        WITH RECURSIVE awaited AS (
            -- One step a SKU, however many wait for it.
            (SELECT sku_id FROM restock_reminders WHERE told_at IS NULL ORDER BY sku_id LIMIT 1)
            UNION ALL
            SELECT (
                SELECT r.sku_id FROM restock_reminders AS r
                WHERE r.told_at IS NULL AND r.sku_id > a.sku_id ORDER BY r.sku_id LIMIT 1
            )
            FROM awaited AS a WHERE a.sku_id IS NOT NULL
        )
        SELECT DISTINCT p.id
        FROM awaited AS a
        JOIN skus AS k ON k.id = a.sku_id AND k.status = 'on'
        JOIN products AS p ON p.id = k.product_id AND p.status = 'on'
        JOIN stock_free AS f ON f.sku_id = k.id AND f.free > 0
        ORDER BY p.id LIMIT $1
        """,
        most,
    )
    return [row["id"] for row in rows]


async def awaited(connection: Connection, product_id: int) -> list[int]:
    """Return the SKUs of a product that somebody waits for, by id."""
    rows = await connection.fetch(
        """
        SELECT k.id FROM skus AS k
        WHERE k.product_id = $1
            AND EXISTS (SELECT FROM restock_reminders AS r WHERE r.sku_id = k.id AND r.told_at IS NULL)
        ORDER BY k.id
        """,
        product_id,
    )
    return [row["id"] for row in rows]


async def offer(connection: Connection, sku_id: int) -> Offer | None:
    """Return a SKU if it is on the shelf and there is some of it."""
    row = await connection.fetchrow(
        """
        SELECT
            k.id AS sku_id, p.id AS product_id, p.title, k.specs, p.spec_names, k.price,
            coalesce(nullif(k.picture, ''), p.pictures ->> 0, '') AS picture
        FROM skus AS k
        JOIN products AS p ON p.id = k.product_id
        JOIN stock_free AS f ON f.sku_id = k.id
        WHERE k.id = $1 AND k.status = 'on' AND p.status = 'on' AND f.free > 0
        """,
        sku_id,
    )
    return one(Offer, row)


async def take(connection: Connection, sku_id: int, most: int) -> list[Waiting]:
    """Note up to ``most`` of those who wait for a SKU as told, and return them, by member.

    Whom another transaction is telling is left out. Locks their reminders.
    """
    rows = await connection.fetch(
        """
        WITH due AS (
            SELECT member_id FROM restock_reminders
            WHERE sku_id = $1 AND told_at IS NULL
            ORDER BY member_id LIMIT $2
            FOR UPDATE SKIP LOCKED
        )
        UPDATE restock_reminders AS r SET told_at = now()
        FROM due WHERE r.sku_id = $1 AND r.member_id = due.member_id
        RETURNING r.member_id, r.asked_at
        """,
        sku_id,
        most,
    )
    return sorted(many(Waiting, rows), key=lambda waiting: waiting.member_id)


async def tidy(connection: Connection, days: int) -> None:
    """Remove reminders that were sent more than ``days`` ago."""
    await connection.execute("DELETE FROM restock_reminders WHERE told_at < now() - make_interval(days => $1)", days)


async def merge(connection: Connection, keeper_id: int, other_id: int) -> None:
    """Give the other's reminders to the keeper; who of the two still waits for a SKU goes on waiting."""
    await connection.execute(
        """
        INSERT INTO restock_reminders AS r (member_id, sku_id, asked_at, told_at)
        SELECT $1, sku_id, asked_at, told_at FROM restock_reminders WHERE member_id = $2
        ON CONFLICT (member_id, sku_id) DO UPDATE SET
            asked_at = greatest(r.asked_at, excluded.asked_at),
            told_at = CASE
                WHEN r.told_at IS NOT NULL AND excluded.told_at IS NOT NULL
                THEN greatest(r.told_at, excluded.told_at)
            END
        """,
        keeper_id,
        other_id,
    )
    await erase(connection, other_id)


async def told(connection: Connection, member_id: int) -> list[dict[str, object]]:
    """Return what a member waits for, for the copy of all that is kept of them."""
    rows = await connection.fetch(
        """
        SELECT p.title, k.specs, r.asked_at, r.told_at
        FROM restock_reminders AS r
        JOIN skus AS k ON k.id = r.sku_id
        JOIN products AS p ON p.id = k.product_id
        WHERE r.member_id = $1 ORDER BY r.asked_at
        """,
        member_id,
    )
    return [dict(row) for row in rows]


async def erase(connection: Connection, member_id: int) -> None:
    """Forget what a member waits for."""
    await connection.execute("DELETE FROM restock_reminders WHERE member_id = $1", member_id)
