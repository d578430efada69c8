"""Attempts that arrive together go to Redis together.

Whatever reaches one item in one turn of the event loop becomes one script call of up to 128 attempts, with at most
two calls in flight for an item: under a rush the batches fill by themselves while the earlier ones are on their
way, and at leisure an attempt waits for nobody.
"""

from __future__ import annotations

import asyncio
from collections import deque

from flashsale.gate.gate import BATCH, Gate
from flashsale.gate.types import Attempt, Decision, GateUnavailable

_Waiting = tuple[Attempt, asyncio.Future[Decision]]


class _Lane:
    """One item's queue."""

    __slots__ = ("in_flight", "planned", "waiting")

    def __init__(self) -> None:
        self.waiting: deque[_Waiting] = deque()
        self.in_flight = 0
        self.planned = False


class Batcher:
    """Belongs to one event loop and one gate."""

    def __init__(self, gate: Gate, *, size: int = BATCH, in_flight: int = 2) -> None:
        """``size`` attempts a call at most, ``in_flight`` calls at once for one item."""
        self._gate = gate
        self._size = size
        self._in_flight = in_flight
        self._lanes: dict[int, _Lane] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        self._away = 0
        self.sizes = [0] * ((size - 1).bit_length() + 1)
        """How many calls carried up to 1, 2, 4, 8 … attempts, since the start."""

    @property
    def open(self) -> tuple[int, int]:
        """Return how many attempts wait for a call, and how many are on their way."""
        return sum(len(lane.waiting) for lane in self._lanes.values()), self._away

    def admit(self, item_id: int, attempt: Attempt) -> asyncio.Future[Decision]:
        """Put an attempt into the item's next call; the future gives its decision or raises GateUnavailable.

        Cancelling the future cancels nothing in Redis once the call is out: the attempt may win, and its journal entry
        is then settled by the worker. Raises ValueError for an attempt that does not check, so that it spoils nobody
        else's call.
        """
        attempt.check()
        lane = self._lanes.get(item_id)
        if lane is None:
            lane = self._lanes[item_id] = _Lane()
        decision: asyncio.Future[Decision] = self._loop.create_future()
        lane.waiting.append((attempt, decision))
        if not lane.planned and lane.in_flight < self._in_flight:
            lane.planned = True
            self._loop.call_soon(self._depart, item_id, lane)
        return decision

    async def drain(self) -> None:
        """Wait until every attempt that was taken in has its answer."""
        while self._tasks or self._lanes:
            await asyncio.sleep(0)
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _depart(self, item_id: int, lane: _Lane) -> None:
        lane.planned = False
        while lane.waiting and lane.in_flight < self._in_flight:
            batch: list[_Waiting] = []
            while lane.waiting and len(batch) < self._size:
                one = lane.waiting.popleft()
                if not one[1].cancelled():
                    batch.append(one)
            if batch:
                lane.in_flight += 1
                self._away += len(batch)
                self.sizes[(len(batch) - 1).bit_length()] += 1
                task = self._loop.create_task(self._call(item_id, lane, batch))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        if not lane.waiting and not lane.in_flight and self._lanes.get(item_id) is lane:
            del self._lanes[item_id]

    async def _call(self, item_id: int, lane: _Lane, batch: list[_Waiting]) -> None:
        failure: str | None = "the call was given up"
        try:
            decisions = await self._gate.admit(item_id, [attempt for attempt, _ in batch])
            for (_, waiter), decision in zip(batch, decisions, strict=True):
                if not waiter.done():
                    waiter.set_result(decision)
            failure = None
        except GateUnavailable as error:
            failure = error.reason
        finally:
            # Also when this task is cancelled at a hard stop, or the gate has a defect: nobody is left waiting.
            if failure is not None:
                for _, waiter in batch:
                    if not waiter.done():
                        waiter.set_exception(GateUnavailable(failure))
            lane.in_flight -= 1
            self._away -= len(batch)
            self._depart(item_id, lane)
