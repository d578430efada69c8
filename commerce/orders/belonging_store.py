"""Orders as a part of what belongs to a member: moved with them, told to them, and kept without their name."""

from __future__ import annotations

from typing import Any

from commerce.members.belongings import NAMED, Belonging, Hindrance
from server.database import Connection


async def move(connection: Connection, keeper_id: int, other_id: int) -> None:
    """Give the other's orders to the keeper; payments and refunds follow their order."""
    await connection.execute("UPDATE orders SET member_id = $1 WHERE member_id = $2", keeper_id, other_id)


async def holds_leaving(connection: Connection, member_id: int) -> list[Hindrance]:
    """Return the orders that are open, those not paid first."""
    rows = await connection.fetch(
        """
        SELECT order_no, status = 'pending_payment' AS unpaid FROM orders
        WHERE member_id = $1 AND status IN ('pending_payment', 'pending_shipment', 'pending_receipt')
        ORDER BY unpaid DESC, id LIMIT $2
        """,
        member_id,
        NAMED,
    )
    return [
        Hindrance(
            "有订单还没付款，先付款或取消" if row["unpaid"] else "有订单还没完成，等收货以后再来",
            row["order_no"],
            f"/orders/{row['order_no']}",
        )
        for row in rows
    ]


async def tell(connection: Connection, member_id: int) -> dict[str, list[dict[str, Any]]]:
    """Return the orders of a member, what was bought with each, and the parcels it left in."""
    orders = await connection.fetch(
        """
        SELECT order_no, status, amount, paid, address, note, created_at, paid_at, cancelled_at, cancel_reason
        FROM orders WHERE member_id = $1 ORDER BY id
        """,
        member_id,
    )
    lines = await connection.fetch(
        """
        SELECT o.order_no, l.title, l.specs, l.unit_price, l.quantity, l.amount
        FROM order_lines l JOIN orders o ON o.id = l.order_id WHERE o.member_id = $1 ORDER BY l.id
        """,
        member_id,
    )
    shipments = await connection.fetch(
        """
        SELECT o.order_no, s.carrier, s.tracking_no, s.shipped_at
        FROM shipments s JOIN orders o ON o.id = s.order_id WHERE o.member_id = $1 ORDER BY s.id
        """,
        member_id,
    )
    return {
        "orders": [dict(row) for row in orders],
        "order_lines": [dict(row) for row in lines],
        "shipments": [dict(row) for row in shipments],
    }


async def erase(connection: Connection, member_id: int) -> None:
    """Keep the orders, as the law on commerce wants, without name, phone and door of who bought."""
    await connection.execute(
        """
        UPDATE orders SET address = address || '{"name": "***", "phone": "***", "detail": "***"}'::jsonb, note = ''
        WHERE member_id = $1
        """,
        member_id,
    )


BELONGING = Belonging(name="orders", tables=("orders",), move=move, holds_leaving=holds_leaving, tell=tell, erase=erase)
