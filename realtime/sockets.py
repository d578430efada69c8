"""One visitor on one namespace, as features see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from realtime import packets
from realtime.errors import TooManyRooms
from realtime.types import Visitor

if TYPE_CHECKING:
    from realtime.hub import Hub

ROOMS = 20
"""Rooms that one socket may be in."""


class Socket:
    """A connection to a namespace. It may close at any moment: sending to a closed one does nothing."""

    __slots__ = ("_hub", "address", "id", "line", "namespace", "open", "rooms", "visitor")

    def __init__(self, hub: Hub, line: str, number: str, namespace: str, visitor: Visitor, address: str) -> None:
        self._hub = hub
        self.line = line
        self.id = number
        self.namespace = namespace
        self.visitor = visitor
        self.address = address
        self.rooms: set[str] = set()
        self.open = True

    def emit(self, event: str, payload: Any, *, droppable: bool = False) -> None:
        """Send an event with one argument. A droppable one is left out when the reader is slow."""
        self.push(packets.event(self.namespace, event, payload), droppable=droppable)

    def push(self, packet: bytes, *, droppable: bool = False) -> None:
        """Send a packet that is already encoded."""
        if self.open:
            self._hub.engine.push(self.line, packet, droppable=droppable)

    async def join(self, room: str) -> None:
        """Hear ``room`` until ``leave`` or the end of the socket. Raises TooManyRooms."""
        if room in self.rooms or not self.open:
            return
        if len(self.rooms) >= ROOMS:
            raise TooManyRooms
        self.rooms.add(room)
        await self._hub.rooms.join(self, room)
        if not self.open:  # it went while Redis was asked
            await self._hub.rooms.leave(self, room)

    async def leave(self, room: str) -> None:
        """Hear ``room`` no more."""
        if room in self.rooms:
            self.rooms.discard(room)
            await self._hub.rooms.leave(self, room)

    async def kick(self, code: str) -> None:
        """End the socket for good: event ``closed`` {"code"}, then DISCONNECT, after which the client stays away."""
        await self._hub.kick(self, code)
