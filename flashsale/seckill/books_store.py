"""The questions that hold a sale's reservations, orders, releases, payments and stock against each other."""

from __future__ import annotations

from datetime import datetime

from server.database import Connection

_PER_RESERVATION = {
    "order_per_reservation": """
        SELECT format('reservation %s (%s) has %s orders', r.id, r.status, count(o.id)) AS detail
        FROM fs_reservations AS r LEFT JOIN orders AS o ON o.reservation_id = r.id
        WHERE r.item_id = $1
        GROUP BY r.id HAVING count(o.id) <> (r.status <> 'void')::integer
    """,
    "order_status": """
        SELECT format('order %s is %s, its reservation %s', o.order_no, o.status, r.status) AS detail
        FROM fs_reservations AS r JOIN orders AS o ON o.reservation_id = r.id
        WHERE r.item_id = $1 AND NOT CASE r.status
            WHEN 'held' THEN o.status = 'pending_payment'
            WHEN 'paid' THEN o.status IN ('pending_shipment', 'pending_receipt', 'completed')
            ELSE o.status = 'cancelled' END
    """,
    "order_content": """
        SELECT format('order %s is not what reservation %s won', o.order_no, r.id) AS detail
        FROM fs_reservations AS r
        JOIN fs_items AS i ON i.id = r.item_id
        JOIN orders AS o ON o.reservation_id = r.id
        LEFT JOIN order_lines AS l ON l.order_id = o.id
        WHERE r.item_id = $1
        GROUP BY r.id, i.id, o.id
        HAVING NOT (o.member_id = r.member_id OR EXISTS (
                SELECT FROM members AS m WHERE m.id = r.member_id AND m.merged_into = o.member_id
            ))
            OR o.amount <> i.price * r.qty OR count(l.id) <> 1
            OR max(l.sku_id) <> i.sku_id OR max(l.quantity) <> r.qty OR sum(l.amount) <> o.amount
    """,
    "one_win_per_key": """
        SELECT format('member %s has %s wins under key %s', member_id, count(*), request_id) AS detail
        FROM fs_reservations WHERE item_id = $1
        GROUP BY member_id, request_id HAVING count(*) > 1
    """,
    "member_limit": """
        SELECT format('member %s holds %s units, %s are allowed', r.member_id, sum(r.qty), i.limit_per_member)
            AS detail
        FROM fs_reservations AS r JOIN fs_items AS i ON i.id = r.item_id
        WHERE r.item_id = $1 AND r.status IN ('held', 'paid')
        GROUP BY r.member_id, i.limit_per_member HAVING sum(r.qty) > i.limit_per_member
    """,
    # A take that was left behind in the journal may carry a time a little later than its win's, never an earlier one.
    "window": """
        SELECT format('reservation %s was won at %s, outside %s – %s', r.id, r.won_at, i.starts_at, i.ends_at) AS detail
        FROM fs_reservations AS r JOIN fs_items AS i ON i.id = r.item_id
        WHERE r.item_id = $1
            AND (coalesce(r.won_at, r.created_at) < date_trunc('milliseconds', i.starts_at)
                OR r.won_at > i.ends_at + interval '5 seconds')
    """,
    "released_once": """
        SELECT format('reservation %s is %s in generation %s and its releases are %s', r.id, r.status, r.gen,
            coalesce(array_agg(e.gen ORDER BY e.gen) FILTER (WHERE e.gen IS NOT NULL), '{}')) AS detail
        FROM fs_reservations AS r LEFT JOIN fs_releases AS e ON e.reservation_id = r.id
        WHERE r.item_id = $1
        GROUP BY r.id
        HAVING count(e.gen) FILTER (WHERE e.gen < r.gen) <> r.gen - 1
            OR count(e.gen) FILTER (WHERE e.gen = r.gen) <> (r.status IN ('expired', 'void'))::integer
            OR count(*) FILTER (WHERE e.gen > r.gen AND NOT EXISTS (
                SELECT FROM fs_late_payments AS p WHERE p.reservation_id = r.id AND p.decision = 'refund')) > 0
    """,
    "late_payment": """
        SELECT format('late payment %s: the sale says %s, payments say %s, reservation %s is %s', p.payment_no,
            coalesce(f.decision, 'undecided'), coalesce(p.late_decision, 'undecided'), r.id, r.status) AS detail
        FROM fs_late_payments AS f
        JOIN fs_reservations AS r ON r.id = f.reservation_id
        JOIN payments AS p ON p.id = f.payment_id
        WHERE r.item_id = $1 AND (
            f.decision IS DISTINCT FROM p.late_decision
            OR (f.decision = 'rewon' AND (r.status <> 'paid' OR r.gen < 2
                OR EXISTS (SELECT FROM refunds AS b WHERE b.payment_id = p.id AND b.reason = 'late')))
            OR (f.decision = 'refund' AND NOT EXISTS (SELECT FROM refunds AS b WHERE b.payment_id = p.id))
        )
    """,
    "paid_by": """
        SELECT format('reservation %s is paid in generation %s, its order by %s payments', r.id, r.gen, count(p.id))
            AS detail
        FROM fs_reservations AS r
        JOIN orders AS o ON o.reservation_id = r.id
        LEFT JOIN payments AS p ON p.order_id = o.id AND (p.purpose = 'order' OR p.late_decision = 'rewon')
        WHERE r.item_id = $1 AND r.status = 'paid'
        GROUP BY r.id HAVING count(p.id) <> 1
    """,
    "stock": """
        SELECT format('the SKU has %s units allocated to the sale, the sale %s', coalesce(s.units, 0), i.allocated)
            AS detail
        FROM fs_items AS i
        LEFT JOIN LATERAL (
            SELECT sum(CASE m.kind WHEN 'allocate' THEN m.quantity WHEN 'release' THEN -m.quantity ELSE 0 END) AS units
            FROM stock_movements AS m WHERE m.sku_id = i.sku_id AND m.ref = $2
        ) AS s ON true
        WHERE i.id = $1 AND coalesce(s.units, 0) <> i.allocated
    """,
    "stock_covers": """
        SELECT format('SKU %s has %s units allocated, the sale alone %s', i.sku_id, s.allocated, i.allocated) AS detail
        FROM fs_items AS i JOIN stock AS s ON s.sku_id = i.sku_id
        WHERE i.id = $1 AND s.allocated < i.allocated - (
            SELECT coalesce(sum(m.quantity), 0) FROM stock_movements AS m
            WHERE m.sku_id = i.sku_id AND m.kind = 'ship'
        )
    """,
}

