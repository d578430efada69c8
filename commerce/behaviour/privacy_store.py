"""The statements of what members chose."""

from __future__ import annotations

from commerce.behaviour.types import Choice, Privacy
from server.database import Connection, one


async def privacy(connection: Connection, member_id: int) -> Privacy:
    """Return what a member chose."""
    row = await connection.fetchrow(
        "SELECT choice, personalised FROM behaviour_privacy WHERE member_id = $1", member_id
    )
    return one(Privacy, row) or Privacy()


async def personalised(connection: Connection, member_id: int) -> bool:
    """Tell whether a member lets what they did choose what they see."""
    return (await privacy(connection, member_id)).personalised


async def choose(
    connection: Connection, member_id: int, choice: Choice | None = None, personalised: bool | None = None
) -> None:
    """Keep what a member chose; None leaves it as it was."""
    await connection.execute(
        """
        INSERT INTO behaviour_privacy AS p (member_id, choice, personalised) VALUES ($1, $2, coalesce($3, true))
        ON CONFLICT (member_id) DO UPDATE SET
            choice = coalesce($2, p.choice), personalised = coalesce($3, p.personalised), changed_at = now()
        """,
        member_id,
        choice,
        personalised,
    )


async def tidy(connection: Connection) -> None:
    """Forget who took consent back more than a day ago: no process holds anything of theirs any more."""
    await connection.execute("DELETE FROM behaviour_withdrawn WHERE at < now() - interval '1 day'")
