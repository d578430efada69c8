"""The stock JavaScript client works unchanged, with its usual parser and with the one that our pages use."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import playwright.async_api as playwright
import pytest

from realtime import Socket, VisitorKind
from realtime.namespaces import Reply
from server.application import Application
from tests.bundles import Parser
from tests.realtime.conftest import Site, forged
from tests.realtime.stock import Stock, empty_page
from tests.realtime.test_member import notify
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("parser", list(Parser))]

ON_WEBSOCKET: dict[str, Any] = {"transports": ["websocket"]}
SOON = 0.4
"""Seconds in which a client that means to come back, does: it waits for 75 ms at most before the first attempt."""


def echo(app: Application, socket: Socket, args: list[Any]) -> Reply:
    """Answer with what was sent, and send it as an event too."""
    socket.emit("echoed", *args)
    return Reply(tuple(args))


@pytest.fixture(scope="module")
async def empty(chromium: playwright.Browser) -> AsyncIterator[playwright.Page]:
    """The page of all these tests."""
    page = await empty_page(chromium)
    yield page
    await page.close()


@pytest.fixture
async def stock(empty: playwright.Page, site: Site, parser: Parser) -> AsyncIterator[Stock]:
    """The client, at a site with a second namespace that echoes."""
    site.hub.namespace("/echo", VisitorKind.GUEST, VisitorKind.MEMBER)
    site.hub.on("/echo", "echo", echo)
    made = Stock(empty)
    await made.visit(site.url, parser)
    yield made
    await made.run("() => Object.values(sockets).forEach((socket) => { socket.disconnect(); })")
    await until(lambda: site.hub.count() == 0)


def cut(site: Site) -> None:
    """Cut every connection of the process, as a network does."""
    for line in site.hub.engine:
        line.close()


async def test_it_begins_with_polling_and_moves_without_losing_anything(stock: Stock, site: Site) -> None:
    await stock.open("one", "/echo")
    for number in range(30):
        assert await stock.ask("one", "echo", number) == number
    await stock.until("sockets.one.io.engine.transport.name === 'websocket'")
    assert await stock.ask("one", "echo", 30) == 30
    assert await stock.heard("one", "echoed") == [[number] for number in range(31)]
    assert site.hub.transports()[("websocket",)] == 1
    assert await stock.heard("one", "connect") == [[]]


async def test_what_is_sent_while_it_moves_arrives_once_and_in_order(stock: Stock, site: Site) -> None:
    site.hub.limits = msgspec.structs.replace(site.hub.limits, events_per_second=0)
    sent = await stock.run(
        """async (token) => {
            open_("one", "/echo", {token});
            const moved = () => sockets.one.io.engine.transport.name === "websocket";
            let number = 0;
            for (let after = 0; after < 20 && number < 2000; after += moved()) {
                sockets.one.emit("echo", number++);
                await new Promise((done) => setTimeout(done, 1));
            }
            return number;
        }""",
        await site.token(),
    )
    assert 20 < sent < 2000
    await stock.until(f"of('one', 'echoed').length === {sent}")
    assert await stock.heard("one", "echoed") == [[number] for number in range(sent)]


async def test_polling_is_enough(stock: Stock, site: Site) -> None:
    await stock.open("one", transports=["polling"], bearer=await site.session(7))
    await stock.until("of('one', 'ready').length")
    assert (await stock.ask("one", "watch", {"item_id": "5"}))["ok"]
    await notify(site, 7, 1, 2, 3)
    await site.rooms.publish("sale:5", "flash_sale", {"item_id": "5", "stock_level": "low"})
    await stock.until("of('one', 'order').length === 3 && of('one', 'flash_sale').length")
    assert [order["order_no"] for [order] in await stock.heard("one", "order")] == ["1", "2", "3"]
    assert site.hub.transports()[("polling",)] == 1
    await stock.run("() => { sockets.one.disconnect(); }")
    await until(lambda: site.hub.count() == 0)


async def test_members_and_guests_are_greeted(stock: Stock, site: Site) -> None:
    await notify(site, 7, 1)
    await stock.open("member", bearer=await site.session(7), forceNew=True, **ON_WEBSOCKET)
    await stock.open("guest", forceNew=True, **ON_WEBSOCKET)
    await stock.until("of('member', 'ready').length && of('guest', 'ready').length")
    [[ready]] = await stock.heard("member", "ready")
    assert ready["seq"] == 1
    assert await stock.heard("guest", "ready") == [[{"epoch": "", "seq": 0}]]


async def test_a_refusal_has_a_code_and_is_the_end_of_it(stock: Stock, site: Site) -> None:
    refused: dict[str, tuple[str, dict[str, Any], str]] = {
        "none": ("/member", {"token": None}, "token_invalid"),
        "forged": ("/member", {"token": forged(7)}, "token_invalid"),
        "guest": ("/desk", {}, "forbidden"),
        "lost": ("/nowhere", {}, "unknown_namespace"),
    }
    for name, (namespace, options, _) in refused.items():
        await stock.open(name, namespace, forceNew=True, **ON_WEBSOCKET, **options)
    await stock.until("Object.values(sockets).every((socket) => socket.log.length)")
    for name, (_, _, code) in refused.items():
        [[message, data]] = await stock.heard(name, "connect_error")
        assert data == {"code": code}
        assert message
        assert not await stock.run(f"sockets.{name}.active"), "it does not mean to try again by itself"


async def test_too_many_connections_are_told_when_to_come_back(stock: Stock, site: Site) -> None:
    settings = msgspec.structs.replace(site.app.settings, limits=True)
    site.app.settings = settings
    site.hub.limits = msgspec.structs.replace(site.hub.limits, sockets_of_member=1)
    bearer = await site.session(7)
    await stock.open("one", bearer=bearer, forceNew=True, **ON_WEBSOCKET)
    await stock.until("sockets.one.connected")
    await stock.open("two", bearer=bearer, forceNew=True, **ON_WEBSOCKET)
    await stock.until("of('two', 'connect_error').length")
    assert (await stock.heard("two", "connect_error"))[0][1]["code"] == "too_many_connections"


async def test_acknowledgements(stock: Stock, site: Site) -> None:
    await stock.open("one", **ON_WEBSOCKET)
    watched = await stock.ask("one", "watch", {"item_id": "5"})
    assert watched == {"ok": True, "item_id": "5", "visitor": "guest"}
    assert await stock.ask("one", "unwatch", {"item_id": "5"}) == {"ok": True}
    unknown = await stock.ask("one", "no such event")
    assert (unknown["ok"], unknown["code"]) == (False, "unknown_event")
    wrong = await stock.ask("one", "watch", {"item_id": 5})
    assert (wrong["ok"], wrong["code"], wrong["field"]) == (False, "invalid", "item_id")
    answers = await stock.run(
        """() => Promise.all(Array.from({length: 100},
            () => sockets.one.timeout(10000).emitWithAck("unwatch", {item_id: "5"})))"""
    )
    limited = [answer for answer in answers if not answer["ok"]]
    assert 20 < len(limited) < 60
    assert all(answer["code"] == "rate_limited" and answer["retry_after"] >= 1 for answer in limited)
    assert await stock.run("sockets.one.connected")


async def test_bytes_in_both_directions(stock: Stock, site: Site) -> None:
    for transport in ("websocket", "polling"):
        await stock.open(transport, "/echo", forceNew=True, transports=[transport])
        answer = await stock.run(
            """async (name) => plain(await sockets[name].timeout(10000).emitWithAck("echo",
                {deep: [new Uint8Array([0, 1, 255]).buffer, "x"], none: null, many: Array(40).fill("凌")}))""",
            transport,
        )
        assert answer == {"deep": [{"bytes": [0, 1, 255]}, "x"], "none": None, "many": ["凌"] * 40}
        assert await stock.heard(transport, "echoed") == [[answer]]


async def test_namespaces_share_one_connection(stock: Stock, site: Site) -> None:
    bearer = await site.session(7)
    for name, namespace in (("member", "/member"), ("echo", "/echo"), ("desk", "/desk")):
        await stock.open(name, namespace, bearer=bearer)
    await stock.until("sockets.member.connected && sockets.echo.connected && sockets.desk.log.length")
    assert site.hub.count() == 1
    assert (await stock.heard("desk", "connect_error"))[0][1] == {"code": "forbidden"}
    await notify(site, 7, 1)
    assert await stock.ask("echo", "echo", 1) == 1
    await stock.until("of('member', 'order').length")
    assert await stock.heard("echo", "order") == []
    await stock.run("() => { sockets.echo.disconnect(); }")
    await until(lambda: len(list(site.hub.sockets())) == 1)
    await notify(site, 7, 2)
    await stock.until("of('member', 'order').length === 2")
    await stock.run("() => { sockets.echo.connect(); }")
    assert await stock.ask("echo", "echo", 2) == 2
    assert site.hub.count() == 1


async def test_a_kicked_client_stays_away_for_good(stock: Stock, site: Site) -> None:
    await stock.open("one", bearer=await site.session(7), **ON_WEBSOCKET)
    await stock.until("of('one', 'ready').length")
    for socket in site.hub.sockets():
        socket.kick("banned")
    await stock.until("of('one', 'disconnect').length")
    assert await stock.heard("one", "closed") == [[{"code": "banned"}]]
    assert await stock.heard("one", "disconnect") == [["io server disconnect"]]
    await until(lambda: site.hub.count() == 0)
    assert await stock.run("sockets.one.active") is False
    await asyncio.sleep(SOON)
    assert await stock.heard("one", "reconnect_attempt") == []
    assert site.hub.count() == 0


async def test_who_is_kicked_from_one_namespace_keeps_the_other(stock: Stock, site: Site) -> None:
    await stock.open("member", bearer=await site.session(7))
    await stock.open("echo", "/echo")
    await stock.until("sockets.member.connected && sockets.echo.connected")
    for socket in site.hub.sockets():
        if socket.namespace == "/member":
            socket.kick("banned")
    await stock.until("of('member', 'disconnect').length")
    assert await stock.ask("echo", "echo", 1) == 1
    assert await stock.heard("echo", "disconnect") == []


async def test_a_client_whose_connection_ends_comes_back_and_is_greeted_again(stock: Stock, site: Site) -> None:
    await stock.open("one", bearer=await site.session(7))
    await stock.until("sockets.one.io.engine?.transport.name === 'websocket' && of('one', 'ready').length")
    for times in (1, 2):
        cut(site)
        await stock.until(f"of('one', 'reconnect').length === {times} && of('one', 'ready').length === {times} + 1")
        reasons = {reason for reason, *_ in await stock.heard("one", "disconnect")}
        assert reasons == {"transport close"}
    await notify(site, 7, 1)
    await stock.until("of('one', 'order').length")


async def test_a_polling_client_whose_connection_ends_comes_back(stock: Stock, site: Site) -> None:
    await stock.open("one", transports=["polling"])
    await stock.until("of('one', 'ready').length")
    cut(site)
    await stock.until("of('one', 'reconnect').length && of('one', 'ready').length === 2")


async def test_a_client_goes_on_trying_while_it_is_refused_as_a_process_stops(stock: Stock, site: Site) -> None:
    await stock.open("one")
    await stock.until("of('one', 'ready').length")
    await site.hub.drain(0)
    await stock.until("of('one', 'connect_error').length >= 2")
    assert await stock.run("sockets.one.active")
    site.hub.engine.draining = False  # its successor
    await stock.until("of('one', 'ready').length === 2")
