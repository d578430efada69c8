"""The statements of events, visits and the counts of days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from commerce.behaviour.types import AnyHappening, Arrival, DayCount, Visit
from server.database import Connection, many, touched

if TYPE_CHECKING:
    from commerce.behaviour.log import Noted


_LOCK = 0x6265686176  # one number: writing shares it, a no has it alone

_AGREE = """
    INSERT INTO behaviour_privacy AS p (member_id, choice)
    SELECT id, 'all' FROM unnest($1::bigint[]) AS u (id) ORDER BY id
    ON CONFLICT (member_id) DO UPDATE SET choice = 'all', changed_at = now() WHERE p.choice IS NULL
"""
_CLAIM_EVENTS = """
    UPDATE behaviour_events AS e SET member_id = u.member_id
    FROM unnest($1::uuid[], $2::bigint[]) AS u (visitor, member_id)
    LEFT JOIN behaviour_privacy AS p ON p.member_id = u.member_id
    WHERE e.visitor = u.visitor AND e.member_id IS NULL AND p.choice IS DISTINCT FROM 'necessary'
"""
_CLAIM_VISITS = """
    UPDATE behaviour_visits AS e SET member_id = u.member_id
    FROM unnest($1::uuid[], $2::bigint[]) AS u (visitor, member_id)
    LEFT JOIN behaviour_privacy AS p ON p.member_id = u.member_id
    WHERE e.visitor = u.visitor AND e.member_id IS NULL AND p.choice IS DISTINCT FROM 'necessary'
