"""The statements of categories, brands and attributes as the back office keeps them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from commerce.catalogue.types import AttributeKind
from server.database import Connection, many, one, touched


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """A category with what lies in it itself; ``children`` counts the categories right under it."""

    id: int
    parent_id: int | None
    slug: str
    name: str
    icon: str
    position: int
    products: int
    children: int
    attributes: int


class BrandRow(msgspec.Struct, frozen=True, kw_only=True):
    """A brand and how many products carry it."""

    id: int
    slug: str
    name: str
    products: int


_NODE = """
    SELECT
        c.id, c.parent_id, c.slug, c.name, c.icon, c.position,
        (SELECT count(*) FROM products AS p WHERE p.category_id = c.id) AS products,
        (SELECT count(*) FROM categories AS u WHERE u.parent_id = c.id) AS children,
        (SELECT count(*) FROM attributes AS a WHERE a.category_id = c.id) AS attributes
    FROM categories AS c
"""
_BRAND = """
    SELECT b.id, b.slug, b.name, (SELECT count(*) FROM products AS p WHERE p.brand_id = b.id) AS products
    FROM brands AS b
"""


async def alone(connection: Connection) -> None:
    """Keep others from changing the tree until the transaction ends: its shape is judged as a whole."""
    await connection.execute("LOCK TABLE categories, brands, attributes IN SHARE ROW EXCLUSIVE MODE")


async def nodes(connection: Connection) -> list[Node]:
    """Return every category in the order they are shown."""
    return many(Node, await connection.fetch(_NODE + "ORDER BY c.position, c.id"))


async def add_category(connection: Connection, parent_id: int | None, slug: str, name: str, icon: str) -> int:
    """Add a category behind its sisters and return its id."""
    made: int = await connection.fetchval(
        """
        INSERT INTO categories (parent_id, slug, name, icon, position)
        SELECT $1, $2, $3, $4, coalesce(max(position) + 1, 0) FROM categories
        RETURNING id
        """,
        parent_id,
        slug,
        name,
        icon,
    )
    return made


async def write_category(connection: Connection, category_id: int, slug: str, name: str, icon: str) -> None:
    """Write a category's address, name and icon."""
    await connection.execute(
        "UPDATE categories SET slug = $2, name = $3, icon = $4 WHERE id = $1", category_id, slug, name, icon
    )


async def place(connection: Connection, parent_id: int | None, category_ids: Sequence[int]) -> None:
    """Put these categories under ``parent_id`` in this order; their positions are shared out among themselves."""
    await connection.execute(
        """
        UPDATE categories AS c SET parent_id = $1, position = wanted.position
        FROM (
            SELECT given.id, places.position
            FROM unnest($2::bigint[]) WITH ORDINALITY AS given (id, at)
            JOIN (
                SELECT position, row_number() OVER (ORDER BY position, id) AS at
                FROM categories WHERE id = ANY ($2::bigint[])
            ) AS places USING (at)
        ) AS wanted
        WHERE c.id = wanted.id
        """,
        parent_id,
        list(category_ids),
    )


async def remember(connection: Connection, kind: str, slug: str, target_id: int) -> None:
    """Have an old address lead to a thing."""
    await connection.execute(
        """
        INSERT INTO old_slugs (kind, slug, target_id) VALUES ($1, $2, $3)
        ON CONFLICT (kind, slug) DO UPDATE SET target_id = excluded.target_id
        """,
        kind,
        slug,
        target_id,
    )


async def forget(connection: Connection, kind: str, slug: str) -> None:
    """Give an old address free: something has it again."""
    await connection.execute("DELETE FROM old_slugs WHERE kind = $1 AND slug = $2", kind, slug)


async def redirect(connection: Connection, kind: str, from_id: int, to_id: int) -> None:
    """Have what led to one thing lead to another."""
    await connection.execute(
        "UPDATE old_slugs SET target_id = $3 WHERE kind = $1 AND target_id = $2", kind, from_id, to_id
    )


