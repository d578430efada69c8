"""The statements that keep the search table as the catalogue and the stock are, and those that read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from commerce.catalogue.types import Attribute, Brand, Category
from commerce.search.shared import Shared, ShopName, Value
from commerce.search.types import Entry, Synonyms
from server.database import Connection, Row, many, touched

_LOCK = 0x73656172  # one number that every writer of the search table takes


class Behind(msgspec.Struct, frozen=True):
    """What there is to catch up with: whether anything is marked, and the last revisions."""

    marked: bool
    revision: int
    shared: int


async def behind(connection: Connection) -> Behind:
    """Return how far the table is."""
    row = await connection.fetchrow(
        """
        SELECT
            EXISTS (SELECT FROM search_marks) AS marked,
            coalesce((SELECT max(revision) FROM search_products), 0) AS revision,
            coalesce((SELECT revision FROM search_shared), 0) AS shared
        """
    )
    return Behind(row["marked"], row["revision"], row["shared"])


async def alone(connection: Connection) -> bool:
    """Take the lock of the table's writers until the transaction ends; False if another has it.

    Revisions are drawn under it, so they rise in the order in which others see them.
    """
    taken: bool = await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", _LOCK)
    return taken


async def take(connection: Connection, most: int, *, newest: bool) -> list[int]:
    """Remove all marks of the products that the oldest or the newest ``most`` of them are of, and return those; 0
    stands for what products share."""
    rows = await connection.fetch(
        """
        WITH chosen AS (
            (SELECT product_id FROM search_marks ORDER BY id LIMIT $1)
            UNION
            (SELECT product_id FROM search_marks ORDER BY id DESC LIMIT $2)
        ),
        taken AS (
            DELETE FROM search_marks AS m USING chosen AS c WHERE m.product_id = c.product_id RETURNING m.product_id
        )
        SELECT DISTINCT product_id FROM taken ORDER BY product_id
        """,
        0 if newest else most,
        most if newest else 0,
    )
    return [row["product_id"] for row in rows]


async def described(connection: Connection, product_ids: Sequence[int], way: str) -> list[Row]:
    """Return what the table should say of products; ``texts`` only where they are others than the row was made of."""
    return await connection.fetch(
        """
        WITH RECURSIVE above AS (
            SELECT id AS leaf, id, parent_id, name, 0 AS depth FROM categories
            UNION ALL
            SELECT above.leaf, c.id, c.parent_id, c.name, above.depth + 1
            FROM above
            JOIN categories AS c ON c.id = above.parent_id
        )
        SELECT
            p.id AS product_id, p.status = 'on' AND o.price IS NOT NULL AS shown, p.shop_id, p.category_id, p.brand_id,
            p.tags, a.tokens AS attributes, coalesce(o.price, 0) AS price, coalesce(o.dearest, 0) AS dearest,
            o.in_stock, p.sales, p.created_at, d.digest,
            CASE WHEN s.digest IS DISTINCT FROM d.digest THEN t.texts END AS texts
        FROM products AS p
        JOIN shops AS h ON h.id = p.shop_id
        LEFT JOIN brands AS b ON b.id = p.brand_id
        LEFT JOIN search_products AS s ON s.product_id = p.id
        CROSS JOIN LATERAL (
            SELECT
                min(k.price) AS price, max(k.price) AS dearest,
                coalesce(bool_or(f.free > 0), false) AS in_stock
            FROM skus AS k
            LEFT JOIN stock_free AS f ON f.sku_id = k.id
            WHERE k.product_id = p.id AND k.status = 'on'
        ) AS o
        CROSS JOIN LATERAL (
            SELECT coalesce(string_agg(DISTINCT spec.value, ' '), '') AS specs
            FROM skus AS k
            CROSS JOIN LATERAL jsonb_each_text(k.specs) AS spec
            WHERE k.product_id = p.id AND k.status = 'on'
        ) AS w
        CROSS JOIN LATERAL (
            SELECT
                coalesce(array_agg(
                    pa.attribute_id || ':' || coalesce(pa.value_id::text, trim_scale(pa.number)::text) ORDER BY pa.id
                ), '{}') AS tokens,
                coalesce(string_agg(coalesce(v.value, trim_scale(pa.number) || e.unit), ' ' ORDER BY pa.id), '') AS told
            FROM product_attributes AS pa
            JOIN attributes AS e ON e.id = pa.attribute_id
            LEFT JOIN attribute_values AS v ON v.id = pa.value_id
            WHERE pa.product_id = p.id
        ) AS a
        CROSS JOIN LATERAL (
            SELECT
                coalesce(string_agg(above.name, E'\n') FILTER (WHERE above.depth = 0), '') AS leaf,
                coalesce(string_agg(above.name, E'\n') FILTER (WHERE above.depth > 0), '') AS parents
            FROM above
            WHERE above.leaf = p.category_id
        ) AS c
        CROSS JOIN LATERAL (
            SELECT jsonb_build_object(
                'names', concat_ws(E'\n', c.leaf, b.name),
                'title', p.title,
                'above', c.parents,
                'about', concat_ws(' ', a.told, w.specs, array_to_string(p.tags, ' ')),
                'rest', concat_ws(' ', p.subtitle, h.name, (
                    SELECT string_agg(concat_ws(' ', pair ->> 0, pair ->> 1), ' ')
                    FROM jsonb_array_elements(p.parameters) AS pair
                ), left(p.description, 2000))
            ) AS texts
        ) AS t
        CROSS JOIN LATERAL (SELECT md5($2::text || t.texts::text) AS digest) AS d
        WHERE p.id = ANY ($1::bigint[])
        """,
        list(product_ids),
        way,
    )


async def write(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Write rows of the table; those that say nothing new keep their revision, ``words`` of null those they have."""
    await connection.execute(
        """
        INSERT INTO search_products AS s (
            product_id, revision, shown, shop_id, category_id, brand_id, tags, attributes, price, dearest, in_stock,
            sales, created_at, digest, words
        )
        SELECT
            r.product_id, nextval('search_revision'), r.shown, r.shop_id, r.category_id, r.brand_id, r.tags,
            r.attributes, r.price, r.dearest, r.in_stock, r.sales, r.created_at, r.digest, coalesce(r.words, o.words)
        FROM jsonb_to_recordset($1::jsonb) AS r (
            product_id bigint, shown boolean, shop_id bigint, category_id bigint, brand_id bigint, tags text[],
            attributes text[], price bigint, dearest bigint, in_stock boolean, sales bigint, created_at timestamptz,
            digest text, words text
        )
        LEFT JOIN search_products AS o ON o.product_id = r.product_id
        ORDER BY r.product_id
        ON CONFLICT (product_id) DO UPDATE SET
            revision = excluded.revision, shown = excluded.shown, shop_id = excluded.shop_id,
            category_id = excluded.category_id, brand_id = excluded.brand_id, tags = excluded.tags,
            attributes = excluded.attributes, price = excluded.price, dearest = excluded.dearest,
            in_stock = excluded.in_stock, sales = excluded.sales, created_at = excluded.created_at,
            digest = excluded.digest, words = excluded.words
        WHERE (
            s.shown, s.shop_id, s.category_id, s.brand_id, s.tags, s.attributes, s.price, s.dearest, s.in_stock,
            s.sales, s.created_at, s.digest
        ) IS DISTINCT FROM (
            excluded.shown, excluded.shop_id, excluded.category_id, excluded.brand_id, excluded.tags,
            excluded.attributes, excluded.price, excluded.dearest, excluded.in_stock, excluded.sales,
            excluded.created_at, excluded.digest
        )
        """,
        list(rows),
    )


