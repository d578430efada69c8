"""Rooms: who hears what, in this process and in the others.

Three lanes (realtime/declared.py). What is lossy is published and forgotten; what is reliable is numbered and kept in
Redis first (realtime/lanes.py), and every member of a room stands at the same place of it: somebody who comes in is
brought to that place before the room's events reach them, and a process that missed a message reads it from the log.

A message is encoded once by whoever publishes it and framed once in each process for each encoding that its listeners
speak; after that a listener costs one call of its transport's ``write``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from realtime import lanes
from realtime.bus import Bus
from realtime.declared import Joined, Lane, RoomType, Says
from realtime.fanout import fan_out
from realtime.lanes import Lanes, Place
from realtime.ticks import LAG, Ticks
from realtime.wire.line import Line
from realtime.wire.packets import Encoding
from server import database as db
from server.errors import NotFound
from server.redis import DOWN

if TYPE_CHECKING:
    from realtime.sockets import Socket

log = structlog.get_logger("rooms")
STATE_WITHIN = 4.0
"""Seconds for a feature to tell the state of a room that fell behind; other rooms are not heard meanwhile."""
AT_ONCE = 10
"""Rooms that are brought up to date at once: each asks Redis, and often PostgreSQL."""
RESET = "room"
"""The event by which a whole room is given a new state, as it cannot be brought up to date event by event."""
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode

_PART = b"\x94"
"""How a part of a merged lane begins on the bus: an array of four in msgpack."""
_Group = tuple[str, Encoding]


class _Room:
    """One room as this process knows it. ``place`` is what every line in it has been told, in a reliable one."""

    __slots__ = ("comers", "groups", "kind", "place")

    def __init__(self) -> None:
        self.groups: dict[_Group, dict[Line, None]] = {}
        self.kind: RoomType | None = None
        self.place: Place | None = None
        self.comers = 0


class Rooms:
    """The rooms as one process sees them. A room is a name such as ``sale:7``. Without a bus this process is alone."""

    def __init__(self, context: Any, bus: Bus | None = None, kept: Lanes | None = None) -> None:
        self._context = context
        self._bus = bus
        self._lanes = kept
        self._rooms: dict[str, _Room] = {}
        self._after_gap: list[tuple[str, Callable[[str], Awaitable[None]]]] = []
        self._ticks = Ticks(self._tell_part, self._show_frame, lag=0.0 if bus is None else LAG)
        self._merged: dict[str, Says] = {}
        """By type of room, as this process has heard of them."""

    async def open(self) -> None:
        """Begin to hear other processes."""
        if self._bus is not None:
            await self._bus.open(self._arrived, self._recovered)

    async def close(self) -> None:
        """Stop hearing them."""
        await self._ticks.close()
        if self._bus is not None:
            await self._bus.close()
        if self._lanes is not None:
            await self._lanes.close()

    @property
    def deaf(self) -> bool:
        """Tell whether other processes cannot be heard."""
        return self._bus is not None and self._bus.deaf

    # Saying

    async def tell(self, kind: RoomType, key: object, payload: msgspec.Struct) -> Place | None:
        """Say ``payload`` in a room, by the lane that its type is declared for; returns its place in a reliable one.

        What is reliable raises what the Redis client raises when it could not be kept: then nobody heard it, or the
        caller cannot know. What is lossy never fails.
        """
        says, room = kind.said(payload), kind.room(key)
        if says.lane is Lane.MERGED:
            raise TypeError(f"{says.event} is merged: add what it is made of")
        if says.lane is Lane.LOSSY:
            await self.publish(room, says.event, payload)
            return None
        if self._lanes is None or self._bus is None:
            raise RuntimeError("a process that is alone keeps no lane")
        return await self._lanes.say(room, says.event, payload, self._bus.channel(room))

    def add(self, kind: RoomType, key: object, item: Any) -> None:
        """Say ``item`` in a room by its merged event. Costs nothing but the merger's ``add``, and never fails."""
        says = self._merger(kind)
        assert says.merger is not None
        self._ticks.add(kind.room(key), says.merger, item)

    def _merger(self, kind: RoomType) -> Says:
        says = self._merged.get(kind.name)
        if says is None:
            merged = kind.merged
            if merged is None:
                raise TypeError(f"nothing that is said in rooms of {kind.name} is merged")
            says = self._merged[kind.name] = merged
        return says

    async def _tell_part(self, room: str, part: Any) -> bool:
        return self._bus is not None and await self._bus.publish(room, _encode((room, part, None, None)))

    async def _show_frame(self, room: str, frame: msgspec.Struct) -> None:
        says = self._merged[room.partition(":")[0]]
        await self._arrived(room, _encode((says.event, frame)))

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

        It sends the present state with ``publish_here``. Rooms with a reliable lane need none.
        """
        self._after_gap.append((prefix, handler))

    # Coming and going

    def enter(self, socket: Socket, room: str) -> None:
        """Have ``socket`` hear ``room`` (Socket.join)."""
        found = self._rooms.get(room) or self._open(room)
        found.groups.setdefault((socket.namespace, socket.link.encoding), {})[socket.link.line] = None

    async def heard(self, room: str) -> None:
        """Wait until other processes can be heard in ``room``, a second at most."""
        if self._bus is not None:
            await self._bus.heard(room)

    def leave(self, socket: Socket, room: str) -> None:
        """Undo ``enter``."""
        found = self._rooms.get(room)
        group = (socket.namespace, socket.link.encoding)
        if found is None or group not in found.groups:
            return
        found.groups[group].pop(socket.link.line, None)
        if not found.groups[group]:
            del found.groups[group]
        self._drop(room, found)

    async def follow(self, socket: Socket, kind: RoomType, key: str, seen: Place | None) -> Joined:
        """Have ``socket`` hear a declared room from ``seen`` on, or from its present state. Raises NotFound.

        What is returned must be sent before the caller waits for anything: the room's events come right after it.
        """
        name = kind.room(key)
        room = self._rooms.get(name) or self._open(name)
        room.kind = kind
        if kind.merged is not None:
            self._merger(kind)
        room.comers += 1
        try:
            await self.heard(name)
            if not kind.reliable:
                state = await self._state(kind, key)
                socket.enter(name)
                return Joined(name, "", 0, True, state, [])
            assert self._lanes is not None
            state, at, messages = None, seen, list[bytes]()
            reset = False
            while True:
                if room.place is None:
                    room.place = await self._begin(name, room, self._lanes)
                if at is None or at.epoch != room.place.epoch or at.seq > room.place.seq:
                    at, reset, messages = room.place, True, []
                    state = await self._state(kind, key)
                if at == room.place:
                    break
                found = await self._lanes.after(name, at.seq)
                if room.place is None:
                    continue  # it fell behind meanwhile, and those in it were sent off
                at = lanes.led(found, at, room.place, messages)
            socket.enter(name)
            return Joined(name, at.epoch, at.seq, reset, state, [_decode(message) for message in messages])
        finally:
            room.comers -= 1
            self._drop(name, room)

    def count(self, room: str) -> int:
        """Return how many in this process hear ``room``."""
        found = self._rooms.get(room)
        return 0 if found is None else sum(len(lines) for lines in found.groups.values())

    def _open(self, name: str) -> _Room:
        room = self._rooms[name] = _Room()
        if self._bus is not None:
            self._bus.want(name)
        return room

    def _drop(self, name: str, room: _Room) -> None:
        if not room.groups and not room.comers and self._rooms.get(name) is room:
            del self._rooms[name]
            if self._bus is not None:
                self._bus.unwant(name)

    @staticmethod
    async def _begin(name: str, room: _Room, kept: Lanes) -> Place:
        """Find out where a room stands that is new here. A message that arrives meanwhile knows better."""
        head = await kept.head(name)
        return room.place or head

    async def _state(self, kind: RoomType, key: str) -> Any:
        if kind.snapshot is None:
            return None
        state = await kind.snapshot(self._context, key)
        if state is None:
            raise NotFound
        return state

    # Hearing

    async def _arrived(self, name: str, message: bytes) -> None:
        room = self._rooms.get(name)
        if room is None:
            return
        try:
            if message[:1] == _PART:
                self._part_arrived(name, _decode(message)[1])
                return
            if not lanes.numbered(message):
                await self._send(room, message, droppable=True)
                return
            place = lanes.place_of(message)
        except (msgspec.MsgspecError, TypeError) as error:
            log.error("unreadable", room=name, error=str(error))
            return
        at = room.place
        if at is None:
            room.place = place  # nobody is in yet: who comes begins here
            return
        if at.epoch == place.epoch and place.seq <= at.seq:
            return  # it was read from the log
        if at.epoch == place.epoch and place.seq == at.seq + 1:
            room.place = place
            await self._send(room, message, droppable=False)
        else:
            await self._catch_up(name, room)

    def _part_arrived(self, name: str, part: Any) -> None:
        says = self._merged.get(name.partition(":")[0])
        if says is None or says.merger is None:
            return
        try:
            self._ticks.arrived(name, says.merger, part)
        except Exception as error:  # another version's process may tell parts of another form: the ears stay open
            log.error("unreadable part", room=name, exc_info=error)

    async def _send(self, room: _Room, message: bytes, *, droppable: bool) -> None:
        # Who comes in between two slices stands behind this message already: the lines are those of now.
        await fan_out(
            [(encoding.event(namespace, message), list(lines)) for (namespace, encoding), lines in room.groups.items()],
            droppable=droppable,
        )

    async def _catch_up(self, name: str, room: _Room) -> None:
        """Send a room what this process has missed, from the log, or a new state when that is not enough."""
        assert self._lanes is not None
        assert room.place is not None
        try:
            head = await self._lanes.head(name)
            if head.epoch == room.place.epoch:
                missed = await self._lanes.after(name, room.place.seq)
                for message in missed if lanes.few(missed) else ():
                    place = lanes.place_of(message)
                    if place.epoch != room.place.epoch or place.seq != room.place.seq + 1:
                        break
                    room.place = place
                    await self._send(room, message, droppable=False)
                if head.epoch == room.place.epoch and room.place.seq >= head.seq:
                    return
                head = await self._lanes.head(name)
            assert room.kind is not None
            async with asyncio.timeout(STATE_WITHIN):
                state = await self._state(room.kind, name.partition(":")[2])
        except Exception as error:  # a snapshot is a feature's, and may fail by whatever that stands on
            # Nothing may go further: the ears that this was called from serve every other room too.
            if isinstance(error, (*DOWN, *db.DOWN, *db.CONTENTION, NotFound)):
                log.warning("room behind", room=name, error=str(error) or type(error).__name__)
            else:
                log.error("room behind", room=name, exc_info=error)
            for lines in list(room.groups.values()):
                for line in list(lines):  # they come back, and are brought up to date or told why not
                    line.close("room behind")
            room.place = None  # who comes in now, or is just coming, begins at the log's head
            return
        room.place = head
        told = {"room": name, "epoch": head.epoch, "seq": head.seq, "state": state}
        await self._send(room, _encode((RESET, told)), droppable=False)

    async def _recovered(self, names: Collection[str]) -> None:
        waiting = list(names)
        for at in range(0, len(waiting), AT_ONCE):
            await asyncio.gather(*(self._recover(name) for name in waiting[at : at + AT_ONCE]))

    async def _recover(self, name: str) -> None:
        room = self._rooms.get(name)
        if room is None:
            return
        if room.place is not None:
            await self._catch_up(name, room)
        for prefix, handler in self._after_gap:
            if name.startswith(prefix):
                try:
                    async with asyncio.timeout(STATE_WITHIN):
                        await handler(name)
                except Exception as error:  # a feature's defect must not close this process's ears
                    log.error("after gap", room=name, exc_info=error)
