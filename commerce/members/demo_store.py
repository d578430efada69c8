"""SQL of the demo: many members at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from server.database import Connection, many


class Buyer(msgspec.Struct, frozen=True):
    """A new demo member."""

    id: int
    phone: str


async def add_buyers(connection: Connection, prefix: str, count: int) -> list[Buyer]:
    """Add up to ``count`` members with numbers that no earlier run gave; a phone that somebody has is passed over."""
    rows = await connection.fetch(
        """
        INSERT INTO members (phone, nickname)
        SELECT $1 || lpad(number::text, 8, '0'), '秒杀演示' || lpad((number % 10000)::text, 4, '0')
        FROM (SELECT nextval('demo_buyer_numbers') AS number FROM generate_series(1, $2)) AS numbers
        ON CONFLICT DO NOTHING RETURNING id, phone
        """,
        prefix,
        count,
    )
    return many(Buyer, rows)


async def with_prefix(connection: Connection, prefix: str, count: int) -> list[int]:
    """Return the first ``count`` members whose phones begin with ``prefix`` and who have a default address."""
    rows = await connection.fetch(
        """
        SELECT m.id FROM members AS m
        WHERE m.phone LIKE $1 || '%' AND length(m.phone) = 11
            AND EXISTS (SELECT FROM addresses AS a WHERE a.member_id = m.id AND a.is_default)
        ORDER BY m.id LIMIT $2
        """,
        prefix,
        count,
    )
    return [row["id"] for row in rows]


async def add_default_addresses(
    connection: Connection, buyers: Sequence[Buyer], regions: Sequence[tuple[str, str]]
) -> None:
    """Give each member a default address, spread over ``regions`` (code, text)."""
    await connection.execute(
        """
        INSERT INTO addresses (member_id, name, phone, region_code, region, detail, is_default)
        SELECT buyer.id, '演示买家' || right(buyer.phone, 4), buyer.phone, place.code, place.text,
               '演示路 ' || (buyer.id % 900 + 1) || ' 号', true
        FROM unnest($1::bigint[], $2::text[]) WITH ORDINALITY AS buyer(id, phone, at)
        JOIN unnest($3::text[], $4::text[]) WITH ORDINALITY AS place(code, text, at)
            ON place.at = (buyer.at - 1) % cardinality($3::text[]) + 1
        """,
        [buyer.id for buyer in buyers],
        [buyer.phone for buyer in buyers],
        [code for code, _ in regions],
        [text for _, text in regions],
    )


async def add_sessions(
    connection: Connection, buyers: Sequence[Buyer], digests: Sequence[bytes], expires_at: datetime
) -> None:
    """Open one session each. What Sessions.issue writes, in one statement for all."""
    await connection.execute(
        """
        INSERT INTO sessions (digest, kind, subject_id, expires_at, agent)
        SELECT digest, 'member', id, $3, 'lingfeng demo buyers'
        FROM unnest($1::bytea[], $2::bigint[]) AS issued(digest, id)
        """,
        list(digests),
        [buyer.id for buyer in buyers],
        expires_at,
    )


async def set_profile(connection: Connection, member_id: int, nickname: str, avatar: str, password_hash: str) -> None:
    """Bring a demo member's row to what the demo says."""
    await connection.execute(
        "UPDATE members SET nickname = $2, avatar = $3, password_hash = $4 WHERE id = $1",
        member_id,
        nickname,
        avatar,
        password_hash,
    )


async def joined(connection: Connection, ids: Sequence[int], ago: timedelta, over: timedelta) -> None:
    """Let members have joined at some time in the ``over`` that ended ``ago``, each at another; nobody joins later."""
    await connection.execute(
        """
        UPDATE members SET created_at = least(created_at, now() - $2::interval - $3::interval * (id * 0.618034 % 1))
        WHERE id = ANY ($1)
        """,
        list(ids),
        ago,
        over,
    )
