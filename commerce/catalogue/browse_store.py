"""The statement behind every list of products: what matches, one page of it, and the facets, in one snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from commerce.catalogue.types import Card
from server.database import Connection


class Sort(StrEnum):
    """The order of a list."""

    RELEVANCE = "relevance"
    SALES = "sales"
    PRICE_ASC = "price_asc"
    PRICE_DESC = "price_desc"
    NEWEST = "newest"


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """What a list is narrowed to. Prices are fen and mean the cheapest SKU's; of brands and tags any will do."""

    query: str = ""
    pattern: str = ""
    shop_id: int | None = None
    category_id: int | None = None
    brands: Sequence[str] = ()
    tags: Sequence[str] = ()
    price_min: int | None = None
    price_max: int | None = None
    in_stock: bool = False
    without: int | None = None


class Facet(msgspec.Struct, frozen=True, kw_only=True):
    """One value that a list may be narrowed to, and how many products it would then have."""

    slug: str
    name: str
    count: int


class CategoryFacet(Facet, frozen=True, kw_only=True):
    """A category as a facet; ``parent`` is the slug of the one above."""

    parent: str | None


class Facets(msgspec.Struct, frozen=True, kw_only=True):
    """What a list may be narrowed to. Each count holds all the other filters, so that choosing the value gives it.

    ``low`` and ``high`` are the fen between which the prices lie.
    """

    categories: list[CategoryFacet]
    brands: list[Facet]
    tags: list[Facet]
    in_stock: int
    low: int | None
    high: int | None


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """One page of a list."""

    total: int
    items: list[Card]
    facets: Facets


