"""The stock JavaScript client and the pages' module, in a real Chromium under the pages' policy."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import playwright.async_api as playwright
import pytest

from server.http import Kind
from tests.conftest import FAULT, WATCH
from tests.realtime.conftest import Site
from tests.realtime.test_member import notify
from tests.waiting import until

pytestmark = pytest.mark.browser

LISTEN = """async () => {
    const member = await import("lingfeng/member");
    Object.assign(window, {member, orders: [], sales: [], resyncs: 0, states: []});
    member.on("order", (order) => orders.push([order.seq, order.order_no]));
    member.on("resync", () => resyncs++);
    member.watch("5", (sale) => sales.push(sale));
    member.state.subscribe((state) => states.push(state));
}"""
STOCK = """async (wanted) => {
    await import("socket.io");
    const answer = await fetch("/api/v1/realtime/tokens", {method: "POST",
        headers: {"X-CSRF-Token": document.querySelector('meta[name="csrf-token"]').content}});
    const token = wanted ?? (await answer.json()).token;
    window.log = [];
    window.socket = io("/member", {auth: {token}});
    for (const name of ["connect", "disconnect", "ready", "order", "closed", "flash_sale"])
        socket.on(name, (data) => log.push([name, data]));
    socket.on("connect_error", (error) => log.push(["connect_error", error.message, error.data]));
    socket.io.on("reconnect_attempt", () => log.push(["reconnect_attempt"]));
}"""


@pytest.fixture
async def page(site: Site, chromium: playwright.Browser) -> AsyncIterator[playwright.Page]:
    """A page of the site, opened by member 7."""
    context = await chromium.new_context(base_url=site.url, locale="zh-CN")
    await context.add_cookies([{"name": "lf_member", "value": await site.session(7), "url": site.url}])
    await context.add_init_script(WATCH)
    faults: list[str] = []
    context.on("weberror", lambda error: faults.append(f"uncaught: {error.error}"))
    context.on("console", lambda message: faults.append(message.text) if message.text.startswith(FAULT) else None)
    made = await context.new_page()
    await made.goto("/api/docs")
    yield made
    await context.close()
    assert not faults


async def holds(page: playwright.Page, expression: str, seconds: float = 15) -> None:
    """Return when ``expression`` is true; asked from outside, for the page's policy allows no eval."""
    deadline = time.monotonic() + seconds
    while not await page.evaluate(expression):
        assert time.monotonic() < deadline, (expression, await page.evaluate("window.log ?? window.orders"))
        await asyncio.sleep(0.05)


def cut(site: Site) -> None:
    """Cut every connection of the process, as a network does."""
    for line in site.hub.engine:
        line.close()


async def test_the_module_passes_each_notice_once_through_outages(site: Site, page: playwright.Page) -> None:
    await page.evaluate(LISTEN)
    await holds(page, "member.state.value === 'online' && resyncs === 1 && sales.length === 1")
    await notify(site, 7, 1, 2)
    await site.rooms.publish("sale:5", "flash_sale", {"item_id": "5", "stock_level": "low"})
    await site.rooms.publish("sale:6", "flash_sale", {"item_id": "6", "stock_level": "low"})
    await holds(page, "orders.length === 2 && sales.length === 2")
    cut(site)
    await notify(site, 7, *range(3, 303))
    await holds(page, "orders.length === 302")
    assert await page.evaluate("orders") == [[number, str(number)] for number in range(1, 303)]
    assert await page.evaluate("resyncs") == 1
    await holds(page, "sales.length === 3")  # looked at again after coming back
    await notify(site, 7, 303)
    await holds(page, "orders.length === 303")
    assert await page.evaluate("states.includes('connecting') && states.at(-1) === 'online'")


async def test_the_module_fills_a_gap_in_a_living_connection(site: Site, page: playwright.Page) -> None:
    await page.evaluate(LISTEN)
    await holds(page, "member.state.value === 'online' && resyncs === 1")
    await notify(site, 7, 1)
    await holds(page, "orders.length === 1")
    async with site.app.database.transaction() as connection:  # told to nobody, as when a notification is lost
        await connection.execute("UPDATE member_notice_heads SET seq = 3")
        await connection.execute(
            """
            INSERT INTO member_notices (member_id, seq, kind, payload)
            VALUES (7, 2, 'order', '{"order_no": "2"}'), (7, 3, 'order', '{"order_no": "3"}')
            """
        )
    (socket,) = site.hub.sockets()
    epoch = await page.evaluate("orders.length && 1")
    assert epoch == 1
    from realtime.delivery import Delivery

    place = site.app.resource(Delivery)._members[7][socket]
    place.seq = 3  # this process believes that it told them
    await notify(site, 7, 4)
    await holds(page, "orders.length === 4")
    assert await page.evaluate("orders.map((order) => order[0])") == [1, 2, 3, 4]


