"""The statements of shops, categories and products; questions of others are in sku_store."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from commerce.catalogue.sku_store import ordered
from commerce.catalogue.types import Card, Category, Product, Shop, Story
from server.database import Connection, many, one


async def categories(connection: Connection) -> list[Category]:
    """Return every category, in the order they are shown."""
    rows = await connection.fetch(
        "SELECT id, parent_id, slug, name, icon, position FROM categories ORDER BY position, id"
    )
    return many(Category, rows)


def children(categories: Sequence[Category], parent_id: int | None) -> list[Category]:
    """Return the categories right under ``parent_id``, in their order."""
    return [category for category in categories if category.parent_id == parent_id]


async def category_path(connection: Connection, category_id: int) -> list[Category]:
    """Return the categories from the top down to ``category_id``."""
    rows = await connection.fetch(
        """
        WITH RECURSIVE path AS (
            SELECT id, parent_id, slug, name, icon, position, 0 AS depth FROM categories WHERE id = $1
            UNION ALL
            SELECT c.id, c.parent_id, c.slug, c.name, c.icon, c.position, path.depth + 1
            FROM path
            JOIN categories AS c ON c.id = path.parent_id
        )
        SELECT id, parent_id, slug, name, icon, position FROM path ORDER BY depth DESC
        """,
        category_id,
    )
    return many(Category, rows)


async def open_shops(connection: Connection, after: int, most: int) -> list[int]:
    """Return the ids of shops that have something on the shelf, in their order, those beyond the id ``after``."""
    rows = await connection.fetch(
        """
        SELECT s.id FROM shops AS s
        WHERE s.id > $1 AND EXISTS (SELECT FROM products AS p WHERE p.shop_id = s.id AND p.status = 'on')
        ORDER BY s.id
        LIMIT $2
        """,
        after,
        most,
    )
    return [row["id"] for row in rows]


async def shops(connection: Connection, shop_ids: Sequence[int]) -> list[Shop]:
    """Return those shops, in the order of their ids given, with how many products each has on the shelf."""
    rows = await connection.fetch(
        """
        SELECT s.id, s.slug, s.name, s.intro, s.logo,
            (SELECT count(*) FROM products AS p WHERE p.shop_id = s.id AND p.status = 'on') AS products
        FROM unnest($1::bigint[]) WITH ORDINALITY AS wanted (id, at)
        JOIN shops AS s USING (id)
        ORDER BY wanted.at
        """,
        list(shop_ids),
    )
    return many(Shop, rows)


async def shop_names(connection: Connection) -> dict[int, str]:
    """Return what every shop is called, by id, whether it sells anything or not."""
    rows = await connection.fetch("SELECT id, name FROM shops ORDER BY id")
    return {row["id"]: row["name"] for row in rows}


async def shop(connection: Connection, slug: str) -> Shop | None:
    """Return a shop by its slug."""
    row = await connection.fetchrow(
        """
        SELECT s.id, s.slug, s.name, s.intro, s.logo,
            (SELECT count(*) FROM products AS p WHERE p.shop_id = s.id AND p.status = 'on') AS products
        FROM shops AS s
        WHERE s.slug = $1 OR s.id::text = $1
        ORDER BY s.slug = $1 DESC
        LIMIT 1
        """,
        slug,
    )
    return one(Shop, row)


async def shop_products(connection: Connection, shop_id: int) -> int:
    """Return how many products a shop has on the shelf."""
    number: int = await connection.fetchval(
        "SELECT count(*) FROM products WHERE shop_id = $1 AND status = 'on'", shop_id
    )
    return number


async def product(
    connection: Connection, product_id: int, *, shops: Sequence[int] | None = None, off_shelf: bool = False
) -> Product | None:
    """Return a product; only of ``shops`` if given, and only on the shelf unless ``off_shelf``.

    Its shop's products are not counted.
    """
    row = await connection.fetchrow(
        """
        SELECT
            p.id, p.slug, p.title, p.subtitle, p.description, p.parameters, p.pictures, p.alts, p.tags, p.spec_names,
            coalesce(p.video, '') AS video, p.status, p.sales, p.category_id,
            jsonb_build_object(
                'id', s.id, 'slug', s.slug, 'name', s.name, 'intro', s.intro, 'logo', s.logo,
                'ships_from', s.ships_from, 'ships_within', s.ships_within
            ) AS shop,
            CASE WHEN b.id IS NOT NULL THEN jsonb_build_object('id', b.id, 'slug', b.slug, 'name', b.name) END AS brand,
            coalesce((
                SELECT jsonb_agg(jsonb_build_object(
                    'id', k.id, 'code', k.code, 'specs', k.specs, 'price', k.price, 'list_price', k.list_price,
                    'picture', coalesce(nullif(k.picture, ''), p.pictures ->> 0, ''), 'status', k.status,
                    'free', greatest(coalesce(f.free, 0), 0)
                ) ORDER BY k.position, k.id)
                FROM skus AS k
                LEFT JOIN stock_free AS f ON f.sku_id = k.id
                WHERE k.product_id = p.id
            ), '[]') AS skus
        FROM products AS p
        JOIN shops AS s ON s.id = p.shop_id
        LEFT JOIN brands AS b ON b.id = p.brand_id
        WHERE p.id = $1
            AND ($2::bigint[] IS NULL OR p.shop_id = ANY ($2::bigint[]))
            AND ($3::boolean OR p.status = 'on')
        """,
        product_id,
        None if shops is None else list(shops),
        off_shelf,
    )
    found = one(Product, row)
    if found is None:
        return None
    skus = [msgspec.structs.replace(sku, specs=ordered(sku.specs, found.spec_names)) for sku in found.skus]
    return msgspec.structs.replace(found, skus=skus)


async def attributes_of(connection: Connection, product_id: int) -> list[tuple[str, str]]:
    """Return the names and values that a product's attributes have, as people read them."""
    rows = await connection.fetch(
        """
        SELECT e.name, string_agg(
            coalesce(v.value, trim_scale(a.number) || CASE WHEN e.unit = '' THEN '' ELSE ' ' || e.unit END),
            '、' ORDER BY v.position, a.id
        ) AS value
        FROM product_attributes AS a
        JOIN attributes AS e ON e.id = a.attribute_id
        LEFT JOIN attribute_values AS v ON v.id = a.value_id
        WHERE a.product_id = $1
        GROUP BY e.id
        ORDER BY e.position, e.id
        """,
        product_id,
    )
    return [(row["name"], row["value"]) for row in rows]


