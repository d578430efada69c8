"""How clients come into declared rooms and go: ``join`` and ``leave`` on the namespace of the room's type."""

from __future__ import annotations

from typing import Any

from realtime.declared import Join, Joined, Leave, RoomType
from realtime.errors import TooManyRooms
from realtime.lanes import Place
from realtime.rooms import Rooms
from realtime.sockets import Socket
from server.errors import NotFound


class Joining:
    """The handlers of one namespace."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self.kinds: dict[str, RoomType] = {}

    async def join(self, context: Any, socket: Socket, body: Join) -> Joined:
        """Come into a room. Raises NotFound, TooManyRooms, and whatever the room's type keeps people out with."""
        name, _, key = body.room.partition(":")
        kind = self.kinds.get(name)
        if kind is None:
            raise NotFound(field="room")
        held = [room for room in socket.rooms or () if room.startswith(f"{name}:")]
        if body.room not in held and len(held) >= kind.most:
            raise TooManyRooms
        if kind.enter is not None:
            waiting = kind.enter(context, socket, key)
            if waiting is not None:
                await waiting
        seen = Place(body.epoch, body.seq) if body.epoch else None
        return await self._rooms.follow(socket, kind, key, seen)

    def leave(self, context: Any, socket: Socket, body: Leave) -> None:
        """Go out of a room; one that the socket was not in is no matter."""
        socket.leave(body.room)