async def move_products(connection: Connection, column: str, from_id: int, to_id: int) -> list[int]:
    """Give the products of one category or brand (``column``) to another; return their ids."""
    statement = {
        "category_id": "UPDATE products SET category_id = $2, version = version + 1, updated_at = now() "
        "WHERE category_id = $1 RETURNING id",
        "brand_id": "UPDATE products SET brand_id = $2, version = version + 1, updated_at = now() "
        "WHERE brand_id = $1 RETURNING id",
    }[column]
    return [row["id"] for row in await connection.fetch(statement, from_id, to_id)]


async def note_moved(
    connection: Connection, product_ids: Sequence[int], staff_id: int, ref: str, column: str, from_id: int, to_id: int
) -> None:
    """Write into the history of products that one column of theirs was changed."""
    await connection.execute(
        """
        INSERT INTO product_edits (product_id, version, staff_id, ref, changes)
        SELECT p.id, p.version, $2::bigint, $3::text, jsonb_build_array(jsonb_build_object(
            'what', $4::text, 'before', $5::bigint, 'after', $6::bigint, 'sku', ''
        ))
        FROM products AS p WHERE p.id = ANY ($1::bigint[])
        """,
        list(product_ids),
        staff_id,
        ref,
        column,
        from_id,
        to_id,
    )


async def merge_attributes(connection: Connection, from_id: int, to_id: int) -> None:
    """Take the attributes of a category over to another, those of the same name and kind into one.

    What products have chosen stays chosen.
    """
    await connection.execute(
        """
        INSERT INTO attribute_values (attribute_id, value, position)
        SELECT t.id, v.value, v.position + 1000
        FROM attributes AS f
        JOIN attributes AS t ON t.category_id = $2 AND t.name = f.name AND t.kind = f.kind
        JOIN attribute_values AS v ON v.attribute_id = f.id
        WHERE f.category_id = $1
        ON CONFLICT (attribute_id, value) DO NOTHING
        """,
        from_id,
        to_id,
    )
    await connection.execute(
        """
        INSERT INTO product_attributes (product_id, attribute_id, value_id, number)
        SELECT pa.product_id, t.id, n.id, pa.number
        FROM attributes AS f
        JOIN attributes AS t ON t.category_id = $2 AND t.name = f.name AND t.kind = f.kind
        JOIN product_attributes AS pa ON pa.attribute_id = f.id
        LEFT JOIN attribute_values AS v ON v.id = pa.value_id
        LEFT JOIN attribute_values AS n ON n.attribute_id = t.id AND n.value = v.value
        WHERE f.category_id = $1
        ON CONFLICT DO NOTHING
        """,
        from_id,
        to_id,
    )
    await connection.execute(
        """
        UPDATE attributes AS f SET category_id = $2
        WHERE f.category_id = $1
            AND NOT EXISTS (SELECT FROM attributes AS t WHERE t.category_id = $2 AND t.name = f.name)
        """,
        from_id,
        to_id,
    )
    await connection.execute("DELETE FROM attributes WHERE category_id = $1", from_id)


async def remove_category(connection: Connection, category_id: int) -> None:
    """Remove a category that nothing is in, and what led to it."""
    await connection.execute("DELETE FROM attributes WHERE category_id = $1", category_id)
    await connection.execute("DELETE FROM old_slugs WHERE kind = 'category' AND target_id = $1", category_id)
    await connection.execute("DELETE FROM categories WHERE id = $1", category_id)


async def slug_taken(connection: Connection, kind: str, slug: str, own: int) -> bool:
    """Tell whether another category or brand has this address."""
    statement = {
        "category": "SELECT EXISTS (SELECT FROM categories WHERE slug = $1 AND id <> $2)",
        "brand": "SELECT EXISTS (SELECT FROM brands WHERE slug = $1 AND id <> $2)",
    }[kind]
    taken: bool = await connection.fetchval(statement, slug, own)
    return taken


async def brands(connection: Connection, pattern: str, offset: int, size: int) -> tuple[list[BrandRow], int]:
    """Return a stretch of the brands whose names are like ``pattern`` (empty: all), and how many there are."""
    total: int = await connection.fetchval(
        "SELECT count(*) FROM brands AS b WHERE $1::text = '' OR b.name ILIKE $1::text", pattern
    )
    rows = await connection.fetch(
        _BRAND + "WHERE $1::text = '' OR b.name ILIKE $1::text ORDER BY b.name, b.id OFFSET $2 LIMIT $3",
        pattern,
        offset,
        size,
    )
    return many(BrandRow, rows), total


