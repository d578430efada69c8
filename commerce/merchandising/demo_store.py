"""The statements that give the demo's goods a past."""

from __future__ import annotations

from collections.abc import Sequence

from server.database import Connection


async def add_price_history(connection: Connection, staff_id: int) -> int:
    """Have SKUs without a history been sold at their list price until eighteen days ago; return how many.

    Every fifth product is left out: there the editor has something to warn of.
    """
    rows = await connection.fetch(
        """
        WITH fresh AS (
            SELECT k.id, k.price, k.list_price
            FROM skus AS k
            JOIN products AS p ON p.id = k.product_id
            WHERE k.list_price IS NOT NULL AND p.id % 5 <> 0
                AND NOT EXISTS (SELECT FROM price_changes AS c WHERE c.sku_id = k.id)
        )
        INSERT INTO price_changes (
            sku_id, price_before, price_after, list_price_before, list_price_after, ref, actor, at
        )
        SELECT id, NULL::bigint, list_price, NULL::bigint, NULL::bigint, 'demo', 'staff:' || $1::bigint,
            now() - interval '60 days'
        FROM fresh
        UNION ALL
        SELECT id, list_price, price, NULL::bigint, list_price, 'demo', 'staff:' || $1::bigint,
            now() - interval '18 days'
        FROM fresh
        RETURNING id
        """,
        staff_id,
    )
    return len(rows) // 2


async def some_products(connection: Connection, slugs: Sequence[str]) -> list[int]:
    """Return the ids of those products that are there."""
    rows = await connection.fetch("SELECT id FROM products WHERE slug = ANY ($1::text[]) ORDER BY id", list(slugs))
    return [row["id"] for row in rows]


async def filmed(connection: Connection) -> bool:
    """Tell whether any product was ever given a video: the demo adds its own once."""
    found: bool = await connection.fetchval(
        """SELECT EXISTS (SELECT FROM product_edits WHERE changes @> '[{"what": "video"}]'::jsonb)"""
    )
    return found


async def begun(connection: Connection) -> bool:
    """Tell whether there is a batch or anything due: the demo adds its own once."""
    found: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM product_batches) OR EXISTS (SELECT FROM shelf_changes)"
    )
    return found
