"""The merged lane: what thousands say in a second becomes one frame a tick.

    SAYS = Says("tick", Tick, Lane.MERGED, merger=LiveTick)
    rooms.add(ROOM, 7, Like(3))

Each process gathers what was said to it and tells the others once a tick; each process gathers what all of them told
and writes one frame to its viewers once a tick, a moment later. The clock on the wall gives the beat, so that the parts
of all processes are there when the frame is made. Both are lossy. What may be said to a viewer is capped by the merger;
``Sample`` does so fairly. Where ticks cost much of the processor, fewer of the beats are taken, so that a crowd is
served less often before it is served late.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Generic, Protocol, TypeVar

import msgspec
import structlog

from server.ending import end

log = structlog.get_logger("rooms")
TICK = 0.1
SLOWEST = 5
"""Seconds between two frames of a room, and how many times as long it may become under load."""
LAG = 0.03
"""Seconds from telling the others to writing frames: what the bus may take."""
STILL = 30.0
"""Seconds without a word until a room is forgotten while others go on."""
BUSY = 0.75
"""The share of the processor's time that ticks may take before beats are left out."""

Item = TypeVar("Item")


class Merger(Protocol):
    """What a feature makes of what is said in one room. One is kept for speaking and one for listening."""

    def add(self, item: Any) -> None:
        """Take what was said to this process."""

    def part(self) -> Any:
        """Return what the other processes are told of it, None for nothing, and begin anew."""

    def merge(self, part: Any) -> None:
        """Take what a process told, decoded from msgpack."""

    def frame(self, seconds: float) -> msgspec.Struct | None:
        """Return what viewers are told after ``seconds`` since the last one, None for nothing, and begin anew."""


