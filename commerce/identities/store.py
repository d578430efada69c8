"""Every SQL statement about identities."""

from __future__ import annotations

from commerce.identities.types import Arrival, Bound, Party, Profile, Sent
from server.database import Connection, many, one, touched


async def keep_state(
    connection: Connection,
    digest: bytes,
    party: Party,
    browser: bytes,
    member_id: int | None,
    way: str,
    seconds: int,
) -> None:
    """Keep what a browser was sent to a provider with."""
    await connection.execute(
        """
        INSERT INTO identity_states (digest, provider, browser, member_id, way, expires_at)
        VALUES ($1, $2, $3, $4, $5, now() + make_interval(secs => $6))
        """,
        digest,
        party,
        browser,
        member_id,
        way,
        seconds,
    )


async def take_state(connection: Connection, digest: bytes, party: Party, browser: bytes) -> Sent | None:
    """Use a state up and return what it was made for; None for another browser's, an old one, or one that was used."""
    row = await connection.fetchrow(
        """
        DELETE FROM identity_states WHERE digest = $1 AND provider = $2 AND browser = $3 AND expires_at > now()
        RETURNING member_id, way
        """,
        digest,
        party,
        browser,
    )
    return one(Sent, row)


async def keep_arrival(connection: Connection, digest: bytes, profile: Profile, way: str, seconds: int) -> None:
    """Keep somebody who has yet to prove a phone."""
    await connection.execute(
        """
        INSERT INTO identity_arrivals (digest, provider, app_id, open_id, union_id, nickname, way, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, now() + make_interval(secs => $8))
        """,
        digest,
        profile.provider,
        profile.app_id,
        profile.open_id,
        profile.union_id,
        profile.nickname,
        way,
        seconds,
    )


async def arrival(connection: Connection, digest: bytes) -> Arrival | None:
    """Return somebody who has yet to prove a phone."""
    row = await connection.fetchrow(
        """
        SELECT provider, app_id, open_id, union_id, nickname, way FROM identity_arrivals
        WHERE digest = $1 AND expires_at > now()
        """,
        digest,
    )
    return one(Arrival, row)


async def take_arrival(connection: Connection, digest: bytes) -> Arrival | None:
    """Use an arrival up and return it."""
    row = await connection.fetchrow(
        """
        DELETE FROM identity_arrivals WHERE digest = $1 AND expires_at > now()
        RETURNING provider, app_id, open_id, union_id, nickname, way
        """,
        digest,
    )
    return one(Arrival, row)


async def find(connection: Connection, profile: Profile) -> Bound | None:
    """Return whose identity it is: by union id before open id."""
    row = await connection.fetchrow(
        """
        SELECT id, member_id, provider, app_id, open_id, union_id, nickname, created_at FROM member_identities
        WHERE provider = $1 AND (union_id = $2 OR app_id = $3 AND open_id = $4)
        ORDER BY union_id IS NOT DISTINCT FROM $2 DESC LIMIT 1
        """,
        profile.provider,
        profile.union_id,
        profile.app_id,
        profile.open_id,
    )
    return one(Bound, row)


async def add(connection: Connection, member_id: int, profile: Profile) -> bool:
    """Bind an identity; False when it is somebody's, or the member has another of this provider."""
    status = await connection.execute(
        """
        INSERT INTO member_identities (member_id, provider, app_id, open_id, union_id, nickname)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING
        """,
        member_id,
        profile.provider,
        profile.app_id,
        profile.open_id,
        profile.union_id,
        profile.nickname,
    )
    return touched(status) == 1


async def learn(connection: Connection, identity_id: int, profile: Profile) -> None:
    """Keep what a provider says now: its name for the person, and a union id that was not known."""
    await connection.execute(
        """
        UPDATE member_identities SET nickname = $2, union_id = coalesce(union_id, $3)
        WHERE id = $1 AND (nickname, union_id) IS DISTINCT FROM ($2, coalesce(union_id, $3))
        """,
        identity_id,
        profile.nickname,
        profile.union_id,
    )


async def of_member(connection: Connection, member_id: int) -> list[Bound]:
    """Return what is bound to an account."""
    rows = await connection.fetch(
        """
        SELECT id, member_id, provider, app_id, open_id, union_id, nickname, created_at FROM member_identities
        WHERE member_id = $1 ORDER BY id
        """,
        member_id,
    )
    return many(Bound, rows)


async def remove(connection: Connection, member_id: int, party: Party) -> bool:
    """Unbind an identity; False when there is none."""
    status = await connection.execute(
        "DELETE FROM member_identities WHERE member_id = $1 AND provider = $2", member_id, party
    )
    return touched(status) == 1


async def tidy(connection: Connection) -> None:
    """Remove what ended an hour ago."""
    await connection.execute("DELETE FROM identity_states WHERE expires_at < now() - interval '1 hour'")
    await connection.execute("DELETE FROM identity_arrivals WHERE expires_at < now() - interval '1 hour'")
