"""Footprints: gathered in the web process and written together, so that looking at a product costs no statement."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import datetime

import asyncpg
import structlog

from commerce.catalogue import Product
from commerce.favourites import footprint_store
from server.application import Application
from server.clock import now
from server.database import DOWN, Database
from server.ending import end
from server.http import Call, Kind

log = structlog.get_logger("footprints")
EVERY_S = 2.0
ROOM = 20_000
"""Footprints that wait while PostgreSQL is away; the oldest give way."""
DAYS, MOST = 90, 300
"""How long, and how many of a member's, footprints are kept."""


class Trail:
    """The footprints of one process. Those of its last two seconds are lost if it is killed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._seen: dict[tuple[int, int], datetime] = {}

    def note(self, member_id: int, product_id: int) -> None:
        """Note that a member looks at a product."""
        self._seen.pop((member_id, product_id), None)
        self._seen[member_id, product_id] = now()
        if len(self._seen) > ROOM:
            del self._seen[next(iter(self._seen))]

    async def flush(self) -> None:
        """Write what was noted."""
        if not self._seen:
            return
        seen, self._seen = self._seen, {}
        try:
            async with self._database.connection() as connection:
                await footprint_store.add(connection, [(*who, at) for who, at in seen.items()])
        except (*DOWN, asyncpg.PostgresError) as error:
            # Away, or a product was deleted this very moment: the next turn writes what still can be.
            self._seen = {**seen, **self._seen}
            log.warning("footprints wait", error=str(error) or type(error).__name__)

    async def run(self) -> None:
        """Write every two seconds until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            await self.flush()


@contextlib.asynccontextmanager
async def lifespan(app: Application) -> AsyncIterator[None]:
    """Keep the trail of a web process written."""
    trail = app.resource(Trail)
    writing = asyncio.create_task(trail.run())
    try:
        yield
    finally:
        await end(writing)
        await trail.flush()


async def noticed(call: Call, product: Product) -> None:
    """Note that the caller, if a member, looks at the page of a product. As a block of the page it shows nothing."""
    who = call.identity
    if who is not None and who.kind is Kind.MEMBER:
        call.resource(Trail).note(who.id, product.id)


async def tidy(app: Application) -> None:
    """Remove footprints that are old or too many."""
    async with app.database.connection() as connection:
        await footprint_store.tidy(connection, DAYS, MOST)