async def browse(connection: Connection, narrow: Filter, sort: Sort, offset: int, size: int) -> Found:
    """Return one page of the products on the shelf that match, with the facets of all of them."""
    row = await connection.fetchrow(
        """
        WITH RECURSIVE branch AS (
            SELECT id FROM categories WHERE id = $4::bigint
            UNION ALL
            SELECT c.id FROM categories AS c JOIN branch ON c.parent_id = branch.id
        ),
        above AS (
            SELECT id AS leaf, id, parent_id FROM categories
            UNION ALL
            SELECT above.leaf, c.id, c.parent_id FROM above JOIN categories AS c ON c.id = above.parent_id
        ),
        matches AS (
            SELECT
                p.id, p.title, p.subtitle, p.category_id, p.brand_id, p.tags, p.sales, p.created_at, p.shop_id,
                coalesce(p.pictures ->> 0, '') AS picture,
                o.price, o.dearest, o.list_price, o.free,
                CASE WHEN $1::text = '' THEN 0 ELSE ts_rank(p.search, $1::text::tsquery) END AS rank,
                $4::bigint IS NULL OR p.category_id IN (SELECT id FROM branch) AS of_category,
                $5::text[] = '{}' OR coalesce(b.slug = ANY ($5::text[]), false) AS of_brand,
                $6::text[] = '{}' OR p.tags && $6::text[] AS of_tag,
                ($7::bigint IS NULL OR o.price >= $7::bigint)
                    AND ($8::bigint IS NULL OR o.price <= $8::bigint) AS of_price,
                NOT $9::boolean OR o.free > 0 AS of_stock
            FROM products AS p
            LEFT JOIN brands AS b ON b.id = p.brand_id
            CROSS JOIN LATERAL (
                SELECT
                    min(k.price) AS price, max(k.price) AS dearest,
                    (array_agg(k.list_price ORDER BY k.price, k.id))[1] AS list_price,
                    coalesce(sum(greatest(f.free, 0)), 0)::bigint AS free
                FROM skus AS k
                LEFT JOIN stock_free AS f ON f.sku_id = k.id
                WHERE k.product_id = p.id AND k.status = 'on'
            ) AS o
            WHERE p.status = 'on' AND o.price IS NOT NULL
                AND ($3::bigint IS NULL OR p.shop_id = $3::bigint)
                AND ($10::bigint IS NULL OR p.id <> $10::bigint)
                AND (
                    ($1::text = '' AND $2::text = '')
                    OR ($1::text <> '' AND p.search @@ $1::text::tsquery)
                    OR ($2::text <> '' AND p.title ILIKE $2::text)
                )
        ),
        chosen AS (
            SELECT * FROM matches WHERE of_category AND of_brand AND of_tag AND of_price AND of_stock
        )
        SELECT
            (SELECT count(*) FROM chosen) AS total,
            (SELECT coalesce(jsonb_agg(to_jsonb(page) ORDER BY page.at), '[]') FROM (
                SELECT
                    c.id, c.title, c.subtitle, c.picture, c.price, c.dearest, c.list_price, c.free, c.sales, c.tags,
                    s.id AS shop_id, s.slug AS shop_slug, s.name AS shop_name,
                    row_number() OVER (ORDER BY
                        CASE WHEN $11::text = 'price_asc' THEN c.price END,
                        CASE WHEN $11::text = 'price_desc' THEN c.price END DESC,
                        CASE WHEN $11::text = 'sales' THEN c.sales END DESC,
                        CASE WHEN $11::text = 'newest' THEN c.created_at END DESC,
                        CASE WHEN $11::text = 'relevance' THEN c.rank END DESC,
                        CASE WHEN $11::text = 'relevance' THEN c.free > 0 END DESC,
                        CASE WHEN $11::text = 'relevance' THEN c.sales END DESC,
                        c.created_at DESC, c.id
                    ) AS at
                FROM chosen AS c
                JOIN shops AS s ON s.id = c.shop_id
                ORDER BY at
                OFFSET $12::bigint LIMIT $13::bigint
            ) AS page) AS items,
            (SELECT coalesce(jsonb_agg(to_jsonb(f) ORDER BY f.position, f.slug), '[]') FROM (
                SELECT
                    g.slug, g.name, g.position, count(*),
                    (SELECT slug FROM categories WHERE id = g.parent_id) AS parent
                FROM matches AS m
                JOIN above ON above.leaf = m.category_id
                JOIN categories AS g ON g.id = above.id
                WHERE m.of_brand AND m.of_tag AND m.of_price AND m.of_stock
                GROUP BY g.id
            ) AS f) AS categories,
            (SELECT coalesce(jsonb_agg(to_jsonb(f) ORDER BY f.count DESC, f.slug), '[]') FROM (
                SELECT b.slug, b.name, count(*)
                FROM matches AS m
                JOIN brands AS b ON b.id = m.brand_id
                WHERE m.of_category AND m.of_tag AND m.of_price AND m.of_stock
                GROUP BY b.id
            ) AS f) AS brands,
            (SELECT coalesce(jsonb_agg(to_jsonb(f) ORDER BY f.count DESC, f.slug), '[]') FROM (
                SELECT tag AS slug, tag AS name, count(*)
                FROM matches AS m
                CROSS JOIN LATERAL (SELECT DISTINCT unnest(m.tags) AS tag) AS t
                WHERE m.of_category AND m.of_brand AND m.of_price AND m.of_stock
                GROUP BY tag
            ) AS f) AS tags,
            (SELECT count(*) FROM matches AS m
                WHERE m.of_category AND m.of_brand AND m.of_tag AND m.of_price AND m.free > 0) AS in_stock,
            (SELECT min(price) FROM matches AS m
                WHERE m.of_category AND m.of_brand AND m.of_tag AND m.of_stock) AS low,
            (SELECT max(price) FROM matches AS m
                WHERE m.of_category AND m.of_brand AND m.of_tag AND m.of_stock) AS high
        """,
        narrow.query,
        narrow.pattern,
        narrow.shop_id,
        narrow.category_id,
        list(narrow.brands),
        list(narrow.tags),
        narrow.price_min,
        narrow.price_max,
        narrow.in_stock,
        narrow.without,
        sort,
        offset,
        size,
    )
    return Found(
        total=row["total"],
        items=msgspec.convert(row["items"], list[Card]),
        facets=msgspec.convert(dict(row), Facets),
    )
