"""Whether what is counted of reviews and questions is what there is, in one query for each figure."""

from __future__ import annotations

from commerce.reviews import store
from server.database import Connection

_SEEN = """
WITH seen AS (
    SELECT r.*, r.pictures <> '[]' OR r.video <> '' AS looks, f.id IS NOT NULL AS added,
        f.id IS NOT NULL AND (f.pictures <> '[]' OR f.video <> '') AS added_looks
    FROM remarks AS r
    LEFT JOIN remarks AS f ON f.parent_id = r.id AND f.kind = 'follow_up' AND f.state = 'shown'
    WHERE r.state = 'shown'
)
"""
FIGURES = {
    "sums": _SEEN
    + """
    , counted AS (
        SELECT product_id,
            count(*) FILTER (WHERE rating = 1) AS ones, count(*) FILTER (WHERE rating = 2) AS twos,
            count(*) FILTER (WHERE rating = 3) AS threes, count(*) FILTER (WHERE rating = 4) AS fours,
            count(*) FILTER (WHERE rating = 5) AS fives,
            count(*) FILTER (WHERE kind = 'review' AND (looks OR added_looks)) AS pictured,
            count(*) FILTER (WHERE kind = 'review' AND added) AS followed,
            count(*) FILTER (WHERE kind = 'question') AS questions
        FROM seen WHERE kind IN ('review', 'question') GROUP BY product_id
    )
    SELECT product_id FROM counted FULL JOIN review_sums USING (product_id)
    WHERE (counted.ones, counted.twos, counted.threes, counted.fours, counted.fives, counted.pictured,
           counted.followed, counted.questions)
        IS DISTINCT FROM (review_sums.ones, review_sums.twos, review_sums.threes, review_sums.fours,
           review_sums.fives, review_sums.pictured, review_sums.followed, review_sums.questions)
        -- Of a product of which nothing is shown any more the sums may stay, at nothing.
        AND (counted.product_id IS NOT NULL OR 0 < ANY (ARRAY[review_sums.ones, review_sums.twos, review_sums.threes,
            review_sums.fours, review_sums.fives, review_sums.pictured, review_sums.followed, review_sums.questions]))
    """,
    "lists": _SEEN
    + """
    SELECT id FROM seen WHERE kind = 'review' AND (pictured, followed) <> (looks OR added_looks, added)
    """,
    "cards": """
    SELECT s.product_id FROM review_sums AS s LEFT JOIN product_ratings AS r USING (product_id)
    WHERE (coalesce(r.reviews, 0), coalesce(r.stars, 0))
        <> (ones + twos + threes + fours + fives, ones + 2 * twos + 3 * threes + 4 * fours + 5 * fives)
    """,
    "answers": """
    SELECT q.id FROM remarks AS q WHERE q.kind = 'question' AND q.answers
        <> (SELECT count(*) FROM remarks AS a WHERE a.parent_id = q.id AND a.kind = 'answer' AND a.state = 'shown')
    """,
    "useful": "SELECT id FROM remarks AS r WHERE useful <> (SELECT count(*) FROM remark_votes WHERE remark_id = r.id)",
    "reports": """
    SELECT r.id FROM remarks AS r
    WHERE reports <> (SELECT count(*) FROM remark_reports WHERE remark_id = r.id AND settled_at IS NULL)
    """,
}


async def disagreements(connection: Connection, member_id: int) -> dict[str, list[int]]:
    """Return what figures tell otherwise than what they count, by figure: products, remarks, or the member whose lines
    wait for a review."""
    found = {}
    for name, query in FIGURES.items():
        if rows := await connection.fetch(query):
            found[name] = [row[0] for row in rows]
    listed = await store.waiting_lines(connection, member_id, 0, 1000)
    if await store.count_waiting_lines(connection, member_id) != len(listed):
        found["waiting"] = [member_id]
    return found
