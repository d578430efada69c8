"""Invite members to review what they have received, on their orders."""

from __future__ import annotations

from collections.abc import Sequence

from commerce.orders.invitations import Invitation
from commerce.reviews import store
from server.database import Connection


async def invite(connection: Connection, member_id: int, order_ids: Sequence[int]) -> dict[int, Invitation]:
    """Return the way to a review for each order of which something can still be reviewed: to its form if that is one
    line, else to all that waits."""
    waiting = await store.waiting_lines_of(connection, member_id, order_ids)
    return {
        order_id: Invitation(
            label="写评价",
            text="用得怎么样？说说给大家听",
            href=f"/me/order-lines/{lines[0]}/review" if len(lines) == 1 else "/me/reviews",
        )
        for order_id, lines in waiting.items()
    }
