"""The statements about what others do with remarks: votes, reports, decisions, watched words, lists for staff."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from commerce.reviews.store import REMARK
from commerce.reviews.types import Decision, Remark, RemarkState, Report, ReportReason, WatchedWord
from server.database import Connection, many, touched


class Queue(StrEnum):
    """Why remarks lie before who decides."""

    ALL = "all"
    WORDS = "words"
    """They met a watched word and wait unseen."""
    REPORTED = "reported"
    PICTURES = "pictures"
    """Shown, with pictures or a video that nobody has looked at."""
    DECIDED = "decided"
    """No queue: what was hidden."""


class Desk(StrEnum):
    """Which remarks a shop lists."""

    OPEN = "open"
    """Without an answer of the shop."""
    BAD = "bad"
    REVIEWS = "reviews"
    QUESTIONS = "questions"


MOST_TOLD = 20
"""Reports and decisions that are told of one remark: no other's are left out for them."""
MOST_COUNTED = 1_000
"""Remarks of a list for staff that are counted: how many more there are changes nothing of what is to be done."""
_QUEUES = {
    Queue.WORDS: "WHERE r.state = 'waiting' ORDER BY r.id OFFSET $1 LIMIT $2",
    Queue.REPORTED: "WHERE r.state = 'shown' AND r.reports > 0 ORDER BY r.id OFFSET $1 LIMIT $2",
    Queue.PICTURES: "WHERE r.state = 'shown' AND NOT r.checked AND (r.pictures <> '[]' OR r.video <> '') "
    "ORDER BY r.id OFFSET $1 LIMIT $2",
    Queue.DECIDED: "WHERE r.state = 'hidden' ORDER BY r.id DESC OFFSET $1 LIMIT $2",
    # Each part is read from an index of its own, no further than the page.
    Queue.ALL: """
    JOIN (
        (SELECT id, 1 AS turn FROM remarks WHERE state = 'waiting' ORDER BY id LIMIT $1::bigint + $2)
        UNION ALL
        (SELECT id, 2 FROM remarks WHERE state = 'shown' AND reports > 0 ORDER BY id LIMIT $1::bigint + $2)
        UNION ALL
        (
            SELECT id, 3 FROM remarks
            WHERE state = 'shown' AND NOT checked AND (pictures <> '[]' OR video <> '') AND reports = 0
            ORDER BY id LIMIT $1::bigint + $2
        )
    ) AS q ON q.id = r.id
    ORDER BY q.turn, q.id OFFSET $1 LIMIT $2
    """,
}
_LENGTHS = """
SELECT
    (SELECT count(*) FROM (SELECT FROM remarks WHERE state = 'waiting' LIMIT $1) AS c) AS words,
    (SELECT count(*) FROM (SELECT FROM remarks WHERE state = 'shown' AND reports > 0 LIMIT $1) AS c) AS reported,
    (
        SELECT count(*) FROM (
            SELECT FROM remarks WHERE state = 'shown' AND NOT checked AND (pictures <> '[]' OR video <> '') LIMIT $1
        ) AS c
    ) AS pictures,
    (
        SELECT count(*) FROM (
            SELECT FROM remarks
            WHERE state = 'shown' AND NOT checked AND (pictures <> '[]' OR video <> '') AND reports = 0 LIMIT $1
        ) AS c
    ) AS quiet,
    (SELECT count(*) FROM (SELECT FROM remarks WHERE state = 'hidden' LIMIT $1) AS c) AS decided
"""
_DESKS = {
    Desk.OPEN: """(
        (r.kind IN ('review', 'follow_up') AND r.reply IS NULL)
        OR (
            r.kind = 'question'
            AND (
                SELECT count(*) FROM remarks AS a
                WHERE a.parent_id = r.id AND a.staff_id IS NOT NULL AND a.state = 'shown'
            ) = 0
        )
    )""",
    Desk.BAD: "r.kind = 'review' AND r.rating <= 2",
    Desk.REVIEWS: "r.kind IN ('review', 'follow_up')",
    Desk.QUESTIONS: "r.kind = 'question'",
}
# One row is looked up for each that is shown: a join would read all rows where PostgreSQL expects many.
_OF_SHOPS = (
    "WHERE r.state = 'shown' AND ($1::bigint[] IS NULL OR r.shop_id = ANY ($1)) "
    "AND coalesce((SELECT o.state FROM remarks AS o WHERE o.id = r.parent_id), 'shown') = 'shown' AND "
)
_PAGE = " ORDER BY r.id DESC OFFSET $2 LIMIT $3"
_COUNT, _COUNTED = "SELECT count(*) FROM (SELECT FROM remarks AS r ", " LIMIT $2) AS c"


async def vote(connection: Connection, remark_id: int, member_id: int) -> int | None:
    """Note that a member finds a remark useful and return how many do; None when they did already."""
    status = await connection.execute(
        "INSERT INTO remark_votes (remark_id, member_id) VALUES ($1, $2) ON CONFLICT DO NOTHING", remark_id, member_id
    )
    if not touched(status):
        return None
    found: int = await connection.fetchval(
        "UPDATE remarks SET useful = useful + 1 WHERE id = $1 RETURNING useful", remark_id
    )
    return found


