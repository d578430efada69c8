"""SQL of the demo's orders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from server.database import Connection


async def skus_by_shop(connection: Connection) -> dict[int, list[list[int]]]:
    """Return the products on sale by shop, of each the SKUs that have units to spare."""
    rows = await connection.fetch(
        """
        SELECT p.shop_id, array_agg(k.id ORDER BY k.position, k.id) AS skus FROM skus k
        JOIN products p ON p.id = k.product_id JOIN stock_free f ON f.sku_id = k.id
        WHERE k.status = 'on' AND p.status = 'on' AND f.free > 50 GROUP BY p.shop_id, p.id ORDER BY p.shop_id, p.id
        """
    )
    found: dict[int, list[list[int]]] = {}
    for row in rows:
        found.setdefault(row["shop_id"], []).append(row["skus"])
    return found


async def skus_of(connection: Connection, slugs: Sequence[str]) -> list[list[int]]:
    """Return the SKUs that have units to spare of those of these products that are on sale."""
    rows = await connection.fetch(
        """
        SELECT array_agg(k.id ORDER BY k.position, k.id) AS skus FROM skus k
        JOIN products p ON p.id = k.product_id JOIN stock_free f ON f.sku_id = k.id
        WHERE k.status = 'on' AND p.status = 'on' AND f.free > 50 AND p.slug = ANY ($1::text[])
        GROUP BY p.id ORDER BY p.id
        """,
        list(slugs),
    )
    return [row["skus"] for row in rows]


async def has_orders(connection: Connection, member_id: int, status: str | None = None) -> bool:
    """Tell whether a member has orders, in this status if one is given."""
    found: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM orders WHERE member_id = $1 AND ($2::text IS NULL OR status = $2))",
        member_id,
        status,
    )
    return found


async def date_back(connection: Connection, order_id: int, created_at: datetime, step: timedelta) -> None:
    """Let an order, its payments and its parcel have happened since ``created_at``, its moves ``step`` apart.

    What was published of them says so too: whoever hears of it later tells when it happened, not when the demo ran.
    """
    await connection.execute(
        """
        UPDATE orders SET created_at = $2::timestamptz, pay_before = $2::timestamptz + interval '30 minutes',
            paid_at = CASE WHEN paid_at IS NOT NULL THEN $2::timestamptz + interval '3 minutes' END,
            cancelled_at = CASE WHEN cancelled_at IS NOT NULL THEN $2::timestamptz + interval '3 minutes' END
        WHERE id = $1
        """,
        order_id,
        created_at,
    )
    await connection.execute("UPDATE order_lines SET placed_at = $2 WHERE order_id = $1", order_id, created_at)
    await connection.execute(
        """
        UPDATE order_events e SET at = $2::timestamptz + interval '3 minutes' + (n.number - 1) * $3::interval
        FROM (SELECT id, row_number() OVER (ORDER BY id) AS number FROM order_events WHERE order_id = $1) AS n
        WHERE n.id = e.id
        """,
        order_id,
        created_at,
        step,
    )
    await connection.execute(
        """
        UPDATE events AS p SET payload = jsonb_set(p.payload, '{at}', to_jsonb(e.at))
        FROM order_events AS e
        WHERE p.at > now() - interval '1 hour' AND p.kind = 'orders.changed' AND e.order_id = $1
            AND (p.payload ->> 'order_id')::bigint = e.order_id
            AND p.payload ->> 'before' = e.from_status AND p.payload ->> 'status' = e.to_status
        """,
        order_id,
    )
    await connection.execute(
        """
        WITH sent AS (
            UPDATE shipments s SET shipped_at = e.at FROM order_events e
            WHERE s.order_id = $1 AND e.order_id = s.order_id AND e.kind = 'shipped' RETURNING s.shipped_at
        )
        UPDATE orders SET receipt_before = sent.shipped_at + (receipt_before - now()) FROM sent WHERE id = $1
        """,
        order_id,
    )
    await connection.execute(
        """
        UPDATE payments SET
            created_at = $2::timestamptz + interval '2 minutes',
            pay_before = $2::timestamptz + interval '30 minutes',
            paid_at = CASE WHEN paid_at IS NOT NULL THEN $2::timestamptz + interval '3 minutes' END
        WHERE order_id = $1
        """,
        order_id,
        created_at,
    )
