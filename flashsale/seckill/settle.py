"""Write wins into PostgreSQL (step 3): many at once, fenced by the epoch, each at most once.

What was admitted is settled by the process that admitted it, by the worker after a crash, and by a rebuild before it
begins; all of them at once is safe. Nobody compensates in Redis: a commit may have succeeded
though its answer was lost.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from itertools import groupby

import asyncpg
import structlog

from flashsale.gate import Gate, GateUnavailable, JournalEntry
from flashsale.seckill import faults, settle_store
from flashsale.seckill.settle_store import Key
from flashsale.seckill.types import Fate, Settlement, Win
from server import database as db
from server.database import Connection, Database
from server.errors import Unavailable
from server.numbers import new_number

log = structlog.get_logger("settle")
STALE = Settlement(Fate.STALE)
MOST = 256
"""Wins in one statement."""
IN_FLIGHT = 2
"""Statements at once for one item: more writers than that wait for each other."""

_BAD_ROW = (asyncpg.exceptions.IntegrityConstraintViolationError, asyncpg.exceptions.DataError)


async def settle_wins(database: Database, item_id: int, wins: Sequence[Win]) -> dict[Key, Settlement]:
    """Settle wins of one item and return the stored outcome of each key.

    Commits by itself. Raises what `server.database.DOWN` lists when PostgreSQL cannot be asked: unknown then.
    """
    faults.point("after_redis_before_pg")
    settled: dict[Key, Settlement] = {}
    async with database.connection() as connection:
        if repeated := [(win.member_id, win.request_id) for win in wins if win.again]:
            settled.update(await settle_store.outcomes(connection, item_id, repeated))
        fresh = {(win.member_id, win.request_id): win for win in wins}
        for key in settled:
            del fresh[key]
        rows = sorted(fresh.values(), key=lambda win: (win.epoch, win.member_id, win.request_id))
        for epoch, group in groupby(rows, key=lambda win: win.epoch):
            settled.update(await _settle_epoch(connection, item_id, epoch, list(group)))
    faults.point("after_commit_before_answer")
    return settled


async def _settle_epoch(connection: Connection, item_id: int, epoch: int, wins: Sequence[Win]) -> dict[Key, Settlement]:
    try:
        written = await _write(connection, item_id, epoch, wins)
    except _BAD_ROW as error:
        if len(wins) == 1:
            return {_key(wins[0]): await _void(connection, item_id, wins[0], error)}
        # One bad row must not block a batch: again, row by row.
        written = {}
        for win in wins:
            written.update(await _settle_epoch(connection, item_id, epoch, [win]))
        return written
    if len(written) < len(wins):
        # Rows that the statement found in its way, or all of a stale epoch: only a new snapshot shows which.
        missing = [_key(win) for win in wins if _key(win) not in written]
        written.update(await settle_store.outcomes(connection, item_id, missing))
        for key in missing:
            written.setdefault(key, STALE)
    return written


async def _write(connection: Connection, item_id: int, epoch: int, wins: Sequence[Win]) -> dict[Key, Settlement]:
    for last in (False, False, True):
        try:
            return await settle_store.settle(connection, item_id, epoch, wins, [new_number() for _ in wins])
        except (*db.CONTENTION, asyncpg.exceptions.UniqueViolationError) as error:
            # Two processes drew the same order number, or a deadlock: nothing was written, other numbers will do.
            if last:
                raise
            log.info("settle again", item=item_id, error=str(error))
    raise AssertionError


async def _void(connection: Connection, item_id: int, win: Win, error: Exception) -> Settlement:
    log.error("win cannot be settled", item=item_id, member=win.member_id, key=win.request_id, error=str(error))
    async with connection.transaction():
        done = await settle_store.void(connection, item_id, win)
    if done:
        return Settlement(Fate.VOID, win.quantity)
    key = _key(win)
    return (await settle_store.outcomes(connection, item_id, [key])).get(key, STALE)


def _key(win: Win) -> Key:
    return win.member_id, win.request_id


def win_of(entry: JournalEntry) -> Win:
    """Return the win that a journal entry of generation 1 tells of; a stream id begins with Redis' milliseconds."""
    return Win(
        epoch=entry.epoch,
        member_id=entry.member_id,
        request_id=entry.request_id,
        quantity=entry.quantity,
        won_ms=int(entry.journal_id.partition("-")[0]),
    )


