"""Every SQL statement about messages and what members chose of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from commerce.messages.types import Announcement, Category, Delivery, Message, Preferences
from server.database import Connection, many, one, touched


async def preferences(connection: Connection, member_id: int) -> Preferences:
    """Return what a member chose, the defaults for who chose nothing."""
    return (await preferences_of(connection, [member_id])).get(member_id) or Preferences()


async def preferences_of(connection: Connection, member_ids: Sequence[int]) -> dict[int, Preferences]:
    """Return what those of these members chose who chose anything."""
    rows = await connection.fetch(
        "SELECT member_id, channels, muted, quiet, language FROM message_preferences WHERE member_id = ANY ($1)",
        list(member_ids),
    )
    found = [dict(row) for row in rows]
    return {row.pop("member_id"): msgspec.convert(row, Preferences) for row in found}


async def set_preferences(connection: Connection, member_id: int, chosen: Preferences) -> None:
    """Keep what a member chose."""
    await connection.execute(
        """
        INSERT INTO message_preferences (member_id, channels, muted, quiet, language) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (member_id) DO UPDATE SET
            channels = excluded.channels, muted = excluded.muted, quiet = excluded.quiet,
            language = excluded.language, updated_at = now()
        """,
        member_id,
        msgspec.to_builtins(chosen.channels),
        list(chosen.muted),
        msgspec.to_builtins(chosen.quiet),
        chosen.language,
    )


class New(msgspec.Struct, frozen=True, kw_only=True):
    """A message about to be added."""

    member_id: int
    facts: Mapping[str, str]
    link: str
    picture: str
    dedupe: str | None
    listed: bool
    at: datetime | None


async def add(connection: Connection, kind: str, category: Category, new: Sequence[New]) -> dict[int, int]:
    """Add messages of a kind and return their ids by their place in ``new``.

    Left out are those whose member was told with the same key before.
    """
    rows = await connection.fetch(
        """
        WITH given AS (
            SELECT nextval(pg_get_serial_sequence('messages', 'id')) AS id, g.*
            FROM unnest(
                $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::boolean[], $9::timestamptz[]
            ) WITH ORDINALITY AS g (member_id, facts, link, picture, dedupe, listed, at, place)
        ), added AS (
            INSERT INTO messages (id, member_id, kind, category, facts, link, picture, dedupe, listed, created_at)
            OVERRIDING SYSTEM VALUE
            SELECT id, member_id, $1, $2, facts::jsonb, link, picture, dedupe, listed, coalesce(at, now())
            FROM given ORDER BY place
            ON CONFLICT (member_id, dedupe) DO NOTHING RETURNING id
        )
        SELECT given.place, given.id FROM given JOIN added ON added.id = given.id ORDER BY given.place
        """,
        kind,
        category,
        [one.member_id for one in new],
        [msgspec.json.encode(dict(one.facts)).decode() for one in new],
        [one.link for one in new],
        [one.picture for one in new],
        [one.dedupe for one in new],
        [one.listed for one in new],
        [one.at for one in new],
    )
    return {row["place"] - 1: row["id"] for row in rows}


async def add_deliveries(connection: Connection, ways: Sequence[tuple[int, str, datetime | None]]) -> None:
    """Note ways that messages have yet to go: the message, the way, and the moment from which it would be too late."""
    await connection.execute(
        """
        INSERT INTO message_deliveries (message_id, way, until)
        SELECT * FROM unnest($1::bigint[], $2::text[], $3::timestamptz[])
        """,
        [message_id for message_id, _, _ in ways],
        [way for _, way, _ in ways],
        [until for _, _, until in ways],
    )


async def lock_delivery(connection: Connection, message_id: int, way: str) -> Delivery | None:
    """Lock a way that a message has yet to go; None when it has gone, or was dropped."""
    row = await connection.fetchrow(
        """
        SELECT m.id, m.member_id, m.kind, m.category, m.facts, m.link, m.picture, m.created_at, m.read_at, d.until
        FROM message_deliveries AS d JOIN messages AS m ON m.id = d.message_id
        WHERE d.message_id = $1 AND d.way = $2 AND d.sent_at IS NULL AND d.dropped IS NULL
        FOR UPDATE OF d
        """,
        message_id,
        way,
    )
    if row is None:
        return None
    values = dict(row)
    until = values.pop("until")
    return Delivery(message=msgspec.convert(values, Message), until=until)


async def end_delivery(connection: Connection, message_id: int, way: str, dropped: str | None) -> None:
    """Note that a way was gone, or why it never will be."""
    await connection.execute(
        """
        UPDATE message_deliveries SET sent_at = CASE WHEN $3::text IS NULL THEN now() END, dropped = $3::text
        WHERE message_id = $1 AND way = $2
        """,
        message_id,
        way,
        dropped,
    )


async def unread(connection: Connection, member_id: int) -> dict[Category, int]:
    """Return how many messages are unread, by category; none for those without."""
    rows = await connection.fetch(
        "SELECT category, count(*) FROM messages WHERE member_id = $1 AND listed AND read_at IS NULL GROUP BY category",
        member_id,
    )
    return {Category(row["category"]): row["count"] for row in rows}


async def unread_of(connection: Connection, member_ids: Sequence[int]) -> dict[int, int]:
    """Return how many messages these members have unread; none for those without."""
    rows = await connection.fetch(
        """
        SELECT member_id, count(*) FROM messages
        WHERE member_id = ANY ($1) AND listed AND read_at IS NULL GROUP BY member_id
        """,
        list(member_ids),
    )
    return {row["member_id"]: row["count"] for row in rows}


async def totals(connection: Connection, member_id: int) -> dict[Category, tuple[int, int]]:
    """Return how many messages are listed, and how many of these unread, by category."""
    rows = await connection.fetch(
        """
        SELECT category, count(*) AS all, count(*) FILTER (WHERE read_at IS NULL) AS unread
        FROM messages WHERE member_id = $1 AND listed GROUP BY category
        """,
        member_id,
    )
    return {Category(row["category"]): (row["all"], row["unread"]) for row in rows}


async def page(
    connection: Connection, member_id: int, category: Category | None, unread_only: bool, offset: int, size: int
) -> list[Message]:
    """Return a page of a member's messages, the newest first."""
    rows = await connection.fetch(
        """
        SELECT id, member_id, kind, category, facts, link, picture, created_at, read_at FROM messages
        WHERE member_id = $1 AND listed AND ($2::text IS NULL OR category = $2) AND (NOT $3 OR read_at IS NULL)
        ORDER BY created_at DESC, id DESC OFFSET $4 LIMIT $5
        """,
        member_id,
        category,
        unread_only,
        offset,
        size,
    )
    return many(Message, rows)