async def cards(connection: Connection, product_ids: Sequence[int]) -> list[Card]:
    """Return those products that are on the shelf, in the order of their ids given."""
    rows = await connection.fetch(
        """
        SELECT
            p.id, p.title, p.subtitle, coalesce(p.pictures ->> 0, '') AS picture, p.sales, p.tags,
            o.price, o.dearest, o.list_price, o.free, s.id AS shop_id, s.slug AS shop_slug, s.name AS shop_name,
            coalesce(r.reviews, 0) AS reviews, coalesce(r.stars, 0) AS stars
        FROM unnest($1::bigint[]) WITH ORDINALITY AS wanted (id, at)
        JOIN products AS p USING (id)
        JOIN shops AS s ON s.id = p.shop_id
        LEFT JOIN product_ratings AS r ON r.product_id = p.id
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
        ORDER BY wanted.at
        """,
        list(product_ids),
    )
    return many(Card, rows)


async def related(connection: Connection, product_id: int, category_id: int, shop_id: int, most: int) -> list[Card]:
    """Return products near one: of its category first, then of the categories beside it, then of its shop."""
    rows = await connection.fetch(
        """
        -- The best of each, a few rows of an index however much there is.
        WITH same AS (
            (
                SELECT p.id, 0 AS far, p.sales, p.created_at
                FROM products AS p
                WHERE p.status = 'on' AND p.category_id = $2::bigint AND p.shop_id = $3::bigint AND p.id <> $1::bigint
                    AND EXISTS (SELECT FROM skus AS k WHERE k.product_id = p.id AND k.status = 'on')
                ORDER BY p.sales DESC, p.created_at DESC, p.id
                LIMIT $4::bigint
            )
            UNION ALL
            (
                SELECT p.id, 1 AS far, p.sales, p.created_at
                FROM products AS p
                WHERE p.status = 'on' AND p.category_id = $2::bigint AND p.shop_id <> $3::bigint
                    AND EXISTS (SELECT FROM skus AS k WHERE k.product_id = p.id AND k.status = 'on')
                ORDER BY p.sales DESC, p.created_at DESC, p.id
                LIMIT $4::bigint
            )
        ),
        -- Only where the category has too few.
        beside AS (
            SELECT p.id, 2 AS far, p.sales, p.created_at
            FROM categories AS c
            CROSS JOIN LATERAL (
                SELECT p.id, p.sales, p.created_at
                FROM products AS p
                WHERE p.status = 'on' AND p.category_id = c.id
                    AND EXISTS (SELECT FROM skus AS k WHERE k.product_id = p.id AND k.status = 'on')
                ORDER BY p.sales DESC, p.created_at DESC, p.id
                LIMIT $4::bigint
            ) AS p
            WHERE c.parent_id IS NOT DISTINCT FROM (SELECT parent_id FROM categories WHERE id = $2::bigint)
                AND c.id <> $2::bigint
                AND (SELECT count(*) FROM same) < $4::bigint
        ),
        own AS (
            SELECT p.id, 3 AS far, p.sales, p.created_at
            FROM products AS p
            WHERE p.status = 'on' AND p.shop_id = $3::bigint AND p.id <> $1::bigint
                AND (SELECT count(*) FROM same) + (SELECT count(*) FROM beside) < $4::bigint
                AND EXISTS (SELECT FROM skus AS k WHERE k.product_id = p.id AND k.status = 'on')
            ORDER BY p.sales DESC, p.created_at DESC, p.id
            LIMIT 2 * $4::bigint
        ),
        near AS (
            SELECT DISTINCT ON (id) id, far, sales, created_at
            FROM (TABLE same UNION ALL TABLE beside UNION ALL TABLE own) AS n
            ORDER BY id, far
        )
        SELECT id FROM near ORDER BY far, sales DESC, created_at DESC, id LIMIT $4::bigint
        """,
        product_id,
        category_id,
        shop_id,
        most,
    )
    return await cards(connection, [row["id"] for row in rows])