_Waiting = tuple[Win, str, asyncio.Future[Settlement]]


class _Lane:
    __slots__ = ("in_flight", "planned", "waiting")

    def __init__(self) -> None:
        self.waiting: deque[_Waiting] = deque()
        self.in_flight = 0
        self.planned = False


class Settler:
    """Settles the wins of this process: those that come together go together. Belongs to one event loop."""

    def __init__(self, database: Database, gate: Gate) -> None:
        self._database = database
        self._gate = gate
        self._lanes: dict[int, _Lane] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        self._away = 0

    @property
    def open(self) -> tuple[int, int]:
        """Return how many wins wait for a statement, and how many are in one."""
        return sum(len(lane.waiting) for lane in self._lanes.values()), self._away

    def settle(self, item_id: int, win: Win, journal_id: str) -> asyncio.Future[Settlement]:
        """Put a win into the item's next statement; its journal entry goes once the row is committed.

        The future gives the stored outcome, or raises Unavailable: unknown, the worker will settle it. Its caller may
        go away; the win is settled all the same.
        """
        lane = self._lanes.get(item_id)
        if lane is None:
            lane = self._lanes[item_id] = _Lane()
        settlement: asyncio.Future[Settlement] = self._loop.create_future()
        lane.waiting.append((win, journal_id, settlement))
        if not lane.planned and lane.in_flight < IN_FLIGHT:
            lane.planned = True
            self._loop.call_soon(self._depart, item_id, lane)
        return settlement

    async def drain(self) -> None:
        """Wait until everything that was taken in is settled and its journal entries are removed."""
        while self._tasks or self._lanes:
            await asyncio.sleep(0)
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _depart(self, item_id: int, lane: _Lane) -> None:
        lane.planned = False
        while lane.waiting and lane.in_flight < IN_FLIGHT:
            batch = [lane.waiting.popleft()]
            # The wins of one script call share a journal entry and are best removed from it together.
            while lane.waiting and (len(batch) < MOST or lane.waiting[0][1] == batch[-1][1]):
                batch.append(lane.waiting.popleft())
            lane.in_flight += 1
            self._away += len(batch)
            task = self._loop.create_task(self._run(item_id, lane, batch))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if not lane.waiting and not lane.in_flight and self._lanes.get(item_id) is lane:
            del self._lanes[item_id]

    async def _run(self, item_id: int, lane: _Lane, batch: list[_Waiting]) -> None:
        settled: dict[Key, Settlement] | None = None
        try:
            settled = await settle_wins(self._database, item_id, [win for win, _, _ in batch])
        except (*db.DOWN, *db.CONTENTION) as error:
            log.warning("settle unknown", item=item_id, wins=len(batch), error=f"{type(error).__name__}: {error}")
        finally:
            # Also when a defect ends this task: nobody is left waiting.
            for win, _, waiter in batch:
                if waiter.done():
                    continue
                if settled is None:
                    waiter.set_exception(Unavailable())
                    waiter.exception()  # whoever asked may have gone: that is no error of its own
                else:
                    waiter.set_result(settled[_key(win)])
            lane.in_flight -= 1
            self._away -= len(batch)
            self._depart(item_id, lane)
        if settled is not None:
            await self._remove(item_id, [(win, journal_id) for win, journal_id, _ in batch if journal_id])

    async def _remove(self, item_id: int, settled: Sequence[tuple[Win, str]]) -> None:
        if not settled:
            return
        faults.point("before_journal_remove")
        entries = [
            JournalEntry(journal_id, win.epoch, win.member_id, win.request_id, win.quantity, 1)
            for win, journal_id in settled
        ]
        try:
            await self._gate.journal_remove(item_id, entries)
        except GateUnavailable as error:
            log.info("journal entries stay", item=item_id, entries=len(entries), error=error.reason)
