"""Every SQL statement of leaving: the wish, its end, and the files of what is kept of a member."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from server.database import Connection, many, one, touched


class Departure(msgspec.Struct, frozen=True, kw_only=True):
    """A wish to have an account deleted at ``due_at``."""

    member_id: int
    asked_at: datetime
    due_at: datetime


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """A file of everything that is kept of a member; ``size`` in bytes once it is there."""

    id: int
    member_id: int
    name: str
    asked_at: datetime
    done_at: datetime | None
    size: int | None
    expires_at: datetime | None


async def leave(connection: Connection, member_id: int, days: int) -> datetime:
    """Keep a wish and return when it is due; an earlier one stands."""
    due: datetime = await connection.fetchval(
        """
        INSERT INTO member_departures AS d (member_id, due_at) VALUES ($1, now() + make_interval(days => $2))
        ON CONFLICT (member_id) DO UPDATE SET due_at = d.due_at RETURNING due_at
        """,
        member_id,
        days,
    )
    return due


async def stay(connection: Connection, member_id: int) -> bool:
    """Take a wish back; False when there is none."""
    status = await connection.execute("DELETE FROM member_departures WHERE member_id = $1", member_id)
    if touched(status):
        await connection.execute(
            "INSERT INTO member_events (member_id, kind, actor) VALUES ($1, 'stays', 'member:' || $1::bigint)",
            member_id,
        )
    return touched(status) == 1


async def due(connection: Connection, after: int, most: int) -> list[int]:
    """Return members beyond the id ``after`` whose wish is due, in order of id."""
    rows = await connection.fetch(
        "SELECT member_id FROM member_departures WHERE due_at <= now() AND member_id > $1 ORDER BY member_id LIMIT $2",
        after,
        most,
    )
    return [row["member_id"] for row in rows]


async def still_due(connection: Connection, member_id: int) -> bool:
    """Tell whether a wish is due, and use it up."""
    return bool(
        await connection.fetchval(
            "DELETE FROM member_departures WHERE member_id = $1 AND due_at <= now() RETURNING true", member_id
        )
    )


async def ask_export(connection: Connection, member_id: int, name: str) -> Export | None:
    """Keep a wish for a file; None when there was one within a day. The member is locked."""
    row = await connection.fetchrow(
        """
        INSERT INTO member_exports (member_id, name) SELECT $1, $2
        WHERE NOT EXISTS (
            SELECT FROM member_exports WHERE member_id = $1 AND asked_at > now() - interval '1 day'
        ) RETURNING id, member_id, name, asked_at, done_at, size, expires_at
        """,
        member_id,
        name,
    )
    return one(Export, row)


async def export(connection: Connection, export_id: int) -> Export | None:
    """Return a file's row."""
    row = await connection.fetchrow(
        "SELECT id, member_id, name, asked_at, done_at, size, expires_at FROM member_exports WHERE id = $1", export_id
    )
    return one(Export, row)


async def exports_of(connection: Connection, member_id: int) -> list[Export]:
    """Return a member's files, the newest first, those that ended left out."""
    rows = await connection.fetch(
        """
        SELECT id, member_id, name, asked_at, done_at, size, expires_at FROM member_exports
        WHERE member_id = $1 AND (expires_at IS NULL OR expires_at > now()) ORDER BY id DESC LIMIT 10
        """,
        member_id,
    )
    return many(Export, rows)


async def export_done(connection: Connection, export_id: int, size: int, days: int) -> bool:
    """Have a file be there for ``days``; False when it was already, or is wanted no more: its member has gone."""
    status = await connection.execute(
        """
        UPDATE member_exports SET done_at = now(), size = $2, expires_at = now() + make_interval(days => $3)
        WHERE id = $1 AND done_at IS NULL AND expires_at IS NULL
        """,
        export_id,
        size,
        days,
    )
    return touched(status) == 1


async def ended_exports(connection: Connection) -> list[str]:
    """Lock what ended and return the names of its files."""
    rows = await connection.fetch(
        "SELECT name FROM member_exports WHERE expires_at < now() ORDER BY id LIMIT 1000 FOR UPDATE SKIP LOCKED"
    )
    return [row["name"] for row in rows]


async def drop_exports(connection: Connection, names: Sequence[str]) -> None:
    """Remove the rows of files that are there no more."""
    await connection.execute("DELETE FROM member_exports WHERE name = ANY ($1)", list(names))
