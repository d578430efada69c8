"""A room's reliable lane with the stock JavaScript client, which knows nothing of lanes but what it is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import playwright.async_api as playwright
import pytest
import redis.asyncio as aioredis

from tests.bundles import Parser
from tests.realtime.conftest import Site
from tests.realtime.stock import Stock, empty_page
from tests.realtime.test_lanes import KIND, SHOP, Tick
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("parser", list(Parser))]

ROOM = "shelf:7"
FOLLOW = """(room) => {
    const held = window.held = {goods: null, place: {}, seen: [], resets: 0, ticks: 0, faults: []};
    const take = (payload, place) => {
        if (place.epoch !== held.place.epoch || place.seq !== held.place.seq + 1) held.faults.push([held.place, place]);
        held.goods = payload.goods;
        held.place = place;
        held.seen.push(place.seq);
    };
    const begin = ({epoch, seq, state}) => {
        held.resets++;
        held.goods = state.goods;
        held.place = {epoch, seq};
    };
    sockets.one.on("connect", async () => {
        const answer = await sockets.one.timeout(10000).emitWithAck("join", {room, ...held.place});
        held.joined = answer;
        if (answer.reset) begin(answer);
        for (const [, payload, place] of answer.events) take(payload, place);
    });
    sockets.one.on("shelf", take);
    sockets.one.on("room", begin);
    sockets.one.on("tick", () => held.ticks++);
}"""
"""What a page has to do to follow a room through anything."""


@pytest.fixture(scope="module")
async def empty(chromium: playwright.Browser) -> AsyncIterator[playwright.Page]:
    """The page of all these tests."""
    page = await empty_page(chromium)
    yield page
    await page.close()


@pytest.fixture
async def stock(empty: playwright.Page, site: Site, parser: Parser) -> AsyncIterator[Stock]:
    """The client, following a shelf with two pens on it."""
    SHOP.goods, SHOP.pause = {}, 0.0
    site.hub.room(KIND)
    await put(site, "pen", 1)
    await put(site, "pen", 2)
    made = Stock(empty)
    await made.visit(site.url, parser)
    await made.open("one", transports=["websocket"], autoConnect=False)
    await made.run(FOLLOW, ROOM)
    await made.run("() => { sockets.one.connect(); }")
    await made.until("held.joined?.ok")
    yield made
    await made.run("() => { sockets.one.disconnect(); }")
    await until(lambda: site.hub.count() == 0)


async def put(site: Site, name: str, number: int) -> int:
    """Put goods on the shelf and return the room's seq after it."""
    place = await SHOP.set(site.rooms, KIND, "7", name, number)
    assert place is not None
    return place.seq


async def held(stock: Stock, seq: int) -> dict[str, Any]:
    """Return what the page holds, once it has come to ``seq``."""
    await stock.until(f"held.place.seq === {seq}")
    found: dict[str, Any] = await stock.run("held")
    assert found["faults"] == []
    return found


async def away(stock: Stock, site: Site) -> None:
    """Have the client lose its connection and stay away."""
    await stock.run("() => { held.joined = null; sockets.one.disconnect(); }")
    await until(lambda: site.hub.count() == 0)


async def back(stock: Stock) -> dict[str, Any]:
    """Have the client come back; returns the answer to its ``join``."""
    await stock.run("() => { sockets.one.connect(); }")
    await stock.until("held.joined?.ok")
    answer: dict[str, Any] = await stock.run("held.joined")
    return answer


async def test_it_begins_with_the_present_state_and_hears_every_event(stock: Stock, site: Site) -> None:
    first = await held(stock, 2)
    assert (first["goods"], first["resets"], first["seen"]) == ({"pen": 2}, 1, [])
    for number in range(3, 53):
        await put(site, "pen", number)
    await site.rooms.tell(KIND, 7, Tick(5))
    await stock.until("held.ticks === 1")
    after = await held(stock, 52)
    assert after["goods"] == {"pen": 52}
    assert after["seen"] == list(range(3, 53))
    assert after["resets"] == 1


async def test_it_comes_back_with_its_place_and_gets_what_it_missed(stock: Stock, site: Site) -> None:
    await put(site, "ink", 1)
    await held(stock, 3)
    await away(stock, site)
    for number in range(2, 12):
        await put(site, "ink", number)
    answer = await back(stock)
    assert not answer["reset"]
    assert [place["seq"] for _, _, place in answer["events"]] == list(range(4, 14))
    found = await held(stock, await put(site, "cap", 1))
    assert found["goods"] == {"pen": 2, "ink": 11, "cap": 1}
    assert found["seen"] == list(range(3, 15))
    assert found["resets"] == 1


async def test_a_cut_in_the_middle_of_everything_loses_nothing(stock: Stock, site: Site) -> None:
    for number in range(3, 203):
        await put(site, "pen", number)
        if number % 40 == 0:
            for line in site.hub.engine:
                line.close()
    found = await held(stock, 202)
    assert found["goods"] == {"pen": 202}
    assert found["seen"] == list(range(3, 203))
    assert found["resets"] == 1
    assert await stock.heard("one", "reconnect")


async def test_it_begins_anew_when_the_log_is_another(stock: Stock, site: Site) -> None:
    before = await held(stock, 2)
    await away(stock, site)
    async with aioredis.from_url(site.app.settings.redis_url) as client:
        await client.flushdb()
    await put(site, "ink", 1)
    answer = await back(stock)
    assert answer["reset"]
    assert answer["epoch"] != before["place"]["epoch"]
    found = await held(stock, await put(site, "ink", 2))
    assert (found["goods"], found["resets"], found["seen"]) == ({"pen": 2, "ink": 2}, 2, [2])


async def test_it_is_given_a_new_state_where_it_stands(stock: Stock, site: Site) -> None:
    """The room is lost in Redis while the client listens: the next event is none that follows on what it has."""
    before = await held(stock, 2)
    async with aioredis.from_url(site.app.settings.redis_url) as client:
        await client.flushdb()
    await put(site, "ink", 1)
    await stock.until("held.resets === 2")
    found = await held(stock, await put(site, "ink", 2))
    assert found["goods"] == {"pen": 2, "ink": 2}
    assert found["place"]["epoch"] != before["place"]["epoch"]
    assert await stock.heard("one", "disconnect") == []
