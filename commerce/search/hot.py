"""What people look for: counted in process, written every few seconds, shown as hot searches."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import time
from collections.abc import AsyncIterator

import structlog

from commerce.search import history_store
from commerce.search.history_store import ENOUGH
from commerce.search.types import Heard, Offered
from server import database as db
from server.application import Application
from server.database import Database
from server.ending import end
from server.http import Call
from server.http.session import Kind

log = structlog.get_logger("search")
SHOWN = 10
KEPT = 20
"""Past searches of a member."""
LONGEST = 40
"""Longer texts are no words that others look for."""
DAYS = 30
_FLUSH_EVERY = 5.0
_FRESH_FOR = 60.0
_AGAIN_AFTER = 3600.0
_MOST_SEEN = 50_000


class Searches:
    """What this process has heard, and what is hot. One person counts once an hour for the same words."""

    def __init__(self, database: Database, secret: bytes) -> None:
        self._database, self._secret = database, secret
        self._counts: dict[str, Heard] = {}
        self._seen: dict[tuple[str, str], float] = {}
        self._offered = Offered(hot=[], picked=[])
        self._hot_at = -_FRESH_FOR

    def heard(self, owner: str, words: str) -> None:
        """Count a search that found something."""
        at = time.monotonic()
        if len(words) > LONGEST or at - self._seen.get((owner, words), -_AGAIN_AFTER) < _AGAIN_AFTER:
            return
        if len(self._seen) >= _MOST_SEEN:
            self._seen.clear()
        self._seen[owner, words] = at
        who = hmac.digest(self._secret, f"search:{owner}:{words}".encode(errors="replace"), "sha256")
        self._count(Heard(words=words, searches=1, visitors=[int.from_bytes(who[:8], signed=True)]))

    def _count(self, more: Heard) -> None:
        known = self._counts.get(more.words)
        if known is not None:
            visitors = list(dict.fromkeys([*known.visitors, *more.visitors]))[:ENOUGH]
            more = Heard(words=more.words, searches=known.searches + more.searches, visitors=visitors)
        self._counts[more.words] = more

    async def flush(self) -> None:
        """Write what was counted."""
        if not self._counts:
            return
        counts, self._counts = self._counts, {}
        try:
            async with self._database.transaction() as connection:
                await history_store.count(connection, list(counts.values()), ENOUGH)
        except db.DOWN:
            for heard in counts.values():
                self._count(heard)
            raise
        self.changed()

    def changed(self) -> None:
        """Read anew what is hot the next time."""
        self._hot_at = -_FRESH_FOR

    async def offered(self) -> Offered:
        """Return what many look for most, then what the operator picked, together no more than are shown; up to a
        minute old."""
        if time.monotonic() - self._hot_at >= _FRESH_FOR:
            async with self._database.connection() as connection:
                hot = [one.words for one in await history_store.hot(connection, SHOWN, enough=ENOUGH)]
                picked = [one for one in await history_store.picks(connection) if one not in hot]
            self._offered = Offered(hot=hot, picked=picked[: SHOWN - len(hot)])
            self._hot_at = time.monotonic()
        return self._offered

    @contextlib.asynccontextmanager
    async def counting(self, app: Application) -> AsyncIterator[None]:
        """Write what was counted every few seconds and at the end."""
        task = asyncio.create_task(self._flushing(), name="search counts")
        try:
            yield
        finally:
            await end(task)
            with contextlib.suppress(*db.DOWN):  # a few counts are lost with a database that is away at the end
                await self.flush()

    async def _flushing(self) -> None:
        while True:
            await asyncio.sleep(_FLUSH_EVERY)
            try:
                await self.flush()
            except db.DOWN as error:
                log.warning("searches wait", error=f"{type(error).__name__}: {error}")


async def noticed(call: Call, words: str, total: int) -> None:
    """Count a search and keep it among the member's own."""
    if total:
        call.resource(Searches).heard(call.owner, words)
    who = call.identity
    if who is not None and who.kind is Kind.MEMBER and len(words) <= LONGEST:
        async with call.database.transaction() as connection:
            await history_store.remember(connection, who.id, words, KEPT)


async def tidy(app: Application) -> None:
    """Forget old counts."""
    async with app.database.transaction() as connection:
        await history_store.tidy(connection, DAYS)
