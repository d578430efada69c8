"""What a feature declares of its rooms: who may come in, what is said there, and how reliably.

    ROOM = RoomType(
        name="live", namespace="/live", about="A live room.",
        says=(Says("shelf", Shelf, Lane.RELIABLE), Says("tick", Tick, Lane.LOSSY)),
        snapshot=snapshot,            # async def snapshot(app, key) -> struct, or None when there is no such room
        enter=enter,                  # def enter(app, socket, key): raises a Problem to keep somebody out
    )
    hub.room(ROOM)                    # clients: emit join {"room": "live:7", "epoch", "seq"}, leave {"room"}
    await rooms.tell(ROOM, 7, Shelf(…))

docs/events.md is written from these declarations (realtime/reference.py).
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from realtime.ticks import Merger
from server.http import Body

KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Lane(StrEnum):
    """How an event travels."""

    RELIABLE = "reliable"
    """Numbered ``{epoch, seq}`` and kept; whoever was away gets what they missed, in order."""
    LOSSY = "lossy"
    """At most once; a slow reader, or one who is away, misses it."""
    MERGED = "merged"
    """Lossy, and gathered: what was said in a tick becomes one frame (realtime/ticks.py)."""


class Says(msgspec.Struct, frozen=True):
    """One event of a room. Payloads of the reliable lane tell the state after them, not the step to it: a snapshot
    may be newer than its place, so that an event is applied to a state that holds it already."""

    event: str
    payload: type[msgspec.Struct]
    lane: Lane = Lane.LOSSY
    merger: Callable[[], Merger] | None = None
    """Makes what gathers a merged event; its frames are payloads."""


Snapshot = Callable[[Any, str], Awaitable[msgspec.Struct | None]]
Enter = Callable[[Any, Any, str], Awaitable[None] | None]


class RoomType(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of room. Rooms of it are called ``name:key``; ``most`` limits how many a socket may be in at once."""

    name: str
    namespace: str
    about: str
    says: tuple[Says, ...]
    snapshot: Snapshot | None = None
    """Returns the room's present state, None when there is no such room. Needed where a lane is reliable."""
    enter: Enter | None = None
    """Raises a Problem to keep a socket out."""
    most: int = 5

    def __post_init__(self) -> None:
        if self.reliable and self.snapshot is None:
            raise TypeError(f"{self.name}: a reliable lane needs a snapshot to begin from")
        if any((says.lane is Lane.MERGED) is (says.merger is None) for says in self.says):
            raise TypeError(f"{self.name}: a merged lane needs a merger, and no other has one")
        if len([says for says in self.says if says.lane is Lane.MERGED]) > 1:
            raise TypeError(f"{self.name}: one merged event carries all of a tick")

    @property
    def reliable(self) -> bool:
        """Tell whether anything said here is numbered."""
        return any(says.lane is Lane.RELIABLE for says in self.says)

    @property
    def merged(self) -> Says | None:
        """Return the merged event, if there is one."""
        return next((says for says in self.says if says.lane is Lane.MERGED), None)

    def room(self, key: object) -> str:
        """Return the name of the room with ``key``. Raises ValueError for one that no room has."""
        if not KEY.fullmatch(str(key)):
            raise ValueError(f"no room of {self.name} is called {key!r}")
        return f"{self.name}:{key}"

    def said(self, payload: msgspec.Struct) -> Says:
        """Return the declaration of an event by its payload. Raises TypeError for one that is not declared."""
        for says in self.says:
            if says.payload is type(payload):
                return says
        raise TypeError(f"{type(payload).__name__} is not said in rooms of {self.name}")


class Join(Body, frozen=True):
    """Come into a room, with the place of what was heard there last, if anything."""

    room: Annotated[str, Meta(max_length=100, pattern=r"^[a-z_]{1,32}:[A-Za-z0-9_-]{1,64}$")]
    epoch: Annotated[str, Meta(max_length=64)] | None = None
    seq: Annotated[int, Meta(ge=0, le=2**53)] = 0


class Leave(Body, frozen=True):
    """Go out of a room."""

    room: Annotated[str, Meta(max_length=100)]


class Joined(msgspec.Struct, frozen=True):
    """Where somebody stands who came in.

    With ``reset``, ``state`` replaces what the client holds; otherwise it goes on from what it had seen. Then come
    ``events``, each ``[event, payload, {epoch, seq}]``, and from then on the room's events as they happen.
    """

    room: str
    epoch: str
    seq: int
    reset: bool
    state: Any
    events: list[Any]
