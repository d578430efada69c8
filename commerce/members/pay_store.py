"""Every SQL statement about payment passwords."""

from __future__ import annotations

from datetime import datetime

import msgspec

from server.database import Connection, one


class Kept(msgspec.Struct, frozen=True):
    """The hash that a try is compared with, and how many tries there were, this one included."""

    hash: str
    tries: int


async def count_try(connection: Connection, member_id: int, most: int, seconds: int) -> Kept | None:
    """Count a try and return what it is compared with; None when there is no password, or it is locked.

    The last try locks it for ``seconds`` before it is looked at.
    """
    row = await connection.fetchrow(
        """
        UPDATE pay_passwords SET
            tries = CASE WHEN locked_until IS NULL THEN tries + 1 ELSE 1 END,
            locked_until = CASE WHEN locked_until IS NULL AND tries + 1 >= $2
                THEN now() + make_interval(secs => $3) END
        WHERE member_id = $1 AND (locked_until IS NULL OR locked_until <= now()) RETURNING hash, tries
        """,
        member_id,
        most,
        seconds,
    )
    return one(Kept, row)


async def locked_until(connection: Connection, member_id: int) -> datetime | None:
    """Return until when (UTC) a payment password is locked; None when it is not, or there is none."""
    found: datetime | None = await connection.fetchval(
        "SELECT locked_until FROM pay_passwords WHERE member_id = $1 AND locked_until > now()", member_id
    )
    return found


async def exists(connection: Connection, member_id: int) -> bool:
    """Tell whether a member has a payment password."""
    return bool(await connection.fetchval("SELECT true FROM pay_passwords WHERE member_id = $1", member_id))


async def forget_tries(connection: Connection, member_id: int) -> None:
    """Begin to count anew after a right try."""
    await connection.execute(
        "UPDATE pay_passwords SET tries = 0, locked_until = NULL WHERE member_id = $1 AND tries > 0", member_id
    )


async def keep(connection: Connection, member_id: int, made: str) -> None:
    """Keep a payment password in the place of the old one; a lock ends."""
    await connection.execute(
        """
        INSERT INTO pay_passwords (member_id, hash) VALUES ($1, $2)
        ON CONFLICT (member_id) DO UPDATE
        SET hash = excluded.hash, tries = 0, locked_until = NULL, changed_at = now()
        """,
        member_id,
        made,
    )
