"""Every SQL statement about footprints."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import msgspec

from commerce.favourites.types import Kept
from server.database import Connection, touched

Seen = tuple[int, int, datetime]
"""A member's id, a product's, and when it was looked at (UTC)."""


async def add(connection: Connection, seen: Sequence[Seen]) -> None:
    """Keep footprints, a product once a day; of members who want none, none."""
    await connection.execute(
        """
        INSERT INTO footprints AS held (member_id, day, product_id, seen_at)
        SELECT s.member_id, (max(s.at) AT TIME ZONE 'Asia/Shanghai')::date, s.product_id, max(s.at)
        FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[]) AS s (member_id, product_id, at)
        JOIN products AS p ON p.id = s.product_id
        JOIN members AS m ON m.id = s.member_id
        WHERE NOT EXISTS (SELECT FROM footprints_off AS o WHERE o.member_id = s.member_id)
        GROUP BY s.member_id, s.product_id, (s.at AT TIME ZONE 'Asia/Shanghai')::date
        ORDER BY s.member_id, s.product_id
        ON CONFLICT (member_id, day, product_id) DO UPDATE SET seen_at = greatest(held.seen_at, excluded.seen_at)
        """,
        [member_id for member_id, _, _ in seen],
        [product_id for _, product_id, _ in seen],
        [at for _, _, at in seen],
    )


async def page(
    connection: Connection, member_id: int, days: int, most: int, offset: int, size: int
) -> tuple[list[Kept], int]:
    """Return a page of the last ``most`` footprints of ``days``, the newest first, and how many there are."""
    row = await connection.fetchrow(
        """
        WITH mine AS (
            SELECT product_id, day, seen_at FROM footprints
            WHERE member_id = $1 AND day > (now() AT TIME ZONE 'Asia/Shanghai')::date - $2::int
            ORDER BY seen_at DESC, product_id LIMIT $3
        )
        SELECT (SELECT count(*) FROM mine) AS total, (
            SELECT coalesce(jsonb_agg(to_jsonb(one) ORDER BY one.at DESC, one.product_id), '[]') FROM (
                SELECT
                    f.product_id, f.day, f.seen_at AS at, p.title, coalesce(p.pictures ->> 0, '') AS picture,
                    s.name AS shop_name, o.price, o.dearest, o.free, p.status <> 'on' OR o.price IS NULL AS gone
                FROM (SELECT * FROM mine ORDER BY seen_at DESC, product_id OFFSET $4 LIMIT $5) AS f
                JOIN products AS p ON p.id = f.product_id
                JOIN shops AS s ON s.id = p.shop_id
                CROSS JOIN LATERAL (
                    SELECT
                        min(k.price) AS price, max(k.price) AS dearest,
                        coalesce(sum(greatest(sf.free, 0)), 0)::bigint AS free
                    FROM skus AS k
                    LEFT JOIN stock_free AS sf ON sf.sku_id = k.id
                    WHERE k.product_id = p.id AND k.status = 'on'
                ) AS o
            ) AS one
        ) AS items
        """,
        member_id,
        days,
        most,
        offset,
        size,
    )
    assert row is not None
    return msgspec.convert(row["items"], list[Kept]), row["total"]


async def count(connection: Connection, member_id: int, days: int, most: int) -> int:
    """Return how many footprints a member has."""
    number: int = await connection.fetchval(
        """
        SELECT least(count(*), $3) FROM footprints
        WHERE member_id = $1 AND day > (now() AT TIME ZONE 'Asia/Shanghai')::date - $2::int
        """,
        member_id,
        days,
        most,
    )
    return number


async def remove(connection: Connection, member_id: int, product_id: int | None, day: date | None) -> int:
    """Remove a member's footprints: those of a product, of a day, of both, or for None all. Returns how many."""
    status = await connection.execute(
        """
        DELETE FROM footprints
        WHERE member_id = $1 AND ($2::bigint IS NULL OR product_id = $2) AND ($3::date IS NULL OR day = $3)
        """,
        member_id,
        product_id,
        day,
    )
    return touched(status)


async def recording(connection: Connection, member_id: int) -> bool:
    """Tell whether a member's footprints are kept."""
    off: bool = await connection.fetchval("SELECT EXISTS (SELECT FROM footprints_off WHERE member_id = $1)", member_id)
    return not off


async def record(connection: Connection, member_id: int, on: bool) -> None:
    """Keep a member's footprints from now on, or none any more: those there are go too."""
    if on:
        await connection.execute("DELETE FROM footprints_off WHERE member_id = $1", member_id)
        return
    await connection.execute("INSERT INTO footprints_off (member_id) VALUES ($1) ON CONFLICT DO NOTHING", member_id)
    await connection.execute("DELETE FROM footprints WHERE member_id = $1", member_id)


async def tidy(connection: Connection, days: int, most: int) -> None:
    """Remove what is older than ``days``, and of those who looked around today all but the last ``most``."""
    await connection.execute("DELETE FROM footprints WHERE seen_at < now() - make_interval(days => $1)", days)
    await connection.execute(
        """
        DELETE FROM footprints AS f USING (
            SELECT member_id, day, product_id, row_number() OVER (PARTITION BY member_id ORDER BY seen_at DESC) AS at
            FROM footprints
            WHERE member_id IN (SELECT member_id FROM footprints WHERE seen_at > now() - interval '1 day')
        ) AS old
        WHERE old.at > $1 AND f.member_id = old.member_id AND f.day = old.day AND f.product_id = old.product_id
        """,
        most,
    )
