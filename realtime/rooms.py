"""Rooms: who hears what, in this process and in the others.

``publish`` is the lossy lane: at most once, no order promised between processes, gone while Redis is away. State that
must arrive travels as a notice (realtime/notices.py) or is asked for again after a gap (``after_gap``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

import msgspec
import structlog

from realtime import packets
from realtime.bus import Bus

log = structlog.get_logger("rooms")
_YIELD_EVERY = 200
_encode = msgspec.msgpack.Encoder().encode


class Receiver(Protocol):
    """What a room sends to."""

    @property
    def namespace(self) -> str: ...
    def push(self, packet: bytes, *, droppable: bool = False) -> None: ...


class _Message(msgspec.Struct, frozen=True, array_like=True):
    event: str
    payload: Any


_decode = msgspec.msgpack.Decoder(_Message).decode


class Rooms:
    """The rooms as one process sees them. A room is a name such as ``sale:7``."""

    def __init__(self, redis_url: str) -> None:
        self._bus = Bus(redis_url, self._arrived, self._recovered)
        self._receivers: dict[str, dict[Receiver, None]] = {}
        self._after_gap: list[tuple[str, Callable[[str], Awaitable[None]]]] = []

    async def open(self) -> None:
        """Begin to hear other processes."""
        await self._bus.open()

    async def close(self) -> None:
        """Stop hearing them."""
        await self._bus.close()

    @property
    def deaf(self) -> bool:
        """Tell whether other processes cannot be heard."""
        return self._bus.deaf

    async def publish(self, room: str, event: str, payload: Mapping[str, Any] | msgspec.Struct) -> None:
        """Send ``event`` to everybody in ``room``, whatever process they are connected to; here alone without Redis."""
        message = _encode((event, payload))
        if not await self._bus.publish(room, message):
            await self._arrived(room, message)

    async def publish_here(self, room: str, event: str, payload: Mapping[str, Any] | msgspec.Struct) -> None:
        """Send ``event`` to those in ``room`` who are connected to this process."""
        await self._arrived(room, _encode((event, payload)))

    def after_gap(self, prefix: str, handler: Callable[[str], Awaitable[None]]) -> None:
        """Have ``handler(room)`` called for each room here that begins with ``prefix`` when it may have missed some.

        It sends the present state with ``publish_here``.
        """
        self._after_gap.append((prefix, handler))

    async def join(self, receiver: Receiver, room: str) -> None:
        """Have ``receiver`` hear ``room``; whatever is published after this returns arrives (while Redis is there)."""
        self._receivers.setdefault(room, {})[receiver] = None
        await self._bus.subscribe(room)

    async def leave(self, receiver: Receiver, room: str) -> None:
        """Undo ``join``."""
        members = self._receivers.get(room)
        if members is not None and members.pop(receiver, self) is None and not members:
            del self._receivers[room]
            await self._bus.unsubscribe(room)

    def count(self, room: str) -> int:
        """Return how many in this process hear ``room``."""
        return len(self._receivers.get(room, ()))

    async def _arrived(self, room: str, raw: bytes) -> None:
        members = self._receivers.get(room)
        if not members:
            return
        try:
            message = _decode(raw)
        except msgspec.MsgspecError as error:
            log.error("unreadable", room=room, error=str(error))
            return
        encoded: dict[str, bytes] = {}
        for at, receiver in enumerate(list(members), 1):
            packet = encoded.get(receiver.namespace)
            if packet is None:
                packet = encoded[receiver.namespace] = packets.event(receiver.namespace, message.event, message.payload)
            receiver.push(packet, droppable=True)
            if at % _YIELD_EVERY == 0:
                await asyncio.sleep(0)

    async def _recovered(self) -> None:
        for room in list(self._receivers):
            for prefix, handler in self._after_gap:
                if room.startswith(prefix):
                    try:
                        await handler(room)
                    except Exception as error:  # a feature's defect must not close this process's ears
                        log.error("after gap", room=room, exc_info=error)
