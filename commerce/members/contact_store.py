"""Every SQL statement about an account's own contacts and picture."""

from __future__ import annotations

from server.database import Connection


async def set_contact(connection: Connection, member_id: int, by_phone: bool, value: str) -> None:
    """Replace a member's phone, or mail address."""
    await connection.execute(
        """
        UPDATE members SET phone = CASE WHEN $2 THEN $3 ELSE phone END,
                           email = CASE WHEN $2 THEN email ELSE $3::citext END
        WHERE id = $1
        """,
        member_id,
        by_phone,
        value,
    )


async def set_avatar(connection: Connection, member_id: int, avatar: str) -> None:
    """Replace a member's picture; empty for none."""
    await connection.execute("UPDATE members SET avatar = $2 WHERE id = $1", member_id, avatar)
