"""The statements that describe the demo's products, and that put made-up ones into the catalogue by the thousand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from commerce.search.demo.types import Brand
from server.database import Connection, Row

Rows = Sequence[Mapping[str, Any]]


async def add_shops(connection: Connection, shops: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Add the shops (slug, name) that are missing and return the ids by slug."""
    slugs, names = [slug for slug, _ in shops], [name for _, name in shops]
    await connection.execute(
        """
        INSERT INTO shops (slug, name) SELECT slug, name FROM unnest($1::text[], $2::text[]) AS u (slug, name)
        ON CONFLICT (slug) DO NOTHING
        """,
        slugs,
        names,
    )
    return _ids(await connection.fetch("SELECT slug, id FROM shops WHERE slug = ANY ($1::text[])", slugs))


async def add_categories(connection: Connection, categories: Sequence[tuple[str, str, str]]) -> dict[str, int]:
    """Add the categories (parent's slug, slug, name) that are missing, parents first; return the ids by slug."""
    await connection.executemany(
        """
        INSERT INTO categories (parent_id, slug, name, position)
        VALUES ((SELECT id FROM categories WHERE slug = $1), $2, $3, 1000 + $4)
        ON CONFLICT (slug) DO NOTHING
        """,
        [(*one, at) for at, one in enumerate(categories)],
    )
    slugs = [one[1] for one in categories]
    return _ids(await connection.fetch("SELECT slug, id FROM categories WHERE slug = ANY ($1::text[])", slugs))


async def add_brands(connection: Connection, brands: Sequence[Brand]) -> dict[str, int]:
    """Add the brands that are missing and return the ids by slug."""
    slugs, names = [brand.slug for brand in brands], [brand.name for brand in brands]
    await connection.execute(
        """
        INSERT INTO brands (slug, name) SELECT slug, name FROM unnest($1::text[], $2::text[]) AS u (slug, name)
        ON CONFLICT (slug) DO NOTHING
        """,
        slugs,
        names,
    )
    return _ids(await connection.fetch("SELECT slug, id FROM brands WHERE slug = ANY ($1::text[])", slugs))


async def add_attribute(
    connection: Connection, category_id: int, name: str, unit: str, position: int, values: Sequence[str]
) -> tuple[int, dict[str, int]]:
    """Add an attribute, of numbers if it has a unit, else of choices; return its id and those of its values."""
    attribute_id: int = await connection.fetchval(
        """
        INSERT INTO attributes (category_id, name, kind, unit, position)
        VALUES ($1, $2, CASE WHEN $3::text = '' THEN 'choice' ELSE 'number' END, $3, $4)
        ON CONFLICT (category_id, name) DO UPDATE SET position = excluded.position
        RETURNING id
        """,
        category_id,
        name,
        unit,
        position,
    )
    if unit:
        return attribute_id, {}
    await connection.executemany(
        """
        INSERT INTO attribute_values (attribute_id, value, position) VALUES ($1, $2, $3)
        ON CONFLICT (attribute_id, value) DO NOTHING
        """,
        [(attribute_id, value, at) for at, value in enumerate(values)],
    )
    rows = await connection.fetch(
        "SELECT value AS slug, id FROM attribute_values WHERE attribute_id = $1", attribute_id
    )
    return attribute_id, _ids(rows)


async def add_products(connection: Connection, rows: Rows) -> dict[str, int]:
    """Add the products that are missing and return the ids of the new ones by slug."""
    found = await connection.fetch(
        """
        INSERT INTO products (
            shop_id, category_id, brand_id, slug, title, subtitle, parameters, pictures, tags, spec_names, status,
            sales, created_at
        )
        SELECT
            r.shop_id, r.category_id, r.brand_id, r.slug, r.title, r.subtitle, r.parameters, r.pictures, r.tags,
            r.spec_names, 'on', r.sales, date_trunc('hour', now()) - make_interval(hours => r.age_hours)
        FROM jsonb_to_recordset($1::jsonb) AS r (
            shop_id bigint, category_id bigint, brand_id bigint, slug text, title text, subtitle text,
            parameters jsonb, pictures jsonb, tags text[], spec_names text[], sales bigint, age_hours integer
        )
        ON CONFLICT (slug) DO NOTHING
        RETURNING slug, id
        """,
        list(rows),
    )
    return _ids(found)


async def add_skus(connection: Connection, rows: Rows) -> dict[str, int]:
    """Add SKUs and return their ids by code."""
    found = await connection.fetch(
        """
        INSERT INTO skus (product_id, code, specs, position, price, list_price)
        SELECT r.product_id, r.code, r.specs, r.position, r.price, nullif(greatest(r.list_price, r.price), r.price)
        FROM jsonb_to_recordset($1::jsonb) AS r (
            product_id bigint, code text, specs jsonb, position integer, price bigint, list_price bigint
        )
        RETURNING code AS slug, id
        """,
        list(rows),
    )
    return _ids(found)


async def add_product_attributes(connection: Connection, rows: Rows) -> None:
    """Say what products are by their attributes."""
    await connection.execute(
        """
        INSERT INTO product_attributes (product_id, attribute_id, value_id, number)
        SELECT r.product_id, r.attribute_id, r.value_id, r.number
        FROM jsonb_to_recordset($1::jsonb) AS r (
            product_id bigint, attribute_id bigint, value_id bigint, number numeric(14, 4)
        )
        """,
        list(rows),
    )


async def describe(
    connection: Connection, category: str, name: str, position: int, values: Mapping[str, Sequence[str]]
) -> None:
    """Add an attribute of choices to a category, by its slug, and say which products have which value.

    What somebody has changed since stays: a product that has a value of the attribute keeps it.
    """
    category_id = await connection.fetchval("SELECT id FROM categories WHERE slug = $1", category)
    attribute_id, ids = await add_attribute(connection, category_id, name, "", position, list(values))
    held = [(ids[value], slug) for value, slugs in values.items() for slug in slugs]
    await connection.execute(
        """
        INSERT INTO product_attributes (product_id, attribute_id, value_id)
        SELECT p.id, $1, u.value_id
        FROM unnest($2::bigint[], $3::text[]) AS u (value_id, slug)
        JOIN products AS p ON p.slug = u.slug
        WHERE NOT EXISTS (SELECT FROM product_attributes AS a WHERE a.product_id = p.id AND a.attribute_id = $1)
        """,
        attribute_id,
        [value_id for value_id, _ in held],
        [slug for _, slug in held],
    )


async def pictures(connection: Connection, slugs: Sequence[str]) -> dict[str, list[str]]:
    """Return the pictures of those demo products that are there, by slug."""
    rows = await connection.fetch("SELECT slug, pictures FROM products WHERE slug = ANY ($1::text[])", list(slugs))
    return {row["slug"]: row["pictures"][:2] for row in rows}


async def add_synonyms(connection: Connection, groups: Sequence[Sequence[str]]) -> None:
    """Add the groups of words that are missing."""
    await connection.executemany(
        """
        INSERT INTO search_synonyms (words)
        SELECT $1::text[] WHERE NOT EXISTS (SELECT FROM search_synonyms WHERE words = $1::text[])
        """,
        [(list(group),) for group in groups],
    )


async def settle(connection: Connection) -> None:
    """Tell the planner how much there is now."""
    for table in ("products", "skus", "product_attributes", "stock", "search_products"):
        await connection.execute(f"ANALYZE {table}")


def _ids(rows: Sequence[Row]) -> dict[str, int]:
    return {row["slug"]: row["id"] for row in rows}
