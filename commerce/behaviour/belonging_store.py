"""The log of behaviour as a part of what belongs to a member."""

from __future__ import annotations

from typing import Any

from commerce.behaviour import store
from commerce.members.belongings import Belonging
from server.database import Connection


async def move(connection: Connection, keeper_id: int, other_id: int) -> None:
    """Give the other's events to the keeper. A no of either holds for both from then on: then all of it goes."""
    await connection.execute(
        """
        INSERT INTO behaviour_privacy AS p (member_id, choice, personalised)
        SELECT $1, choice, personalised FROM behaviour_privacy WHERE member_id = $2
        ON CONFLICT (member_id) DO UPDATE SET
            choice = CASE WHEN 'necessary' IN (p.choice, excluded.choice) THEN 'necessary'
                ELSE coalesce(p.choice, excluded.choice) END,
            personalised = p.personalised AND excluded.personalised
        """,
        keeper_id,
        other_id,
    )
    await connection.execute("UPDATE behaviour_events SET member_id = $1 WHERE member_id = $2", keeper_id, other_id)
    await connection.execute("UPDATE behaviour_visits SET member_id = $1 WHERE member_id = $2", keeper_id, other_id)
    await connection.execute("DELETE FROM behaviour_privacy WHERE member_id = $1", other_id)
    said_no = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM behaviour_privacy WHERE member_id = $1 AND choice = 'necessary')", keeper_id
    )
    if said_no:
        await store.forget_member(connection, keeper_id)


async def tell(connection: Connection, member_id: int) -> dict[str, list[dict[str, Any]]]:
    """Return what is kept of what a member did, and what they chose."""
    events = await connection.fetch(
        "SELECT at, kind, product_id, details FROM behaviour_events WHERE member_id = $1 ORDER BY at, id", member_id
    )
    visits = await connection.fetch(
        """
        SELECT began_at, source, medium, campaign, referrer, landing, device FROM behaviour_visits
        WHERE member_id = $1 ORDER BY began_at
        """,
        member_id,
    )
    chosen = await connection.fetch(
        "SELECT choice, personalised, changed_at FROM behaviour_privacy WHERE member_id = $1", member_id
    )
    return {
        "behaviour": [dict(row) for row in events],
        "visits": [dict(row) for row in visits],
        "privacy": [dict(row) for row in chosen],
    }


async def erase(connection: Connection, member_id: int) -> None:
    """Forget what a member did and chose."""
    await store.forget_member(connection, member_id)
    await connection.execute("DELETE FROM behaviour_privacy WHERE member_id = $1", member_id)


BELONGING = Belonging(
    name="behaviour",
    tables=("behaviour_events", "behaviour_visits", "behaviour_privacy"),
    move=move,
    tell=tell,
    erase=erase,
)