async def brand(connection: Connection, brand_id: int) -> BrandRow | None:
    """Return a brand."""
    return one(BrandRow, await connection.fetchrow(_BRAND + "WHERE b.id = $1", brand_id))


async def add_brand(connection: Connection, slug: str, name: str) -> int:
    """Add a brand and return its id."""
    made: int = await connection.fetchval("INSERT INTO brands (slug, name) VALUES ($1, $2) RETURNING id", slug, name)
    return made


async def write_brand(connection: Connection, brand_id: int, slug: str, name: str) -> None:
    """Write a brand's address and name."""
    await connection.execute("UPDATE brands SET slug = $2, name = $3 WHERE id = $1", brand_id, slug, name)


async def remove_brand(connection: Connection, brand_id: int) -> None:
    """Remove a brand that no product carries, and what led to it."""
    await connection.execute("DELETE FROM old_slugs WHERE kind = 'brand' AND target_id = $1", brand_id)
    await connection.execute("DELETE FROM brands WHERE id = $1", brand_id)


async def add_attribute(
    connection: Connection, category_id: int, name: str, kind: AttributeKind, unit: str, filterable: bool
) -> int:
    """Add an attribute behind the category's others and return its id."""
    made: int = await connection.fetchval(
        """
        INSERT INTO attributes (category_id, name, kind, unit, filterable, position)
        SELECT $1::bigint, $2, $3, $4, $5, coalesce(max(position) + 1, 0) FROM attributes WHERE category_id = $1::bigint
        RETURNING id
        """,
        category_id,
        name,
        kind,
        unit,
        filterable,
    )
    return made


async def write_attribute(connection: Connection, attribute_id: int, name: str, unit: str, filterable: bool) -> None:
    """Write an attribute's name, unit and use; its kind stays what its values are."""
    await connection.execute(
        "UPDATE attributes SET name = $2, unit = $3, filterable = $4 WHERE id = $1",
        attribute_id,
        name,
        unit,
        filterable,
    )


async def order_attributes(connection: Connection, attribute_ids: Sequence[int]) -> None:
    """Put attributes of one category in this order."""
    await connection.execute(
        """
        UPDATE attributes AS a SET position = given.at
        FROM unnest($1::bigint[]) WITH ORDINALITY AS given (id, at)
        WHERE a.id = given.id
        """,
        list(attribute_ids),
    )


async def remove_attribute(connection: Connection, attribute_id: int) -> bool:
    """Remove an attribute that no product has; False when one does."""
    status = await connection.execute(
        """
        DELETE FROM attributes AS a
        WHERE a.id = $1 AND NOT EXISTS (SELECT FROM product_attributes AS pa WHERE pa.attribute_id = a.id)
        """,
        attribute_id,
    )
    return touched(status) == 1


async def write_values(
    connection: Connection, attribute_id: int, values: Sequence[str], renamed: Sequence[tuple[str, str]]
) -> list[str]:
    """Give a choice exactly these values in this order, after renaming some; those that products have chosen stay.

    Returns the ones that were to go and stay.
    """
    for old, new in renamed:
        await connection.execute(
            "UPDATE attribute_values SET value = $3 WHERE attribute_id = $1 AND value = $2", attribute_id, old, new
        )
    await connection.execute(
        """
        INSERT INTO attribute_values (attribute_id, value, position)
        SELECT $1::bigint, given.value, given.at FROM unnest($2::text[]) WITH ORDINALITY AS given (value, at)
        ON CONFLICT (attribute_id, value) DO UPDATE SET position = excluded.position
        """,
        attribute_id,
        list(values),
    )
    await connection.execute(
        """
        DELETE FROM attribute_values AS v
        WHERE v.attribute_id = $1 AND v.value <> ALL ($2::text[])
            AND NOT EXISTS (SELECT FROM product_attributes AS pa WHERE pa.value_id = v.id)
        """,
        attribute_id,
        list(values),
    )
    rows = await connection.fetch(
        "SELECT value FROM attribute_values WHERE attribute_id = $1 AND value <> ALL ($2::text[])",
        attribute_id,
        list(values),
    )
    return [row["value"] for row in rows]
