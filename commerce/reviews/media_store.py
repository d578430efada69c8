"""The statements about the pictures and videos that remarks show."""

from __future__ import annotations

from collections.abc import Sequence

from server.database import Connection


async def media(connection: Connection, remark_id: int) -> list[str]:
    """Return the addresses of what a remark shows, and what was added to it."""
    rows = await connection.fetch(
        """
        SELECT pictures, video FROM remarks
        WHERE (id = $1 OR (parent_id = $1 AND kind = 'follow_up')) AND (pictures <> '[]' OR video <> '')
        """,
        remark_id,
    )
    return [address for row in rows for address in (*row["pictures"], row["video"]) if address]


async def named(connection: Connection, addresses: Sequence[str]) -> dict[str, bool]:
    """Return which of these pictures and videos stand in what somebody said, and whether others see it."""
    rows = await connection.fetch(
        """
        SELECT x.address, bool_or(
            r.state = 'shown'
            AND coalesce((SELECT p.state = 'shown' FROM remarks AS p WHERE p.id = r.parent_id), true)
        ) AS seen
        FROM unnest($1::text[]) AS x (address)
        CROSS JOIN LATERAL (
            SELECT state, parent_id FROM remarks WHERE pictures <> '[]' AND pictures ? x.address
            UNION ALL
            SELECT state, parent_id FROM remarks WHERE video <> '' AND video = x.address
        ) AS r
        GROUP BY x.address
        """,
        list(addresses),
    )
    return {row["address"]: row["seen"] for row in rows}


async def unseen(connection: Connection, after: int, most: int) -> list[tuple[int, list[str]]]:
    """Return remarks that wait or are hidden, in order of id from ``after`` on, each with what it and its follow-up
    show."""
    rows = await connection.fetch(
        """
        SELECT r.id, r.pictures, r.video, f.pictures AS added_pictures, f.video AS added_video
        FROM remarks AS r LEFT JOIN remarks AS f ON f.parent_id = r.id AND f.kind = 'follow_up'
        WHERE r.id > $1 AND (r.state = 'waiting' OR r.state = 'hidden') ORDER BY r.id LIMIT $2
        """,
        after,
        most,
    )
    found = []
    for row in rows:
        shown = [*row["pictures"], row["video"], *(row["added_pictures"] or ()), row["added_video"]]
        found.append((row["id"], [address for address in shown if address]))
    return found
