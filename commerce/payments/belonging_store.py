"""Payments and refunds as a part of what belongs to a member. They follow their order; nothing here names anybody."""

from __future__ import annotations

from typing import Any

from commerce.members.belongings import NAMED, Belonging, Hindrance
from server.database import Connection


async def holds_leaving(connection: Connection, member_id: int) -> list[Hindrance]:
    """Return the orders whose money is still on its way back."""
    rows = await connection.fetch(
        """
        SELECT DISTINCT o.order_no
        FROM refunds r JOIN payments p ON p.id = r.payment_id JOIN orders o ON o.id = p.order_id
        WHERE o.member_id = $1 AND r.status <> 'done' ORDER BY o.order_no LIMIT $2
        """,
        member_id,
        NAMED,
    )
    return [Hindrance("有退款还没到账，等到账以后再来", row["order_no"], f"/orders/{row['order_no']}") for row in rows]


async def tell(connection: Connection, member_id: int) -> dict[str, list[dict[str, Any]]]:
    """Return the payments and refunds of a member."""
    payments = await connection.fetch(
        """
        SELECT o.order_no, p.payment_no, p.method, p.amount, p.status, p.created_at, p.paid_at
        FROM payments p JOIN orders o ON o.id = p.order_id WHERE o.member_id = $1 ORDER BY p.id
        """,
        member_id,
    )
    refunds = await connection.fetch(
        """
        SELECT o.order_no, r.refund_no, r.amount, r.status, r.reason, r.created_at, r.done_at
        FROM refunds r JOIN payments p ON p.id = r.payment_id JOIN orders o ON o.id = p.order_id
        WHERE o.member_id = $1 ORDER BY r.id
        """,
        member_id,
    )
    return {"payments": [dict(row) for row in payments], "refunds": [dict(row) for row in refunds]}


BELONGING = Belonging(name="payments", tables=(), holds_leaving=holds_leaving, tell=tell)
