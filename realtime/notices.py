"""Notices to members: numbered without gaps, kept in PostgreSQL, pushed to wherever the member is connected.

``add`` writes the notice in the caller's transaction and nothing is heard of it unless that commits. Delivery is at
least once; ``seq`` lets a client drop what it has and ask (``sync``) for what it lacks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import msgspec

from realtime import store
from realtime.types import Head, Notice, Sync, Synced
from server.application import Application
from server.database import Connection

PAGE = 200
"""Notices in one answer to ``sync``."""
KEEP = timedelta(days=14)


async def add(connection: Connection, member_id: int, kind: str, payload: Mapping[str, Any] | msgspec.Struct) -> int:
    """Tell a member something: event ``kind`` with ``payload`` and seq, to each of the member's sockets. Returns seq.

    The feature declares kind and payload with ``Hub.says``.
    Locks the member's head row until the transaction ends: do it late, and for several members in order of id.
    """
    return await store.add_notice(connection, member_id, kind, dict(msgspec.to_builtins(payload)))


async def add_all(
    connection: Connection, kind: str, told: Sequence[tuple[int, Mapping[str, Any] | msgspec.Struct]]
) -> None:
    """Tell several members something of one kind, as ``add`` does each, in one statement for all of them.

    Of several notices to one member each takes a statement of its own, in their order. Locks the members' heads in
    order of id.
    """
    rest = [(member_id, dict(msgspec.to_builtins(payload))) for member_id, payload in told]
    while rest:
        once, later = dict[int, dict[str, Any]](), []
        for member_id, payload in rest:
            if member_id in once:
                later.append((member_id, payload))
            else:
                once[member_id] = payload
        await store.add_notices(connection, kind, sorted(once.items()))
        rest = later


async def lock(connection: Connection, member_ids: Sequence[int]) -> None:
    """Have nobody else tell these members anything until the transaction ends: what is counted now stays right.

    Locks their heads in order of id. Whoever counts for a notice calls this first; ``add`` alone locks after counting.
    """
    await store.lock_heads(connection, member_ids)


def told(notice: Notice, epoch: str) -> dict[str, Any]:
    """Return a notice as clients read it, in a push and in an answer to ``sync`` alike."""
    return {**notice.payload, "epoch": epoch, "seq": notice.seq, "kind": notice.kind}


async def since(connection: Connection, member_id: int, seen: Sync) -> Synced:
    """Return the page of notices after what a client saw last, from the oldest kept one if it saw something else."""
    head = await store.head(connection, member_id)
    known = seen.epoch == head.epoch and seen.seq <= head.seq
    after = seen.seq if known else 0
    found = await store.notices_after(connection, member_id, after, PAGE + 1)
    page = found[:PAGE]
    lost = after < head.seq and (not page or page[0].seq != after + 1)
    reset = lost if known else bool(seen.epoch) or seen.seq > 0
    at = page[-1].seq if page else head.seq
    return Synced(head.epoch, at, [told(notice, head.epoch) for notice in page], len(found) > PAGE, reset)


async def head_of(connection: Connection, member_id: int) -> Head:
    """Return where a member's notices stand."""
    return await store.head(connection, member_id)


async def tidy(app: Application) -> None:
    """Remove what no client asks for any more; the schedule behind it comes back for the rest."""
    async with app.database.connection() as connection:
        while await store.drop_notices(connection, KEEP, 5000) == 5000:
            pass
        await store.drop_tokens(connection)
