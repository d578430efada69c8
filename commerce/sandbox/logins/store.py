"""Every SQL statement of the simulated log-in providers."""

from __future__ import annotations

from datetime import datetime

import msgspec

from commerce.sandbox.logins.people import Mood, Party
from server.database import Connection, many, one


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """A person who agreed, and what became of the code."""

    id: int
    provider: Party
    person: str
    redirect_uri: str
    code_ends_at: datetime
    used_at: datetime | None
    created_at: datetime


async def add(connection: Connection, party: Party, person: str, redirect_uri: str, code: str, seconds: float) -> None:
    """Keep a code that is good for ``seconds``."""
    await connection.execute(
        """
        INSERT INTO sandbox_login_grants (provider, person, redirect_uri, code, code_ends_at)
        VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5))
        """,
        party,
        person,
        redirect_uri,
        code,
        seconds,
    )


async def by_code(connection: Connection, party: Party, code: str) -> Grant | None:
    """Return the grant of a code and lock it."""
    row = await connection.fetchrow(
        """
        SELECT id, provider, person, redirect_uri, code_ends_at, used_at, created_at FROM sandbox_login_grants
        WHERE provider = $1 AND code = $2 FOR UPDATE
        """,
        party,
        code,
    )
    return one(Grant, row)


async def use(connection: Connection, grant_id: int, token: str, seconds: int) -> None:
    """Use a code up for a token that is good for ``seconds``."""
    await connection.execute(
        """
        UPDATE sandbox_login_grants
        SET used_at = now(), token = $2, token_ends_at = now() + make_interval(secs => $3) WHERE id = $1
        """,
        grant_id,
        token,
        seconds,
    )


async def by_token(connection: Connection, party: Party, token: str) -> Grant | None:
    """Return the grant of a live token."""
    row = await connection.fetchrow(
        """
        SELECT id, provider, person, redirect_uri, code_ends_at, used_at, created_at FROM sandbox_login_grants
        WHERE provider = $1 AND token = $2 AND token_ends_at > now()
        """,
        party,
        token,
    )
    return one(Grant, row)


async def newest(connection: Connection, party: Party, most: int) -> list[Grant]:
    """Return the newest grants."""
    rows = await connection.fetch(
        """
        SELECT id, provider, person, redirect_uri, code_ends_at, used_at, created_at FROM sandbox_login_grants
        WHERE provider = $1 ORDER BY id DESC LIMIT $2
        """,
        party,
        most,
    )
    return many(Grant, rows)


async def mood(connection: Connection, party: Party) -> Mood:
    """Return how a provider feels."""
    found = await connection.fetchval("SELECT mood FROM sandbox_login_moods WHERE provider = $1", party)
    return Mood(found) if found else Mood.WELL


async def set_mood(connection: Connection, party: Party, mood: Mood) -> None:
    """Have a provider feel so from now on."""
    await connection.execute(
        """
        INSERT INTO sandbox_login_moods (provider, mood) VALUES ($1, $2)
        ON CONFLICT (provider) DO UPDATE SET mood = excluded.mood
        """,
        party,
        mood,
    )


async def tidy(connection: Connection) -> None:
    """Remove grants older than a week."""
    await connection.execute("DELETE FROM sandbox_login_grants WHERE created_at < now() - interval '7 days'")
