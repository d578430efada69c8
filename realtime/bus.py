"""Between processes: one Redis channel for each room, subscribed only while somebody here is in it.

What is published while Redis is away is lost to other processes; that is the lossy lane, and members of a room hear of
the gap afterwards (``Rooms.after_gap``). The bus hears its own heartbeat: a process that has gone deaf says so in
``/readyz`` and opens its ears anew, whatever its client library believes about the connection.
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

Deliver = Callable[[str, bytes], Awaitable[None]]
"""Takes a room and the message that came for it."""


class Bus:
    """The ears of one process and its voice."""

    def __init__(self, url: str, deliver: Deliver, recovered: Callable[[], Awaitable[None]]) -> None:
        self._url = url
        self._deliver = deliver
        self._recovered = recovered
        self._redis: Redis = connect(url, size=20)
        self._prefix = f"lf:{self._redis.connection_pool.connection_kwargs.get('db') or 0}:room:"
        self._pulse = f"{self._prefix}~pulse:{secrets.token_hex(6)}"
        self._wanted: set[str] = set()
        self._heard: dict[str, asyncio.Event] = {}
        self._ears: Any = None
        self._ears_lock = asyncio.Lock()
        self._last = 0.0
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """Begin to listen; an absent Redis is waited for."""
        self._last = time.monotonic()
        self._tasks = [
            asyncio.create_task(self._listen(), name="bus"),
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

    async def publish(self, room: str, message: bytes) -> bool:
        """Send ``message`` to the room's members in every process that listens. False when Redis is away."""
        try:
            await self._redis.publish(self._prefix + room, message)
        except DOWN as error:
            log.warning("not published", room=room, error=str(error) or type(error).__name__)
            return False
        return True

    async def subscribe(self, room: str) -> None:
        """Hear ``room`` from now on. Returns when Redis has confirmed it, or after a second without."""
        if room not in self._wanted:
            self._wanted.add(room)
            self._heard[room] = asyncio.Event()
            await self._command("subscribe", room)
        heard = self._heard.get(room)
        if heard is None:
            return  # the last who wanted it went while Redis was told
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await heard.wait()

    async def unsubscribe(self, room: str) -> None:
        """Stop hearing ``room``."""
        if room in self._wanted:
            self._wanted.discard(room)
            self._heard.pop(room).set()
            await self._command("unsubscribe", room)

    async def _command(self, name: str, room: str) -> None:
        async with self._ears_lock:
            if self._ears is None:
                return  # the listener subscribes to whatever is wanted when it is back
            try:
                await getattr(self._ears, name)(self._prefix + room)
            except DOWN as error:
                log.warning("ears closed", error=str(error) or type(error).__name__)
                self._last = 0.0  # have the listener begin anew

    async def _listen(self) -> None:
        wait, first = 0.1, True
        while True:
            try:
                async with self._redis.pubsub() as ears:
                    async with self._ears_lock:
                        await ears.subscribe(self._pulse, *(self._prefix + room for room in self._wanted))
                        self._ears = ears
                        self._last = time.monotonic()
                    if not first:
                        await self._recovered()
                    wait, first = 0.1, False
                    await self._hear(ears)
            except DOWN as error:
                log.warning("deaf", error=str(error) or type(error).__name__)
            except Exception as error:  # the client library's own confusion, or ours: new ears are the cure of either
                log.error("deaf", exc_info=error)
            finally:
                self._ears = None
                for event in self._heard.values():
                    event.clear()
            first = False
            await asyncio.sleep(wait * random.uniform(0.5, 1.0))
            wait = min(wait * 2, 2.0)

    async def _hear(self, ears: Any) -> None:
        """Pass on what comes until the heartbeat stays away. Raises what the client raises when the server is gone."""
        while time.monotonic() - self._last < DEAF:
            message = await ears.get_message(timeout=1.0)
            if message is None:
                continue
            channel = message["channel"].decode()
            room = channel.removeprefix(self._prefix)
            match message["type"]:
                case "message" if channel == self._pulse:
                    self._last = time.monotonic()
                case "message":
                    await self._deliver(room, message["data"])
                case "subscribe" if room in self._heard:
                    self._heard[room].set()

    async def _beat(self) -> None:
        while True:
            with contextlib.suppress(*DOWN):  # silence is what the listener notices
                await self._redis.publish(self._pulse, b"")
            await asyncio.sleep(PULSE)