async def turn_shared(connection: Connection) -> None:
    """Have every process read again what products share."""
    await connection.execute(
        """
        INSERT INTO search_shared AS s (revision) VALUES (1)
        ON CONFLICT (one) DO UPDATE SET revision = s.revision + 1
        """
    )


async def mark_outdated(connection: Connection, way: str) -> bool:
    """Have every product's row made again if their words were made in another way; return whether they were."""
    status = await connection.execute(
        """
        INSERT INTO search_shared AS s (revision, way) VALUES (1, $1)
        ON CONFLICT (one) DO UPDATE SET way = excluded.way WHERE s.way <> excluded.way
        """,
        way,
    )
    if outdated := touched(status) > 0:
        await connection.execute("INSERT INTO search_marks (product_id) SELECT product_id FROM search_products")
    return outdated


async def mark_expired(connection: Connection, seconds: float) -> None:
    """Mark products of which units came free because a hold expired within the last ``seconds``."""
    await connection.execute(
        """
        INSERT INTO search_marks (product_id)
        SELECT DISTINCT k.product_id
        FROM stock_holds AS h
        JOIN skus AS k ON k.id = h.sku_id
        WHERE h.released_at IS NULL
            AND h.expires_at BETWEEN statement_timestamp() - make_interval(secs => $1) AND statement_timestamp()
        """,
        seconds,
    )


async def entries(connection: Connection, after: int, most: int) -> list[Row]:
    """Return rows that changed after a revision, in the order of their changes."""
    return await connection.fetch(
        """
        SELECT
            product_id, revision, shown, shop_id, category_id, brand_id, tags, attributes, price, dearest, in_stock,
            sales, created_at, words
        FROM search_products
        WHERE revision > $1
        ORDER BY revision
        LIMIT $2
        """,
        after,
        most,
    )


def entry(row: Row) -> Entry:
    """Return a row as an entry."""
    return Entry(**dict(row))


async def shared(connection: Connection) -> Shared:
    """Return what products share. Inside a transaction of one snapshot, or it may be of two moments."""
    revision: int = await connection.fetchval("SELECT coalesce((SELECT revision FROM search_shared), 0)")
    return Shared(
        revision,
        many(Category, await connection.fetch("SELECT id, parent_id, slug, name, icon, position FROM categories")),
        many(Brand, await connection.fetch("SELECT id, slug, name FROM brands")),
        many(ShopName, await connection.fetch("SELECT id, slug, name FROM shops")),
        many(
            Attribute,
            await connection.fetch(
                "SELECT id, category_id, name, kind, unit, position, filterable FROM attributes ORDER BY position, id"
            ),
        ),
        many(Value, await connection.fetch("SELECT id, attribute_id, value, position FROM attribute_values")),
        many(Synonyms, await connection.fetch("SELECT id, words FROM search_synonyms ORDER BY id")),
    )
