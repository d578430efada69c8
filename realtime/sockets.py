"""One visitor on one namespace, as features see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from realtime.errors import TooManyRooms
from realtime.types import Visitor
from realtime.wire.packets import PacketType
from realtime.wire.parcels import Parcel

if TYPE_CHECKING:
    from realtime.links import Link

ROOMS = 20
"""Rooms that one socket may be in."""


class Socket:
    """A connection to a namespace. It may close at any moment: sending to a closed one does nothing."""

    __slots__ = ("id", "link", "namespace", "open", "rooms", "visitor")

    def __init__(self, link: Link, number: str, namespace: str, visitor: Visitor) -> None:
        self.link = link
        self.id = number
        self.namespace = namespace
        self.visitor = visitor
        self.rooms: set[str] | None = None
        self.open = True

    @property
    def address(self) -> str:
        """Return the client's address."""
        return self.link.address

    def emit(self, event: str, *payload: Any, droppable: bool = False) -> None:
        """Send an event, with one argument as a rule. A droppable one is left out when the reader is slow."""
        if self.open:
            self.push(self.link.encoding.packet(PacketType.EVENT, self.namespace, [event, *payload]), droppable)

    def push(self, parcel: Parcel, droppable: bool = False) -> None:
        """Send a packet that is already encoded."""
        if self.open:
            self.link.line.send(parcel, droppable=droppable)

    async def join(self, room: str) -> None:
        """Hear ``room`` until ``leave`` or the end of the socket. Raises TooManyRooms.

        Whatever is published there after this returns arrives, while Redis is there.
        """
        self.enter(room)
        await self.link.hub.rooms.heard(room)

    def enter(self, room: str) -> None:
        """Hear ``room`` from now on, without waiting for other processes to be heard in it. Raises TooManyRooms."""
        if not self.open:
            return
        if self.rooms is None:
            self.rooms = set()
        if room not in self.rooms:
            if len(self.rooms) >= ROOMS:
                raise TooManyRooms
            self.rooms.add(room)
            self.link.hub.rooms.enter(self, room)

    def leave(self, room: str) -> None:
        """Hear ``room`` no more."""
        if self.rooms is not None and room in self.rooms:
            self.rooms.discard(room)
            self.link.hub.rooms.leave(self, room)

    def kick(self, code: str) -> None:
        """End the socket for good: event ``closed`` {"code"}, then DISCONNECT, after which the client stays away."""
        self.link.kick(self, code)
