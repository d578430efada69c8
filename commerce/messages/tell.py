"""Tell a member something, in the caller's transaction: nothing is heard of it unless that commits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from commerce.messages import store
from commerce.messages.quiet import rest
from commerce.messages.types import Category, MessageKind, MessageTold, Way
from realtime import notices
from server.clock import now
from server.database import Connection
from server.jobs import enqueue

DELIVER, PUSH = "messages.deliver", "push"


class Deliver(msgspec.Struct, frozen=True):
    """The job that takes a message one way."""

    message_id: int
    way: str


async def tell(
    connection: Connection,
    member_id: int,
    kind: MessageKind,
    values: Mapping[str, str],
    *,
    link: str = "",
    picture: str = "",
    dedupe: str = "",
    until: datetime | None = None,
) -> int | None:
    """Tell a member something and return the message's id; None when they want none of the kind, or have it already.

    ``values`` fill the kind's texts (money and times as people read them), ``link`` is a path of ours, ``dedupe`` the
    key under which a member is told once, ``until`` the moment (UTC) from which SMS, mail and push would be too late.
    Locks the member's head of notices until the transaction ends: do it late, and for several members in order of id.
    Raises ValueError when the values do not fill the texts.
    """
    if missing := kind.places - set(values):
        raise ValueError(f"message {kind.code} lacks {sorted(missing)}")
    chosen = await store.preferences(connection, member_id)
    wanted = [way for way in (Way.IN_APP, *kind.ways) if chosen.wants(kind, way)]
    if not wanted:
        return None
    listed = Way.IN_APP in wanted
    message_id = await store.add(
        connection, member_id, kind.code, kind.category, values, link, picture, dedupe or None, listed
    )
    if message_id is None:
        return None
    wait = 0.0 if kind.urgent else rest(chosen.quiet, now())
    for way in wanted:
        if way is Way.IN_APP:
            if kind.category is Category.PROMOTION and wait:
                await _later(connection, message_id, PUSH, until, wait)
        else:
            await _later(connection, message_id, way, until, wait)
    if listed and not (kind.category is Category.PROMOTION and wait):
        await push(connection, member_id, message_id, kind.code, kind.category)
    return message_id


async def push(connection: Connection, member_id: int, message_id: int, code: str, category: Category) -> None:
    """Have the member's open pages count the message. Locks the member's head of notices."""
    unread = sum((await store.unread(connection, member_id)).values())
    await notices.add(connection, member_id, "message", MessageTold(str(message_id), code, category, unread))


async def _later(connection: Connection, message_id: int, way: str, until: datetime | None, wait: float) -> None:
    await store.add_delivery(connection, message_id, way, until)
    await enqueue(connection, DELIVER, Deliver(message_id, way), delay=wait)
