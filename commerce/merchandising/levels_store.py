"""The statements that keep what each product has free."""

from __future__ import annotations

from collections.abc import Sequence

from server.database import Connection

_LOCK = 0x6C65766C  # one number that every writer of the figures takes


async def alone(connection: Connection) -> bool:
    """Take the lock of those who make figures until the transaction ends; False if another has it.

    Of two who make one product's figure, the one who began earlier could write later, and what it read is older.
    """
    taken: bool = await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", _LOCK)
    return taken


async def take(connection: Connection, most: int) -> list[int]:
    """Remove all marks of up to ``most`` products and return these, in order.

    The figures are read by another statement: it sees all that was committed together with the marks.
    """
    rows = await connection.fetch(
        """
        WITH taken AS (
            DELETE FROM level_marks
            WHERE product_id IN (SELECT DISTINCT product_id FROM level_marks ORDER BY product_id LIMIT $1)
            RETURNING product_id
        )
        SELECT DISTINCT product_id FROM taken ORDER BY product_id
        """,
        most,
    )
    return [row["product_id"] for row in rows]


async def write(connection: Connection, product_ids: Sequence[int]) -> None:
    """Write what these products have free."""
    await connection.execute(
        """
        INSERT INTO product_levels AS l (product_id, shop_id, status, free)
        SELECT p.id, p.shop_id, p.status, o.free
        FROM products AS p
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(f.free), 0)::bigint AS free
            FROM skus AS k JOIN stock_free AS f ON f.sku_id = k.id
            WHERE k.product_id = p.id
        ) AS o
        WHERE p.id = ANY ($1::bigint[])
        ORDER BY p.id
        ON CONFLICT (product_id) DO UPDATE
        SET shop_id = excluded.shop_id, status = excluded.status, free = excluded.free
        WHERE (l.shop_id, l.status, l.free) <> (excluded.shop_id, excluded.status, excluded.free)
        """,
        list(product_ids),
    )


async def short(connection: Connection, shops: Sequence[int] | None, most: int, counted: int) -> int:
    """Return how many products on sale of ``shops`` (None: all) have at most ``most`` units free; up to ``counted``."""
    found: int = await connection.fetchval(
        """
        SELECT count(*) FROM (
            SELECT FROM product_free
            WHERE status = 'on' AND free <= $2 AND ($1::bigint[] IS NULL OR shop_id = ANY ($1::bigint[]))
            LIMIT $3
        ) AS c
        """,
        None if shops is None else list(shops),
        most,
        counted,
    )
    return found