async def test_the_module_asks_the_page_to_load_afresh_in_a_new_epoch(site: Site, page: playwright.Page) -> None:
    await page.evaluate(LISTEN)
    await holds(page, "member.state.value === 'online' && resyncs === 1")
    async with site.app.database.transaction() as connection:
        await connection.execute("UPDATE member_notice_heads SET epoch = 'restored'")
    cut(site)
    await holds(page, "resyncs === 2")
    await notify(site, 7, 1)
    await holds(page, "orders.length === 1")


async def test_the_module_stops_when_the_session_ends(site: Site, page: playwright.Page) -> None:
    await page.evaluate(LISTEN)
    await holds(page, "member.state.value === 'online'")
    async with site.app.database.transaction() as connection:
        await site.app.sessions.revoke_all(connection, Kind.MEMBER, 7)
    await holds(page, "member.state.value === 'ended'")
    await until(lambda: site.hub.count() == 0)
    await asyncio.sleep(0.6)  # it would try again within half a second
    assert site.hub.count() == 0
    assert await page.evaluate("member.state.value") == "ended"


async def test_the_module_comes_back_from_no_network(site: Site, page: playwright.Page) -> None:
    await page.evaluate(LISTEN)
    await holds(page, "member.state.value === 'online' && resyncs === 1")  # it knows where it stands
    await page.context.set_offline(True)
    cut(site)
    await holds(page, "member.state.value === 'offline'")
    await notify(site, 7, 1)
    await page.context.set_offline(False)
    await holds(page, "member.state.value === 'online' && orders.length === 1")


async def test_the_stock_client_works_unchanged_and_stays_away_after_a_kick(site: Site, page: playwright.Page) -> None:
    await page.evaluate(STOCK)
    await holds(page, "log.some(([name]) => name === 'ready')")
    await holds(page, "socket.io.engine.transport.name === 'websocket'")  # it began with polling
    answer: Any = await page.evaluate("socket.emitWithAck('watch', {item_id: '5'})")
    assert answer == {"ok": True, "item_id": "5", "visitor": "member"}
    await notify(site, 7, 1)
    await site.rooms.publish("sale:5", "flash_sale", {"item_id": "5"})
    await holds(page, "log.some(([name]) => name === 'order') && log.some(([name]) => name === 'flash_sale')")
    for socket in site.hub.sockets():
        socket.kick("banned")
    await holds(page, "log.some(([name]) => name === 'disconnect')")
    assert await page.evaluate("log.at(-1)") == ["disconnect", "io server disconnect"]
    assert ["closed", {"code": "banned"}] in await page.evaluate("log")
    await until(lambda: site.hub.count() == 0)
    assert not await page.evaluate("socket.active"), "it means to come back"


async def test_the_stock_client_hears_why_it_is_refused(site: Site, page: playwright.Page) -> None:
    await page.evaluate(STOCK, "no token at all")
    await holds(page, "log.length")
    assert await page.evaluate("log[0]") == ["connect_error", "连接令牌无效，请重新获取", {"code": "token_invalid"}]


async def test_the_stock_client_comes_back_after_a_process_stopped(site: Site, page: playwright.Page) -> None:
    await page.evaluate(STOCK)
    await holds(page, "socket.connected")
    cut(site)
    await holds(page, "log.some(([name]) => name === 'reconnect_attempt')")
    assert "io server disconnect" not in str(await page.evaluate("log"))


async def test_the_module_goes_elsewhere_when_it_is_told_to_and_alarms_nobody(
    pair: list[Site], chromium: playwright.Browser
) -> None:
    context = await chromium.new_context(base_url=pair[0].url, locale="zh-CN")
    await context.add_cookies([{"name": "lf_member", "value": await pair[0].session(7), "url": pair[0].url}])
    page = await context.new_page()
    await page.goto("/api/docs")
    await page.evaluate(LISTEN)
    await holds(page, "member.state.value === 'online' && resyncs === 1 && sales.length === 1")
    before, after = sorted(pair, key=lambda site: -site.hub.count())
    assert (before.hub.count(), after.hub.count()) == (1, 0)
    await page.evaluate("states.length = 0")
    await notify(after, 7, 1)
    await asyncio.gather(before.app.leave(), notify(after, 7, *range(2, 20)))
    await until(lambda: after.hub.count() == 1, 10)
    await notify(after, 7, 20)
    await holds(page, "orders.length === 20 && sales.length === 2")
    assert await page.evaluate("orders.map((order) => order[0])") == list(range(1, 21))
    assert await page.evaluate("states") == []
    assert await page.evaluate("resyncs") == 1
    await context.close()
