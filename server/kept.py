"""What a process remembers of the database, and forgets in the moment it is no longer true.

Whoever changes something that pages show writes its topic to ``changes`` in the same transaction (mostly by triggers:
``product:17``, ``shop:3``). Before anything remembered is used, the process asks PostgreSQL what is new; those who ask
at the same time ask once. So a remembered page is as true as one made anew, at a fraction of its cost, and no notice
has to arrive for it.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Hashable
from contextvars import ContextVar
from typing import Any, Generic, TypeVar

import msgspec

from server.database import Connection, Database
from server.rounds import Rounds

T = TypeVar("T")

ROOM = 48 * 2**20
"""Bytes of everything remembered, as their owners count them."""
LASTS = 30.0
"""Seconds that anything is remembered at most: for what changes with time alone, such as which goods sell best."""
_MOST = 1_000
"""Topics in one answer; more of them forget everything, which is cheaper than naming each."""
_RECENT = 256
_SILENT = 600.0
"""Seconds without a question after which rows may have been tidied away unseen."""


class Made(msgspec.Struct, Generic[T], frozen=True):
    """Something read from the database that holds until one of ``topics`` changes.

    It takes ``size`` bytes and ``lasts`` so many seconds at most, from when its making began; with 0 it is nobody
    else's.
    """

    value: T
    topics: frozenset[str]
    size: int = 1_000
    lasts: float = LASTS


class _Found(msgspec.Struct):
    made: Made[Any]
    until: float


_parts: ContextVar[list[float] | None] = ContextVar("parts", default=None)
"""Until when each lasts that what is being made was made of: it lasts no longer than they."""


class Kept:
    """The memory of one process."""

    def __init__(self, database: Database, room: int = ROOM) -> None:
        self._database = database
        self._room = room
        self._rounds = Rounds(self._look, "changes")
        self._found: OrderedDict[Hashable, _Found] = OrderedDict()
        self._by_topic: dict[str, set[Hashable]] = {}
        self._seen: str | None = None
        self._asked = 0.0
        self._number = 0
        self._making: dict[tuple[Hashable, int], asyncio.Future[_Found | None]] = {}
        self._recent: deque[tuple[int, frozenset[str] | None]] = deque(maxlen=_RECENT)
        self.size = 0
        self.hits = self.misses = 0

    async def fresh(self) -> int:
        """Forget whatever a transaction that has committed by now made untrue; return the number of that state."""
        await self._rounds.next()
        return self._number

    async def find(self, key: Hashable, make: Callable[[], Awaitable[Made[T]]]) -> T:
        """Return what is remembered under ``key``, or what ``make`` reads and remember it.

        Those who want the same at the same time wait for one to make it. Raises what a database that is away raises,
        and what ``make`` raises.
        """
        since = await self.fresh()
        found = self._found.get(key)
        if found is not None and found.until > time.monotonic():
            self._found.move_to_end(key)
            self.hits += 1
        else:
            self.misses += 1
            under_way = self._making.get((key, since))
            found = await asyncio.shield(under_way) if under_way is not None else None
            if found is None:
                found = await self._make(key, since, make)
        if (parts := _parts.get()) is not None:
            parts.append(found.until)
        return found.made.value  # type: ignore[no-any-return]  # whoever put it under this key knows what it is

    async def _make(self, key: Hashable, since: int, make: Callable[[], Awaitable[Made[Any]]]) -> _Found:
        promise: asyncio.Future[_Found | None] = asyncio.get_running_loop().create_future()
        self._making[key, since] = promise
        shared: _Found | None = None
        began, parts = time.monotonic(), list[float]()
        within = _parts.set(parts)
        try:
            made = await make()
            found = _Found(made, min([began + min(made.lasts, LASTS), *parts]))
            if made.lasts > 0:
                shared = found
                self._put(key, found, since)
            return found
        finally:
            _parts.reset(within)
            if self._making.get((key, since)) is promise:
                del self._making[key, since]
            # Nobody waits for what failed, or is not to be shared: each makes it for himself.
            promise.set_result(shared)

    def _put(self, key: Hashable, found: _Found, since: int) -> None:
        """Remember what was read after ``since``, unless something was heard meanwhile that may be missing in it."""
        made = found.made
        if self._changed_since(since, made.topics) or made.size > self._room // 8 or found.until <= time.monotonic():
            return
        self._forget(key)
        self._found[key] = found
        self.size += made.size
        for topic in made.topics:
            self._by_topic.setdefault(topic, set()).add(key)
        while self.size > self._room:
            self._forget(next(iter(self._found)))

    def clear(self) -> None:
        """Forget everything."""
        self._found.clear()
        self._by_topic.clear()
        self.size = 0

    def _changed_since(self, since: int, topics: frozenset[str]) -> bool:
        if self._number - since > _RECENT:
            return True
        return any(number > since and (what is None or not topics.isdisjoint(what)) for number, what in self._recent)

    def _forget(self, key: Hashable) -> None:
        found = self._found.pop(key, None)
        if found is None:
            return
        self.size -= found.made.size
        for topic in found.made.topics:
            keys = self._by_topic[topic]
            keys.discard(key)
            if not keys:
                del self._by_topic[topic]

    async def _look(self) -> None:
        if self._seen is not None and time.monotonic() - self._asked > _SILENT:
            self._seen = None
        asked = time.monotonic()
        async with self._database.connection() as connection:
            self._seen, topics = await _news(connection, self._seen)
        self._asked = asked
        if topics is None:
            self._number += 1
            self._recent.append((self._number, None))
            self.clear()
        elif topics:
            self._number += 1
            self._recent.append((self._number, frozenset(topics)))
            for topic in topics:
                for key in tuple(self._by_topic.get(topic, ())):
                    self._forget(key)


async def _news(connection: Connection, seen: str | None) -> tuple[str, list[str] | None]:
    """Return a snapshot and the topics that it sees changed and ``seen`` did not; None for all there may be."""
    if seen is None:
        return await connection.fetchval("SELECT pg_current_snapshot()::text"), None
    row = await connection.fetchrow(
        """
        SELECT pg_current_snapshot()::text AS seen, array(
            SELECT DISTINCT topic
            FROM changes
            WHERE xact >= pg_snapshot_xmin($1::text::pg_snapshot)
                AND NOT pg_visible_in_snapshot(xact, $1::text::pg_snapshot)
            LIMIT $2::int
        ) AS topics
        """,
        seen,
        _MOST + 1,
    )
    return row["seen"], None if len(row["topics"]) > _MOST else row["topics"]


async def change(connection: Connection, *topics: str) -> None:
    """Have every process forget what it remembers of ``topics`` once this transaction commits."""
    await connection.execute("INSERT INTO changes (topic) SELECT unnest($1::text[])", list(topics))


async def tidy(connection: Connection) -> None:
    """Remove what every process has asked about, or will not ask about before it forgets everything.

    An hour is far beyond the silence after which a process forgets, and beyond any transaction of ours.
    """
    await connection.execute("DELETE FROM changes WHERE at < now() - interval '1 hour'")
