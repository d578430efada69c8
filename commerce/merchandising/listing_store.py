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
    shop_id: int
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


_MEANT = """
    WITH RECURSIVE branch AS (
        SELECT $4::bigint AS id
        UNION
        SELECT c.id FROM categories AS c JOIN branch ON c.parent_id = branch.id
    ),
    meant AS (
        SELECT p.id, p.created_at, p.updated_at, p.sales
        FROM products AS p
        WHERE ($1::bigint[] IS NULL OR p.shop_id = ANY ($1::bigint[]))
            AND (
                $2::text = '' OR p.title ILIKE $2::text
                OR p.id IN (SELECT k.product_id FROM skus AS k WHERE k.code ILIKE $2::text)
            )
            AND ($3::text IS NULL OR p.status = $3::text)
            AND ($4::bigint = 0 OR p.category_id IN (SELECT id FROM branch))
            AND ($5::bigint = 0 OR p.brand_id = $5::bigint)
            AND ($6::bigint = 0 OR p.shop_id = $6::bigint)
    ),
"""
# What products are chosen or placed by is looked up only where it is asked for.
_PLAIN = """
    placed AS (SELECT m.*, NULL::bigint AS price, NULL::bigint AS free FROM meant AS m WHERE $7::bigint IS NULL)
"""
_PRICED = """
    placed AS (
        SELECT m.*, o.price, NULL::bigint AS free
        FROM meant AS m
        LEFT JOIN (
            SELECT k.product_id, min(k.price) AS price FROM skus AS k WHERE k.status = 'on' GROUP BY k.product_id
        ) AS o ON o.product_id = m.id
        WHERE $7::bigint IS NULL
    )
"""
_STOCKED = """
    placed AS (
        SELECT m.*, NULL::bigint AS price, coalesce(f.free, 0) AS free
        FROM meant AS m
        LEFT JOIN product_free AS f ON f.product_id = m.id
        WHERE $7::bigint IS NULL
    )
"""
_SHORT = """
    placed AS (
        SELECT m.*, o.price, f.free
        FROM product_free AS f
        JOIN meant AS m ON m.id = f.product_id
        CROSS JOIN LATERAL (
            SELECT min(k.price) AS price FROM skus AS k WHERE k.product_id = m.id AND k.status = 'on'
        ) AS o
        WHERE f.free <= $7::bigint AND ($3::text IS DISTINCT FROM 'on' OR f.status = 'on')
    )
"""
_IDS = "SELECT id FROM placed ORDER BY id LIMIT $8 OFFSET $9"
_PAGE = """,
    page AS (
        SELECT
            id,
            CASE $8::text WHEN 'price' THEN price WHEN '-price' THEN -price WHEN 'free' THEN free
                WHEN '-free' THEN -free WHEN '-sales' THEN -sales END AS figure,
            CASE WHEN $8::text = 'changed' THEN updated_at ELSE created_at END AS moment
        FROM placed
        ORDER BY figure NULLS LAST, moment DESC, id
        OFFSET $9::bigint LIMIT $10::bigint
    )
    SELECT
        (SELECT count(*) FROM placed) AS total,
        (SELECT coalesce(jsonb_agg(
            to_jsonb(listed) ORDER BY listed.figure NULLS LAST, listed.moment DESC, listed.id
        ), '[]') FROM (
            SELECT
                page.figure, page.moment, p.id, p.title, coalesce(p.pictures ->> 0, '') AS picture, p.status,
                s.id AS shop_id, s.name AS shop, c.name AS category, o.*, p.sales, p.updated_at
            FROM page
            JOIN products AS p ON p.id = page.id
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
        ) AS listed) AS items
"""


def _placed(asked: Filter) -> str:
    """Return how the products that are asked for are found."""
    if asked.short is not None:
        return _MEANT + _SHORT
    if asked.sort in ("free", "-free"):
        return _MEANT + _STOCKED
    return _MEANT + (_PRICED if asked.sort in ("price", "-price") else _PLAIN)


def _arguments(asked: Filter) -> tuple[object, ...]:
    return (
        None if asked.shops is None else list(asked.shops),
        asked.pattern,
        asked.status,
        asked.category_id,
        asked.brand_id,
        asked.shop_id,
        asked.short,
    )


async def listed(connection: Connection, asked: Filter, offset: int, size: int) -> tuple[list[Listed], int]:
    """Return a page of the products that are asked for, and how many there are."""
    row = await connection.fetchrow(_placed(asked) + _PAGE, *_arguments(asked), asked.sort, offset, size)
    return msgspec.convert(row["items"], list[Listed]), row["total"]


async def ids(connection: Connection, asked: Filter, most: int, offset: int = 0) -> list[int]:
    """Return the ids of the products that are asked for in the order they were added, at most ``most``."""
    rows = await connection.fetch(_placed(asked) + _IDS, *_arguments(asked), most, offset)
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
