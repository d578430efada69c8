"""The statements about what people say: remarks, what their numbers come to, and the lines that wait for a review."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from commerce.reviews.types import (
    FOLLOW_UP_DAYS,
    REVIEW_DAYS,
    Line,
    NewRemark,
    Remark,
    RemarkKind,
    RemarkState,
    Shot,
    Show,
    Sort,
    Sums,
)
from server.database import Connection, many, one

REMARK = """
SELECT r.id, r.kind, r.product_id, r.shop_id, r.member_id, r.staff_id, r.parent_id, r.line_id, r.spec, r.rating,
    r.anonymous, r.bought, r.text, r.pictures, r.video, r.state, r.reason, r.useful, r.reports, r.answers, r.reply,
    r.replied_at, r.created_at, m.nickname, m.avatar, p.title, coalesce(p.pictures ->> 0, '') AS picture,
    s.name AS shop_name, p.status = 'on' AS on_shelf, coalesce(u.state = 'shown', true) AS upheld
FROM remarks AS r
JOIN products AS p ON p.id = r.product_id
JOIN shops AS s ON s.id = r.shop_id
LEFT JOIN members AS m ON m.id = r.member_id
LEFT JOIN remarks AS u ON u.id = r.parent_id
"""
_REVIEWS = "WHERE r.product_id = $1 AND r.kind = 'review' AND r.state = 'shown' "
_SHOWN = {
    Show.ALL: _REVIEWS,
    Show.PICTURED: _REVIEWS + "AND r.pictured ",
    Show.FOLLOWED: _REVIEWS + "AND r.followed ",
    Show.GOOD: _REVIEWS + "AND r.rating >= 4 ",
    Show.MIDDLE: _REVIEWS + "AND r.rating = 3 ",
    Show.BAD: _REVIEWS + "AND r.rating <= 2 ",
}
_ASKED = "WHERE r.product_id = $1 AND r.kind = 'question' AND r.state = 'shown' "
_ORDER = {
    Sort.USEFUL: "ORDER BY r.useful DESC, r.id DESC OFFSET $2 LIMIT $3",
    Sort.NEWEST: "ORDER BY r.id DESC OFFSET $2 LIMIT $3",
}
_BEST = """
WHERE r.id IN (
    SELECT (
        SELECT a.id FROM remarks AS a WHERE a.parent_id = q AND a.kind = 'answer' AND a.state = 'shown'
        ORDER BY a.staff_id IS NULL, a.useful DESC, a.id LIMIT 1
    ) FROM unnest($1::bigint[]) AS q
)
"""
_OF_MEMBER = "WHERE r.member_id = $1 AND r.kind = ANY ($2::text[]) AND r.state <> 'removed' "
_COUNT = "SELECT count(*) FROM remarks AS r "
_LINE = """
SELECT l.id AS line_id, o.id AS order_id, o.order_no, l.product_id, p.shop_id, l.title, l.specs, l.picture,
    o.status = 'completed' AND o.refund_status <> 'full' AS done, d.at AS received_at,
    d.at > now() - make_interval(days => $2) AS open_review,
    d.at > now() - make_interval(days => $3) AS open_follow_up,
    ceil(extract(epoch FROM d.at + make_interval(days => $2) - now()) / 86400)::integer AS days_left
FROM orders AS o
JOIN order_lines AS l ON l.order_id = o.id
JOIN products AS p ON p.id = l.product_id
CROSS JOIN LATERAL (
    SELECT coalesce(max(e.at), o.paid_at, o.created_at) AS at FROM order_events AS e
    WHERE e.order_id = o.id AND e.to_status = 'completed'
) AS d
WHERE o.member_id = $1
"""
_WAITS = """
AND o.status = 'completed' AND o.refund_status <> 'full' AND d.at > now() - make_interval(days => $2)
AND NOT EXISTS (SELECT FROM remarks AS r WHERE r.line_id = l.id)
"""
_COUNT_LINES, _COUNTED_LINES = "SELECT count(*) FROM (", ") AS w"


async def line(connection: Connection, member_id: int, line_id: int) -> Line | None:
    """Return a line of one of the member's orders."""
    query = _LINE + "AND l.id = $4"
    return one(Line, await connection.fetchrow(query, member_id, REVIEW_DAYS, FOLLOW_UP_DAYS, line_id))