class Sample(Generic[Item]):
    """Keeps at most ``rate`` items a second for a viewer, and no one's voice drowns another's.

    Higher ranks come first. Within a rank everybody has one item before anybody has two; who comes when there is not
    room for all is chance. What is kept leaves in the order in which it came.
    """

    def __init__(self, rate: float, burst: float, most: int = 2000) -> None:
        self._rate = rate
        self._burst = burst
        self._left = burst
        self._most = most
        self._items: list[tuple[int, Hashable, Item]] = []
        self.dropped = 0
        """Items left out so far."""

    def __len__(self) -> int:
        return len(self._items)

    def add(self, item: Item, sender: Hashable, rank: int = 0) -> None:
        """Take an item; of more than ``most`` waiting ones half are left out, by the same order as in the end."""
        self._items.append((rank, sender, item))
        if len(self._items) > self._most:
            kept = self._chosen(self._items, self._most // 2)
            self.dropped += len(self._items) - len(kept)
            self._items = kept

    def take(self, seconds: float) -> list[Item]:
        """Return what viewers get after ``seconds``; the rest is dropped: late comments are no comments."""
        self._left = min(self._burst, self._left + self._rate * seconds)
        items, self._items = self._items, []
        room = int(self._left)
        if len(items) > room:
            self.dropped += len(items) - room
            items = self._chosen(items, room)
        self._left -= len(items)
        return [item for _, _, item in items]

    @staticmethod
    def _chosen(items: list[tuple[int, Hashable, Item]], room: int) -> list[tuple[int, Hashable, Item]]:
        turns: dict[tuple[int, Hashable], int] = defaultdict(int)
        order: list[tuple[int, int, int, int]] = []
        for at in random.sample(range(len(items)), len(items)):
            rank, sender, _ = items[at]
            turn = turns[rank, sender]
            turns[rank, sender] = turn + 1
            order.append((-rank, turn, len(order), at))
        kept = sorted(at for *_, at in sorted(order)[:room])
        return [items[at] for at in kept]


class _Room:
    __slots__ = ("heard", "last", "said", "stirred")

    def __init__(self, make: Callable[[], Merger], at: float) -> None:
        self.said = make()
        self.heard = make()
        self.last = at
        self.stirred = at


class Ticks:
    """The merged lanes of one process; its task lives while there is something to tell."""

    def __init__(
        self,
        tell: Callable[[str, Any], Awaitable[bool]],
        show: Callable[[str, msgspec.Struct], Awaitable[None]],
        lag: float = LAG,
    ) -> None:
        """``tell`` gives a part to all processes, this one too, False when they cannot be reached; ``show`` writes a
        frame to this process' viewers, ``lag`` seconds later."""
        self._tell = tell
        self._show = show
        self._lag = lag
        self._rooms: dict[str, _Room] = {}
        self._said: set[str] = set()
        self._heard: set[str] = set()
        """Rooms where something was said here, or told, since their last turn."""
        self._task: asyncio.Task[None] | None = None
        self._cost = 0.0
        """Seconds of the processor that a tick takes, smoothed."""
        self.beats = 1
        """Every how many beats there is a tick."""

    def add(self, room: str, make: Callable[[], Merger], item: Any) -> None:
        """Take what was said in ``room``."""
        self._of(room, make).said.add(item)
        self._said.add(room)
        self._wake()

    def arrived(self, room: str, make: Callable[[], Merger], part: Any) -> None:
        """Take what a process told."""
        self._of(room, make).heard.merge(part)
        self._heard.add(room)
        self._wake()

    async def close(self) -> None:
        """Stop; what was not told yet is lost."""
        if self._task is not None:
            await end(self._task)

    def _of(self, room: str, make: Callable[[], Merger]) -> _Room:
        found = self._rooms.get(room)
        if found is None:
            found = self._rooms[room] = _Room(make, time.monotonic() - TICK)
        return found

    def _wake(self) -> None:
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run(), name="ticks")

    async def _run(self) -> None:
        try:
            idle, swept = 0, time.monotonic()
            while idle < 20 or self._said or self._heard:  # two seconds of silence
                wait = TICK * self.beats
                await asyncio.sleep(wait - time.time() % wait)
                idle = 0 if self._said or self._heard else idle + 1
                began, cost = time.monotonic(), -time.thread_time()
                said, self._said = self._said, set()
                # Together: where the bus does not answer, the rooms wait for it once, not one after the other.
                await asyncio.gather(*(self._turn(name, self._tell_of) for name in said))
                cost += time.thread_time()
                await asyncio.sleep(max(0.0, self._lag - (time.monotonic() - began)))
                cost -= time.thread_time()
                heard, self._heard = self._heard, set()
                for name in heard:
                    await self._turn(name, self._show_of)
                if began - swept > STILL:
                    swept = began
                    self._sweep(began - STILL)
                self._cost += (cost + time.thread_time() - self._cost) / 4
                self.beats = max(1, min(SLOWEST, math.ceil(self._cost / (TICK * BUSY))))
            self._rooms.clear()
        finally:
            self._task = None

    def _sweep(self, before: float) -> None:
        """Forget the rooms in which nothing has stirred since."""
        still = [name for name, room in self._rooms.items() if room.stirred < before]
        for name in still:
            if name not in self._said and name not in self._heard:
                del self._rooms[name]

    async def _turn(self, name: str, turn: Callable[[str, _Room], Awaitable[None]]) -> None:
        room = self._rooms[name]
        room.stirred = time.monotonic()
        try:
            await turn(name, room)
        except Exception as error:  # a merger's defect must not silence the other rooms
            log.error("tick", room=name, exc_info=error)

    async def _tell_of(self, name: str, room: _Room) -> None:
        part = room.said.part()
        if part is not None and not await self._tell(name, part):
            room.heard.merge(msgspec.msgpack.decode(msgspec.msgpack.encode(part)))  # alone, as it seems
            self._heard.add(name)

    async def _show_of(self, name: str, room: _Room) -> None:
        now = time.monotonic()
        frame = room.heard.frame(now - room.last)
        if frame is not None:
            room.last = now
            await self._show(name, frame)
