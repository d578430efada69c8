"""The statements that lists are answered from, and of what somebody does not want to see."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from commerce.recommendations.rank import Deed, Near, Seed
from commerce.recommendations.types import Fact, Person
from server.clock import now
from server.database import Connection, many, touched

# Of what somebody did the last 2,000 events are looked at: most are views of lists, and there may be millions.
_OWN = """
    WITH allowed AS (
        SELECT $1::bigint IS NULL
            OR coalesce((SELECT personalised FROM behaviour_privacy WHERE member_id = $1), true) AS ok
    ), told AS (
        (
            SELECT 'viewed' AS deed, product_id, at
            FROM (
                SELECT kind, product_id, at FROM behaviour_events
                WHERE member_id = $1 AND at <= $3 ORDER BY at DESC LIMIT 2000
            ) AS last
            WHERE kind IN ('view_product', 'click') ORDER BY at DESC LIMIT 150
        )
        UNION ALL
        (
            SELECT 'viewed', product_id, at
            FROM (
                SELECT kind, product_id, at FROM behaviour_events
                WHERE $1::bigint IS NULL AND visitor = $2 AND at <= $3 ORDER BY at DESC LIMIT 2000
            ) AS last
            WHERE kind IN ('view_product', 'click') ORDER BY at DESC LIMIT 150
        )
        UNION ALL
        (
            SELECT 'kept', product_id, created_at FROM favourites
            WHERE member_id = $1 AND created_at <= $3 ORDER BY created_at DESC LIMIT 50
        )
        UNION ALL
        (
            SELECT 'bought', l.product_id, o.created_at
            FROM (
                SELECT id, created_at FROM orders
                WHERE member_id = $1 AND status <> 'cancelled' ORDER BY id DESC LIMIT 30
            ) AS o
            JOIN order_lines AS l ON l.order_id = o.id
        )
    )
    SELECT (SELECT ok FROM allowed) AS personalised,
        ARRAY (
            SELECT product_id FROM recommendation_dismissals WHERE member_id = $1
            UNION SELECT product_id FROM recommendation_dismissals WHERE visitor = $2
            UNION SELECT product_id FROM favourites WHERE member_id = $1
        ) AS left_out,
        coalesce((
            SELECT jsonb_agg(jsonb_build_array(deed, product_id, extract(epoch FROM $3 - at) / 86400))
            FROM told WHERE (SELECT ok FROM allowed) OR deed = 'bought'
        ), '[]') AS told
"""


async def own(connection: Connection, person: Person, at: datetime) -> tuple[bool, set[int], list[Seed]]:
    """Return whether lists may be personal, what the person dismissed or keeps, and what they did until ``at``.

    Where lists may not be personal only what they bought is told, so that it can be left out.
    """
    row = await connection.fetchrow(_OWN, person.member_id, person.visitor, at)
    seeds = [
        Seed(product_id=int(product_id), deed=Deed(deed), age=float(age))
        for deed, product_id, age in row["told"]
        if product_id is not None
    ]
    return row["personalised"], set(row["left_out"]), seeds


async def near(connection: Connection, product_ids: Sequence[int]) -> dict[int, Near]:
    """Return what is near products, by the current run."""
    rows = await connection.fetch(
        """
        SELECT product_id, kind, ids, scores FROM recommendation_neighbours
        WHERE run_id = (SELECT id FROM recommendation_runs WHERE current) AND product_id = ANY ($1::bigint[])
        """,
        list(product_ids),
    )
    found: dict[int, dict[str, list[tuple[int, float]]]] = {}
    for row in rows:
        pairs = list(zip(row["ids"], row["scores"], strict=True))
        found.setdefault(row["product_id"], {})[row["kind"]] = pairs
    return {product_id: Near(**kinds) for product_id, kinds in found.items()}


async def popular(connection: Connection) -> list[int]:
    """Return what everybody buys by the current run, the most first; nothing before the first."""
    found: list[int] | None = await connection.fetchval("SELECT popular FROM recommendation_runs WHERE current")
    return found or []


async def facts(connection: Connection, product_ids: Sequence[int]) -> dict[int, Fact]:
    """Return what ranking needs to know of those products that are on the shelf."""
    rows = await connection.fetch(
        """
        SELECT p.id, p.title, p.category_id, coalesce(c.parent_id, c.id) AS family, p.brand_id, o.there
        FROM products AS p
        JOIN categories AS c ON c.id = p.category_id
        CROSS JOIN LATERAL (
            SELECT bool_or(coalesce(f.free, 0) > 0) AS there
            FROM skus AS k
            LEFT JOIN stock_free AS f ON f.sku_id = k.id
            WHERE k.product_id = p.id AND k.status = 'on'
        ) AS o
        WHERE p.id = ANY ($1::bigint[]) AND p.status = 'on' AND o.there IS NOT NULL
        """,
        list(product_ids),
    )
    return {fact.id: fact for fact in many(Fact, rows)}


async def known(connection: Connection, product_ids: Sequence[int]) -> set[int]:
    """Return those of some ids that are products'."""
    rows = await connection.fetch("SELECT id FROM products WHERE id = ANY ($1::bigint[])", list(product_ids))
    return {row["id"] for row in rows}


async def dismiss(connection: Connection, person: Person, product_id: int) -> bool:
    """Keep a product out of somebody's lists; False when there is none on the shelf: what is to come is not told."""
    member_id, visitor = person.member_id, None if person.member_id is not None else person.visitor
    status = await connection.execute(
        """
        INSERT INTO recommendation_dismissals (member_id, visitor, product_id)
        SELECT $1, $2, id FROM products WHERE id = $3 AND status = 'on'
        ON CONFLICT DO NOTHING
        """,
        member_id,
        visitor,
        product_id,
    )
    if touched(status):
        return True
    there: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM products WHERE id = $1 AND status = 'on')", product_id
    )
    return there


async def let_back(connection: Connection, person: Person, product_id: int) -> bool:
    """Let a product back into somebody's lists; False when it was not kept out."""
    status = await connection.execute(
        "DELETE FROM recommendation_dismissals WHERE product_id = $3 AND (member_id = $1 OR visitor = $2)",
        person.member_id,
        person.visitor,
        product_id,
    )
    return touched(status) > 0


async def tidy(connection: Connection, days: int) -> None:
    """Remove what visitors dismissed more than ``days`` ago, and what those did who took their consent back."""
    await connection.execute(
        "DELETE FROM recommendation_dismissals AS d USING behaviour_withdrawn AS w WHERE d.visitor = w.visitor"
    )
    await connection.execute(
        """
        DELETE FROM recommendation_dismissals WHERE visitor IS NOT NULL AND at < now() - make_interval(days => $1)
        """,
        days,
    )


def moment_now() -> datetime:
    """Return the present as lists name it: to the millisecond."""
    present = now()
    return present.replace(microsecond=present.microsecond // 1000 * 1000)
