"""Every SQL statement about members and their log-in codes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from commerce.members.types import Member, Status
from server.database import Connection, many, one, touched


class CodeTry(msgspec.Struct, frozen=True):
    """The code that a try is compared with, and how many tries there were, this one included."""

    mac: bytes
    tries: int


async def member(connection: Connection, member_id: int) -> Member | None:
    """Return a member."""
    row = await connection.fetchrow(
        """
        SELECT id, phone, email::text, nickname, avatar, password_hash, status, created_at
        FROM members WHERE id = $1
        """,
        member_id,
    )
    return one(Member, row)


async def lock(connection: Connection, member_ids: Sequence[int]) -> list[Member]:
    """Lock these members in the order of their ids until the transaction ends, and return them in that order."""
    rows = await connection.fetch(
        """
        SELECT id, phone, email::text, nickname, avatar, password_hash, status, created_at
        FROM members WHERE id = ANY ($1) ORDER BY id FOR UPDATE
        """,
        list(member_ids),
    )
    return many(Member, rows)


async def member_by_phone(connection: Connection, phone: str) -> Member | None:
    """Return the member of a phone number."""
    row = await connection.fetchrow(
        """
        SELECT id, phone, email::text, nickname, avatar, password_hash, status, created_at
        FROM members WHERE phone = $1
        """,
        phone,
    )
    return one(Member, row)


async def member_by_email(connection: Connection, email: str) -> Member | None:
    """Return the member of a mail address; letters may be large or small."""
    row = await connection.fetchrow(
        """
        SELECT id, phone, email::text, nickname, avatar, password_hash, status, created_at
        FROM members WHERE email = $1
        """,
        email,
    )
    return one(Member, row)


async def search(
    connection: Connection, words: str | None, since: datetime | None, offset: int, size: int
) -> tuple[list[Member], int]:
    """Return a page of members, the newest first, and how many there are.

    ``since`` is when those registered first who count. ``words`` are a whole phone number or mail address, or a part of
    a name.
    """
    part = None if words is None else "%" + words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    rows = await connection.fetch(
        """
        SELECT id, phone, email::text, nickname, avatar, password_hash, status, created_at FROM members
        WHERE ($1::text IS NULL OR phone = $1 OR email = $1 OR nickname LIKE $2)
          AND ($3::timestamptz IS NULL OR created_at >= $3)
        ORDER BY id DESC OFFSET $4 LIMIT $5
        """,
        words,
        part,
        since,
        offset,
        size,
    )
    total: int = await connection.fetchval(
        """
        SELECT count(*) FROM members
        WHERE ($1::text IS NULL OR phone = $1 OR email = $1 OR nickname LIKE $2)
          AND ($3::timestamptz IS NULL OR created_at >= $3)
        """,
        words,
        part,
        since,
    )
    return many(Member, rows), total


async def register(connection: Connection, phone: str | None, email: str | None, nickname: str) -> bool:
    """Add a member and tell whether there was none with this phone or mail address."""
    status = await connection.execute(
        "INSERT INTO members (phone, email, nickname) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        phone,
        email,
        nickname,
    )
    return touched(status) == 1


async def replace_password(connection: Connection, member_id: int, old: str | None, new: str) -> bool:
    """Replace a member's password hash; False when it is no longer ``old``."""
    status = await connection.execute(
        "UPDATE members SET password_hash = $3 WHERE id = $1 AND password_hash IS NOT DISTINCT FROM $2",
        member_id,
        old,
        new,
    )
    return touched(status) == 1


async def set_nickname(connection: Connection, member_id: int, nickname: str) -> None:
    """Replace a member's name."""
    await connection.execute("UPDATE members SET nickname = $2 WHERE id = $1", member_id, nickname)


async def move(connection: Connection, member_id: int, source: Status, to: Status) -> bool:
    """Take a member from one status to another; False when the member is not in the first."""
    status = await connection.execute(
        "UPDATE members SET status = $3 WHERE id = $1 AND status = $2", member_id, source, to
    )
    return touched(status) == 1


async def note(connection: Connection, member_id: int, kind: str, actor: str, reason: str = "") -> None:
    """Write down what was done to an account; ``actor`` reads ``member:7``, ``staff:3`` or ``system``."""
    await connection.execute(
        "INSERT INTO member_events (member_id, kind, actor, reason) VALUES ($1, $2, $3, $4)",
        member_id,
        kind,
        actor,
        reason,
    )


async def keep_code(connection: Connection, target: str, mac: bytes, seconds: int) -> None:
    """Keep the code of ``target`` for ``seconds``; an earlier one no longer counts."""
    await connection.execute(
        """
        INSERT INTO login_codes (target, mac, expires_at) VALUES ($1, $2, now() + make_interval(secs => $3))
        ON CONFLICT (target) DO UPDATE
        SET mac = excluded.mac, tries = 0, expires_at = excluded.expires_at, created_at = now()
        """,
        target,
        mac,
        seconds,
    )


async def try_code(connection: Connection, target: str) -> CodeTry | None:
    """Count one try of the live code of ``target`` and return it; None when there is none."""
    row = await connection.fetchrow(
        "UPDATE login_codes SET tries = tries + 1 WHERE target = $1 AND expires_at > now() RETURNING mac, tries",
        target,
    )
    return one(CodeTry, row)


async def use_code(connection: Connection, target: str, mac: bytes) -> bool:
    """Use a code up; False when another log-in did, or a newer one has replaced it."""
    status = await connection.execute("DELETE FROM login_codes WHERE target = $1 AND mac = $2", target, mac)
    return touched(status) == 1


async def tidy_codes(connection: Connection) -> None:
    """Remove codes that ended more than a day ago."""
    await connection.execute("DELETE FROM login_codes WHERE expires_at < now() - interval '1 day'")


async def joined_since(connection: Connection, since: datetime) -> int:
    """Return how many members registered since then."""
    found: int = await connection.fetchval("SELECT count(*) FROM members WHERE created_at >= $1", since)
    return found