async def unvote(connection: Connection, remark_id: int, member_id: int) -> int | None:
    """Take a vote back and return how many stay; None when there was none."""
    status = await connection.execute(
        "DELETE FROM remark_votes WHERE remark_id = $1 AND member_id = $2", remark_id, member_id
    )
    if not touched(status):
        return None
    found: int = await connection.fetchval(
        "UPDATE remarks SET useful = useful - 1 WHERE id = $1 RETURNING useful", remark_id
    )
    return found


async def voted(connection: Connection, member_id: int, remark_ids: Sequence[int]) -> set[int]:
    """Return which of these remarks a member finds useful."""
    rows = await connection.fetch(
        "SELECT remark_id FROM remark_votes WHERE member_id = $1 AND remark_id = ANY ($2)", member_id, list(remark_ids)
    )
    return {row["remark_id"] for row in rows}


async def report(connection: Connection, remark_id: int, member_id: int, reason: ReportReason, note: str) -> bool:
    """Note a report; False when the member has reported it before."""
    status = await connection.execute(
        """
        INSERT INTO remark_reports (remark_id, member_id, reason, note) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
        """,
        remark_id,
        member_id,
        reason,
        note,
    )
    if not touched(status):
        return False
    await connection.execute("UPDATE remarks SET reports = reports + 1 WHERE id = $1", remark_id)
    return True


async def settle(connection: Connection, remark_id: int) -> None:
    """Close the open reports of a locked remark."""
    await connection.execute(
        "UPDATE remark_reports SET settled_at = now() WHERE remark_id = $1 AND settled_at IS NULL", remark_id
    )
    await connection.execute("UPDATE remarks SET reports = 0 WHERE id = $1", remark_id)


async def reports(connection: Connection, remark_ids: Sequence[int]) -> list[Report]:
    """Return open reports of remarks, of each the oldest MOST_TOLD."""
    rows = await connection.fetch(
        """
        SELECT r.* FROM unnest($1::bigint[]) AS x (id) CROSS JOIN LATERAL (
            SELECT remark_id, reason, note, at FROM remark_reports
            WHERE remark_id = x.id AND settled_at IS NULL ORDER BY at, member_id LIMIT $2
        ) AS r
        """,
        list(remark_ids),
        MOST_TOLD,
    )
    return many(Report, rows)


async def decide(
    connection: Connection,
    remark_id: int,
    staff_id: int | None,
    before: RemarkState,
    after: RemarkState,
    reason: str = "",
    words: Sequence[str] = (),
) -> None:
    """Write down a decision."""
    await connection.execute(
        """
        INSERT INTO remark_decisions (remark_id, staff_id, from_state, to_state, reason, words)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        remark_id,
        staff_id,
        before,
        after,
        reason,
        list(words),
    )


async def decisions(connection: Connection, remark_ids: Sequence[int]) -> list[Decision]:
    """Return what was decided about remarks, of each the latest MOST_TOLD."""
    rows = await connection.fetch(
        """
        SELECT d.* FROM unnest($1::bigint[]) AS x (id) CROSS JOIN LATERAL (
            SELECT remark_id, staff_id, at, from_state, to_state, reason, words FROM remark_decisions
            WHERE remark_id = x.id ORDER BY id DESC LIMIT $2
        ) AS d
        """,
        list(remark_ids),
        MOST_TOLD,
    )
    return many(Decision, rows)


async def queue(connection: Connection, which: Queue, offset: int, size: int) -> tuple[list[Remark], dict[Queue, int]]:
    """Return a page of a queue and how long each queue is, up to MOST_COUNTED.

    What waits unseen comes first, then what was reported, each from the oldest on; of what was decided the newest.
    """
    rows = await connection.fetch(REMARK + _QUEUES[which], offset, size)
    counted = await connection.fetchrow(_LENGTHS, MOST_COUNTED)
    lengths: dict[Queue, int] = {each: counted[each] for each in Queue if each is not Queue.ALL}
    lengths[Queue.ALL] = min(MOST_COUNTED, counted["words"] + counted["reported"] + counted["quiet"])
    return many(Remark, rows), lengths


async def desk(
    connection: Connection, which: Desk, shops: Sequence[int] | None, offset: int, size: int
) -> tuple[list[Remark], int]:
    """Return a page of what is said in these shops (None: in all), the newest first, and how much there is, up to
    MOST_COUNTED."""
    where = _OF_SHOPS + _DESKS[which]
    mine = None if shops is None else list(shops)
    rows = await connection.fetch(REMARK + where + _PAGE, mine, offset, size)
    total: int = await connection.fetchval(_COUNT + where + _COUNTED, mine, MOST_COUNTED)
    return many(Remark, rows), total


async def words(connection: Connection) -> list[WatchedWord]:
    """Return the watched words."""
    rows = await connection.fetch("SELECT id, word, staff_id, at FROM watched_words ORDER BY word")
    return many(WatchedWord, rows)


async def watch(connection: Connection, found: Sequence[str], staff_id: int | None) -> int:
    """Watch for words from now on and return how many of them are new."""
    status = await connection.execute(
        "INSERT INTO watched_words (word, staff_id) SELECT unnest($1::text[]), $2 ON CONFLICT DO NOTHING",
        list(found),
        staff_id,
    )
    return touched(status)


async def unwatch(connection: Connection, word_id: int) -> str | None:
    """Watch for a word no longer and return it; None when nobody did."""
    found: str | None = await connection.fetchval("DELETE FROM watched_words WHERE id = $1 RETURNING word", word_id)
    return found
