"""The ears of one process at one Redis: the rooms it hears there, and the proof that it hears.

Coming and going costs nothing here: rooms are noted as wanted or not, and one task tells Redis of many at once.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Collection
from typing import Any

import structlog

from server.ending import end
from server.redis import DOWN, Redis

log = structlog.get_logger("bus")
PULSE = 2.0
DEAF = 7.0
"""Seconds between heartbeats, and without one until the process counts as deaf."""
_AT_ONCE = 500
"""Rooms in one command."""

Deliver = Callable[[str, bytes], Awaitable[None]]
"""Takes a room and the message that came for it."""
Recovered = Callable[[Collection[str]], Awaitable[None]]
"""Takes the rooms of which something may have been missed."""


class Ears:
    """Hears rooms at one Redis. ``sharded``: it is a node of a cluster, and the channels are those of its slots."""

    def __init__(self, redis: Redis, pulse: str, channel: Callable[[str], str], *, sharded: bool = False) -> None:
        self._redis = redis
        self.pulse = pulse
        """The channel of the heartbeat."""
        self._channel = channel
        self._s = "s" if sharded else ""
        self._wanted: dict[str, asyncio.Event] = {}
        """The rooms somebody is in; the event is set while Redis has confirmed that they are heard."""
        self._told: dict[str, bool] = {}
        """What the present subscription holds, and whether Redis has confirmed it."""
        self._rooms: dict[str, str] = {}
        """Rooms by channel, of what was told."""
        self._late: set[str] = set()
        """Wanted rooms that somebody came into before they were heard."""
        self._change = asyncio.Event()
        self._last = 0.0
        self._tasks: list[asyncio.Task[None]] = []
        self.subscription: Any = None

    def open(self, deliver: Deliver, recovered: Recovered) -> None:
        """Begin to listen; an absent Redis is waited for."""
        self._last = time.monotonic()
        self._tasks = [
            asyncio.create_task(self._listen(deliver, recovered), name="bus"),
            asyncio.create_task(self._beat(), name="bus pulse"),
        ]

    async def close(self) -> None:
        """Stop listening."""
        await end(*self._tasks)
        self._tasks = []
        for event in self._wanted.values():
            event.set()  # nobody need wait for what will not come

    @property
    def deaf(self) -> bool:
        """Tell whether it listens and has not heard itself for too long."""
        return bool(self._tasks) and time.monotonic() - self._last > DEAF

    def want(self, room: str, *, behind: bool = False) -> None:
        """Hear ``room`` from soon on. One that is ``behind`` is brought up to date when it is heard."""
        if behind:
            self._late.add(room)
            self._told.pop(room, None)
        event = self._wanted[room] = asyncio.Event()
        if self._told.get(room):
            event.set()  # nobody had told Redis yet that the last one left
        self._change.set()

    def unwant(self, room: str) -> None:
        """Stop hearing ``room``."""
        event = self._wanted.pop(room, None)
        self._late.discard(room)
        if event is not None:
            event.set()
            self._change.set()

    def lost(self, room: str) -> bool:
        """Tell whether Redis has ended the subscription of a room unasked."""
        event = self._wanted.get(room)
        return event is not None and event.is_set() and not self._told.get(room)

    async def heard(self, room: str) -> None:
        """Wait until ``room`` is heard, a second at most; later than that it is brought up to date when it is."""
        event = self._wanted.get(room)
        if event is not None and not event.is_set():
            try:
                async with asyncio.timeout(1):
                    await event.wait()
            except TimeoutError:
                if self._wanted.get(room) is event:
                    self._late.add(room)

    async def _listen(self, deliver: Deliver, recovered: Recovered) -> None:
        wait, first = 0.1, True
        while True:
            try:
                async with self._redis.pubsub() as subscription:
                    self._told.clear()
                    self._rooms.clear()
                    await self._tell(subscription)
                    # Last, so that its confirmation is that of all the others: only then may their state be read.
                    await getattr(subscription, f"{self._s}subscribe")(self.pulse)
                    self.subscription = subscription
                    telling = asyncio.create_task(self._keep_telling(subscription), name="bus rooms")
                    try:
                        again, wait, first = not first, 0.1, False
                        if again:  # all are brought up to date
                            self._late.clear()
                        await self._hear(subscription, telling, deliver, recovered, again)
                    finally:
                        await end(telling)
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

    async def _keep_telling(self, subscription: Any) -> None:
        """Keep Redis told of what is wanted. Ends with what the client raises when the server is gone."""
        while True:
            await self._change.wait()
            await self._tell(subscription)

    async def _tell(self, subscription: Any) -> None:
        self._change.clear()
        new = [room for room in self._wanted if room not in self._told]
        old = [room for room in self._told if room not in self._wanted]
        # Channels of one command have to share a slot of a cluster.
        at_once = 1 if self._s else _AT_ONCE
        for at in range(0, len(new), at_once):
            rooms = new[at : at + at_once]
            self._told.update(dict.fromkeys(rooms, False))
            self._rooms.update({self._channel(room): room for room in rooms})
            await getattr(subscription, f"{self._s}subscribe")(*map(self._channel, rooms))
        for at in range(0, len(old), at_once):
            # Whoever came meanwhile took the room for heard, and is right if it stays so.
            rooms = [room for room in old[at : at + at_once] if room not in self._wanted]
            if not rooms:
                continue
            for room in rooms:
                del self._told[room]
                self._rooms.pop(self._channel(room), None)
            await getattr(subscription, f"{self._s}unsubscribe")(*map(self._channel, rooms))

    async def _hear(
        self, subscription: Any, telling: asyncio.Task[None], deliver: Deliver, recovered: Recovered, again: bool
    ) -> None:
        """Pass on what comes until the heartbeat stays away. ``again`` if there were ears before, and hence a gap.

        Raises what the client raises when the server is gone.
        """
        # Passing on and catching up take their time: silence is when nothing waits to be heard either.
        began = time.monotonic()
        while True:
            if telling.done():
                telling.result()
            message = await subscription.get_message(timeout=1.0)
            if message is None:
                if time.monotonic() - max(self._last, began) >= DEAF:
                    return
                continue
            channel = message["channel"].decode()
            room = self._rooms.get(channel)
            match message["type"].removeprefix(self._s):
                case "message" if channel == self.pulse:
                    self._last = time.monotonic()
                case "message" if room is not None:
                    await deliver(room, message["data"])
                case "subscribe" if channel == self.pulse:
                    self._last = time.monotonic()  # and not when it was asked for, which may be refused for ever
                    if again:  # the second time here: the client library has connected anew, and told nobody
                        await recovered(list(self._wanted))
                    again = True
                case "subscribe" if room in self._told and room is not None:
                    await self._confirmed(room, recovered)
                case "unsubscribe" if self._told.get(room or "") and room is not None:
                    # Not asked for: the slot has moved to another node, and whoever minds the nodes will see it.
                    self._told[room] = False
                    log.warning("slot moved", room=room)
            await asyncio.sleep(0)  # what has come already is read without waiting: others have their turn

    async def _confirmed(self, room: str, recovered: Recovered) -> None:
        """Note that a room is heard. Who came in without waiting for that may have missed some."""
        event = self._wanted.get(room)
        missed = room in self._late or (event is not None and event.is_set() and not self._told[room])
        self._told[room] = True
        self._late.discard(room)
        if missed:
            await recovered([room])
        if event is not None:
            event.set()

    async def _beat(self) -> None:
        while True:
            try:
                await (self._redis.spublish if self._s else self._redis.publish)(self.pulse, b"")
            except DOWN:
                pass  # silence is what the listener notices
            except Exception as error:  # without a heartbeat the process would be deaf for good
                log.error("no heartbeat", exc_info=error)
            await asyncio.sleep(PULSE)