async def lines(connection: Connection, member_id: int, line_ids: Sequence[int]) -> dict[int, Line]:
    """Return lines of the member's orders."""
    query = _LINE + "AND l.id = ANY ($4)"
    found = many(Line, await connection.fetch(query, member_id, REVIEW_DAYS, FOLLOW_UP_DAYS, list(line_ids)))
    return {each.line_id: each for each in found}


async def waiting_lines(connection: Connection, member_id: int, offset: int, size: int) -> list[Line]:
    """Return the lines that the member may review, those received last first."""
    query = _LINE + _WAITS + "ORDER BY d.at DESC, l.id DESC OFFSET $4 LIMIT $5"
    return many(Line, await connection.fetch(query, member_id, REVIEW_DAYS, FOLLOW_UP_DAYS, offset, size))


async def waiting_line_of(connection: Connection, member_id: int, order_no: str) -> Line | None:
    """Return a line of an order of the member's that they may review."""
    query = _LINE + _WAITS + "AND o.order_no = $4 ORDER BY l.id LIMIT 1"
    return one(Line, await connection.fetchrow(query, member_id, REVIEW_DAYS, FOLLOW_UP_DAYS, order_no))


async def waiting_lines_of(connection: Connection, member_id: int, order_ids: Sequence[int]) -> dict[int, list[int]]:
    """Return the lines of these orders of the member's that they may review, by order; orders without are left out."""
    query = _LINE + _WAITS + "AND o.id = ANY ($4) ORDER BY l.id"
    found: dict[int, list[int]] = {}
    for row in await connection.fetch(query, member_id, REVIEW_DAYS, FOLLOW_UP_DAYS, list(order_ids)):
        found.setdefault(row["order_id"], []).append(row["line_id"])
    return found


async def count_waiting_lines(connection: Connection, member_id: int) -> int:
    """Return how many lines the member may review."""
    query = _COUNT_LINES + _LINE + _WAITS + _COUNTED_LINES
    number: int = await connection.fetchval(query, member_id, REVIEW_DAYS, FOLLOW_UP_DAYS)
    return number


async def add(connection: Connection, new: NewRemark, state: RemarkState) -> int | None:
    """Write a remark down and return its id; None when its line has a review, or its review a follow-up."""
    found: int | None = await connection.fetchval(
        """
        INSERT INTO remarks (kind, product_id, shop_id, state, text, member_id, staff_id, parent_id, line_id, spec,
                             rating, anonymous, bought, pictures, pictured, video)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
        ON CONFLICT DO NOTHING RETURNING id
        """,
        new.kind,
        new.product_id,
        new.shop_id,
        state,
        new.text,
        new.member_id,
        new.staff_id,
        new.parent_id,
        new.line_id,
        new.spec,
        new.rating,
        new.anonymous,
        new.bought,
        new.pictures,
        bool(new.media),
        new.video,
    )
    return found


async def lock(connection: Connection, remark_id: int) -> Remark | None:
    """Return a remark, its row and before it that of what it belongs to locked."""
    await connection.execute(
        """
        SELECT FROM remarks WHERE id = (SELECT parent_id FROM remarks WHERE id = $1) FOR UPDATE
        """,
        remark_id,
    )
    return one(Remark, await connection.fetchrow(REMARK + "WHERE r.id = $1 FOR UPDATE OF r", remark_id))


async def remark(connection: Connection, remark_id: int) -> Remark | None:
    """Return a remark in whatever state."""
    return one(Remark, await connection.fetchrow(REMARK + "WHERE r.id = $1", remark_id))


