"""Searches as a part of what belongs to a member."""

from __future__ import annotations

from typing import Any

from commerce.members.belongings import Belonging
from server.database import Connection


async def move(connection: Connection, keeper_id: int, other_id: int) -> None:
    """Give the other's searches to the keeper, the later time where both looked for the same."""
    await connection.execute(
        """
        INSERT INTO search_history AS h (member_id, words, at)
        SELECT $1, words, at FROM search_history WHERE member_id = $2
        ON CONFLICT (member_id, words) DO UPDATE SET at = greatest(h.at, excluded.at)
        """,
        keeper_id,
        other_id,
    )
    await erase(connection, other_id)


async def tell(connection: Connection, member_id: int) -> dict[str, list[dict[str, Any]]]:
    """Return what a member looked for."""
    rows = await connection.fetch("SELECT words, at FROM search_history WHERE member_id = $1 ORDER BY at", member_id)
    return {"searches": [dict(row) for row in rows]}


async def erase(connection: Connection, member_id: int) -> None:
    """Forget what a member looked for."""
    await connection.execute("DELETE FROM search_history WHERE member_id = $1", member_id)


BELONGING = Belonging(name="search", tables=("search_history",), move=move, tell=tell, erase=erase)
