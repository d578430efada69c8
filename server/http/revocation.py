"""How every process hears of log-outs and bans: it reads the freshly revoked sessions once a second.

PostgreSQL is asked, not a bus, so that a process that was stopped or cut off catches up by itself.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import asyncpg
import structlog

from server.database import DOWN, Database
from server.http.session import Sessions

_EVERY = 1.0
_OVERLAP = timedelta(seconds=20)  # a transaction that commits late carries an older time
_BEFORE = timedelta(hours=2)
"""How far back a process looks as it starts: longer than anything lives that is believed without a look at its session,
such as a flash sale's ticket."""
log = structlog.get_logger("sessions")


async def listen(database: Database, sessions: Sessions) -> None:
    """Tell ``sessions`` what was revoked, until cancelled."""
    since: datetime | None = None
    reach = _BEFORE
    while True:
        try:
            async with database.connection() as connection:
                if since is None:
                    since = await connection.fetchval("SELECT now()")
                rows = await connection.fetch(
                    "SELECT digest, revoked_at FROM sessions WHERE revoked_at > $1 ORDER BY revoked_at", since - reach
                )
            reach = _OVERLAP
            for row in rows:
                if not sessions.revoked(row["digest"]):
                    sessions.forget(row["digest"])
            if rows:
                since = max(since, rows[-1]["revoked_at"])
        except (*DOWN, asyncpg.PostgresError) as error:  # also a schema that is still to be migrated
            log.warning("revocations unread", error=str(error) or type(error).__name__)
        await asyncio.sleep(_EVERY)
