"""A member whose line is cut while orders move, Redis starts anew and web processes are killed, ends with the truth.

The outage lasts ``LINGFENG_TEST_OUTAGE`` seconds (2.5 unless told otherwise):

    LINGFENG_TEST_OUTAGE=30 pytest -s tests/realtime/test_resume.py
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import msgspec
import playwright.async_api as playwright
import pytest

from realtime import notices
from server.database import prepare
from server.engines import Engines
from server.settings import Settings
from tests.bundles import Parser
from tests.realtime.outage import WebProcess, Wire, home_of
from tests.realtime.stock import Stock, empty_page

OUTAGE = float(os.environ.get("LINGFENG_TEST_OUTAGE", "2.5"))
pytestmark = [pytest.mark.browser, pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(120 + 2 * OUTAGE)]
BEFORE, DURING, AFTER = 40, 500, 60
PHONE = "13800000042"
FOLLOW = """() => {
    const socket = sockets.one;
    const held = window.held = {at: null, notices: [], faults: [], doubles: 0, pages: 0};
    let busy = false, again = false;
    const take = (notice) => {
        if (notice.epoch !== held.at?.epoch) held.faults.push(notice);
        else if (notice.seq <= held.at.seq) held.doubles++;
        else if (notice.seq > held.at.seq + 1) ask();
        else held.notices.push(notice), held.at.seq = notice.seq;
    };
    const ask = async () => {
        again = true;
        if (busy) return;
        busy = true;
        try {
            while (again) {
                again = false;
                for (let more = true; more; held.pages++) {
                    const page = await socket.timeout(10000).emitWithAck("sync", held.at);
                    if (!page.ok) throw new Error(page.code);
                    if (page.reset) held.faults.push({...page, events: []});
                    for (const notice of page.events) take(notice);
                    more = page.more;
                }
            }
        } catch {
            if (socket.connected) socket.disconnect().connect();
        } finally {
            busy = false;
        }
    };
    socket.on("ready", ({epoch, seq}) => {
        if (!held.at) held.at = {epoch, seq};
        else if (epoch !== held.at.epoch || seq < held.at.seq) held.faults.push({epoch, seq});
        else if (seq > held.at.seq) ask();
    });
    socket.on("order", take);
}"""
"""What an application of the API has to do: place what comes by seq, ask for the rest."""
MODULE = """async () => {
    const member = await import("lingfeng/member");
    window.member = member;
    window.held = {notices: [], resyncs: 0};
    member.on("order", (order) => held.notices.push(order));
    member.on("resync", () => held.resyncs++);
}"""
"""What our pages do."""


class Place:
    """The platform of one test, and the line to it."""

    def __init__(self, settings: Settings, engines: Engines, wire: Wire) -> None:
        self.settings = settings
        self.engines = engines
        self.wire = wire
        self._started = 0

    def start(self) -> WebProcess:
        """Start another web process."""
        self._started += 1
        made = WebProcess(self.settings, self.wire.url, self._started)
        self.wire.processes.append(made)
        return made

    async def log_in(self) -> tuple[int, str]:
        """Register a member as a phone does; returns id and bearer token."""
        async with aiohttp.ClientSession(self.wire.url) as http:
            async with http.post("/api/v1/auth/codes", json={"phone": PHONE}) as answer:
                assert answer.status == 202, await answer.text()
            async with http.get(f"/sandbox/inbox?to={PHONE}", headers={"Accept": "application/json"}) as answer:
                code = (await answer.json())[0]["code"]
            async with http.post("/api/v1/auth/sessions", json={"phone": PHONE, "code": code}) as answer:
                assert answer.status == 201, await answer.text()
                session = await answer.json()
        return int(session["member"]["id"]), session["token"]


@pytest.fixture
async def place(settings: Settings, tmp_path: Path) -> AsyncIterator[Place]:
    """Two web processes with a Redis of their own."""
    wire = Wire()
    await wire.open()
    with contextlib.closing(Engines(tmp_path / "own")) as engines:
        engines.valkey.start()
        made = Place(
            msgspec.structs.replace(settings, redis_url=engines.redis_url, home=home_of(tmp_path)), engines, wire
        )
        try:
            for process in [made.start(), made.start()]:
                await process.ready()
            yield made
        finally:
            await wire.close()
            for process in wire.processes:
                process.kill()


@pytest.fixture
async def database(place: Place) -> AsyncIterator[Any]:
    """A connection to the platform's database."""
    connection: Any = await asyncpg.connect(place.settings.database_url)
    await prepare(connection)
    yield connection
    await connection.close()


@pytest.fixture
async def pages(chromium: playwright.Browser) -> AsyncIterator[tuple[playwright.Page, playwright.Page]]:
    """Two pages that know nothing of each other; in the second the test may bring any script."""
    made = await chromium.new_page(locale="zh-CN"), await empty_page(chromium)
    yield made
    for page in made:
        await page.close()


