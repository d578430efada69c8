"""Between processes: one Redis channel for each room, subscribed only while somebody here is in it.

What is published while Redis is away is lost to other processes; that is the lossy lane, and members of a room hear of
the gap afterwards (``Rooms.after_gap``). The bus hears its own heartbeat: a process that has gone deaf says so in
``/readyz`` and opens its ears anew, whatever its client library believes about the connection.

Coming and going costs nothing here: rooms are noted as wanted or not, and one task tells Redis of many at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from server.redis import DOWN, Redis, connect

log = structlog.get_logger("bus")
PULSE = 2.0
DEAF = 7.0
"""Seconds between heartbeats, and without one until the process counts as deaf."""
_AT_ONCE = 500
"""Rooms in one command."""

Deliver = Callable[[str, bytes], Awaitable[None]]
"""Takes a room and the message that came for it."""


class Bus:
    """The ears of one process and its voice."""

    def __init__(self, url: str) -> None:
        self._redis: Redis = connect(url, size=20)
        self._prefix = f"lf:{self._redis.connection_pool.connection_kwargs.get('db') or 0}:room:"
        self._pulse = f"{self._prefix}~pulse:{secrets.token_hex(6)}"
        self._wanted: dict[str, asyncio.Event] = {}
        """The rooms somebody is in; the event is set while Redis has confirmed that they are heard."""
        self._told: dict[str, bool] = {}
        """What the present ears are subscribed to, and whether Redis has confirmed it."""
        self._change = asyncio.Event()
        self._ears: Any = None
        self._last = 0.0
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self, deliver: Deliver, recovered: Callable[[], Awaitable[None]]) -> None:
        """Begin to listen; an absent Redis is waited for."""
        self._last = time.monotonic()
        self._tasks = [
            asyncio.create_task(self._listen(deliver, recovered), name="bus"),
            asyncio.create_task(self._beat(), name="bus pulse"),
        ]

    async def close(self) -> None:
        """Stop listening and close the connections."""
        # A cancellation that meets a time-out within the client is swallowed there: ask until they have ended.
        while running := [task for task in self._tasks if not task.done()]:
            for task in running:
                task.cancel()
            await asyncio.wait(running, timeout=0.1)
        self._tasks = []
        with contextlib.suppress(*DOWN):
            await self._redis.aclose()

    @property
    def deaf(self) -> bool:
        """Tell whether the bus listens and has not heard itself for too long."""
        return bool(self._tasks) and time.monotonic() - self._last > DEAF

    def channel(self, room: str) -> str:
        """Return the channel of a room."""
        return self._prefix + room

    async def publish(self, room: str, message: bytes) -> bool:
        """Send ``message`` to the room's members in every process that listens. False when Redis is away."""
        try:
            await self._redis.publish(self._prefix + room, message)
        except DOWN as error:
            log.warning("not published", room=room, error=str(error) or type(error).__name__)
            return False
        return True

    def want(self, room: str) -> None:
        """Hear ``room`` from soon on."""
        event = self._wanted[room] = asyncio.Event()
        if self._told.get(room):
            event.set()  # nobody had told Redis yet that the last one left
        self._change.set()

    def unwant(self, room: str) -> None:
        """Stop hearing ``room``."""
        event = self._wanted.pop(room, None)
        if event is not None:
            event.set()
            self._change.set()

    async def heard(self, room: str) -> None:
        """Wait until ``room`` is heard, a second at most."""
        event = self._wanted.get(room)
        if event is not None and not event.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await event.wait()

    async def _listen(self, deliver: Deliver, recovered: Callable[[], Awaitable[None]]) -> None:
        wait, first = 0.1, True
        while True:
            try:
                async with self._redis.pubsub() as ears:
                    await ears.subscribe(self._pulse)
                    self._last = time.monotonic()
                    self._ears = ears
                    self._told.clear()
                    await self._tell(ears)  # before the present state is sent: nothing may fall between
                    telling = asyncio.create_task(self._keep_telling(ears), name="bus rooms")
                    try:
                        if not first:
                            await recovered()
                        wait, first = 0.1, False
                        await self._hear(ears, telling, deliver, recovered)
                    finally:
                        telling.cancel()
                        await asyncio.gather(telling, return_exceptions=True)
            except DOWN as error:
                log.warning("deaf", error=str(error) or type(error).__name__)
            except Exception as error:  # the client library's own confusion, or ours: new ears are the cure of either
                log.error("deaf", exc_info=error)
            finally:
                for event in self._wanted.values():
                    event.clear()
            first = False
            await asyncio.sleep(wait * random.uniform(0.5, 1.0))
            wait = min(wait * 2, 2.0)

    async def _keep_telling(self, ears: Any) -> None:
        """Keep Redis told of what is wanted. Ends with what the client raises when the server is gone."""
        while True:
            await self._change.wait()
            await self._tell(ears)

    async def _tell(self, ears: Any) -> None:
        self._change.clear()
        new = [room for room in self._wanted if room not in self._told]
        old = [room for room in self._told if room not in self._wanted]
        for at in range(0, len(new), _AT_ONCE):
            self._told.update(dict.fromkeys(new[at : at + _AT_ONCE], False))
            await ears.subscribe(*(self._prefix + room for room in new[at : at + _AT_ONCE]))
        for at in range(0, len(old), _AT_ONCE):
            for room in old[at : at + _AT_ONCE]:
                del self._told[room]
            await ears.unsubscribe(*(self._prefix + room for room in old[at : at + _AT_ONCE]))

    async def _hear(
        self, ears: Any, telling: asyncio.Task[None], deliver: Deliver, recovered: Callable[[], Awaitable[None]]
    ) -> None:
        """Pass on what comes until the heartbeat stays away. Raises what the client raises when the server is gone."""
        greeted = False
        while time.monotonic() - self._last < DEAF:
            if telling.done():
                telling.result()
            message = await ears.get_message(timeout=1.0)
            if message is None:
                continue
            channel = message["channel"].decode()
            room = channel.removeprefix(self._prefix)
            match message["type"]:
                case "message" if channel == self._pulse:
                    self._last = time.monotonic()
                case "message":
                    await deliver(room, message["data"])
                case "subscribe" if channel == self._pulse:
                    if greeted:  # the client library has connected anew by itself, and told nobody
                        await recovered()
                    greeted = True
                case "subscribe" if room in self._told:
                    self._told[room] = True
                    if room in self._wanted:
                        self._wanted[room].set()

    async def _beat(self) -> None:
        while True:
            with contextlib.suppress(*DOWN):  # silence is what the listener notices
                await self._redis.publish(self._pulse, b"")
            await asyncio.sleep(PULSE)
