"""Tell a member something, in the caller's transaction: nothing is heard of it unless that commits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from commerce.messages import store
from commerce.messages.quiet import rest
from commerce.messages.types import Category, MessageKind, MessageTold, Preferences, Way
from realtime import notices
from server.clock import now
from server.database import Connection
from server.jobs import enqueue_all

DELIVER, PUSH = "messages.deliver", "push"


class Deliver(msgspec.Struct, frozen=True):
    """The job that takes a message one way."""

    message_id: int
    way: str


class Telling(msgspec.Struct, frozen=True, kw_only=True):
    """What a member is told.

    ``values`` fill the kind's texts (money and times as people read them), ``link`` is a path of ours, ``dedupe`` the
    key under which a member is told once, ``until`` the moment (UTC) from which SMS, mail and push would be too late,
    ``at`` the one at which it happened if that is not now.
    """

    member_id: int
    values: Mapping[str, str]
    link: str = ""
    picture: str = ""
    dedupe: str = ""
    until: datetime | None = None
    at: datetime | None = None


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
    at: datetime | None = None,
) -> int | None:
    """Tell a member something and return the message's id; None when they want none of the kind, or have it already.

    The parts are Telling's. Locks the member's head of notices until the transaction ends: do it late, and for several
    members in order of id. Raises ValueError when the values do not fill the texts.
    """
    one = Telling(member_id=member_id, values=values, link=link, picture=picture, dedupe=dedupe, until=until, at=at)
    told = await tell_all(connection, kind, [one])
    return told[0] if told else None


async def tell_all(connection: Connection, kind: MessageKind, tellings: Sequence[Telling]) -> list[int]:
    """Tell several members something of one kind, as ``tell`` would each, and return the messages' ids.

    Locks their heads of notices in order of id.
    """
    for one in tellings:
        if missing := kind.places - set(one.values):
            raise ValueError(f"message {kind.code} lacks {sorted(missing)}")
    tellings = sorted(tellings, key=lambda one: one.member_id)
    choices = await store.preferences_of(connection, [one.member_id for one in tellings])
    wanted: list[tuple[Telling, Preferences, list[Way]]] = []
    for one in tellings:
        chosen = choices.get(one.member_id) or Preferences()
        if ways := [way for way in (Way.IN_APP, *kind.ways) if chosen.wants(kind, way)]:
            wanted.append((one, chosen, ways))
    if not wanted:
        return []
    new = [
        store.New(
            member_id=one.member_id,
            facts=one.values,
            link=one.link,
            picture=one.picture,
            dedupe=one.dedupe or None,
            listed=Way.IN_APP in ways,
            at=one.at,
        )
        for one, _, ways in wanted
    ]
    added = await store.add(connection, kind.code, kind.category, new)
    moment, at_once, later = now(), list[tuple[int, int]](), list[tuple[Deliver, datetime | None, float]]()
    for place, message_id in added.items():
        one, chosen, ways = wanted[place]
        wait = 0.0 if kind.urgent else rest(chosen.quiet, moment)
        for way in ways:
            if way is not Way.IN_APP:
                later.append((Deliver(message_id, way), one.until, wait))
            elif kind.category is Category.PROMOTION and wait:
                later.append((Deliver(message_id, PUSH), one.until, wait))
            else:
                at_once.append((one.member_id, message_id))
    if later:
        await store.add_deliveries(connection, [(job.message_id, job.way, until) for job, until, _ in later])
        await enqueue_all(connection, DELIVER, [job for job, _, _ in later], [wait for _, _, wait in later])
    await push(connection, kind, at_once)
    return list(added.values())


async def push(connection: Connection, kind: MessageKind, messages: Sequence[tuple[int, int]]) -> None:
    """Have members' open pages count messages, given as pairs of member and message in order of member.

    Locks their heads of notices.
    """
    if not messages:
        return
    # First the lock, then the count: of two who tell one member at once the second counts what the first has told.
    await notices.lock(connection, [member_id for member_id, _ in messages])
    unread = await store.unread_of(connection, [member_id for member_id, _ in messages])
    told = [
        (member_id, MessageTold(str(message_id), kind.code, kind.category, unread.get(member_id, 0)))
        for member_id, message_id in messages
    ]
    await notices.add_all(connection, "message", told)