"""


async def hold(connection: Connection) -> None:
    """Write into the log in this transaction: from here on until it ends nobody takes consent back.

    Otherwise a no would neither see what is being written nor be seen by it. Comes before all that it writes.
    """
    await connection.execute("SELECT pg_advisory_xact_lock_shared($1)", _LOCK)


async def hold_alone(connection: Connection) -> None:
    """Take consent back in this transaction: waits for what is being written, and others wait with what they write."""
    await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)


async def standing(connection: Connection, member_ids: Sequence[int]) -> dict[int, int]:
    """Return whose account each of these is, their own or the one that it was merged into, without those that are gone.

    Locks them so until the transaction ends.
    """
    if not member_ids:
        return {}
    rows = await connection.fetch(
        """
        SELECT id, coalesce(merged_into, id) AS owner_id, status FROM members
        WHERE id = ANY ($1::bigint[]) ORDER BY id FOR KEY SHARE
        """,
        sorted(member_ids),
    )
    return {row["id"]: row["owner_id"] for row in rows if row["status"] != "gone"}


async def add_visits(connection: Connection, visits: Sequence[tuple[datetime, Visit, Arrival]]) -> None:
    """Keep how visits began; not of visitors who took their consent back, nor of members who said no."""
    if not visits:
        return
    await connection.execute(
        """
        INSERT INTO behaviour_visits (
            id, visitor, member_id, began_at, source, medium, campaign, referrer, landing, device
        )
        SELECT u.* FROM unnest(
            $1::uuid[], $2::uuid[], $3::bigint[], $4::timestamptz[], $5::text[], $6::text[], $7::text[], $8::text[],
            $9::text[], $10::text[]
        ) AS u (id, visitor, member_id, began_at, source, medium, campaign, referrer, landing, device)
        WHERE NOT EXISTS (SELECT FROM behaviour_withdrawn AS w WHERE w.visitor = u.visitor)
            AND NOT EXISTS (
                SELECT FROM behaviour_privacy AS p WHERE p.member_id = u.member_id AND p.choice = 'necessary'
            )
        ON CONFLICT DO NOTHING
        """,
        [visit.visit_id for _, visit, _ in visits],
        [visit.visitor for _, visit, _ in visits],
        [visit.member_id for _, visit, _ in visits],
        [at for at, _, _ in visits],
        [arrival.source for _, _, arrival in visits],
        [arrival.medium for _, _, arrival in visits],
        [arrival.campaign for _, _, arrival in visits],
        [arrival.referrer for _, _, arrival in visits],
        [arrival.landing for _, _, arrival in visits],
        [str(arrival.device) for _, _, arrival in visits],
    )


async def add(connection: Connection, events: Sequence[Noted]) -> int:
    """Write events and count them by day; return how many were written.

    Left out are those of visitors who took their consent back, of members who said no, and without a visitor's consent
    those of members who did not say yes.
    """
    if not events:
        return 0
    parts = [_parts(event) for event in events]
    written: int = await connection.fetchval(
        """
        WITH allowed AS (
            SELECT u.* FROM unnest(
                $1::timestamptz[], $2::text[], $3::uuid[], $4::uuid[], $5::bigint[], $6::bigint[], $7::jsonb[]
            ) WITH ORDINALITY AS u (at, kind, visitor, visit_id, member_id, product_id, details, ordinal)
            LEFT JOIN behaviour_privacy AS p ON p.member_id = u.member_id
            WHERE NOT EXISTS (SELECT FROM behaviour_withdrawn AS w WHERE w.visitor = u.visitor)
                AND p.choice IS DISTINCT FROM 'necessary'
                AND (u.visitor IS NOT NULL OR p.choice = 'all')
        ), written AS (
            INSERT INTO behaviour_events (at, kind, visitor, visit_id, member_id, product_id, details)
            SELECT at, kind, visitor, visit_id, member_id, product_id, details FROM allowed ORDER BY ordinal
        ), counted AS (
            INSERT INTO behaviour_days AS d (day, kind, shown_as, events, products)
            SELECT (at AT TIME ZONE 'Asia/Shanghai')::date, kind, coalesce(details ->> 'shown_as', ''), count(*), sum(
                CASE WHEN product_id IS NOT NULL THEN 1
                    ELSE jsonb_array_length(coalesce(details -> 'product_ids', '[]')) END
            )
            FROM allowed GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
            ON CONFLICT (day, kind, shown_as) DO UPDATE
            SET events = d.events + excluded.events, products = d.products + excluded.products
        )
        SELECT count(*) FROM allowed
        """,
        [event.at for event in events],
        [kind for kind, _, _ in parts],
        [event.visit.visitor for event in events],
        [event.visit.visit_id for event in events],
        [event.visit.member_id for event in events],
        [product_id for _, product_id, _ in parts],
        [details for _, _, details in parts],
    )
    return written


def _parts(event: Noted) -> tuple[str, int | None, dict[str, Any]]:
    told: dict[str, Any] = msgspec.to_builtins(event.what)
    return told.pop("kind"), told.pop("product_id", None), told


async def claim(connection: Connection, claims: Mapping[UUID, int]) -> None:
    """Give what visitors did to the members that they turned out to be, unless these want nothing kept.

    A member who has not chosen yet has agreed from then on: they did, before they logged in.
    """
    if not claims:
        return
    visitors = sorted(claims)
    members = [claims[visitor] for visitor in visitors]
    await connection.execute(_AGREE, sorted(set(members)))
    for statement in (_CLAIM_EVENTS, _CLAIM_VISITS):
        await connection.execute(statement, visitors, members)


async def forget_visitor(connection: Connection, visitor: UUID) -> None:
    """Remove what a visitor did, and remember that nothing more of them is written."""
    await connection.execute("INSERT INTO behaviour_withdrawn (visitor) VALUES ($1) ON CONFLICT DO NOTHING", visitor)
    await connection.execute("DELETE FROM behaviour_events WHERE visitor = $1", visitor)
    await connection.execute("DELETE FROM behaviour_visits WHERE visitor = $1", visitor)


async def forget_member(connection: Connection, member_id: int) -> None:
    """Remove what a member did."""
    await connection.execute("DELETE FROM behaviour_events WHERE member_id = $1", member_id)
    await connection.execute("DELETE FROM behaviour_visits WHERE member_id = $1", member_id)


async def prune(connection: Connection, before: datetime, most: int) -> int:
    """Remove at most ``most`` events, and as many visits, from before a moment; return how many of one or the other."""
    events = await connection.execute(
        "DELETE FROM behaviour_events WHERE id IN (SELECT id FROM behaviour_events WHERE at < $1 ORDER BY at LIMIT $2)",
        before,
        most,
    )
    visits = await connection.execute(
        """
        DELETE FROM behaviour_visits
        WHERE id IN (SELECT id FROM behaviour_visits WHERE began_at < $1 ORDER BY began_at LIMIT $2)
        """,
        before,
        most,
    )
    return max(touched(events), touched(visits))


async def prune_days(connection: Connection, days: int) -> None:
    """Remove counts of more than ``days`` ago."""
    await connection.execute("DELETE FROM behaviour_days WHERE day < now()::date - $1::integer", days)


async def days(connection: Connection, since: date) -> list[DayCount]:
    """Return the counts of the days from ``since`` on, the last day first."""
    rows = await connection.fetch(
        """
        SELECT day, kind, shown_as, events, products FROM behaviour_days
        WHERE day >= $1 ORDER BY day DESC, kind, shown_as
        """,
        since,
    )
    return many(DayCount, rows)


async def of_member(connection: Connection, member_id: int, most: int) -> list[tuple[datetime, AnyHappening]]:
    """Return what a member did, the last first."""
    rows = await connection.fetch(
        """
        SELECT at, kind, product_id, details FROM behaviour_events
        WHERE member_id = $1 ORDER BY at DESC, id DESC LIMIT $2
        """,
        member_id,
        most,
    )
    return [(row["at"], happening(row)) for row in rows]


def happening(row: Any) -> AnyHappening:
    """Return what a row of the log tells."""
    about = {} if row["product_id"] is None else {"product_id": row["product_id"]}
    found: AnyHappening = msgspec.convert({"kind": row["kind"], **about, **row["details"]}, AnyHappening)
    return found