async def move(connection: Connection, remark_id: int, state: RemarkState, reason: str) -> None:
    """Put a locked remark into a state, and note that somebody looked at it."""
    await connection.execute(
        "UPDATE remarks SET state = $2, reason = $3, checked = true WHERE id = $1", remark_id, state, reason
    )


async def empty(connection: Connection, remark_id: int) -> None:
    """Remove a remark and what its follow-up says, for good: only that it was written is kept."""
    await connection.execute(
        """
        UPDATE remarks SET state = 'removed', text = '', pictures = '[]', video = '', reply = NULL, reply_by = NULL,
            replied_at = NULL, reason = ''
        WHERE parent_id = $1 AND kind = 'follow_up'
        """,
        remark_id,
    )
    await connection.execute(
        """
        UPDATE remarks SET state = 'removed', text = '', pictures = '[]', video = '', reply = NULL, reply_by = NULL,
            replied_at = NULL, reason = ''
        WHERE id = $1
        """,
        remark_id,
    )


async def reply(connection: Connection, remark_id: int, text: str, staff_id: int) -> None:
    """Write down the shop's reply to a locked remark."""
    await connection.execute(
        "UPDATE remarks SET reply = $2, reply_by = $3, replied_at = now() WHERE id = $1", remark_id, text, staff_id
    )


async def reviews(
    connection: Connection, product_id: int, show: Show, sort: Sort, offset: int, size: int
) -> list[Remark]:
    """Return a page of the shown reviews of a product."""
    return many(Remark, await connection.fetch(REMARK + _SHOWN[show] + _ORDER[sort], product_id, offset, size))


async def questions(connection: Connection, product_id: int, sort: Sort, offset: int, size: int) -> list[Remark]:
    """Return a page of the shown questions about a product."""
    return many(Remark, await connection.fetch(REMARK + _ASKED + _ORDER[sort], product_id, offset, size))


async def follow_ups(connection: Connection, review_ids: Sequence[int], *, every: bool = False) -> dict[int, Remark]:
    """Return the shown follow-ups of reviews, by review; with ``every`` those that are not shown too."""
    query = REMARK + "WHERE r.parent_id = ANY ($1) AND r.kind = 'follow_up' AND (r.state = 'shown' OR $2)"
    found = many(Remark, await connection.fetch(query, list(review_ids), every))
    return {each.parent_id: each for each in found if each.parent_id is not None and each.state != "removed"}


async def answers(connection: Connection, question_id: int, offset: int, size: int) -> list[Remark]:
    """Return a page of a question's shown answers: the shop's first, then the most useful."""
    query = (
        REMARK
        + "WHERE r.parent_id = $1 AND r.kind = 'answer' AND r.state = 'shown' "
        + "ORDER BY r.staff_id IS NULL, r.useful DESC, r.id OFFSET $2 LIMIT $3"
    )
    return many(Remark, await connection.fetch(query, question_id, offset, size))


async def best_answers(connection: Connection, question_ids: Sequence[int]) -> dict[int, Remark]:
    """Return the first answer of each question that has one."""
    rows = await connection.fetch(REMARK + _BEST, list(question_ids))
    return {each.parent_id: each for each in many(Remark, rows) if each.parent_id is not None}


async def of_member(
    connection: Connection, member_id: int, kinds: Sequence[RemarkKind], offset: int, size: int
) -> tuple[list[Remark], int]:
    """Return a page of what a member said and has not removed, the newest first, and how much there is."""
    rows = await connection.fetch(
        REMARK + _OF_MEMBER + "ORDER BY r.id DESC OFFSET $3 LIMIT $4", member_id, list(kinds), offset, size
    )
    total: int = await connection.fetchval(_COUNT + _OF_MEMBER, member_id, list(kinds))
    return many(Remark, rows), total


