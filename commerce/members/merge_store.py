"""Every SQL statement of merging accounts."""

from __future__ import annotations

from datetime import datetime

import msgspec

from server.database import Connection, one


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """Two accounts of one person, and what proved the other."""

    keeper_id: int
    other_id: int
    proof: str


class Heap(msgspec.Struct, frozen=True, kw_only=True):
    """What an account is known by, to be recognised before it is merged."""

    id: int
    phone: str | None
    email: str | None
    nickname: str
    avatar: str
    created_at: datetime
    addresses: int


async def offer(connection: Connection, digest: bytes, keeper_id: int, other_id: int, proof: str, seconds: int) -> None:
    """Keep an offer."""
    await connection.execute(
        """
        INSERT INTO merge_offers (digest, keeper_id, other_id, proof, expires_at)
        VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5))
        """,
        digest,
        keeper_id,
        other_id,
        proof,
        seconds,
    )


async def offered(connection: Connection, digest: bytes, keeper_id: int) -> Offer | None:
    """Return an offer made to this member."""
    row = await connection.fetchrow(
        """
        SELECT keeper_id, other_id, proof FROM merge_offers
        WHERE digest = $1 AND keeper_id = $2 AND expires_at > now()
        """,
        digest,
        keeper_id,
    )
    return one(Offer, row)


async def take(connection: Connection, digest: bytes) -> bool:
    """Use an offer up; False when it was."""
    return bool(await connection.fetchval("DELETE FROM merge_offers WHERE digest = $1 RETURNING true", digest))


async def withdraw(connection: Connection, other_id: int) -> None:
    """Remove the offers that would empty an account."""
    await connection.execute("DELETE FROM merge_offers WHERE other_id = $1", other_id)


async def heap(connection: Connection, member_id: int) -> Heap | None:
    """Return what an account is known by."""
    row = await connection.fetchrow(
        """
        SELECT m.id, m.phone, m.email::text, m.nickname, m.avatar, m.created_at,
               (SELECT count(*) FROM addresses a WHERE a.member_id = m.id AND a.deleted_at IS NULL) AS addresses
        FROM members m WHERE m.id = $1
        """,
        member_id,
    )
    return one(Heap, row)


async def move_addresses(connection: Connection, keeper_id: int, other_id: int) -> None:
    """Give the other's addresses to the keeper, whose default stays; without one the other's becomes it."""
    await connection.execute(
        """
        UPDATE addresses SET is_default = false WHERE member_id = $2 AND is_default AND EXISTS (
            SELECT FROM addresses k WHERE k.member_id = $1 AND k.is_default AND k.deleted_at IS NULL
        )
        """,
        keeper_id,
        other_id,
    )
    await connection.execute("UPDATE addresses SET member_id = $1 WHERE member_id = $2", keeper_id, other_id)


async def empty(connection: Connection, keeper_id: int, other_id: int) -> None:
    """Let the other account be nothing but a pointer to the keeper, and with it those that were merged into it."""
    await connection.execute(
        """
        UPDATE members SET phone = NULL, email = NULL, password_hash = NULL, status = 'merged', merged_into = $1
        WHERE id = $2
        """,
        keeper_id,
        other_id,
    )
    await connection.execute("UPDATE members SET merged_into = $1 WHERE merged_into = $2", keeper_id, other_id)


async def merged_of(connection: Connection, member_id: int) -> int | None:
    """Return into which account this one was merged."""
    found: int | None = await connection.fetchval("SELECT merged_into FROM members WHERE id = $1", member_id)
    return found


async def set_contacts(
    connection: Connection, member_id: int, phone: str | None, email: str | None, password_hash: str | None
) -> None:
    """Give an account these ways in."""
    await connection.execute(
        "UPDATE members SET phone = $2, email = $3, password_hash = $4 WHERE id = $1",
        member_id,
        phone,
        email,
        password_hash,
    )


async def tidy(connection: Connection) -> None:
    """Remove offers that ended an hour ago."""
    await connection.execute("DELETE FROM merge_offers WHERE expires_at < now() - interval '1 hour'")
