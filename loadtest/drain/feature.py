"""What the drill adds to a web process: members without a shop, and a room of the reliable lane."""

from __future__ import annotations

import msgspec

from realtime import Hub
from realtime.declared import Lane, RoomType, Says
from server.application import Application
from server.database import Connection
from server.http import Identity, Kind

KEY = "all"
NUMBER = "lf:drill:number"


class Said(msgspec.Struct, frozen=True):
    """The newest number that was said in the room."""

    number: int


async def _snapshot(app: Application, key: str) -> Said | None:
    return Said(int(await app.redis.get(NUMBER) or 0)) if key == KEY else None


async def _who(connection: Connection, number: int) -> Identity:
    return Identity(kind=Kind.MEMBER, id=number, name=f"member {number}")


ROOM = RoomType(
    name="drill", namespace="/member", about="What the drill says to everybody.",
    says=(Says("said", Said, Lane.RELIABLE),), snapshot=_snapshot,
)  # fmt: skip


def setup(app: Application) -> None:
    """Open the room, and let anybody with a session be a member."""
    app.directory(Kind.MEMBER, _who)
    app.resource(Hub).room(ROOM)
