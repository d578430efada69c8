"""The statements that lay down the demo's behaviour."""

from __future__ import annotations

from collections.abc import Sequence

from server.database import Connection


async def products(connection: Connection, slugs: Sequence[str]) -> dict[str, int]:
    """Return the ids of those products that there are, by slug."""
    rows = await connection.fetch("SELECT slug, id FROM products WHERE slug = ANY ($1::text[])", list(slugs))
    return {row["slug"]: row["id"] for row in rows}


async def any_events(connection: Connection) -> bool:
    """Tell whether anybody has done anything yet."""
    found: bool = await connection.fetchval("SELECT EXISTS (SELECT FROM behaviour_events)")
    return found


async def agree(connection: Connection, member_id: int) -> None:
    """Have a member agree who has not chosen."""
    await connection.execute(
        "INSERT INTO behaviour_privacy (member_id, choice) VALUES ($1, 'all') ON CONFLICT DO NOTHING", member_id
    )
