"""Rooms: who hears what, in this process and in the others.

``publish`` is the lossy lane: at most once, no order promised between processes, gone while Redis is away. State that
must arrive travels as a notice (realtime/notices.py) or is asked for again after a gap (``after_gap``).

A message is encoded once by whoever publishes it and framed once in each process for each encoding that its listeners
speak; after that a listener costs one call of its transport's ``write``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from realtime.bus import Bus
from realtime.wire.line import Line
from realtime.wire.packets import Encoding
from realtime.wire.parcels import Parcel

if TYPE_CHECKING:
    from realtime.sockets import Socket

log = structlog.get_logger("rooms")
SLICE = 500
"""Listeners that are written to before others of the process have their turn."""
_encode = msgspec.msgpack.Encoder().encode

_Group = tuple[str, Encoding]


class Rooms:
    """The rooms as one process sees them. A room is a name such as ``sale:7``. ``bus`` None: this process is alone."""

    def __init__(self, bus: Bus | None) -> None:
        self._bus = bus
        self._rooms: dict[str, dict[_Group, dict[Line, None]]] = {}
        self._after_gap: list[tuple[str, Callable[[str], Awaitable[None]]]] = []

    async def open(self) -> None:
        """Begin to hear other processes."""
        if self._bus is not None:
            await self._bus.open(self._arrived, self._recovered)

    async def close(self) -> None:
        """Stop hearing them."""
        if self._bus is not None:
            await self._bus.close()

    @property
    def deaf(self) -> bool:
        """Tell whether other processes cannot be heard."""
        return self._bus is not None and self._bus.deaf

    async def publish(self, room: str, event: str, payload: Mapping[str, Any] | msgspec.Struct) -> None:
        """Send ``event`` to everybody in ``room``, whatever process they are connected to; here alone without Redis."""
        message = _encode((event, payload))
        if self._bus is None or not await self._bus.publish(room, message):
            await self._arrived(room, message)

    async def publish_here(self, room: str, event: str, payload: Mapping[str, Any] | msgspec.Struct) -> None:
        """Send ``event`` to those in ``room`` who are connected to this process."""
        await self._arrived(room, _encode((event, payload)))

    def after_gap(self, prefix: str, handler: Callable[[str], Awaitable[None]]) -> None:
        """Have ``handler(room)`` called for each room here that begins with ``prefix`` when it may have missed some.

        It sends the present state with ``publish_here``.
        """
        self._after_gap.append((prefix, handler))

    def enter(self, socket: Socket, room: str) -> None:
        """Have ``socket`` hear ``room`` (Socket.join)."""
        groups = self._rooms.get(room)
        if groups is None:
            groups = self._rooms[room] = {}
            if self._bus is not None:
                self._bus.want(room)
        groups.setdefault((socket.namespace, socket.link.encoding), {})[socket.link.line] = None

    async def heard(self, room: str) -> None:
        """Wait until other processes can be heard in ``room``, a second at most."""
        if self._bus is not None:
            await self._bus.heard(room)

    def leave(self, socket: Socket, room: str) -> None:
        """Undo ``enter``."""
        groups = self._rooms.get(room)
        group = (socket.namespace, socket.link.encoding)
        if groups is None or group not in groups:
            return
        groups[group].pop(socket.link.line, None)
        if not groups[group]:
            del groups[group]
        if not groups:
            del self._rooms[room]
            if self._bus is not None:
                self._bus.unwant(room)

    def count(self, room: str) -> int:
        """Return how many in this process hear ``room``."""
        return sum(len(lines) for lines in self._rooms.get(room, {}).values())

    async def _arrived(self, room: str, message: bytes) -> None:
        for (namespace, encoding), lines in list(self._rooms.get(room, {}).items()):
            try:
                parcel = encoding.event(namespace, message)
            except msgspec.MsgspecError as error:
                log.error("unreadable", room=room, error=str(error))
                return
            await fan_out(parcel, list(lines), droppable=True)

    async def _recovered(self) -> None:
        for room in list(self._rooms):
            for prefix, handler in self._after_gap:
                if room.startswith(prefix):
                    try:
                        await handler(room)
                    except Exception as error:  # a feature's defect must not close this process's ears
                        log.error("after gap", room=room, exc_info=error)


async def fan_out(parcel: Parcel, lines: list[Line], *, droppable: bool) -> None:
    """Write one packet to many connections: the heart of the house. Slices keep the loop free for others."""
    frame = parcel.frame
    for at in range(0, len(lines), SLICE):
        if at:
            await asyncio.sleep(0)
        for line in lines[at : at + SLICE]:
            if line.flowing:
                line.write(frame)
            else:
                line.send(parcel, droppable=droppable)
