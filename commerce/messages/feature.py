"""How the message centre plugs in."""

from __future__ import annotations

from commerce.members.belongings import Belongings
from commerce.members.centre import Centre, Entry
from commerce.members.types import Secured
from commerce.messages import alarms, announce, api, backoffice, belonging_store, deliver, pages, store
from commerce.messages.kinds import Messages
from commerce.messages.types import MessageTold
from commerce.staff import Permission, Tile, Tiles
from realtime import Hub, Lane, Says
from server.application import Application
from server.database import Connection
from server.jobs import Schedule


def setup(app: Application) -> None:
    """Register the message centre: its routes, jobs, bell, and the registry that other features fill."""
    messages = Messages()
    messages.kind(announce.ANNOUNCED, *(kind for kind, _ in alarms.ALARMS.values()))
    app.subscribe(Secured, "messages.sound", alarms.sound)
    app.provide(Messages, messages)
    app.add(api.routes, pages.routes, backoffice.routes)
    app.resource(Belongings).add(belonging_store.BELONGING)
    app.job(deliver.JOB)
    app.job(announce.JOB)
    app.schedule(Schedule(name="messages.tidy", every=3600, run=deliver.tidy))
    app.resource(Hub).says("/member", Says("message", MessageTold, Lane.RELIABLE))
    app.part("header", "messages/bell.html")
    app.resource(Centre).entry(Entry(position=10, title="消息", href=pages.LIST, icon="bell", count=_unread, news=True))
    app.resource(Tiles).add(
        Tile(
            title="消息",
            text="给会员发系统消息，看各类消息的样子",
            href=backoffice.DESK,
            icon="bell",
            permission=Permission.MESSAGES_SEND,
        )
    )


async def _unread(connection: Connection, member_id: int) -> int:
    return sum((await store.unread(connection, member_id)).values())
