"""Reviews and questions as a part of what belongs to a member: they stay for others when their writer leaves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from commerce.members.belongings import Belonging
from commerce.reviews import media_store, video_store
from commerce.reviews.withheld import NAME
from server.database import Connection


async def move(connection: Connection, keeper_id: int, other_id: int) -> None:
    """Give what the other said to the keeper. A vote that both gave counts once, one for what is now one's own not."""
    await connection.execute("UPDATE remarks SET member_id = $1 WHERE member_id = $2", keeper_id, other_id)
    await connection.execute(
        """
        WITH gone AS (
            DELETE FROM remark_votes AS v USING remarks AS r
            WHERE r.id = v.remark_id AND v.member_id IN ($1, $2) AND (
                r.member_id = $1
                OR (v.member_id = $2 AND EXISTS (
                    SELECT FROM remark_votes AS k WHERE k.remark_id = v.remark_id AND k.member_id = $1
                ))
            )
            RETURNING v.remark_id
        ), lost AS (SELECT remark_id, count(*) AS votes FROM gone GROUP BY remark_id)
        UPDATE remarks AS r SET useful = r.useful - lost.votes FROM lost WHERE r.id = lost.remark_id
        """,
        keeper_id,
        other_id,
    )
    await connection.execute("UPDATE remark_votes SET member_id = $1 WHERE member_id = $2", keeper_id, other_id)
    await connection.execute(
        """
        WITH gone AS (
            DELETE FROM remark_reports AS v USING remark_reports AS k
            WHERE v.member_id = $2 AND k.member_id = $1 AND k.remark_id = v.remark_id
            RETURNING v.remark_id, v.settled_at
        )
        UPDATE remarks AS r SET reports = r.reports - 1 FROM gone
        WHERE r.id = gone.remark_id AND gone.settled_at IS NULL
        """,
        keeper_id,
        other_id,
    )
    await connection.execute("UPDATE remark_reports SET member_id = $1 WHERE member_id = $2", keeper_id, other_id)
    await connection.execute(
        """
        INSERT INTO product_buyers AS b (product_id, member_id, at)
        SELECT product_id, $1, at FROM product_buyers WHERE member_id = $2
        ON CONFLICT (product_id, member_id) DO UPDATE SET at = greatest(b.at, excluded.at)
        """,
        keeper_id,
        other_id,
    )
    await connection.execute("DELETE FROM product_buyers WHERE member_id = $1", other_id)
    await video_store.move(connection, keeper_id, other_id)


async def tell(connection: Connection, member_id: int) -> dict[str, list[dict[str, Any]]]:
    """Return what a member said and brought to show, what they found useful, and which reports they made."""
    said = await connection.fetch(
        """
        SELECT r.kind, p.title, r.spec, r.rating, r.text, r.pictures, r.video, r.anonymous, r.state, r.reason, r.useful,
            r.reply, r.replied_at, r.created_at
        FROM remarks AS r JOIN products AS p ON p.id = r.product_id
        WHERE r.member_id = $1 AND r.state <> 'removed' ORDER BY r.id
        """,
        member_id,
    )
    votes = await connection.fetch(
        """
        SELECT p.title, r.kind, v.at FROM remark_votes AS v
        JOIN remarks AS r ON r.id = v.remark_id JOIN products AS p ON p.id = r.product_id
        WHERE v.member_id = $1 ORDER BY v.at
        """,
        member_id,
    )
    reports = await connection.fetch(
        """
        SELECT p.title, r.kind, v.reason, v.note, v.at, v.settled_at FROM remark_reports AS v
        JOIN remarks AS r ON r.id = v.remark_id JOIN products AS p ON p.id = r.product_id
        WHERE v.member_id = $1 ORDER BY v.at
        """,
        member_id,
    )
    videos = await connection.fetch(
        "SELECT address, size, milliseconds, kept_until FROM review_videos WHERE member_id = $1 ORDER BY id", member_id
    )
    return {
        "review_videos": [dict(row) for row in videos],
        "reviews": [dict(row) for row in said],
        "review_votes": [dict(row) for row in votes],
        "review_reports": [dict(row) for row in reports],
    }


async def erase(connection: Connection, member_id: int) -> None:
    """Leave what was said without its writer; votes and reports go, and the numbers with them."""
    await connection.execute(
        """
        WITH gone AS (DELETE FROM remark_votes WHERE member_id = $1 RETURNING remark_id)
        UPDATE remarks AS r SET useful = r.useful - 1 FROM gone WHERE r.id = gone.remark_id
        """,
        member_id,
    )
    await connection.execute(
        """
        WITH gone AS (DELETE FROM remark_reports WHERE member_id = $1 RETURNING remark_id, settled_at)
        UPDATE remarks AS r SET reports = r.reports - 1 FROM gone
        WHERE r.id = gone.remark_id AND gone.settled_at IS NULL
        """,
        member_id,
    )
    await connection.execute("DELETE FROM product_buyers WHERE member_id = $1", member_id)
    await video_store.leave(connection, member_id)
    await connection.execute("UPDATE remarks SET member_id = NULL, anonymous = true WHERE member_id = $1", member_id)


async def shows(connection: Connection, addresses: Sequence[str]) -> set[str]:
    """Return which of these pictures stand in what somebody said, or has said before they left."""
    return set(await media_store.named(connection, addresses))


BELONGING = Belonging(
    name=NAME,
    tables=("remarks", "remark_votes", "remark_reports", "product_buyers", "review_videos"),
    move=move,
    tell=tell,
    erase=erase,
    shows=shows,
)
