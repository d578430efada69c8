"""Take messages the ways beyond the list: each exactly once, when its member may be disturbed, through any outage.

The courier takes the message in the transaction that notes it as gone. A failure is tried again for a day; what
nobody can be told any more is dropped, with the reason kept.
"""

from __future__ import annotations

from datetime import timedelta

import structlog

from commerce.courier import Channel, CourierMissing, Couriers
from commerce.courier import Message as Letter
from commerce.members.store import member as find_member
from commerce.members.types import Member, Status
from commerce.messages import store
from commerce.messages.kinds import Messages
from commerce.messages.quiet import rest
from commerce.messages.tell import DELIVER, PUSH, Deliver, push
from commerce.messages.types import Delivery, MessageKind, Preferences, Way
from server.application import Application
from server.clock import now
from server.database import Connection
from server.jobs import Again, Job

log = structlog.get_logger("messages")
KEEP = timedelta(days=180)
STALE = timedelta(days=2)
"""An SMS or mail that could not go for so long tells no news any more; the list has it."""


async def deliver(app: Application, job: Deliver) -> None:
    """Take a message one way, or wait for the end of its member's quiet hours, or drop it."""
    async with app.database.transaction() as connection:
        delivery = await store.lock_delivery(connection, job.message_id, job.way)
        if delivery is None:
            return
        message = delivery.message
        kind = app.resource(Messages).of(message.kind)
        member = await find_member(connection, message.member_id)
        chosen = await store.preferences(connection, message.member_id)
        dropped = _reason_against(delivery, job.way, kind, member, chosen)
        if dropped is None and kind is not None and not kind.urgent and (wait := rest(chosen.quiet, now())):
            raise Again(wait)
        if dropped is None and kind is not None and kind.still and not await kind.still(connection, message.facts):
            dropped = "no longer so"
        if dropped is None and kind is not None and member is not None:
            if job.way == PUSH:
                await push(connection, kind, [(member.id, message.id)])
            else:
                dropped = await _hand_over(app, connection, delivery, Channel(job.way), kind, member, chosen)
        await store.end_delivery(connection, message.id, job.way, dropped)
    if dropped is not None:
        # The row says why; of a member without an address it is the usual course, and there are many.
        log.debug("message dropped", message_id=job.message_id, way=job.way, reason=dropped)


def _reason_against(
    delivery: Delivery, way: str, kind: MessageKind | None, member: Member | None, chosen: Preferences
) -> str | None:
    message, moment = delivery.message, now()
    if kind is None:
        return "no such kind"
    if member is None or member.status is not Status.ACTIVE:
        return "no such member"
    if (delivery.until is not None and moment >= delivery.until) or moment - message.created_at > STALE:
        return "too late"
    if way == PUSH:
        return "read already" if message.read_at is not None else None
    return None if chosen.wants(kind, Way(way)) else "not wanted"


async def _hand_over(
    app: Application,
    connection: Connection,
    delivery: Delivery,
    channel: Channel,
    kind: MessageKind,
    member: Member,
    chosen: Preferences,
) -> str | None:
    to = member.phone if channel is Channel.SMS else member.email
    if not to:
        return "no address"
    tr = app.translations.of(chosen.language)
    title, text = kind.said(tr, delivery.message.facts)
    link = app.settings.base_url + delivery.message.link if delivery.message.link else ""
    if channel is Channel.SMS:
        whole = tr("【凌峰】{text}").format(text=" ".join(part for part in (text or title, link) if part))
    else:
        whole = "\n\n".join(part for part in (tr("【凌峰】{text}").format(text=title), text, link) if part)
    try:
        await app.resource(Couriers).of(channel).send(connection, Letter(channel=channel, to=to, text=whole))
    except CourierMissing:
        return "no courier"
    return None


async def tidy(app: Application) -> None:
    """Remove messages of long ago."""
    async with app.database.connection() as connection:
        await store.tidy(connection, KEEP)


# Failures back off to five minutes: so many tries last longer than a message keeps.
JOB = Job(name=DELIVER, payload=Deliver, run=deliver, attempts=700)