async def picks(connection: Connection, most: int) -> list[int]:
    """Return what sells best and what is newest, the categories taking turns so that none fills the page."""
    rows = await connection.fetch(
        """
        SELECT p.id
        FROM categories AS c
        LEFT JOIN categories AS top ON top.id = c.parent_id
        CROSS JOIN LATERAL (
            SELECT best.id, best.sales, row_number() OVER (
                ORDER BY best.sales DESC, best.created_at DESC, best.id
            ) AS round
            FROM (
                SELECT p.id, p.sales, p.created_at
                FROM products AS p
                WHERE p.category_id = c.id AND p.status = 'on'
                    AND EXISTS (SELECT FROM skus AS k WHERE k.product_id = p.id AND k.status = 'on')
                ORDER BY p.sales DESC, p.created_at DESC, p.id
                LIMIT $1::bigint
            ) AS best
        ) AS p
        ORDER BY
            p.round, p.sales DESC,
            row_number() OVER (PARTITION BY p.round, coalesce(top.id, c.id) ORDER BY c.position, c.id), p.id
        LIMIT $1::bigint
        """,
        most,
    )
    return [row["id"] for row in rows]


async def faces(connection: Connection, wanted: Sequence[tuple[int, int]]) -> dict[int, tuple[int, str]]:
    """Return what sells best in categories, as product and picture: ``wanted`` are pairs of what it is wanted for, and
    one of the categories to look in for it."""
    rows = await connection.fetch(
        """
        SELECT DISTINCT ON (w.of) w.of, p.id, p.picture
        FROM unnest($1::bigint[], $2::bigint[]) AS w (of, category_id)
        CROSS JOIN LATERAL (
            SELECT p.id, p.pictures ->> 0 AS picture, p.sales
            FROM products AS p
            WHERE p.category_id = w.category_id AND p.status = 'on' AND p.pictures ->> 0 <> ''
                AND EXISTS (SELECT FROM skus AS k WHERE k.product_id = p.id AND k.status = 'on')
            ORDER BY p.sales DESC, p.created_at DESC, p.id
            LIMIT 1
        ) AS p
        ORDER BY w.of, p.sales DESC, p.id
        """,
        [of for of, _ in wanted],
        [category_id for _, category_id in wanted],
    )
    return {row["of"]: (row["id"], row["picture"]) for row in rows}


async def on_shelf(connection: Connection, most: int) -> int:
    """Return how many products people can find; up to ``most``."""
    number: int = await connection.fetchval(
        """
        SELECT count(*) FROM (
            SELECT FROM products AS p
            WHERE p.status = 'on' AND EXISTS (SELECT FROM skus AS k WHERE k.product_id = p.id AND k.status = 'on')
            LIMIT $1
        ) AS c
        """,
        most,
    )
    return number


async def story(connection: Connection) -> Story | None:
    """Return the story that the home page tells now."""
    row = await connection.fetchrow(
        "SELECT title, text, label, href, picture FROM home_stories WHERE shown ORDER BY position, id LIMIT 1"
    )
    return one(Story, row)
