"""The statements that lay down the demo's reviews."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from server.database import Connection, many


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """A line that a demo member has received and not reviewed."""

    line_id: int
    order_id: int
    member_id: int
    product_id: int
    shop_id: int
    slug: str
    specs: list[str]
    at: datetime


class Goods(msgspec.Struct, frozen=True, kw_only=True):
    """A product that something is said of."""

    product_id: int
    shop_id: int
    slug: str


class Buyer(msgspec.Struct, frozen=True, kw_only=True):
    """A member who received a product, and when."""

    product_id: int
    member_id: int
    at: datetime


class Dated(msgspec.Struct, frozen=True, kw_only=True):
    """When a remark was written, and what the shop replied, empty for nothing."""

    remark_id: int
    at: datetime
    reply: str
    replied_at: datetime | None
    reply_by: int | None


async def received(connection: Connection, members: Sequence[int]) -> list[Received]:
    """Return the lines that these members may review, by product, the oldest first."""
    rows = await connection.fetch(
        """
        SELECT l.id AS line_id, o.id AS order_id, o.member_id, l.product_id, p.shop_id, p.slug, d.at,
            ARRAY(SELECT value FROM json_each_text(l.specs)) AS specs
        FROM orders AS o
        JOIN order_lines AS l ON l.order_id = o.id
        JOIN products AS p ON p.id = l.product_id
        CROSS JOIN LATERAL (
            SELECT max(e.at) AS at FROM order_events AS e WHERE e.order_id = o.id AND e.to_status = 'completed'
        ) AS d
        WHERE o.member_id = ANY ($1::bigint[]) AND o.status = 'completed'
            AND d.at BETWEEN now() - interval '29 days' AND now()
            AND NOT EXISTS (SELECT FROM remarks AS r WHERE r.line_id = l.id)
        ORDER BY l.product_id, d.at, l.id
        """,
        list(members),
    )
    return many(Received, rows)


async def goods(connection: Connection, slugs: Sequence[str]) -> list[Goods]:
    """Return those of these products that are on the shelf."""
    rows = await connection.fetch(
        "SELECT id AS product_id, shop_id, slug FROM products WHERE slug = ANY ($1) AND status = 'on' ORDER BY id",
        list(slugs),
    )
    return many(Goods, rows)


async def buyers(connection: Connection, products: Sequence[int], members: Sequence[int]) -> dict[int, list[Buyer]]:
    """Return which of these members have received which of these products, the first ones first."""
    rows = await connection.fetch(
        """
        SELECT product_id, member_id, at FROM product_buyers
        WHERE product_id = ANY ($1) AND member_id = ANY ($2) ORDER BY product_id, at, member_id
        """,
        list(products),
        list(members),
    )
    found: dict[int, list[Buyer]] = {}
    for one in many(Buyer, rows):
        found.setdefault(one.product_id, []).append(one)
    return found


async def any_remark(connection: Connection) -> bool:
    """Tell whether anybody has said anything."""
    found: bool = await connection.fetchval("SELECT EXISTS (SELECT FROM remarks)")
    return found


async def date(connection: Connection, dated: Sequence[Dated]) -> None:
    """Let remarks have been written, and replied to, at some time."""
    await connection.execute(
        """
        UPDATE remarks AS r SET created_at = d.at, reply = nullif(d.reply, ''), replied_at = d.replied_at,
            reply_by = d.reply_by
        FROM unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::timestamptz[], $5::bigint[])
            AS d (id, at, reply, replied_at, reply_by)
        WHERE r.id = d.id
        """,
        [one.remark_id for one in dated],
        [one.at for one in dated],
        [one.reply for one in dated],
        [one.replied_at for one in dated],
        [one.reply_by for one in dated],
    )


async def vote(connection: Connection, votes: Sequence[tuple[int, int]]) -> None:
    """Let members, given behind remarks, find these useful."""
    await connection.execute(
        """
        WITH cast_now AS (
            INSERT INTO remark_votes (remark_id, member_id) SELECT * FROM unnest($1::bigint[], $2::bigint[])
            RETURNING remark_id
        )
        UPDATE remarks AS r SET useful = r.useful + c.votes
        FROM (SELECT remark_id, count(*) AS votes FROM cast_now GROUP BY remark_id) AS c WHERE r.id = c.remark_id
        """,
        [remark_id for remark_id, _ in votes],
        [member_id for _, member_id in votes],
    )


async def some_staff(connection: Connection) -> int | None:
    """Return somebody who replies for shops."""
    found: int | None = await connection.fetchval("SELECT id FROM staff WHERE shop_id IS NULL ORDER BY id LIMIT 1")
    return found