async def write(database: Any, member: int, first: int, count: int, seconds: float) -> None:
    """Write so many notices, one to three in a transaction, some of them too long to be announced, in that time."""
    written, began = 0, time.monotonic()
    while written < count:
        async with database.transaction():
            for number in range(first + written, first + min(count, written + 1 + written % 3)):
                words = "凌峰" * (2000 if number % 50 == 7 else number % 20)
                payload = {"order_no": str(number), "status": "paid", "at": number * 1.5, "words": words, "none": None}
                await notices.add(database, member, "order", payload)
                written += 1
        await asyncio.sleep(max(0.0, began + seconds * written / count - time.monotonic()))


async def kept(database: Any, member: int) -> list[dict[str, Any]]:
    """Return what PostgreSQL knows, as clients read it."""
    epoch = await database.fetchval("SELECT epoch FROM member_notice_heads WHERE member_id = $1", member)
    rows = await database.fetch(
        "SELECT seq, kind, payload FROM member_notices WHERE member_id = $1 ORDER BY seq", member
    )
    return [row["payload"] | {"epoch": epoch, "seq": row["seq"], "kind": row["kind"]} for row in rows]


async def holds(page: playwright.Page, expression: str, seconds: float = 15) -> None:
    """Return when ``expression`` is true in the page; asked from outside, for its policy allows no eval."""
    deadline = time.monotonic() + seconds
    while not await page.evaluate(expression):
        told = await page.evaluate("({...held, notices: held.notices.length})")
        assert time.monotonic() < deadline, (expression, told)
        await asyncio.sleep(0.05)


async def arrived(pages: dict[str, playwright.Page], number: int, seconds: float = 15) -> dict[str, float]:
    """Return when each page holds so many notices, with the seconds that each took."""
    began = time.monotonic()

    async def taken(page: playwright.Page) -> float:
        await holds(page, f"held.notices.length >= {number}", seconds)
        return time.monotonic() - began

    return dict(zip(pages, await asyncio.gather(*map(taken, pages.values())), strict=True))


async def through_an_outage(place: Place, database: Any, member: int, pages: dict[str, playwright.Page]) -> None:
    """Write notices while everything goes down."""
    await write(database, member, 0, BEFORE, 0.5)
    await arrived(pages, BEFORE)

    writing = asyncio.create_task(write(database, member, BEFORE, DURING, OUTAGE + 0.3))
    await asyncio.sleep(0.3)  # the first of them reach the clients
    place.wire.cut()
    began = time.monotonic()
    await asyncio.sleep(OUTAGE / 4)
    place.wire.processes.pop(0).kill()
    place.engines.valkey.kill()
    await asyncio.sleep(OUTAGE / 4)
    await asyncio.to_thread(place.engines.valkey.start)
    await asyncio.sleep(max(0.0, began + OUTAGE - time.monotonic()))
    missed = {name: BEFORE + DURING - await page.evaluate("held.notices.length") for name, page in pages.items()}
    away = time.monotonic() - began
    place.wire.mend()
    taken = await arrived(pages, BEFORE + DURING, 60)
    await writing
    for name in pages:
        print(
            f"\n{name}: {away:.1f} s away, missed {missed[name]} of {DURING}, had them {taken[name]:.1f} s after",
            end="",
        )

    # The process that is left is killed under the clients, once another has taken the place of the first.
    await place.start().ready()
    writing = asyncio.create_task(write(database, member, BEFORE + DURING, AFTER, 1.0))
    await asyncio.sleep(0.3)
    place.wire.processes.pop(0).kill()
    await writing
    await arrived(pages, BEFORE + DURING + AFTER, 60)


async def test_members_lose_nothing_and_are_told_nothing_twice(
    place: Place, database: Any, pages: tuple[playwright.Page, playwright.Page]
) -> None:
    """Once with our pages' module, once with the bare stock client that asks for what it lacks."""
    member, bearer = await place.log_in()
    ours, bare = pages
    await ours.context.add_cookies([{"name": "lf_member", "value": bearer, "url": place.wire.url}])
    await ours.goto(f"{place.wire.url}/api/docs")
    await ours.evaluate(MODULE)
    await holds(ours, "member.state.value === 'online' && held.resyncs === 1")
    stock = Stock(bare)
    await stock.visit(place.wire.url, Parser.JSON)
    await stock.open("one", bearer=bearer, transports=["websocket"], autoConnect=False)
    await stock.run(FOLLOW)
    await stock.run("() => { sockets.one.connect(); }")
    await stock.until("held.at")

    await through_an_outage(place, database, member, {"our module": ours, "the stock client": bare})

    truth = await kept(database, member)
    assert [notice["seq"] for notice in truth] == list(range(1, BEFORE + DURING + AFTER + 1))
    assert await ours.evaluate("held.notices") == truth
    assert await bare.evaluate("held.notices") == truth
    assert await ours.evaluate("held.resyncs") == 1, "it had to load nothing afresh"
    assert await bare.evaluate("held.faults") == []
    assert len(await stock.heard("one", "reconnect")) >= 2
    print(f"\nthe stock client asked for {await bare.evaluate('held.pages')} pages")
