"""Every SQL statement about favourites."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from commerce.favourites.types import Counts, Due, Kept, Show
from server.database import Connection, many, touched


async def price(connection: Connection, product_id: int) -> int | None:
    """Return the fen of a product's cheapest SKU; None while it is off the shelf, or there is none."""
    found: int | None = await connection.fetchval(
        """
        SELECT min(k.price) FROM skus AS k JOIN products AS p ON p.id = k.product_id
        WHERE p.id = $1 AND p.status = 'on' AND k.status = 'on'
        """,
        product_id,
    )
    return found


async def add(connection: Connection, member_id: int, product_id: int, price: int) -> bool:
    """Keep a product; False when it is kept already."""
    status = await connection.execute(
        "INSERT INTO favourites (member_id, product_id, price) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        member_id,
        product_id,
        price,
    )
    return touched(status) == 1


async def remove(connection: Connection, member_id: int, product_ids: Sequence[int]) -> int:
    """Keep products no longer and return how many were kept."""
    status = await connection.execute(
        "DELETE FROM favourites WHERE member_id = $1 AND product_id = ANY ($2::bigint[])", member_id, list(product_ids)
    )
    return touched(status)


async def count(connection: Connection, member_id: int) -> int:
    """Return how many products a member keeps."""
    number: int = await connection.fetchval("SELECT count(*) FROM favourites WHERE member_id = $1", member_id)
    return number


async def among(connection: Connection, member_id: int, product_ids: Sequence[int]) -> set[int]:
    """Return which of those products a member keeps."""
    rows = await connection.fetch(
        "SELECT product_id FROM favourites WHERE member_id = $1 AND product_id = ANY ($2::bigint[])",
        member_id,
        list(product_ids),
    )
    return {row["product_id"] for row in rows}


async def page(connection: Connection, member_id: int, show: Show, offset: int, size: int) -> tuple[list[Kept], Counts]:
    """Return a page of a member's favourites, the newest first, and how many each list has."""
    row = await connection.fetchrow(
        """
        WITH mine AS (
            SELECT
                f.product_id, p.title, coalesce(p.pictures ->> 0, '') AS picture, s.name AS shop_name,
                o.price, o.dearest, o.free, f.created_at AS at, f.price AS kept_price,
                p.status <> 'on' OR o.price IS NULL AS gone
            FROM favourites AS f
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
            WHERE f.member_id = $1
        ), counted AS (
            SELECT count(*) AS all, count(*) FILTER (WHERE NOT gone AND price < kept_price) AS cheaper,
                count(*) FILTER (WHERE gone) AS gone,
                (SELECT count(*) FROM restock_reminders WHERE member_id = $1) AS awaited
            FROM mine
        )
        SELECT (SELECT to_jsonb(counted) FROM counted) AS counts, (
            SELECT coalesce(jsonb_agg(to_jsonb(one) ORDER BY one.at DESC, one.product_id DESC), '[]') FROM (
                SELECT * FROM mine
                WHERE $2::text = 'all' OR ($2 = 'gone' AND gone)
                    OR ($2 = 'cheaper' AND NOT gone AND price < kept_price)
                ORDER BY at DESC, product_id DESC OFFSET $3 LIMIT $4
            ) AS one
        ) AS items
        """,
        member_id,
        show,
        offset,
        size,
    )
    assert row is not None
    return msgspec.convert(row["items"], list[Kept]), msgspec.convert(row["counts"], Counts)


async def wanted(connection: Connection, product_id: int) -> bool:
    """Tell whether anybody keeps a product."""
    found: bool = await connection.fetchval("SELECT EXISTS (SELECT FROM favourites WHERE product_id = $1)", product_id)
    return found


async def take_due(connection: Connection, product_id: int, price: int, rest_s: float, most: int) -> list[Due]:
    """Note those who know a higher price as told of ``price``, and return them, by member.

    Left out are those who were told of this product within ``rest_s`` seconds. Locks their favourites.
    """
    rows = await connection.fetch(
        """
        WITH due AS (
            SELECT member_id, coalesce(told_price, price) AS before FROM favourites
            WHERE product_id = $1 AND $2 < coalesce(told_price, price)
                AND (told_at IS NULL OR told_at <= now() - make_interval(secs => $3))
            ORDER BY member_id LIMIT $4
            FOR UPDATE
        )
        UPDATE favourites AS f SET told_price = $2, told_at = now()
        FROM due WHERE f.product_id = $1 AND f.member_id = due.member_id
        RETURNING f.member_id, due.before
        """,
        product_id,
        price,
        rest_s,
        most,
    )
    return sorted(many(Due, rows), key=lambda due: due.member_id)


async def next_due(connection: Connection, product_id: int, price: int, rest_s: float) -> float | None:
    """Return the seconds until somebody may be told of ``price`` who was told of another within ``rest_s``."""
    found: float | None = await connection.fetchval(
        """
        SELECT extract(epoch FROM min(told_at) + make_interval(secs => $3) - now())::float8 FROM favourites
        WHERE product_id = $1 AND $2 < told_price AND told_at > now() - make_interval(secs => $3)
        """,
        product_id,
        price,
        rest_s,
    )
    return found


async def title(connection: Connection, product_id: int) -> tuple[str, str]:
    """Return what a product is called, and its picture."""
    row = await connection.fetchrow(
        "SELECT title, coalesce(pictures ->> 0, '') AS picture FROM products WHERE id = $1", product_id
    )
    return ("", "") if row is None else (row["title"], row["picture"])
