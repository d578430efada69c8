"""Identities as a part of what belongs to a member."""

from __future__ import annotations

from typing import Any

from commerce.members.belongings import Belonging
from server.database import Connection


async def move(connection: Connection, keeper_id: int, other_id: int) -> None:
    """Give the keeper the other's identities where it has none of that provider; the rest ends."""
    await connection.execute(
        """
        DELETE FROM member_identities o USING member_identities k
        WHERE o.member_id = $2 AND k.member_id = $1 AND k.provider = o.provider
        """,
        keeper_id,
        other_id,
    )
    await connection.execute("UPDATE member_identities SET member_id = $1 WHERE member_id = $2", keeper_id, other_id)
    await connection.execute("DELETE FROM identity_states WHERE member_id = $1", other_id)


async def tell(connection: Connection, member_id: int) -> dict[str, list[dict[str, Any]]]:
    """Return what is bound to an account."""
    rows = await connection.fetch(
        "SELECT provider, open_id, nickname, created_at FROM member_identities WHERE member_id = $1 ORDER BY id",
        member_id,
    )
    return {"identities": [dict(row) for row in rows]}


async def erase(connection: Connection, member_id: int) -> None:
    """Unbind everything."""
    await connection.execute("DELETE FROM member_identities WHERE member_id = $1", member_id)
    await connection.execute("DELETE FROM identity_states WHERE member_id = $1", member_id)


BELONGING = Belonging(
    name="identities", tables=("member_identities", "identity_states"), move=move, tell=tell, erase=erase
)
