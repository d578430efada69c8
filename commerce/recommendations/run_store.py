"""The statements of the job that works out neighbours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from commerce.recommendations.types import Run
from server.database import Connection, Row, many, one

_LOCK = 0x7265636F  # one number that every run takes


async def alone(connection: Connection) -> bool:
    """Take the lock that keeps two runs apart, until the transaction ends; False if another has it."""
    taken: bool = await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", _LOCK)
    return taken


async def news(connection: Connection, last_event: int, since: datetime) -> bool:
    """Tell whether anything happened that a run would make something of: events, orders, products."""
    found: bool = await connection.fetchval(
        """
        SELECT coalesce((SELECT max(id) FROM behaviour_events), 0) > $1
            OR coalesce((SELECT created_at FROM orders ORDER BY id DESC LIMIT 1), '-infinity') > $2
            OR coalesce((SELECT created_at FROM products ORDER BY id DESC LIMIT 1), '-infinity') > $2
        """,
        last_event,
        since,
    )
    return found


async def last_event(connection: Connection) -> int:
    """Return the id of the last event."""
    found: int = await connection.fetchval("SELECT coalesce(max(id), 0) FROM behaviour_events")
    return found


async def products(connection: Connection) -> list[Row]:
    """Return what all products on the shelf are, by id: ``id, title, category_id, family, brand_id, price,
    sales, traits``; the family is the category that the product's own lies in, itself at the top."""
    return await connection.fetch(
        """
        SELECT p.id, p.title, p.category_id, coalesce(c.parent_id, c.id) AS family,
            coalesce(p.brand_id, -1) AS brand_id, k.price, p.sales, coalesce(t.traits, '{}') AS traits
        FROM products AS p
        JOIN categories AS c ON c.id = p.category_id
        JOIN (
            SELECT product_id, min(price) AS price FROM skus WHERE status = 'on' GROUP BY product_id
        ) AS k ON k.product_id = p.id
        LEFT JOIN (
            SELECT product_id, array_agg(value_id) AS traits FROM product_attributes
            WHERE value_id IS NOT NULL GROUP BY product_id
        ) AS t ON t.product_id = p.id
        WHERE p.status = 'on' ORDER BY p.id
        """,
        timeout=120,
    )


async def deeds(connection: Connection, days: int, most: int) -> list[Row]:
    """Return the last ``most`` events about products: ``person, product_id, age`` in days, ``kind``."""
    return await connection.fetch(
        """
        SELECT coalesce(member_id::text, visitor::text) AS person, product_id, kind,
            extract(epoch FROM now() - at)::float8 / 86400 AS age
        FROM behaviour_events
        WHERE at > now() - make_interval(days => $1) AND product_id IS NOT NULL
            AND kind IN ('view_product', 'click', 'favourite') AND details ->> 'on' IS DISTINCT FROM 'false'
        ORDER BY at DESC LIMIT $2
        """,
        days,
        most,
        timeout=120,
    )


async def purchases(connection: Connection, most: int) -> list[Row]:
    """Return the products of the last ``most`` orders that were not cancelled: ``member_id, order_id, product_id, age``
    in days."""
    return await connection.fetch(
        """
        SELECT DISTINCT o.member_id, o.id AS order_id, l.product_id,
            extract(epoch FROM now() - o.created_at)::float8 / 86400 AS age
        FROM (SELECT id, member_id, created_at, status FROM orders ORDER BY id DESC LIMIT $1) AS o
        JOIN order_lines AS l ON l.order_id = o.id
        WHERE o.status <> 'cancelled'
        """,
        most,
        timeout=120,
    )


async def begin(connection: Connection, last_event: int) -> int:
    """Begin a run and return its id."""
    made: int = await connection.fetchval(
        "INSERT INTO recommendation_runs (began_at, last_event) VALUES (clock_timestamp(), $1) RETURNING id", last_event
    )
    return made


async def put(
    connection: Connection, run_id: int, rows: Iterable[tuple[int, str, Sequence[int], Sequence[float]]]
) -> None:
    """Write neighbours of a run that is not served yet: product, kind, ids, scores."""
    await connection.executemany(
        """
        INSERT INTO recommendation_neighbours (run_id, product_id, kind, ids, scores)
        VALUES ($1, $2, $3, $4, $5)
        """,
        [(run_id, *row) for row in rows],
        timeout=120,
    )


async def serve(
    connection: Connection,
    run_id: int,
    deeds: int,
    orders: int,
    products: int,
    covered: int,
    popular: Sequence[int],
    topic: str,
) -> None:
    """Have a run served from now on instead of the one before, and say so under a ``topic`` of what pages show."""
    await connection.execute("UPDATE recommendation_runs SET current = false WHERE current")
    await connection.execute(
        """
        UPDATE recommendation_runs
        SET current = true, ended_at = clock_timestamp(), deeds = $2, orders = $3, products = $4, covered = $5,
            popular = $6
        WHERE id = $1
        """,
        run_id,
        deeds,
        orders,
        products,
        covered,
        list(popular),
    )
    await connection.execute("INSERT INTO changes (topic) VALUES ($1)", topic)


async def clear(connection: Connection) -> None:
    """Remove the neighbours of runs that are not served, and all but the last fifty runs."""
    await connection.execute(
        "DELETE FROM recommendation_neighbours WHERE run_id IN (SELECT id FROM recommendation_runs WHERE NOT current)",
        timeout=120,
    )
    await connection.execute(
        """
        DELETE FROM recommendation_runs
        WHERE NOT current AND id NOT IN (SELECT id FROM recommendation_runs ORDER BY id DESC LIMIT 50)
        """
    )


async def current(connection: Connection) -> Run | None:
    """Return the run that is served."""
    row = await connection.fetchrow(
        """
        SELECT id, began_at, ended_at, last_event, deeds, orders, products, covered FROM recommendation_runs
        WHERE current
        """
    )
    return one(Run, row)


async def runs(connection: Connection, most: int) -> list[Run]:
    """Return the last runs, the last one first."""
    rows = await connection.fetch(
        """
        SELECT id, began_at, ended_at, last_event, deeds, orders, products, covered FROM recommendation_runs
        ORDER BY id DESC LIMIT $1
        """,
        most,
    )
    return many(Run, rows)
