"""What members do not want to be shown, as a part of what belongs to them."""

from __future__ import annotations

from typing import Any

from commerce.members.belongings import Belonging
from server.database import Connection


async def move(connection: Connection, keeper_id: int, other_id: int) -> None:
    """Keep out of the keeper's lists what was kept out of the other's."""
    await connection.execute(
        """
        INSERT INTO recommendation_dismissals (member_id, product_id, at)
        SELECT $1, product_id, at FROM recommendation_dismissals WHERE member_id = $2
        ON CONFLICT DO NOTHING
        """,
        keeper_id,
        other_id,
    )
    await erase(connection, other_id)


async def tell(connection: Connection, member_id: int) -> dict[str, list[dict[str, Any]]]:
    """Return what a member does not want to be shown."""
    rows = await connection.fetch(
        """
        SELECT p.title, d.at FROM recommendation_dismissals AS d JOIN products AS p ON p.id = d.product_id
        WHERE d.member_id = $1 ORDER BY d.at
        """,
        member_id,
    )
    return {"not_interested": [dict(row) for row in rows]}


async def erase(connection: Connection, member_id: int) -> None:
    """Forget it."""
    await connection.execute("DELETE FROM recommendation_dismissals WHERE member_id = $1", member_id)


BELONGING = Belonging(name="recommendations", tables=("recommendation_dismissals",), move=move, tell=tell, erase=erase)
