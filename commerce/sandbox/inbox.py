"""The inbox: an SMS gateway and a mail relay that show what they would have sent, to people and to clients."""

from __future__ import annotations

import re
from typing import Annotated

import msgspec
from msgspec import Meta

from commerce.courier import Channel, Couriers, Message
from commerce.sandbox import inbox_store
from server.application import Application
from server.clock import wire
from server.database import Connection
from server.http import Anyone, Body, Call, Instant, Routes, View
from server.http.pages import File, Page
from server.jobs import Schedule

routes = Routes("sandbox")
SHOWN, KEPT_DAYS = 50, 7
_NOISE = re.compile(r"[\s\-]|^\+86")


class Inbox:
    """The courier of both channels: it keeps what it is given."""

    async def send(self, connection: Connection, message: Message) -> None:
        """Keep ``message`` in the caller's transaction."""
        await inbox_store.keep(connection, message)


class InboxQuery(Body, frozen=True, kw_only=True):
    """Whose messages to show; everybody's when left out."""

    to: Annotated[str, Meta(max_length=254, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""


class MessageView(View, frozen=True, kw_only=True):
    """A message that would have been sent."""

    to: str
    channel: str
    text: str
    code: str
    sent_at: Instant


def setup(app: Application) -> None:
    """Carry messages, and show them."""
    inbox = Inbox()
    for channel in Channel:
        app.resource(Couriers).register(channel, inbox)
    app.add(routes)
    app.schedule(Schedule(name="sandbox.tidy_inbox", every=3600, run=tidy))


@routes.page("/sandbox/inbox", Anyone())
async def show_inbox(call: Call, query: InboxQuery) -> Page | File:
    """Show what was sent, newest first: a page, or JSON where Accept prefers it."""
    to = query.to.strip()
    to = to.lower() if "@" in to else _NOISE.sub("", to)
    async with call.database.connection() as connection:
        messages = await inbox_store.newest(connection, to or None, SHOWN)
    if wants_json(call.request.headers.get("Accept", "")):
        views = [
            MessageView(
                to=message.target,
                channel=message.channel,
                text=message.body,
                code=message.code,
                sent_at=wire(message.sent_at),
            )
            for message in messages
        ]
        return File(msgspec.json.encode(views), "application/json", {"Cache-Control": "no-store", "Vary": "Accept"})
    return Page("sandbox/inbox.html", {"messages": messages, "to": to, "days": KEPT_DAYS}, headers={"Vary": "Accept"})


def wants_json(accept: str) -> bool:
    """Tell whether an Accept header names JSON and not, before it, HTML."""
    for part in accept.lower().split(","):
        kind = part.partition(";")[0].strip()
        if kind in ("application/json", "text/html"):
            return kind == "application/json"
    return False


async def tidy(app: Application) -> None:
    """Remove old messages."""
    async with app.database.connection() as connection:
        await inbox_store.tidy(connection, KEPT_DAYS)
