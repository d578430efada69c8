"""The log: gathered in the web process and written together, so that doing something costs no statement.

What waits is bounded: beyond ``ROOM`` events the newest are shed, and counted. Those of the last second are lost if
the process is killed; a clean stop writes them.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import msgspec
import structlog

from commerce.behaviour import privacy_store, store
from commerce.behaviour.types import Arrival, Happening, Visit
from commerce.behaviour.visit import GREETED, begun
from server.application import Application
from server.clock import now
from server.database import CONTENTION, DOWN, Connection, Database
from server.ending import end
from server.http import Call
from server.rounds import Rounds

log = structlog.get_logger("behaviour")
EVERY_S = 1.0
ROOM = 20_000
"""Events that wait while PostgreSQL is away."""
BATCH = 2000
KEPT_DAYS = 180
"""How long events are kept; the counts of days stay."""
COUNTS_KEPT_DAYS = 800
_AT_ONCE = 20_000

Known = Callable[[Connection, Sequence[int]], Awaitable[set[int]]]
"""Given ids, returns those of products that there are."""


class Noted(msgspec.Struct, frozen=True, kw_only=True):
    """One event that waits to be written."""

    at: datetime
    visit: Visit
    what: Happening


class Log:
    """What this process has yet to write, and what it has counted."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._events: list[Noted] = []
        self._visits: dict[UUID, tuple[datetime, Visit, Arrival]] = {}
        self._claims: dict[UUID, int] = {}
        self._rounds = Rounds(self._round, "behaviour")
        self._known: Known | None = None
        self.counts: Counter[tuple[str, ...]] = Counter()
        """Events by what became of them: written, shed, refused (nobody may keep them)."""

    def ask_for_products(self, known: Known) -> None:
        """Have the floor that owns products say which of them there are."""
        self._known = known

    async def known(self, connection: Connection, product_ids: Sequence[int]) -> set[int]:
        """Return those ids that are products'; all of them while nobody can say."""
        if not product_ids or self._known is None:
            return set(product_ids)
        return await self._known(connection, product_ids)

    @property
    def waiting(self) -> int:
        """Return how many events wait to be written."""
        return len(self._events)

    def arrive(self, visit: Visit, arrival: Arrival) -> None:
        """Note how a visit began."""
        assert visit.visit_id is not None
        if len(self._visits) < ROOM:
            self._visits[visit.visit_id] = (now(), visit, arrival)

    def claim(self, visitor: UUID, member_id: int) -> None:
        """Note that a visitor is a member: what the visitor did before becomes the member's."""
        if len(self._claims) < ROOM:
            self._claims[visitor] = member_id

    def add(self, visit: Visit, *happenings: Happening) -> None:
        """Note what happened."""
        room = ROOM - len(self._events)
        self._events.extend(Noted(at=now(), visit=visit, what=what) for what in happenings[:room])
        if len(happenings) > room:
            self.counts["shed",] += len(happenings) - max(0, room)

    async def flush(self) -> None:
        """Write what waits. While PostgreSQL is away it waits on.

        The writing is nobody's own: a caller who gives up, or is stopped, takes nothing along.
        """
        await self._rounds.next()

    async def _round(self) -> None:
        while self._events or self._visits or self._claims:
            events, self._events = self._events[:BATCH], self._events[BATCH:]
            visits, self._visits = self._visits, {}
            claims, self._claims = self._claims, {}
            try:
                async with self._database.transaction() as connection:
                    await store.hold(connection)
                    written = await _write(connection, events, list(visits.values()), claims)
            except (*DOWN, *CONTENTION) as error:
                self._events = [*events, *self._events]
                self.counts["shed",] += max(0, len(self._events) - ROOM)
                del self._events[ROOM:]
                self._visits = {**visits, **self._visits}
                self._claims = {**claims, **self._claims}
                log.warning("behaviour waits", error=str(error) or type(error).__name__)
                return
            except asyncpg.PostgresError as error:  # no event is worth a loop without end
                self.counts["refused",] += len(events)
                log.warning("behaviour is left out", events=len(events), error=str(error))
                continue
            self.counts["written",] += written
            self.counts["refused",] += len(events) - written

    async def run(self) -> None:
        """Write every second until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            await self.flush()


async def _write(
    connection: Connection,
    events: Sequence[Noted],
    visits: Sequence[tuple[datetime, Visit, Arrival]],
    claims: Mapping[UUID, int],
) -> int:
    """Write all that for the members whose accounts these are by now; return how many events were written."""
    named = {event.visit.member_id for event in events} | {visit.member_id for _, visit, _ in visits}
    owners = await store.standing(connection, [one for one in named | set(claims.values()) if one is not None])

    def owned(visit: Visit) -> Visit | None:
        if visit.member_id is None:
            return visit
        owner = owners.get(visit.member_id)
        return None if owner is None else msgspec.structs.replace(visit, member_id=owner)

    await store.add_visits(connection, [(at, ours, how) for at, visit, how in visits if (ours := owned(visit))])
    theirs = [msgspec.structs.replace(event, visit=ours) for event in events if (ours := owned(event.visit))]
    written = await store.add(connection, theirs)
    await store.claim(connection, {one: owners[member_id] for one, member_id in claims.items() if member_id in owners})
    return written


async def record(connection: Connection, member_id: int, at: datetime, *happenings: Happening) -> None:
    """Write what a member did at ``at`` (UTC) outside of a page, in the caller's transaction, if they agreed."""
    visit = Visit(visitor=None, visit_id=None, member_id=member_id)
    await store.hold(connection)
    await store.add(connection, [Noted(at=at, visit=visit, what=what) for what in happenings])


def note(call: Call, *happenings: Happening) -> bool:
    """Note what the caller does, if they agreed to that being kept; tell whether it was."""
    held = greet(call)
    if held is None:
        return False
    call.resource(Log).add(held, *happenings)
    return True


def greet(call: Call, arrived: Arrival | None = None) -> Visit | None:
    """Return whose doing the request is, and note the visit that begins with it; None where nothing may be kept."""
    held = begun(call, arrived)
    if held is None:
        return None
    visit = held.visit
    if GREETED not in call.request:
        call.request[GREETED] = True
        log_ = call.resource(Log)
        if held.arrival is not None:
            log_.arrive(visit, held.arrival)
        if held.claims and visit.visitor is not None and visit.member_id is not None:
            log_.claim(visit.visitor, visit.member_id)
    return visit


@contextlib.asynccontextmanager
async def lifespan(app: Application) -> AsyncIterator[None]:
    """Keep the log of a web process written."""
    kept = app.resource(Log)
    writing = asyncio.create_task(kept.run(), name="behaviour")
    try:
        yield
    finally:
        await end(writing)
        await kept.flush()


async def prune(app: Application) -> None:
    """Remove events and visits that are too old, some thousands at a time so that nobody waits for it."""
    before = now() - timedelta(days=KEPT_DAYS)
    while True:
        async with app.database.transaction() as connection:
            if await store.prune(connection, before, _AT_ONCE) < _AT_ONCE:
                break
    async with app.database.transaction() as connection:
        await store.prune_days(connection, COUNTS_KEPT_DAYS)
        await privacy_store.tidy(connection)
