"""The statements of what people looked for: each member's own, everybody's by day, and words that mean the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from commerce.search.types import Hot, Synonyms
from server.database import Connection, many, touched


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


async def count(connection: Connection, searches: Mapping[str, int]) -> None:
    """Add searches to today's, a day of Shanghai, by their words."""
    words = sorted(searches)
    await connection.execute(
        """
        INSERT INTO search_counts AS c (day, words, searches)
        SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date, words, searches
        FROM unnest($1::text[], $2::bigint[]) AS u (words, searches)
        ON CONFLICT (day, words) DO UPDATE SET searches = c.searches + excluded.searches
        """,
        words,
        [searches[one] for one in words],
    )


async def hot(connection: Connection, most: int, *, hidden: bool = False) -> list[Hot]:
    """Return what was looked for most within a week, the last days counting more; with ``hidden`` also what an
    operator hid."""
    rows = await connection.fetch(
        """
        SELECT c.words, sum(c.searches)::bigint AS searches, h.words IS NOT NULL AS hidden
        FROM search_counts AS c
        LEFT JOIN search_hidden AS h ON h.words = c.words
        WHERE c.day > (now() AT TIME ZONE 'Asia/Shanghai')::date - 7 AND ($2::boolean OR h.words IS NULL)
        GROUP BY c.words, h.words
        ORDER BY sum(c.searches / (1.0 + ((now() AT TIME ZONE 'Asia/Shanghai')::date - c.day))) DESC, c.words
        LIMIT $1
        """,
        most,
        hidden,
    )
    return many(Hot, rows)


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
