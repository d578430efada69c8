"""The statements that lay down the demo's favourites."""

from __future__ import annotations

from datetime import timedelta

from server.database import Connection


async def products(connection: Connection) -> list[int]:
    """Return the products on the shelf, by id."""
    rows = await connection.fetch(
        """
        SELECT p.id FROM products AS p
        WHERE p.status = 'on' AND EXISTS (SELECT FROM skus AS k WHERE k.product_id = p.id AND k.status = 'on')
        ORDER BY p.id LIMIT 200
        """
    )
    return [row["id"] for row in rows]


async def has_any(connection: Connection, member_id: int) -> bool:
    """Tell whether a member keeps anything."""
    found: bool = await connection.fetchval("SELECT EXISTS (SELECT FROM favourites WHERE member_id = $1)", member_id)
    return found


async def sold_out(connection: Connection) -> int | None:
    """Return the first SKU on the shelf of which nothing is left; None while there is some of all."""
    found: int | None = await connection.fetchval(
        """
        SELECT k.id
        FROM skus AS k
        JOIN products AS p ON p.id = k.product_id AND p.status = 'on'
        LEFT JOIN stock_free AS f ON f.sku_id = k.id
        WHERE k.status = 'on' AND coalesce(f.free, 0) <= 0
        ORDER BY k.id LIMIT 1
        """
    )
    return found


async def keep(connection: Connection, member_id: int, product_id: int, raised: int, age: timedelta) -> None:
    """Keep a product since ``age`` ago, at a price ``raised`` percent above the one of now, in whole yuan."""
    await connection.execute(
        """
        INSERT INTO favourites (member_id, product_id, price, created_at)
        SELECT $1, $2, CASE WHEN $3 = 0 THEN min(price) ELSE ceil(min(price) * (100 + $3) / 10000.0)::bigint * 100 END,
            now() - $4::interval
        FROM skus WHERE product_id = $2 AND status = 'on'
        HAVING min(price) IS NOT NULL
        ON CONFLICT DO NOTHING
        """,
        member_id,
        product_id,
        raised,
        age,
    )