async def sums(connection: Connection, product_id: int) -> Sums:
    """Return what the reviews of a product come to."""
    row = await connection.fetchrow("SELECT * FROM review_sums WHERE product_id = $1", product_id)
    return one(Sums, row) or Sums()


async def shots(connection: Connection, product_id: int, most: int) -> list[Shot]:
    """Return buyers' videos and pictures of a product, those of the latest reviews first."""
    rows = await connection.fetch(
        """
        SELECT l.id AS review_id, x.picture, x.video FROM (
            SELECT id, pictures, video FROM remarks
            WHERE product_id = $1 AND kind = 'review' AND state = 'shown' AND pictured
                AND (pictures <> '[]' OR video <> '')
            ORDER BY id DESC LIMIT $2
        ) AS l CROSS JOIN LATERAL (
            SELECT coalesce(l.pictures ->> 0, g.pictures ->> 0, '') AS picture, l.video, 0 AS at
            FROM products AS g WHERE g.id = $1 AND l.video <> ''
            UNION ALL
            SELECT p.picture, '', p.at
            FROM jsonb_array_elements_text(l.pictures) WITH ORDINALITY AS p (picture, at)
        ) AS x
        ORDER BY l.id DESC, x.at LIMIT $2
        """,
        product_id,
        most,
    )
    return many(Shot, rows)


async def uploaded(connection: Connection, digests: Sequence[str]) -> int:
    """Return how many of these pictures have been uploaded, and keep those there until the transaction ends."""
    number: int = await connection.fetchval(
        """
        SELECT count(*) FROM (SELECT FROM uploads WHERE digest = ANY ($1) ORDER BY digest FOR KEY SHARE) AS u
        """,
        list(digests),
    )
    return number


async def product(connection: Connection, product_id: int) -> tuple[str, str, int] | None:
    """Return title, picture and shop of a product on the shelf."""
    row = await connection.fetchrow(
        """
        SELECT title, coalesce(pictures ->> 0, '') AS picture, shop_id FROM products WHERE id = $1 AND status = 'on'
        """,
        product_id,
    )
    return None if row is None else (row["title"], row["picture"], row["shop_id"])


async def note_buyer(connection: Connection, order_id: int, at: datetime) -> None:
    """Note who has received the products of an order."""
    await connection.execute(
        """
        INSERT INTO product_buyers AS b (product_id, member_id, at)
        SELECT DISTINCT p.id, m.id, $2::timestamptz FROM orders AS o
        JOIN order_lines AS l ON l.order_id = o.id
        JOIN products AS p ON p.id = l.product_id
        JOIN members AS m ON m.id = o.member_id
        WHERE o.id = $1 ORDER BY p.id
        ON CONFLICT (product_id, member_id) DO UPDATE SET at = greatest(b.at, excluded.at)
        """,
        order_id,
        at,
    )


async def has_bought(connection: Connection, product_id: int, member_id: int) -> bool:
    """Tell whether a member has received a product."""
    found: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM product_buyers WHERE product_id = $1 AND member_id = $2)", product_id, member_id
    )
    return found


async def recent_buyers(connection: Connection, product_id: int, but: int | None, most: int) -> list[int]:
    """Return those who received a product last."""
    rows = await connection.fetch(
        """
        SELECT member_id FROM product_buyers WHERE product_id = $1 AND member_id IS DISTINCT FROM $2
        ORDER BY at DESC, member_id LIMIT $3
        """,
        product_id,
        but,
        most,
    )
    return [row["member_id"] for row in rows]


async def buyer_of(connection: Connection, order_no: str) -> int | None:
    """Return whose an order is now: accounts may have been merged since it was received. None: they are away."""
    found: int | None = await connection.fetchval(
        """
        SELECT o.member_id FROM orders AS o JOIN members AS m ON m.id = o.member_id AND m.status = 'active'
        WHERE o.order_no = $1
        """,
        order_no,
    )
    return found
