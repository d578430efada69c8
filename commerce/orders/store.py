"""Every SQL statement of orders but those of shipments and of what staff look for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from commerce.orders.types import Actor, Line, NewLine, Order, OrderEvent, OrderKey, OrderStatus, RefundStatus
from server.database import Connection, many, one, touched

# Who won while they had no default address has nothing frozen in their order yet.
_ORDER = """
    SELECT id, order_no, member_id, shop_id, source, reservation_id, status, refund_status, amount, paid,
           '{"id": 0, "name": "", "phone": "", "region_code": "", "region": "", "detail": ""}'::jsonb
               || address AS address,
           note, pay_before, created_at, paid_at, cancelled_at, cancel_reason, receipt_before
    FROM orders
"""


async def by_id(connection: Connection, order_id: int) -> Order | None:
    """Return an order."""
    return one(Order, await connection.fetchrow(f"{_ORDER} WHERE id = $1", order_id))


async def of_member(connection: Connection, member_id: int, order_no: str) -> Order | None:
    """Return an order of this member."""
    row = await connection.fetchrow(f"{_ORDER} WHERE order_no = $1 AND member_id = $2", order_no, member_id)
    return one(Order, row)


async def of_shops(connection: Connection, shops: Sequence[int] | None, order_no: str) -> Order | None:
    """Return an order of these shops; None for ``shops`` means every shop."""
    row = await connection.fetchrow(
        f"{_ORDER} WHERE order_no = $1 AND ($2::bigint[] IS NULL OR shop_id = ANY ($2))", order_no, shops
    )
    return one(Order, row)


async def lock(connection: Connection, order_id: int) -> Order | None:
    """Return an order with its row locked until the transaction ends."""
    return one(Order, await connection.fetchrow(f"{_ORDER} WHERE id = $1 FOR UPDATE", order_id))


async def key(connection: Connection, order_id: int) -> OrderKey | None:
    """Return what identifies an order."""
    row = await connection.fetchrow(
        "SELECT id, order_no, member_id, source, reservation_id FROM orders WHERE id = $1", order_id
    )
    return one(OrderKey, row)


async def page_of_member(
    connection: Connection, member_id: int, status: OrderStatus | None, offset: int, size: int
) -> tuple[list[Order], int]:
    """Return one page of a member's orders, newest first, and how many there are."""
    rows = await connection.fetch(
        f"{_ORDER} WHERE member_id = $1 AND ($2::text IS NULL OR status = $2) ORDER BY id DESC OFFSET $3 LIMIT $4",
        member_id,
        status,
        offset,
        size,
    )
    total: int = await connection.fetchval(
        "SELECT count(*) FROM orders WHERE member_id = $1 AND ($2::text IS NULL OR status = $2)", member_id, status
    )
    return many(Order, rows), total


async def paid_since(connection: Connection, shops: Sequence[int] | None, since: datetime) -> tuple[int, int]:
    """Return how many orders of these shops (None: of all) were paid since then, and the fen that came."""
    row = await connection.fetchrow(
        """
        SELECT count(*) AS orders, coalesce(sum(paid), 0)::bigint AS fen FROM orders
        WHERE paid_at >= $2 AND ($1::bigint[] IS NULL OR shop_id = ANY ($1))
        """,
        shops,
        since,
    )
    assert row is not None
    return row["orders"], row["fen"]


async def counts_of_member(connection: Connection, member_id: int) -> dict[OrderStatus, int]:
    """Return how many orders of the member stand in each status."""
    rows = await connection.fetch(
        "SELECT status, count(*) AS orders FROM orders WHERE member_id = $1 GROUP BY status", member_id
    )
    return {OrderStatus(row["status"]): row["orders"] for row in rows}


async def lines(connection: Connection, order_ids: Sequence[int]) -> dict[int, list[Line]]:
    """Return the lines of these orders."""
    rows = await connection.fetch(
        """
        SELECT id, order_id, sku_id, product_id, title, specs, picture, unit_price, list_price, quantity, amount
        FROM order_lines WHERE order_id = ANY ($1) ORDER BY id
        """,
        order_ids,
    )
    found: dict[int, list[Line]] = {order_id: [] for order_id in order_ids}
    for line in many(Line, rows):
        found[line.order_id].append(line)
    return found


async def events(connection: Connection, order_ids: Sequence[int]) -> dict[int, list[OrderEvent]]:
    """Return what happened to these orders, the oldest first."""
    rows = await connection.fetch(
        """
        SELECT order_id, at, kind, from_status, to_status, actor_kind, actor_id, text
        FROM order_events WHERE order_id = ANY ($1) ORDER BY id
        """,
        order_ids,
    )
    found: dict[int, list[OrderEvent]] = {order_id: [] for order_id in order_ids}
    for row, event in zip(rows, many(OrderEvent, rows), strict=True):
        found[row["order_id"]].append(event)
    return found


async def insert_event(
    connection: Connection,
    order_id: int,
    kind: str,
    actor: Actor,
    text: str,
    before: OrderStatus | None = None,
    after: OrderStatus | None = None,
    at: datetime | None = None,
) -> None:
    """Add a line to an order's history."""
    await connection.execute(
        """
        INSERT INTO order_events (order_id, at, kind, from_status, to_status, actor_kind, actor_id, text)
        VALUES ($1, coalesce($2, now()), $3, $4, $5, $6, $7, $8)
        """,
        order_id,
        at,
        kind,
        before,
        after,
        actor.kind,
        actor.id,
        text,
    )