_ORPHANS = """
    SELECT format('order %s says it comes from a flash sale and has no reservation', o.order_no) AS detail
    FROM orders AS o LEFT JOIN fs_reservations AS r ON r.id = o.reservation_id
    WHERE o.source = 'flash_sale' AND r.id IS NULL
"""


async def violations(connection: Connection, item_id: int, stock_ref: str) -> list[tuple[str, str]]:
    """Return what is wrong in PostgreSQL: invariant and detail, at most twenty of each."""
    found = []
    for invariant, question in _PER_RESERVATION.items():
        arguments = (item_id, stock_ref) if "$2" in question else (item_id,)
        rows = await connection.fetch(f"{question} LIMIT 20", *arguments)
        found += [(invariant, row["detail"]) for row in rows]
    return found


async def orphans(connection: Connection) -> list[tuple[str, str]]:
    """Return what is wrong with orders of no sale at all: invariant and detail, at most twenty."""
    return [("order_per_reservation", row["detail"]) for row in await connection.fetch(f"{_ORPHANS} LIMIT 20")]


async def present(connection: Connection) -> datetime:
    """Return PostgreSQL's clock, not the transaction's beginning."""
    moment: datetime = await connection.fetchval("SELECT clock_timestamp()")
    return moment


async def open_generations(connection: Connection, item_id: int, since: datetime) -> set[tuple[int, str, int]]:
    """Return member, key and generation of the item's release rows that Redis had not confirmed at ``since``."""
    rows = await connection.fetch(
        """
        SELECT r.member_id, r.request_id, e.gen
        FROM fs_releases AS e JOIN fs_reservations AS r ON r.id = e.reservation_id
        WHERE r.item_id = $1 AND (e.done_at IS NULL OR e.done_at >= $2)
        """,
        item_id,
        since,
    )
    return {(row["member_id"], row["request_id"], row["gen"]) for row in rows}
