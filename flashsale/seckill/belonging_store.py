"""Flash sales as a part of what belongs to a member.

A reservation stays under the member whom Redis knows it by: it is the sale's book, and what is given back is given
back there. Its order goes with the member. Nobody merges while a sale that is not over holds a win of theirs, so that
two accounts never become a way around its limit.
"""

from __future__ import annotations

from typing import Any

from commerce.members.belongings import NAMED, Belonging, Hindrance
from server.database import Connection


async def holds_merging(connection: Connection, member_id: int) -> list[Hindrance]:
    """Return the sales where a win is unpaid, or that are not over. An unpaid one leads to its order."""
    rows = await connection.fetch(
        """
        SELECT i.id, i.title, o.order_no, r.status = 'held' AS unpaid
        FROM orders o JOIN fs_reservations r ON r.id = o.reservation_id JOIN fs_items i ON i.id = r.item_id
        WHERE o.member_id = $1 AND (r.status = 'held' OR r.status = 'paid' AND i.state <> 'ended')
        ORDER BY unpaid DESC, o.id LIMIT $2
        """,
        member_id,
        NAMED,
    )
    return [
        Hindrance(
            "有秒杀还没结束或没付款，等它结束再合并",
            row["title"],
            f"/orders/{row['order_no']}" if row["unpaid"] else f"/flash-sales/{row['id']}",
        )
        for row in rows
    ]


async def move(connection: Connection, keeper_id: int, other_id: int) -> None:
    """Give the other's reminders to the keeper."""
    await connection.execute(
        """
        INSERT INTO fs_reminders (item_id, member_id, created_at, sent_at)
        SELECT item_id, $1, created_at, sent_at FROM fs_reminders WHERE member_id = $2
        ON CONFLICT DO NOTHING
        """,
        keeper_id,
        other_id,
    )
    await erase(connection, other_id)


async def tell(connection: Connection, member_id: int) -> dict[str, list[dict[str, Any]]]:
    """Return what a member won and which sales they wait for."""
    won = await connection.fetch(
        """
        SELECT i.title, r.qty, r.status, r.created_at, o.order_no
        FROM orders o JOIN fs_reservations r ON r.id = o.reservation_id JOIN fs_items i ON i.id = r.item_id
        WHERE o.member_id = $1 ORDER BY r.id
        """,
        member_id,
    )
    waits = await connection.fetch(
        """
        SELECT i.title, i.starts_at, m.created_at FROM fs_reminders m JOIN fs_items i ON i.id = m.item_id
        WHERE m.member_id = $1 ORDER BY m.created_at
        """,
        member_id,
    )
    return {"flash_sale_wins": [dict(row) for row in won], "flash_sale_reminders": [dict(row) for row in waits]}


async def erase(connection: Connection, member_id: int) -> None:
    """Forget which sales a member waits for."""
    await connection.execute("DELETE FROM fs_reminders WHERE member_id = $1", member_id)


BELONGING = Belonging(
    name="seckill",
    tables=("fs_reservations", "fs_reminders"),
    holds_merging=holds_merging,
    move=move,
    tell=tell,
    erase=erase,
)
