"""What happens to the log at the same moment: a stop, a no, a merged account, many who are written together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import pytest

from commerce.behaviour import Log, Viewed, Visit, store
from commerce.behaviour.log import Noted
from commerce.behaviour.types import Arrival, Choice
from server.database import Connection
from tests.commerce.behaviour.browsing import Browser
from tests.commerce.orders.market import Market


class Gate:
    """Holds up the writing of ``visit``'s events after it was done and before it is committed, once."""

    def __init__(self) -> None:
        self.visit: Visit | None = None
        self.reached, self.opened = asyncio.Event(), asyncio.Event()


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    """Return a gate that nobody has come to."""
    made, add = Gate(), store.add

    async def held(connection: Connection, events: Sequence[Noted]) -> int:
        written = await add(connection, events)
        if not made.reached.is_set() and any(event.visit == made.visit for event in events):
            made.reached.set()
            await made.opened.wait()
        return written

    monkeypatch.setattr(store, "add", held)
    return made


@asynccontextmanager
async def writing(kept: Log, gate: Gate, visit: Visit) -> AsyncIterator[asyncio.Task[None]]:
    """Have ``kept`` write until the gate holds it up with what ``visit`` did."""
    gate.visit = visit
    task = asyncio.create_task(kept.flush())
    await gate.reached.wait()
    yield task
    gate.opened.set()
    await asyncio.gather(task, return_exceptions=True)


async def test_who_gives_up_waiting_for_the_log_takes_nothing_along(market: Market, gate: Gate) -> None:
    """A request that is cut off, or a process that stops, in the middle of writing."""
    member = await market.member()
    await market.run("INSERT INTO behaviour_privacy (member_id, choice) VALUES ($1, 'all')", member.id)
    kept = Log(market.app.database)
    visit = Visit(visitor=None, visit_id=None, member_id=member.id)
    kept.add(visit, *[Viewed(product_id=1)] * 7)
    async with writing(kept, gate, visit) as task:
        task.cancel()
        await asyncio.sleep(0)
    await kept.flush()
    assert await market.value("SELECT count(*) FROM behaviour_events") == 7
    assert kept.counts["written",] == 7


async def test_a_no_waits_for_what_is_being_written_and_removes_it(market: Market, gate: Gate) -> None:
    member = await market.member()
    browser = await Browser(market, member=member).agreed()
    await browser.open("/")
    elsewhere = Log(market.app.database)  # another process, to which the same browser spoke
    visit = Visit(visitor=UUID(browser.cookies["lf_trace"]), visit_id=uuid4(), member_id=member.id)
    elsewhere.add(visit, Viewed(product_id=market.product_id))
    assert visit.visit_id is not None
    elsewhere.arrive(visit, Arrival(landing="/x"))
    async with writing(elsewhere, gate, visit):
        no = asyncio.create_task(browser.choose(Choice.NECESSARY))
        await asyncio.sleep(0.3)
    await no
    assert await market.value("SELECT count(*) FROM behaviour_events") == 0
    assert await market.value("SELECT count(*) FROM behaviour_visits") == 0


async def test_what_a_merged_account_did_last_is_the_keepers(market: Market) -> None:
    """A process remembers a session for some seconds after its account was merged, or deleted."""
    keeper, other, gone = [await market.member() for _ in range(3)]
    kept = Log(market.app.database)
    for one in (keeper, other, gone):
        visit = Visit(visitor=uuid4(), visit_id=uuid4(), member_id=one.id)
        kept.arrive(visit, Arrival(landing="/"))
        kept.add(visit, Viewed(product_id=market.product_id))
        assert visit.visitor is not None
        kept.claim(visit.visitor, one.id)
    await market.run(
        "UPDATE members SET phone = NULL, status = 'merged', merged_into = $1 WHERE id = $2", keeper.id, other.id
    )
    await market.run("UPDATE members SET phone = NULL, status = 'gone' WHERE id = $1", gone.id)
    await kept.flush()
    assert await market.value("SELECT array_agg(member_id) FROM behaviour_events") == [keeper.id] * 2
    assert await market.value("SELECT array_agg(member_id) FROM behaviour_visits") == [keeper.id] * 2
    assert await market.value("SELECT array_agg(member_id) FROM behaviour_privacy") == [keeper.id]
    assert (kept.counts["written",], kept.counts["refused",]) == (2, 1)
