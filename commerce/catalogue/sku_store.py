"""The statements that answer other features' questions about SKUs."""

from __future__ import annotations

from collections.abc import Sequence

from commerce.catalogue.types import SkuInfo
from server.database import Connection, Row


async def sku(connection: Connection, sku_id: int) -> SkuInfo | None:
    """Return what is known of a SKU, on the shelf or not; None if there is none."""
    return (await sku_infos(connection, [sku_id])).get(sku_id)


async def sku_infos(connection: Connection, sku_ids: Sequence[int]) -> dict[int, SkuInfo]:
    """Return what is known of those SKUs that exist, on the shelf or not."""
    rows = await connection.fetch(
        """
        SELECT
            k.id AS sku_id, k.product_id, p.shop_id, s.name AS shop_name, p.title, k.specs, p.spec_names,
            coalesce(nullif(k.picture, ''), p.pictures ->> 0, '') AS picture, k.price, k.list_price,
            k.status = 'on' AND p.status = 'on' AS on_sale
        FROM skus AS k
        JOIN products AS p ON p.id = k.product_id
        JOIN shops AS s ON s.id = p.shop_id
        WHERE k.id = ANY ($1::bigint[])
        """,
        list(sku_ids),
    )
    return {row["sku_id"]: _info(row) for row in rows}


async def search_skus(connection: Connection, pattern: str, shops: Sequence[int] | None, limit: int) -> list[SkuInfo]:
    """Return SKUs on the shelf of ``shops`` (None: all) whose product's title or whose code is like ``pattern``."""
    rows = await connection.fetch(
        """
        SELECT k.id FROM skus AS k JOIN products AS p ON p.id = k.product_id
        WHERE k.status = 'on' AND p.status = 'on' AND ($2::bigint[] IS NULL OR p.shop_id = ANY ($2))
            AND ($1 = '' OR p.title ILIKE $1 OR k.code ILIKE $1)
        ORDER BY p.sales DESC, k.id LIMIT $3
        """,
        pattern,
        shops,
        limit,
    )
    ids = [row["id"] for row in rows]
    infos = await sku_infos(connection, ids)
    return [infos[sku_id] for sku_id in ids]


async def count_skus(connection: Connection, pattern: str, shops: Sequence[int] | None) -> int:
    """Return how many SKUs ``search_skus`` would find without a limit."""
    total: int = await connection.fetchval(
        """
        SELECT count(*) FROM skus AS k JOIN products AS p ON p.id = k.product_id
        WHERE k.status = 'on' AND p.status = 'on' AND ($2::bigint[] IS NULL OR p.shop_id = ANY ($2))
            AND ($1 = '' OR p.title ILIKE $1 OR k.code ILIKE $1)
        """,
        pattern,
        shops,
    )
    return total


async def skus_by_code(connection: Connection, codes: Sequence[str]) -> dict[str, int]:
    """Return the ids of those SKUs that exist, by code."""
    rows = await connection.fetch("SELECT code, id FROM skus WHERE code = ANY ($1::text[])", list(codes))
    return {row["code"]: row["id"] for row in rows}


async def add_sales(connection: Connection, product_id: int, quantity: int) -> None:
    """Count units of a product as sold (negative: taken back). Locks the product's row."""
    await connection.execute(
        "UPDATE products SET sales = greatest(0, sales + $2::bigint) WHERE id = $1", product_id, quantity
    )


def ordered(specs: dict[str, str], names: Sequence[str]) -> dict[str, str]:
    """Return ``specs`` in the order of ``names``, which jsonb does not keep."""
    return {name: specs[name] for name in (*names, *sorted(specs)) if name in specs}


def _info(row: Row) -> SkuInfo:
    values = dict(row)
    return SkuInfo(specs=ordered(values.pop("specs"), values.pop("spec_names")), **values)