async def read(connection: Connection, member_id: int, message_id: int) -> Message | None:
    """Note that a member has read a message and return it; None when there is none of theirs."""
    row = await connection.fetchrow(
        """
        UPDATE messages SET read_at = coalesce(read_at, now()) WHERE id = $2 AND member_id = $1 AND listed
        RETURNING id, member_id, kind, category, facts, link, picture, created_at, read_at
        """,
        member_id,
        message_id,
    )
    return one(Message, row)


async def read_all(
    connection: Connection, member_id: int, category: Category | None, ids: Collection[int] | None
) -> None:
    """Note that a member has read what is of a category and of those ids (None: of all)."""
    await connection.execute(
        """
        UPDATE messages SET read_at = now()
        WHERE member_id = $1 AND listed AND read_at IS NULL AND ($2::text IS NULL OR category = $2)
            AND ($3::bigint[] IS NULL OR id = ANY ($3))
        """,
        member_id,
        category,
        None if ids is None else list(ids),
    )


async def drop(connection: Connection, member_id: int, ids: Collection[int]) -> int:
    """Take messages out of their member's list and return how many were in it. Their keys stay taken."""
    status = await connection.execute(
        "UPDATE messages SET listed = false, read_at = coalesce(read_at, now()) "
        "WHERE id = ANY ($2) AND member_id = $1 AND listed",
        member_id,
        list(ids),
    )
    return touched(status)


async def tidy(connection: Connection, keep: timedelta) -> None:
    """Remove messages older than ``keep``, with their deliveries."""
    await connection.execute("DELETE FROM messages WHERE created_at < now() - $1::interval", keep)


async def announce(
    connection: Connection, staff_id: int, title: str, text: str, link: str, member_id: int | None
) -> int:
    """Keep what staff want told and return its id."""
    made: int = await connection.fetchval(
        """
        INSERT INTO message_announcements (staff_id, title, text, link, member_id) VALUES ($1, $2, $3, $4, $5)
        RETURNING id
        """,
        staff_id,
        title,
        text,
        link,
        member_id,
    )
    return made


async def lock_announcement(connection: Connection, announcement_id: int) -> Announcement | None:
    """Lock what staff want told; None when all have it."""
    row = await connection.fetchrow(
        """
        SELECT id, staff_id, title, text, link, member_id, reached, told, created_at, done_at
        FROM message_announcements WHERE id = $1 AND done_at IS NULL FOR UPDATE
        """,
        announcement_id,
    )
    return one(Announcement, row)


async def announcements(connection: Connection, offset: int, size: int) -> tuple[list[Announcement], int]:
    """Return a page of what staff told, the newest first, and how many there are."""
    rows = await connection.fetch(
        """
        SELECT id, staff_id, title, text, link, member_id, reached, told, created_at, done_at
        FROM message_announcements ORDER BY id DESC OFFSET $1 LIMIT $2
        """,
        offset,
        size,
    )
    total: int = await connection.fetchval("SELECT count(*) FROM message_announcements")
    return many(Announcement, rows), total


async def tell_next(
    connection: Connection, announcement: Announcement, kind: str, facts: Mapping[str, str], most: int
) -> tuple[int, int, int]:
    """Put an announcement into the lists of the next ``most`` active members.

    Returns the last member reached, how many were looked at and how many had not been told.
    """
    row = await connection.fetchrow(
        """
        WITH next AS (
            SELECT id FROM members WHERE id > $1 AND status = 'active' ORDER BY id LIMIT $2
        ), told AS (
            INSERT INTO messages (member_id, kind, category, facts, link, dedupe)
            SELECT id, $3, 'system', $4, $5, $6 FROM next ORDER BY id
            ON CONFLICT (member_id, dedupe) DO NOTHING RETURNING 1
        )
        SELECT (SELECT max(id) FROM next) AS last, (SELECT count(*) FROM next) AS seen,
            (SELECT count(*) FROM told) AS told
        """,
        announcement.reached,
        most,
        kind,
        dict(facts),
        announcement.link,
        f"announcement:{announcement.id}",
    )
    assert row is not None
    return row["last"] or announcement.reached, row["seen"], row["told"]


async def reach(connection: Connection, announcement_id: int, reached: int, told: int, done: bool) -> None:
    """Note how far an announcement has come."""
    await connection.execute(
        """
        UPDATE message_announcements
        SET reached = $2, told = told + $3, done_at = CASE WHEN $4 THEN now() END WHERE id = $1
        """,
        announcement_id,
        reached,
        told,
        done,
    )
