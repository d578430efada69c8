"""The statements of videos that members upload for their reviews."""

from __future__ import annotations

from server import media
from server.database import Connection, touched


async def add(
    connection: Connection, member_id: int, address: str, size: int, milliseconds: int, hours: int, most: int
) -> None:
    """Write down a member's video, which waits ``hours`` for a review; the same one again counts as just brought.

    Of those that wait only the last ``most`` stay. Locks the address, as who removes the file does.
    """
    await media.hold(connection, address)
    await connection.execute(
        """
        INSERT INTO review_videos AS v (member_id, address, size, milliseconds, kept_until)
        VALUES ($1, $2, $3, $4, now() + make_interval(hours => $5))
        ON CONFLICT (member_id, address) DO UPDATE SET kept_until = excluded.kept_until WHERE v.kept_until IS NOT NULL
        """,
        member_id,
        address,
        size,
        milliseconds,
        hours,
    )
    await connection.execute(
        """
        UPDATE review_videos SET kept_until = now() WHERE id IN (
            SELECT id FROM review_videos WHERE member_id = $1 AND kept_until IS NOT NULL
            ORDER BY kept_until DESC, id DESC OFFSET $2
        )
        """,
        member_id,
        most,
    )


async def take(connection: Connection, member_id: int, address: str) -> bool:
    """Have a member's video that waits be shown from now on; False where there is none such."""
    status = await connection.execute(
        """
        UPDATE review_videos SET kept_until = NULL
        WHERE member_id = $1 AND address = $2 AND kept_until > now()
        """,
        member_id,
        address,
    )
    return bool(touched(status))


async def taken(connection: Connection, member_id: int, address: str) -> bool:
    """Tell whether a member's video is shown."""
    found: bool = await connection.fetchval(
        """
        SELECT EXISTS (SELECT FROM review_videos WHERE member_id = $1 AND address = $2 AND kept_until IS NULL)
        """,
        member_id,
        address,
    )
    return found


async def due(connection: Connection, most: int) -> list[str]:
    """Return addresses of videos that have waited long enough, in order."""
    rows = await connection.fetch(
        """
        SELECT DISTINCT address FROM review_videos AS v
        WHERE kept_until <= now() AND NOT EXISTS (SELECT FROM remarks AS r WHERE r.video = v.address)
        ORDER BY address LIMIT $1
        """,
        most,
    )
    return [row["address"] for row in rows]


async def remove(connection: Connection, address: str) -> bool:
    """Forget whose a held video was that nobody shows; tell whether it is nobody's by now."""
    await connection.execute(
        """
        DELETE FROM review_videos
        WHERE address = $1 AND kept_until <= now() AND NOT EXISTS (SELECT FROM remarks WHERE video = $1)
        """,
        address,
    )
    left: bool = await connection.fetchval("SELECT EXISTS (SELECT FROM review_videos WHERE address = $1)", address)
    return not left


async def move(connection: Connection, keeper_id: int, other_id: int) -> None:
    """Give the other's videos to the keeper. Of the same one that both brought one stays, shown if either was."""
    await connection.execute(
        """
        UPDATE review_videos AS k SET kept_until = NULL FROM review_videos AS o
        WHERE k.member_id = $1 AND o.member_id = $2 AND o.address = k.address AND o.kept_until IS NULL
        """,
        keeper_id,
        other_id,
    )
    await connection.execute(
        """
        DELETE FROM review_videos AS o USING review_videos AS k
        WHERE o.member_id = $2 AND k.member_id = $1 AND k.address = o.address
        """,
        keeper_id,
        other_id,
    )
    await connection.execute("UPDATE review_videos SET member_id = $1 WHERE member_id = $2", keeper_id, other_id)


async def leave(connection: Connection, member_id: int) -> None:
    """Leave the shown videos of a member without them; the others may go."""
    await connection.execute(
        """
        UPDATE review_videos SET member_id = NULL, kept_until = CASE WHEN kept_until IS NOT NULL THEN now() END
        WHERE member_id = $1
        """,
        member_id,
    )
