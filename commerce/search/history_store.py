"""The statements of what people looked for: each member's own, everybody's by day, and words that mean the same."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from commerce.search.types import Heard, Hot, Synonyms
from server.database import Connection, many, touched

ENOUGH = 3
"""Different visitors that make words hot: what fewer look for is their own business."""


async def remember(connection: Connection, member_id: int, words: str, most: int) -> None:
    """Keep what a member looked for; the oldest beyond ``most`` is forgotten."""
    await connection.execute(
        """
        INSERT INTO search_history (member_id, words) VALUES ($1, $2)
        ON CONFLICT (member_id, words) DO UPDATE SET at = now()
        """,
        member_id,
        words,
    )
    await connection.execute(
        """
        DELETE FROM search_history
        WHERE member_id = $1 AND words IN (
            SELECT words FROM search_history WHERE member_id = $1 ORDER BY at DESC, words OFFSET $2
        )
        """,
        member_id,
        most,
    )


async def history(connection: Connection, member_id: int) -> list[str]:
    """Return what a member looked for, the last one first."""
    rows = await connection.fetch(
        "SELECT words FROM search_history WHERE member_id = $1 ORDER BY at DESC, words", member_id
    )
    return [row["words"] for row in rows]


async def forget(connection: Connection, member_id: int) -> None:
    """Forget what a member looked for."""
    await connection.execute("DELETE FROM search_history WHERE member_id = $1", member_id)


async def count(connection: Connection, heard: Sequence[Heard], enough: int) -> None:
    """Add searches to today's, a day of Shanghai, by their words; visitors are kept up to ``enough`` of a day."""
    await connection.execute(
        """
        INSERT INTO search_counts AS c (day, words, searches, visitors)
        SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date, words, searches, visitors
        FROM jsonb_to_recordset($1::jsonb) AS r (words text, searches bigint, visitors bigint[])
        ORDER BY words
        ON CONFLICT (day, words) DO UPDATE SET
            searches = c.searches + excluded.searches,
            visitors = ARRAY(SELECT DISTINCT v FROM unnest(c.visitors || excluded.visitors) AS v LIMIT $2)
        """,
        [msgspec.structs.asdict(one) for one in heard],
        enough,
    )


async def hot(connection: Connection, most: int, *, enough: int, hidden: bool = False) -> list[Hot]:
    """Return what was looked for most within a week by ``enough`` different visitors, the last days counting more;
    with ``hidden`` also what an operator hid."""
    rows = await connection.fetch(
        """
        WITH week AS (
            SELECT words, searches, visitors, (now() AT TIME ZONE 'Asia/Shanghai')::date - day AS ago
            FROM search_counts
            WHERE day > (now() AT TIME ZONE 'Asia/Shanghai')::date - 7
        ),
        wanted AS (
            SELECT words, sum(searches)::bigint AS searches, sum(searches / (1.0 + ago)) AS heat
            FROM week
            GROUP BY words
        ),
        people AS (
            SELECT words, count(DISTINCT v) AS visitors
            FROM week
            CROSS JOIN LATERAL unnest(visitors) AS v
            GROUP BY words
        )
        SELECT w.words, w.searches, p.visitors, h.words IS NOT NULL AS hidden
        FROM wanted AS w
        JOIN people AS p ON p.words = w.words
        LEFT JOIN search_hidden AS h ON h.words = w.words
        WHERE p.visitors >= $3::bigint AND ($2::boolean OR h.words IS NULL)
        ORDER BY w.heat DESC, w.words
        LIMIT $1
        """,
        most,
        hidden,
        enough,
    )
    return many(Hot, rows)


async def picks(connection: Connection) -> list[str]:
    """Return what an operator offers to look for, in the operator's order."""
    return [row["words"] for row in await connection.fetch("SELECT words FROM search_picks ORDER BY position, words")]


async def pick(connection: Connection, words: Sequence[str]) -> list[str]:
    """Offer these words and no others; return those that were offered before. Locks the picks."""
    await connection.execute("LOCK TABLE search_picks IN SHARE ROW EXCLUSIVE MODE")
    before = await picks(connection)
    await connection.execute("DELETE FROM search_picks")
    await connection.execute(
        """
        INSERT INTO search_picks (words, position)
        SELECT words, at FROM unnest($1::text[]) WITH ORDINALITY AS u (words, at)
        """,
        list(words),
    )
    return before


async def hide(connection: Connection, words: str, hidden: bool) -> bool:
    """Take words from the hot searches, or let them back; tell whether they were hidden before."""
    if hidden:
        status = await connection.execute("INSERT INTO search_hidden (words) VALUES ($1) ON CONFLICT DO NOTHING", words)
        return touched(status) == 0
    return touched(await connection.execute("DELETE FROM search_hidden WHERE words = $1", words)) == 1


async def tidy(connection: Connection, days: int) -> None:
    """Forget how often was searched more than ``days`` ago."""
    await connection.execute("DELETE FROM search_counts WHERE day < now()::date - $1::integer", days)


async def synonyms(connection: Connection) -> list[Synonyms]:
    """Return all groups of words that mean the same, the newest first."""
    return many(Synonyms, await connection.fetch("SELECT id, words FROM search_synonyms ORDER BY id DESC"))


async def add_synonyms(connection: Connection, words: Sequence[str]) -> int:
    """Add a group and return its id."""
    made: int = await connection.fetchval(
        "INSERT INTO search_synonyms (words) VALUES ($1::text[]) RETURNING id", list(words)
    )
    return made


async def drop_synonyms(connection: Connection, synonyms_id: int) -> list[str] | None:
    """Remove a group and return its words; None if there is none."""
    words: list[str] | None = await connection.fetchval(
        "DELETE FROM search_synonyms WHERE id = $1 RETURNING words", synonyms_id
    )
    return words
