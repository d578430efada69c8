"""The statements of the back office's list of products."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from commerce.catalogue.types import Status
from server.database import Connection

if TYPE_CHECKING:
    from commerce.merchandising.listing import Filter


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A product as the back office lists it: prices of all its SKUs in fen, stock summed over them."""

    id: int
    title: str
    picture: str
    status: Status
    shop: str
    category: str
    codes: str
    price: int | None
    dearest: int | None
    skus: int
    on_hand: int
    allocated: int
    free: int
    sales: int
    updated_at: datetime


_FOUND = """
    SELECT
        p.id, p.title, coalesce(p.pictures ->> 0, '') AS picture, p.status, s.name AS shop, c.name AS category,
        o.codes, o.price, o.dearest, o.skus, o.on_hand, o.allocated, o.free, p.sales, p.updated_at, p.created_at
    FROM products AS p
    JOIN shops AS s ON s.id = p.shop_id
    JOIN categories AS c ON c.id = p.category_id
    CROSS JOIN LATERAL (
        SELECT
            coalesce(string_agg(k.code, ' ' ORDER BY k.position, k.id), '') AS codes,
            min(k.price) FILTER (WHERE k.status = 'on') AS price,
            max(k.price) FILTER (WHERE k.status = 'on') AS dearest,
            count(k.id) FILTER (WHERE k.status = 'on') AS skus,
            coalesce(sum(f.on_hand), 0)::bigint AS on_hand,
            coalesce(sum(f.allocated), 0)::bigint AS allocated,
            coalesce(sum(f.free), 0)::bigint AS free
        FROM skus AS k
        LEFT JOIN stock_free AS f ON f.sku_id = k.id
        WHERE k.product_id = p.id
    ) AS o
    WHERE ($1::bigint[] IS NULL OR p.shop_id = ANY ($1::bigint[]))
        AND ($2::text = '' OR p.title ILIKE $2::text OR o.codes ILIKE $2::text)
        AND ($3::text IS NULL OR p.status = $3::text)
        AND ($4::bigint IS NULL OR o.free <= $4::bigint)
        AND ($5::bigint = 0 OR p.category_id IN (
            WITH RECURSIVE branch AS (
                SELECT $5::bigint AS id
                UNION
                SELECT c.id FROM categories AS c JOIN branch ON c.parent_id = branch.id
            )
            SELECT id FROM branch
        ))
        AND ($6::bigint = 0 OR p.brand_id = $6::bigint)
        AND ($7::bigint = 0 OR p.shop_id = $7::bigint)
"""


def _arguments(asked: Filter) -> tuple[object, ...]:
    return (
        None if asked.shops is None else list(asked.shops),
        asked.pattern,
        asked.status,
        asked.short,
        asked.category_id,
        asked.brand_id,
        asked.shop_id,
    )


async def listed(connection: Connection, asked: Filter, offset: int, size: int) -> tuple[list[Listed], int]:
    """Return a page of the products that are asked for, and how many there are."""
    row = await connection.fetchrow(
        f"""
        WITH found AS ({_FOUND}),
        placed AS (
            SELECT *, row_number() OVER (ORDER BY
                CASE $8::text WHEN 'price' THEN price WHEN '-price' THEN -price WHEN 'free' THEN free
                    WHEN '-free' THEN -free WHEN '-sales' THEN -sales END NULLS LAST,
                CASE WHEN $8::text = 'changed' THEN updated_at ELSE created_at END DESC, id
            ) AS at
            FROM found
        )
        SELECT
            (SELECT count(*) FROM placed) AS total,
            (SELECT coalesce(jsonb_agg(to_jsonb(page) ORDER BY page.at), '[]') FROM (
                SELECT * FROM placed ORDER BY at OFFSET $9::bigint LIMIT $10::bigint
            ) AS page) AS items
        """,  # noqa: S608  # a constant of this module
        *_arguments(asked),
        asked.sort,
        offset,
        size,
    )
    return msgspec.convert(row["items"], list[Listed]), row["total"]


async def ids(connection: Connection, asked: Filter, most: int, offset: int = 0) -> list[int]:
    """Return the ids of the products that are asked for in the order they were added, at most ``most``."""
    rows = await connection.fetch(
        f"SELECT id FROM ({_FOUND}) AS found ORDER BY id LIMIT $8 OFFSET $9",  # noqa: S608  # a constant of this module
        *_arguments(asked),
        most,
        offset,
    )
    return [row["id"] for row in rows]


async def counts(connection: Connection, shops: Sequence[int] | None) -> dict[str, int]:
    """Return how many products of ``shops`` (None: all) have each status."""
    rows = await connection.fetch(
        """
        SELECT status, count(*) FROM products
        WHERE $1::bigint[] IS NULL OR shop_id = ANY ($1::bigint[])
        GROUP BY status
        """,
        None if shops is None else list(shops),
    )
    return {status.value: 0 for status in Status} | {row["status"]: row["count"] for row in rows}
