"""How a change of the catalogue reaches lists: marks are made into rows of the search table, and every web process
takes in the rows that are new to it.

A list asks first whether there is anything new, so that whoever changed something finds it changed. A worker makes
rows all the time, so that a list finds few marks to see to.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import structlog

from commerce.search import analysis, feed_store
from commerce.search.index import Index
from server import database as db
from server.application import Application
from server.database import Database
from server.ending import end
from server.rounds import Rounds

log = structlog.get_logger("search")
AT_ONCE = 1000
"""Marks that a list sees to before it answers, the newest, so that an edit is not hidden behind an import."""
BATCH = 4000
_CHUNK = 2000
_FEW = 250
"""Rows taken in at once while lists are answered."""
_FOLLOW_EVERY = 2.0
_LEAVE_WITHIN = 3.0
_LOOK_BACK = 10.0
"""Seconds that expired holds are looked for again: longer than a worker's turn, short enough to cost nothing."""


async def renew(database: Database, most: int, *, newest: bool = False) -> int | None:
    """Make rows of up to ``most`` marks and return how many products that were; None while another is at it."""
    async with database.transaction() as connection:
        if not await feed_store.alone(connection):
            return None
        marked = await feed_store.take(connection, most, newest=newest)
        if 0 in marked:
            await feed_store.turn_shared(connection)
        products = [one for one in marked if one]
        if products:
            rows = await feed_store.described(connection, products, analysis.WAY)
            await feed_store.write(connection, await asyncio.to_thread(_worded, rows))
        return len(marked)


def _worded(rows: list[db.Row]) -> list[dict[str, Any]]:
    """Return what to write of products: their texts made into words, a tenth of a millisecond each."""
    made = []
    for row in rows:
        values = dict(row)
        texts = values.pop("texts")
        made.append(values | {"words": None if texts is None else analysis.lines(texts)})
    return made


async def work(app: Application) -> None:
    """Make rows until no mark is left; what holds that ran out gave back is marked on the way."""
    async with app.database.transaction() as connection:
        await feed_store.mark_outdated(connection, analysis.WAY)
        await feed_store.mark_expired(connection, _LOOK_BACK)
    while await renew(app.database, BATCH):
        pass


async def rest(database: Database) -> None:
    """Wait until no mark is left, whoever sees to them."""
    while (done := await renew(database, BATCH)) != 0:
        if done is None:
            await asyncio.sleep(0.1)


class Follower:
    """The index of this process, and its way to be up to date."""

    def __init__(self, database: Database) -> None:
        self.index = Index()
        self._database = database
        self._rounds = Rounds(self._catch_up, "search look")
        self._sealed = False

    async def fresh(self) -> Index:
        """Return the index as of now. Raises what a database that is away raises.

        Those who come while somebody looks for news wait for one look together.
        """
        await self._rounds.next()
        return self.index

    async def _catch_up(self) -> None:
        async with self._database.connection() as connection:
            state = await feed_store.behind(connection)
        if state.marked and await renew(self._database, AT_ONCE, newest=True):
            async with self._database.connection() as connection:
                state = await feed_store.behind(connection)
        if state.shared != self.index.shared.revision:
            async with self._database.snapshot() as connection:
                self.index.shared = await feed_store.shared(connection)
        if state.revision > self.index.revision:
            await self._read()
        if not self._sealed:
            await asyncio.to_thread(self.index.seal)
            self._sealed = True

    async def _read(self) -> None:
        most = _FEW if self._sealed else _CHUNK
        while True:
            async with self._database.connection() as connection:
                rows = await feed_store.entries(connection, self.index.revision, most)
            if self._sealed:
                self._take(rows)
            else:  # nobody reads the index yet
                await asyncio.to_thread(self._take, rows)
            if len(rows) < most:
                break
        if self._sealed:
            if self.index.unsettled:
                await self.index.settle()
            self.index.lexicon.follow()

    def _take(self, rows: list[db.Row]) -> None:
        for row in rows:
            self.index.put(feed_store.entry(row))

    @contextlib.asynccontextmanager
    async def following(self, app: Application) -> AsyncIterator[None]:
        """Keep up while the process runs, so that no list has much to wait for."""
        task = asyncio.create_task(self._follow(), name="search follower")
        try:
            yield
        finally:
            await end(task)
            await self._rounds.close(_LEAVE_WITHIN)

    async def _follow(self) -> None:
        while True:
            try:
                await self.fresh()
            except db.DOWN as error:
                log.warning("the index waits", error=f"{type(error).__name__}: {error}")
            await asyncio.sleep(_FOLLOW_EVERY)
