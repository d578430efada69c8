"""The statements about one product as the back office reads and writes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from commerce.catalogue.sku_store import ordered
from commerce.catalogue.types import Category, Status
from commerce.merchandising.types import Change, Choices, Described, Edit, Goods, Item, Named, PriceChange
from server.database import Connection, many, one, touched


async def goods(connection: Connection, product_ids: Sequence[int], shops: Sequence[int] | None) -> dict[int, Goods]:
    """Return those products of ``shops`` (None: any) with all their SKUs, on the shelf or not. Locks nothing."""
    rows = await connection.fetch(
        """
        SELECT
            p.id, p.version, p.shop_id, p.slug, p.title, p.subtitle, p.category_id, p.brand_id, p.tags, p.description,
            p.parameters, p.pictures, p.alts, p.spec_names, p.status,
            coalesce(p.video, '') AS video,
            coalesce((
                SELECT jsonb_object_agg(a.attribute_id, a.texts)
                FROM (
                    SELECT
                        pa.attribute_id,
                        jsonb_agg(coalesce(v.value, trim_scale(pa.number)::text) ORDER BY v.position, v.id) AS texts
                    FROM product_attributes AS pa
                    LEFT JOIN attribute_values AS v ON v.id = pa.value_id
                    WHERE pa.product_id = p.id
                    GROUP BY pa.attribute_id
                ) AS a
            ), '{}') AS attributes,
            coalesce((
                SELECT jsonb_agg(jsonb_build_object(
                    'id', k.id, 'code', k.code, 'specs', k.specs, 'price', k.price, 'list_price', k.list_price,
                    'picture', k.picture, 'status', k.status, 'on_hand', coalesce(s.on_hand, 0)
                ) ORDER BY k.position, k.id)
                FROM skus AS k
                LEFT JOIN stock AS s ON s.sku_id = k.id
                WHERE k.product_id = p.id
            ), '[]') AS skus
        FROM products AS p
        WHERE p.id = ANY ($1::bigint[]) AND ($2::bigint[] IS NULL OR p.shop_id = ANY ($2::bigint[]))
        """,
        list(product_ids),
        None if shops is None else list(shops),
    )
    found = {}
    for row in rows:
        made = msgspec.convert(dict(row), Goods, str_keys=True, strict=False)
        if not made.spec_names:  # nobody has said in which order they are shown
            named = dict.fromkeys(name for sku in made.skus if sku.status is Status.ON for name in sorted(sku.specs))
            made = msgspec.structs.replace(made, spec_names=list(named))
        skus = [msgspec.structs.replace(sku, specs=ordered(sku.specs, made.spec_names)) for sku in made.skus]
        found[made.id] = msgspec.structs.replace(made, skus=skus)
    return found


async def hold_tree(connection: Connection) -> None:
    """Keep categories, brands and attributes from being changed until the transaction ends.

    Products may be saved beside each other; whoever changes the tree (tree_store.alone) waits for them, and they for
    it, so that no product lies in a category that has just got others under it or is gone.
    """
    await connection.execute("LOCK TABLE categories, brands, attributes IN ROW EXCLUSIVE MODE")


async def version(connection: Connection, product_id: int) -> int:
    """Return a product's version as of now. Locks nothing."""
    found: int = await connection.fetchval("SELECT version FROM products WHERE id = $1", product_id)
    return found


async def add(connection: Connection, wanted: Goods) -> int:
    """Add a product with nothing but its own columns and return its id."""
    made: int = await connection.fetchval(
        """
        INSERT INTO products (shop_id, category_id, slug, title) VALUES ($1, $2, $3, $4) RETURNING id
        """,
        wanted.shop_id,
        wanted.category_id,
        wanted.slug,
        wanted.title,
    )
    return made


async def write(connection: Connection, wanted: Goods, version: int) -> bool:
    """Write a product's own columns if it still has ``version``, which then rises by one."""
    status = await connection.execute(
        """
        UPDATE products
        SET category_id = $3, brand_id = $4, slug = $5, title = $6, subtitle = $7, description = $8,
            parameters = $9::jsonb, pictures = $10::jsonb, alts = $11::jsonb, tags = $12, spec_names = $13,
            status = $14, video = nullif($15, ''), version = version + 1, updated_at = now()
        WHERE id = $1 AND version = $2
        """,
        wanted.id,
        version,
        wanted.category_id,
        wanted.brand_id,
        wanted.slug,
        wanted.title,
        wanted.subtitle,
        wanted.description,
        wanted.parameters,
        wanted.pictures,
        wanted.alts,
        wanted.tags,
        wanted.spec_names,
        wanted.status,
        wanted.video,
    )
    return touched(status) == 1


