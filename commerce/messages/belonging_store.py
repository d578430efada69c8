"""Messages as a part of what belongs to a member."""

from __future__ import annotations

from typing import Any

from commerce.members.belongings import Belonging
from server.database import Connection


async def move(connection: Connection, keeper_id: int, other_id: int) -> None:
    """Give the other's messages to the keeper, what both were told under one key once; the keeper's choices stay."""
    await connection.execute(
        """
        DELETE FROM messages m USING messages k
        WHERE m.member_id = $2 AND k.member_id = $1 AND k.dedupe = m.dedupe
        """,
        keeper_id,
        other_id,
    )
    await connection.execute("UPDATE messages SET member_id = $1 WHERE member_id = $2", keeper_id, other_id)
    await connection.execute(
        """
        UPDATE message_preferences SET member_id = $1
        WHERE member_id = $2 AND NOT EXISTS (SELECT FROM message_preferences WHERE member_id = $1)
        """,
        keeper_id,
        other_id,
    )
    await connection.execute("DELETE FROM message_preferences WHERE member_id = $1", other_id)
    await connection.execute(
        "UPDATE message_announcements SET member_id = $1 WHERE member_id = $2", keeper_id, other_id
    )


async def tell(connection: Connection, member_id: int) -> dict[str, list[dict[str, Any]]]:
    """Return what a member was told and what they chose."""
    messages = await connection.fetch(
        "SELECT kind, category, facts, created_at, read_at FROM messages WHERE member_id = $1 AND listed ORDER BY id",
        member_id,
    )
    choices = await connection.fetch(
        "SELECT channels, muted, quiet, language FROM message_preferences WHERE member_id = $1", member_id
    )
    return {"messages": [dict(row) for row in messages], "message_preferences": [dict(row) for row in choices]}


async def erase(connection: Connection, member_id: int) -> None:
    """Remove messages and choices."""
    await connection.execute("DELETE FROM messages WHERE member_id = $1", member_id)
    await connection.execute("DELETE FROM message_preferences WHERE member_id = $1", member_id)


BELONGING = Belonging(
    name="messages",
    tables=("messages", "message_preferences", "message_announcements"),
    move=move,
    tell=tell,
    erase=erase,
)
