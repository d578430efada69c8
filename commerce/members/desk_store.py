"""What staff see of a member beyond their row."""

from __future__ import annotations

from datetime import datetime

import msgspec

from server.database import Connection, many


class Closing(msgspec.Struct, frozen=True, kw_only=True):
    """That an account was closed (``banned``) or opened again, by whom (``staff:7``) and why."""

    at: datetime
    kind: str
    actor: str
    reason: str


async def devices(connection: Connection, member_id: int) -> tuple[int, datetime | None]:
    """Return on how many devices a member is logged in, and when one was last used."""
    row = await connection.fetchrow(
        """
        SELECT count(*) FILTER (WHERE revoked_at IS NULL AND expires_at > now()) AS devices, max(seen_at) AS seen_at
        FROM sessions WHERE kind = 'member' AND subject_id = $1
        """,
        member_id,
    )
    assert row is not None
    return row["devices"], row["seen_at"]


async def closings(connection: Connection, member_id: int, most: int) -> list[Closing]:
    """Return when a member's account was closed and opened, the newest first, at most ``most``."""
    rows = await connection.fetch(
        """
        SELECT at, kind, actor, reason FROM member_events
        WHERE member_id = $1 AND kind IN ('banned', 'unbanned') ORDER BY id DESC LIMIT $2
        """,
        member_id,
        most,
    )
    return many(Closing, rows)
