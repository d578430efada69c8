"""The statements that fill the demo shops. They add what is missing and leave alone what somebody has changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from commerce.catalogue.demo import Brand, Category, Product, Shop
from server.database import Connection, Row

_LOCK = 0x64656D6F  # one number that every demo run takes


async def alone(connection: Connection) -> bool:
    """Take the lock that keeps two demo runs apart, until the transaction ends; False if another run has it."""
    taken: bool = await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", _LOCK)
    return taken


async def add_shops(connection: Connection, shops: Sequence[Shop], pictures: Mapping[str, str]) -> dict[str, int]:
    """Add the shops that are missing, renew the drawings of the others, and return the ids by slug."""
    rows = [
        (shop.slug, shop.name, shop.intro, pictures.get(shop.logo, ""), shop.ships_from, shop.ships_within)
        for shop in shops
    ]
    await connection.executemany(
        """
        INSERT INTO shops (slug, name, intro, logo, ships_from, ships_within) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (slug) DO UPDATE SET logo = excluded.logo
        WHERE shops.logo <> excluded.logo AND (shops.logo = '' OR shops.logo LIKE '/media/demo/%')
        """,
        rows,
    )
    found = await connection.fetch("SELECT slug, id FROM shops WHERE slug = ANY ($1::text[])", [row[0] for row in rows])
    return _ids(found)


async def add_categories(connection: Connection, categories: Sequence[Category]) -> dict[str, int]:
    """Add the categories that are missing, parents first, and return the ids by slug."""
    await connection.executemany(
        """
        INSERT INTO categories (parent_id, slug, name, icon, position)
        VALUES ((SELECT id FROM categories WHERE slug = $1), $2, $3, $4, $5)
        ON CONFLICT (slug) DO NOTHING
        """,
        [(entry.parent, entry.slug, entry.name, entry.icon, at) for at, entry in enumerate(categories)],
    )
    slugs = [entry.slug for entry in categories]
    return _ids(await connection.fetch("SELECT slug, id FROM categories WHERE slug = ANY ($1::text[])", slugs))


async def add_brands(connection: Connection, brands: Sequence[Brand]) -> dict[str, int]:
    """Add the brands that are missing and return the ids by slug."""
    await connection.executemany(
        "INSERT INTO brands (slug, name) VALUES ($1, $2) ON CONFLICT (slug) DO NOTHING",
        [(brand.slug, brand.name) for brand in brands],
    )
    slugs = [brand.slug for brand in brands]
    return _ids(await connection.fetch("SELECT slug, id FROM brands WHERE slug = ANY ($1::text[])", slugs))


async def add_products(
    connection: Connection,
    products: Sequence[Product],
    pictures: Mapping[str, str],
    ids: Mapping[str, Mapping[str, int]],
) -> dict[str, int]:
    """Add the products that are missing, renew the drawings of the others, and return the ids by slug.

    ``ids`` are those of ``shops``, ``categories`` and ``brands``.
    """
    await connection.executemany(
        """
        INSERT INTO products (
            shop_id, category_id, brand_id, slug, title, subtitle, description, parameters, pictures, spec_names,
            status, created_at
        )
        VALUES (
            $1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9::jsonb, $10, 'on',
            now() - make_interval(hours => $11)
        )
        ON CONFLICT (slug) DO UPDATE SET pictures = excluded.pictures
        WHERE products.pictures <> excluded.pictures
            AND coalesce(products.pictures ->> 0, '/media/demo/') LIKE '/media/demo/%'
        """,
        [
            (
                ids["shops"][product.shop],
                ids["categories"][product.category],
                ids["brands"].get(product.brand),
                product.slug,
                product.title,
                product.subtitle,
                product.description,
                product.parameters,
                [pictures[name] for name in product.pictures if name in pictures],
                [name for name, _ in product.skus[0].specs],
                at,
            )
            for at, product in enumerate(products)
        ],
    )
    slugs = [product.slug for product in products]
    return _ids(await connection.fetch("SELECT slug, id FROM products WHERE slug = ANY ($1::text[])", slugs))


async def add_skus(
    connection: Connection, products: Sequence[Product], pictures: Mapping[str, str], ids: Mapping[str, int]
) -> dict[str, int]:
    """Add the SKUs that are missing, renew the drawings of the others, and return the ids by code."""
    rows = [
        (
            ids[product.slug],
            sku.code,
            dict(sku.specs),
            at,
            sku.price,
            sku.list_price if sku.list_price > sku.price else None,
            pictures.get(sku.picture, ""),
        )
        for product in products
        for at, sku in enumerate(product.skus)
    ]
    await connection.executemany(
        """
        INSERT INTO skus (product_id, code, specs, position, price, list_price, picture)
        VALUES ($1, $2, $3::jsonb, $4, $5, $6, $7)
        ON CONFLICT (code) DO UPDATE SET picture = excluded.picture
        WHERE skus.picture <> excluded.picture AND (skus.picture = '' OR skus.picture LIKE '/media/demo/%')
        """,
        rows,
    )
    return await sku_ids(connection, products)


async def sku_ids(connection: Connection, products: Sequence[Product]) -> dict[str, int]:
    """Return the ids of those SKUs that are there, by code."""
    codes = [sku.code for product in products for sku in product.skus]
    return _ids(await connection.fetch("SELECT code AS slug, id FROM skus WHERE code = ANY ($1::text[])", codes))


async def add_story(
    connection: Connection, slug: str, title: str, text: str, label: str, href: str, picture: str
) -> None:
    """Add a story to the home page, or renew its drawing."""
    await connection.execute(
        """
        INSERT INTO home_stories (slug, title, text, label, href, picture) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (slug) DO UPDATE SET picture = excluded.picture
        WHERE home_stories.picture LIKE '/media/demo/%'
        """,
        slug,
        title,
        text,
        label,
        href,
        picture,
    )


def _ids(rows: Sequence[Row]) -> dict[str, int]:
    return {row["slug"]: row["id"] for row in rows}
