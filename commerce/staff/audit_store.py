"""Every SQL statement about the audit log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from commerce.staff import store
from server.database import Connection, many


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A record as it is added."""

    staff_id: int | None
    kind: str
    shop_id: int | None
    object_kind: str
    object_id: str
    object_name: str
    before: Any
    after: Any
    reason: str
    detail: Any
    address: str
    agent: str
    request_id: str


class Kept(Entry, frozen=True, kw_only=True):
    """A record as it is read, with its person."""

    id: int
    at: datetime
    account: str
    staff_name: str


class Sought(msgspec.Struct, frozen=True, kw_only=True):
    """Which records: ``shops`` None for all, else those of these shops alone. Empty fields narrow nothing."""

    shops: Sequence[int] | None
    account: str = ""
    shop_id: int | None = None
    kind: str = ""
    object_kind: str = ""
    object_id: str = ""
    since: datetime | None = None
    until: datetime | None = None


async def add(connection: Connection, entry: Entry) -> None:
    """Add a record."""
    await connection.execute(
        """
        INSERT INTO staff_audit (staff_id, kind, shop_id, object_kind, object_id, object_name, before, after, reason,
                                 detail, address, agent, request_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        """,
        *msgspec.structs.astuple(entry),
    )


_WHERE = """
    FROM staff_audit a LEFT JOIN staff s ON s.id = a.staff_id
    WHERE ($1::bigint[] IS NULL OR a.shop_id = ANY ($1))
      AND ($2::bigint IS NULL OR a.staff_id = $2)
      AND ($3::bigint IS NULL OR a.shop_id = $3) AND ($4 = '' OR a.kind = $4)
      AND ($5 = '' OR a.object_kind = $5) AND ($6 = '' OR a.object_id = $6)
      AND ($7::timestamptz IS NULL OR a.at >= $7) AND ($8::timestamptz IS NULL OR a.at < $8)
"""


async def found(connection: Connection, sought: Sought, before_id: int | None, most: int) -> list[Kept]:
    """Return the records sought, the last first, from below ``before_id``: pages stay put while records are added."""
    staff_id = None
    if sought.account:
        # By itself: told the person, the planner knows how rare their records are.
        staff_id = await store.staff_id_of(connection, sought.account)
        if staff_id is None:
            return []
    rows = await connection.fetch(
        f"""
        SELECT a.id, a.at, a.staff_id, coalesce(s.account::text, '') AS account, coalesce(s.name, '') AS staff_name,
               a.kind, a.shop_id, a.object_kind, a.object_id, a.object_name, a.before, a.after, a.reason, a.detail,
               a.address, a.agent, a.request_id
        {_WHERE} AND ($9::bigint IS NULL OR a.id < $9) ORDER BY a.id DESC LIMIT $10
        """,
        *_given(sought, staff_id),
        before_id,
        most,
    )
    return many(Kept, rows)


def _given(sought: Sought, staff_id: int | None) -> tuple[Any, ...]:
    shops = None if sought.shops is None else list(sought.shops)
    return (
        shops,
        staff_id,
        sought.shop_id,
        sought.kind,
        sought.object_kind,
        sought.object_id,
        sought.since,
        sought.until,
    )