async def move_to_cancelled(connection: Connection, order_id: int, reason: str) -> Any:
    """Move pending_payment → cancelled. Returns order_no, member_id and at (UTC), None when it was not pending."""
    return await connection.fetchrow(
        """
        UPDATE orders SET status = 'cancelled', cancelled_at = now(), cancel_reason = $2
        WHERE id = $1 AND status = 'pending_payment' RETURNING order_no, member_id, cancelled_at AS at
        """,
        order_id,
        reason,
    )


async def move_to_paid(connection: Connection, order_id: int, amount: int, at: datetime) -> Any:
    """Move pending_payment → pending_shipment if ``amount`` fen is what the order costs. Returns as above."""
    return await connection.fetchrow(
        """
        UPDATE orders SET status = 'pending_shipment', paid = $2, paid_at = $3
        WHERE id = $1 AND status = 'pending_payment' AND amount = $2 RETURNING order_no, member_id, now() AS at
        """,
        order_id,
        amount,
        at,
    )


async def move_to_revived(connection: Connection, order_id: int, amount: int, at: datetime) -> Any:
    """Move cancelled → pending_shipment if ``amount`` fen is what the order costs. Returns as above."""
    return await connection.fetchrow(
        """
        UPDATE orders
        SET status = 'pending_shipment', paid = $2, paid_at = $3, cancelled_at = NULL, cancel_reason = NULL,
            refund_status = 'none'
        WHERE id = $1 AND status = 'cancelled' AND amount = $2 RETURNING order_no, member_id, now() AS at
        """,
        order_id,
        amount,
        at,
    )


async def set_address(connection: Connection, order_id: int, address: dict[str, Any]) -> bool:
    """Freeze another address. False when the order is not before its shipment."""
    status = await connection.execute(
        "UPDATE orders SET address = $2 WHERE id = $1 AND status IN ('pending_payment', 'pending_shipment')",
        order_id,
        address,
    )
    return touched(status) == 1


async def set_refund_status(connection: Connection, order_id: int, status: RefundStatus) -> bool:
    """Say how much went back. False when it said so already."""
    done = await connection.execute(
        "UPDATE orders SET refund_status = $2 WHERE id = $1 AND refund_status <> $2", order_id, status
    )
    return touched(done) == 1


async def due(
    connection: Connection, registered: Sequence[str], paused: Sequence[int], patience_s: float, limit: int
) -> list[tuple[int, bool]]:
    """Return unpaid orders past their deadline whose units no source of ``registered`` holds, the oldest first.

    With each: whether it is ``patience_s`` overdue. Orders of ``paused`` are left out until they are.
    """
    rows = await connection.fetch(
        """
        SELECT id, pay_before <= now() - make_interval(secs => $4) AS overdue FROM orders
        WHERE status = 'pending_payment' AND source <> 'flash_sale' AND source <> ALL ($1) AND pay_before <= now()
            AND (id <> ALL ($3::bigint[]) OR pay_before <= now() - make_interval(secs => $4))
        ORDER BY pay_before LIMIT $2
        """,
        registered,
        limit,
        paused,
        patience_s,
    )
    return [(row["id"], row["overdue"]) for row in rows]


async def insert(
    connection: Connection,
    order_no: str,
    member_id: int,
    shop_id: int,
    address: dict[str, Any],
    note: str,
    pay_within: float,
    lines: Sequence[NewLine],
) -> int:
    """Write an order of the cart with its lines and return its id."""
    order_id: int = await connection.fetchval(
        """
        INSERT INTO orders (order_no, member_id, shop_id, source, amount, address, note, pay_before)
        VALUES ($1, $2, $3, 'cart', $4, $5, $6, now() + make_interval(secs => $7)) RETURNING id
        """,
        order_no,
        member_id,
        shop_id,
        sum(line.amount for line in lines),
        address,
        note,
        pay_within,
    )
    await connection.executemany(
        """
        INSERT INTO order_lines
            (order_id, sku_id, product_id, title, specs, picture, unit_price, list_price, quantity, amount)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """,
        [
            (
                order_id,
                line.sku_id,
                line.product_id,
                line.title,
                line.specs,
                line.picture,
                line.unit_price,
                line.list_price,
                line.quantity,
                line.amount,
            )
            for line in lines
        ],
    )
    return order_id


async def move_to_shipped(connection: Connection, order_id: int, receipt_days: int) -> Any:
    """Move pending_shipment → pending_receipt, received by itself after so many days. Returns as above."""
    return await connection.fetchrow(
        """
        UPDATE orders SET status = 'pending_receipt', receipt_before = now() + make_interval(days => $2)
        WHERE id = $1 AND status = 'pending_shipment' RETURNING order_no, member_id, now() AS at
        """,
        order_id,
        receipt_days,
    )


async def move_to_completed(connection: Connection, order_id: int) -> Any:
    """Move pending_receipt → completed. Returns as above."""
    return await connection.fetchrow(
        """
        UPDATE orders SET status = 'completed' WHERE id = $1 AND status = 'pending_receipt'
        RETURNING order_no, member_id, now() AS at
        """,
        order_id,
    )
