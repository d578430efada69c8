"""Every SQL statement of realtime."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from realtime.types import Head, Notice
from server.database import Connection, many, one, touched

CHANNEL = "member_notices"
_ROOM = 7000  # bytes; a notification of PostgreSQL holds 8,000


async def add_notice(connection: Connection, member_id: int, kind: str, payload: dict[str, Any]) -> int:
    """Write the member's next notice, tell every process at commit, and return its seq. Locks the member's head."""
    return int(
        await connection.fetchval(
            f"""
            WITH head AS (
                INSERT INTO member_notice_heads AS h (member_id, seq) VALUES ($1, 1)
                ON CONFLICT (member_id) DO UPDATE SET seq = h.seq + 1
                RETURNING epoch, seq
            ), kept AS (
                INSERT INTO member_notices (member_id, seq, kind, payload)
                SELECT $1, seq, $2, $3::jsonb FROM head RETURNING seq
            ), told AS (
                SELECT seq, jsonb_build_object(
                    'member_id', $1::bigint, 'epoch', epoch, 'seq', seq, 'kind', $2::text
                ) AS brief FROM head
            )
            SELECT seq, pg_notify('{CHANNEL}', (
                CASE WHEN octet_length($3::jsonb::text) < {_ROOM} THEN brief || jsonb_build_object('payload', $3::jsonb)
                ELSE brief END
            )::text) FROM told
            """,  # noqa: S608  # two constants of this module
            member_id,
            kind,
            payload,
        )
    )


async def add_notices(connection: Connection, kind: str, told: Sequence[tuple[int, dict[str, Any]]]) -> None:
    """Write a notice to each of several members, each once, as ``add_notice`` does to one, in one statement."""
    await connection.execute(
        f"""
        WITH given AS (
            SELECT g.member_id, g.payload::jsonb AS payload
            FROM unnest($1::bigint[], $2::text[]) AS g (member_id, payload)
        ), head AS (
            INSERT INTO member_notice_heads AS h (member_id, seq) SELECT member_id, 1 FROM given ORDER BY member_id
            ON CONFLICT (member_id) DO UPDATE SET seq = h.seq + 1
            RETURNING member_id, epoch, seq
        ), kept AS (
            INSERT INTO member_notices (member_id, seq, kind, payload)
            SELECT member_id, seq, $3, payload FROM head JOIN given USING (member_id)
        )
        SELECT pg_notify('{CHANNEL}', (
            CASE WHEN octet_length(payload::text) < {_ROOM} THEN brief || jsonb_build_object('payload', payload)
            ELSE brief END
        )::text) FROM head JOIN given USING (member_id) CROSS JOIN LATERAL jsonb_build_object(
            'member_id', member_id, 'epoch', epoch, 'seq', seq, 'kind', $3::text
        ) AS brief ORDER BY member_id
        """,  # noqa: S608  # two constants of this module
        [member_id for member_id, _ in told],
        [msgspec.json.encode(payload).decode() for _, payload in told],
        kind,
    )


async def lock_heads(connection: Connection, member_ids: Sequence[int]) -> None:
    """Lock the members' heads in order of id until the transaction ends; who has none gets one."""
    await connection.execute(
        """
        INSERT INTO member_notice_heads AS h (member_id) SELECT DISTINCT m FROM unnest($1::bigint[]) AS m ORDER BY m
        ON CONFLICT (member_id) DO UPDATE SET seq = h.seq
        """,
        list(member_ids),
    )


async def head(connection: Connection, member_id: int) -> Head:
    """Return where the member's notices stand; a member without any gets an epoch now."""
    found = one(
        Head, await connection.fetchrow("SELECT epoch, seq FROM member_notice_heads WHERE member_id = $1", member_id)
    )
    if found is not None:
        return found
    row = await connection.fetchrow(
        """
        INSERT INTO member_notice_heads AS h (member_id) VALUES ($1)
        ON CONFLICT (member_id) DO UPDATE SET seq = h.seq RETURNING epoch, seq
        """,
        member_id,
    )
    return Head(row["epoch"], row["seq"])


async def heads(connection: Connection, member_ids: Sequence[int]) -> dict[int, Head]:
    """Return where the notices of those members stand who have any."""
    rows = await connection.fetch(
        "SELECT member_id, epoch, seq FROM member_notice_heads WHERE member_id = ANY($1::bigint[])", list(member_ids)
    )
    return {row["member_id"]: Head(row["epoch"], row["seq"]) for row in rows}


async def notices_after(connection: Connection, member_id: int, seq: int, most: int) -> list[Notice]:
    """Return at most ``most`` notices of the member after ``seq``, in order."""
    rows = await connection.fetch(
        "SELECT seq, kind, payload FROM member_notices WHERE member_id = $1 AND seq > $2 ORDER BY seq LIMIT $3",
        member_id,
        seq,
        most,
    )
    return many(Notice, rows)


async def drop_notices(connection: Connection, age: timedelta, most: int) -> int:
    """Remove at most ``most`` notices older than ``age`` and return how many went."""
    return touched(
        await connection.execute(
            """
            DELETE FROM member_notices WHERE (member_id, seq) IN (
                SELECT member_id, seq FROM member_notices WHERE at < now() - $1::interval ORDER BY at LIMIT $2
                FOR UPDATE SKIP LOCKED
            )
            """,
            age,
            most,
        )
    )


async def use_token(connection: Connection, nonce: bytes, expires_at: datetime, session: bytes | None) -> bool:
    """Mark a token as used; False when it was already, or the session that it was made for has ended."""
    return bool(
        await connection.fetchval(
            """
            WITH used AS (
                INSERT INTO realtime_tokens_used (nonce, expires_at) VALUES ($1, $2)
                ON CONFLICT (nonce) DO NOTHING RETURNING nonce
            )
            SELECT EXISTS (SELECT FROM used) AND (
                $3::bytea IS NULL
                OR EXISTS (SELECT FROM sessions WHERE digest = $3 AND revoked_at IS NULL AND expires_at > now())
            )
            """,
            nonce,
            expires_at,
            session,
        )
    )


async def drop_tokens(connection: Connection) -> None:
    """Forget the used tokens that have expired."""
    await connection.execute("DELETE FROM realtime_tokens_used WHERE expires_at < now() - interval '1 minute'")