async def add_sku(connection: Connection, product_id: int, item: Item, position: int) -> int:
    """Add a SKU and return its id."""
    made: int = await connection.fetchval(
        """
        INSERT INTO skus (product_id, code, specs, position, price, list_price, picture, status)
        VALUES ($1, $2, $3::jsonb, $4, $5, $6, $7, $8)
        RETURNING id
        """,
        product_id,
        item.code,
        item.specs,
        position,
        item.price,
        item.list_price,
        item.picture,
        item.status,
    )
    return made


async def write_sku(connection: Connection, item: Item, position: int) -> None:
    """Write a SKU's columns. The caller has raised the version of its product in this transaction."""
    await connection.execute(
        """
        UPDATE skus
        SET code = $2, specs = $3::jsonb, position = $4, price = $5, list_price = $6, picture = $7, status = $8
        WHERE id = $1
        """,
        item.id,
        item.code,
        item.specs,
        position,
        item.price,
        item.list_price,
        item.picture,
        item.status,
    )


async def note_prices(connection: Connection, rows: Sequence[tuple[Item | None, Item]], ref: str, actor: str) -> None:
    """Write down what SKUs cost before and after; ``after`` has its id."""
    await connection.executemany(
        """
        INSERT INTO price_changes (
            sku_id, price_before, price_after, list_price_before, list_price_after, ref, actor
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        [
            (
                after.id,
                before.price if before else None,
                after.price,
                before.list_price if before else None,
                after.list_price,
                ref,
                actor,
            )
            for before, after in rows
        ],
    )


async def write_attributes(connection: Connection, product_id: int, texts: Mapping[int, Sequence[str]]) -> None:
    """Give a product exactly these attributes: values of choices by their text, numbers in decimals."""
    await connection.execute("DELETE FROM product_attributes WHERE product_id = $1", product_id)
    pairs = [(attribute_id, text) for attribute_id, several in texts.items() for text in several]
    await connection.execute(
        """
        INSERT INTO product_attributes (product_id, attribute_id, value_id, number)
        SELECT $1::bigint, a.id, v.id, CASE WHEN a.kind = 'number' THEN wanted.text::numeric END
        FROM unnest($2::bigint[], $3::text[]) AS wanted (attribute_id, text)
        JOIN attributes AS a ON a.id = wanted.attribute_id
        LEFT JOIN attribute_values AS v ON v.attribute_id = a.id AND v.value = wanted.text AND a.kind = 'choice'
        ON CONFLICT DO NOTHING
        """,
        product_id,
        [attribute_id for attribute_id, _ in pairs],
        [text for _, text in pairs],
    )


async def note_edit(
    connection: Connection, product_id: int, version: int, staff_id: int, ref: str, changes: Sequence[Change]
) -> None:
    """Write down what was changed of a product."""
    await connection.execute(
        "INSERT INTO product_edits (product_id, version, staff_id, ref, changes) VALUES ($1, $2, $3, $4, $5::jsonb)",
        product_id,
        version,
        staff_id,
        ref,
        msgspec.to_builtins(list(changes)),
    )


async def edits(connection: Connection, product_id: int, *, since: int = 0, most: int = 20) -> list[Edit]:
    """Return what was changed of a product after version ``since``, the last change first."""
    rows = await connection.fetch(
        """
        SELECT e.version, e.staff_id, s.name AS staff, e.ref, e.changes, e.at
        FROM product_edits AS e
        JOIN staff AS s ON s.id = e.staff_id
        WHERE e.product_id = $1 AND e.version > $2
        ORDER BY e.version DESC
        LIMIT $3
        """,
        product_id,
        since,
        most,
    )
    return many(Edit, rows)


async def price_changes(
    connection: Connection, sku_ids: Sequence[int], most: int, offset: int = 0
) -> list[PriceChange]:
    """Return a stretch of what was charged for SKUs, the last change first."""
    rows = await connection.fetch(
        """
        SELECT
            id, sku_id, price_before, price_after, list_price_before, list_price_after, ref, actor, at
        FROM price_changes
        WHERE sku_id = ANY ($1::bigint[])
        ORDER BY id DESC
        LIMIT $2 OFFSET $3
        """,
        list(sku_ids),
        most,
        offset,
    )
    return many(PriceChange, rows)


async def charged(connection: Connection, sku_ids: Sequence[int], days: int) -> dict[int, int]:
    """Return the highest price in fen that was really asked for each SKU within the last ``days`` days."""
    rows = await connection.fetch(
        """
        SELECT k.id, greatest(k.price, max(c.price_before)) AS price
        FROM skus AS k
        LEFT JOIN price_changes AS c ON c.sku_id = k.id AND c.at > now() - make_interval(days => $2)
        WHERE k.id = ANY ($1::bigint[])
        GROUP BY k.id
        """,
        list(sku_ids),
        days,
    )
    return {row["id"]: row["price"] for row in rows}


async def codes(connection: Connection, wanted: Sequence[str]) -> dict[str, int]:
    """Return the products whose SKUs have these codes, by code."""
    rows = await connection.fetch("SELECT code, product_id FROM skus WHERE code = ANY ($1::text[])", list(wanted))
    return {row["code"]: row["product_id"] for row in rows}


async def slug_taken(connection: Connection, slug: str, product_id: int) -> bool:
    """Tell whether another product has this slug."""
    taken: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM products WHERE slug = $1 AND id <> $2)", slug, product_id
    )
    return taken


async def choices(connection: Connection, shops: Sequence[int] | None) -> Choices:
    """Return what a product's fields are chosen from, the shops limited to ``shops`` (None: all)."""
    row = await connection.fetchrow(
        """
        SELECT
            (SELECT coalesce(jsonb_agg(to_jsonb(c) ORDER BY c.position, c.id), '[]')
             FROM categories AS c) AS categories,
            (SELECT coalesce(jsonb_agg(jsonb_build_object('id', b.id, 'name', b.name) ORDER BY b.name, b.id), '[]')
             FROM brands AS b) AS brands,
            (SELECT coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'name', s.name) ORDER BY s.id), '[]')
             FROM shops AS s WHERE $1::bigint[] IS NULL OR s.id = ANY ($1::bigint[])) AS shops
        """,
        None if shops is None else list(shops),
    )
    return Choices(
        categories=msgspec.convert(row["categories"], list[Category]),
        brands=msgspec.convert(row["brands"], list[Named]),
        shops=msgspec.convert(row["shops"], list[Named]),
    )


async def attributes(connection: Connection, category_id: int) -> list[Described]:
    """Return what products of a category are described by: its own attributes after those of the categories above."""
    rows = await connection.fetch(
        """
        WITH RECURSIVE above AS (
            SELECT id, parent_id, 0 AS height FROM categories WHERE id = $1
            UNION ALL
            SELECT c.id, c.parent_id, above.height + 1 FROM above JOIN categories AS c ON c.id = above.parent_id
        )
        SELECT
            a.id, a.category_id, a.name, a.kind, a.unit, a.filterable, a.position,
            coalesce((
                SELECT jsonb_agg(v.value ORDER BY v.position, v.id) FROM attribute_values AS v
                WHERE v.attribute_id = a.id
            ), '[]') AS values
        FROM above
        JOIN attributes AS a ON a.category_id = above.id
        ORDER BY above.height DESC, a.position, a.id
        """,
        category_id,
    )
    return many(Described, rows)


class Margin(msgspec.Struct, frozen=True, kw_only=True):
    """What is only looked at."""

    sales: int
    created_at: datetime
    updated_at: datetime


async def margin(connection: Connection, product_id: int) -> Margin | None:
    """Return what the editor's margin shows of a product."""
    row = await connection.fetchrow("SELECT sales, created_at, updated_at FROM products WHERE id = $1", product_id)
    return one(Margin, row)


async def names(connection: Connection, staff_ids: Sequence[int]) -> dict[int, str]:
    """Return the names of those employees."""
    rows = await connection.fetch("SELECT id, name FROM staff WHERE id = ANY ($1::bigint[])", list(staff_ids))
    return {row["id"]: row["name"] for row in rows}
