"""Clients that do too much of what costs them nothing: each is closed, or refused, before it costs the others."""

from __future__ import annotations

import asyncio
import time
import tracemalloc
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from realtime import echo, links
from realtime.guard import Limits
from realtime.hub import Hub
from realtime.links import Link
from realtime.namespaces import Reply
from realtime.rooms import Rooms
from realtime.sockets import Socket
from realtime.types import VisitorKind
from realtime.wire import line as lines
from realtime.wire import takeover
from realtime.wire.engine import Options
from realtime.wire.line import Line
from realtime.wire.parcels import Parcel
from tests.realtime.raw import PATIENCE, Poller, Server, framed, peer
from tests.realtime.test_readers import BLOCK, Lab, lab, shut, stopped
from tests.waiting import until

__all__ = ["lab"]
WEBSOCKET = "/engine.io/?EIO=4&transport=websocket"
SOCKET = "/socket.io/?EIO=4&transport=websocket"
POLLING = "/engine.io/?EIO=4&transport=polling"
PING, PONG = framed(0x9, b""), framed(0x1, b"3")
EMPTY = framed(0x0, b"", last=False)


async def test_pings_whose_answers_nobody_reads_end_the_connection(lab: Lab) -> None:
    async with peer(lab, WEBSOCKET) as client:
        await stopped(client)
        kept = await lab.one()
        channel = kept.line._channel
        assert channel is not None
        most = 0
        many = framed(0x9, b"x" * 125) * 500

        def pending() -> int:
            kept.line._noise = 0  # as if it were patient enough not to be a flood
            return channel.pending

        began = time.monotonic()
        while kept.line.open and time.monotonic() - began < PATIENCE:
            client.writer.write(many)
            most = max(most, await lab.do(pending))
        assert kept.reason == "slow reader"
        assert most <= takeover.PENDING_MOST + 100_000


@pytest.mark.parametrize(
    ("first", "many"),
    [(b"", PING), (b"", framed(0xA, b"x")), (b"", PONG), (framed(0x1, b"4a", last=False), EMPTY)],
    ids=["pings", "pongs", "answers to no ping", "empty fragments"],
)
async def test_what_says_nothing_is_a_flood(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, first: bytes, many: bytes
) -> None:
    monkeypatch.setattr(lines, "NOISE", 100)
    async with peer(lab, WEBSOCKET) as client:
        await client.receive()
        kept = await lab.one()
        client.raw(first + many * 90)
        await asyncio.sleep(0.1)
        assert kept.line.open
        client.raw(many * 20)
        await lab.until(lambda: not kept.line.open)
        assert kept.reason == "flood"


async def test_it_is_one_on_polling_too(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "NOISE", 100)
    async with aiohttp.ClientSession() as http:
        poller = await Poller(http, lab.url + POLLING).open()
        kept = await lab.one()
        await poller.post("\x1e".join("3" * 101))
        assert kept.reason == "flood"


async def test_heartbeats_are_no_flood(brisk: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "NOISE", 3)
    async with peer(brisk, WEBSOCKET) as client:
        await client.receive()
        for _ in range(5):
            assert await client.receive() == "2"
            client.raw(PING)
            client.send("3")
            assert (await client.frame()).opcode == 0xA


async def test_what_nobody_fetches_is_held_up_to_a_size(lab: Lab) -> None:
    async with aiohttp.ClientSession() as http:
        poller = await Poller(http, lab.url + POLLING).open()
        kept = await lab.one()
        for _ in range(2):
            await lab.send(kept.line, Parcel(BLOCK), lines.HELD_BYTES // 20_100)
            assert kept.line.open
            assert (await poller.get())[0] == 200
        await lab.send(kept.line, Parcel(BLOCK), lines.HELD_BYTES // 20_100)
        await lab.send(kept.line, Parcel(BLOCK), 2)
        assert kept.reason == "slow reader"


async def test_what_waits_for_a_handler_is_held_up_to_a_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "INBOX_SIZE", 20_000)
    gate = asyncio.Event()
    taken: list[int] = []

    async def slowly(context: None, socket: Socket, args: list[str]) -> Reply:
        await gate.wait()
        taken.append(len(args[0]))
        return Reply()

    shop = Shop(Limits(events_per_second=0))
    shop.hub.on("/", "say", slowly)
    try:
        async with peer(shop, SOCKET) as client:
            await client.receive()
            client.send("40")
            await client.receive()
            (link,) = shop.hub._links
            for _ in range(40):
                client.send(f'42["say","{"x" * 3000}"]')
                await asyncio.sleep(0.005)
            await shop.until(lambda: link._paused)
            assert link._inbox_size < 60_000  # what one read brought, beyond the twenty thousand
            assert len(link._inbox or ()) < 25
            await shop.do(gate.set)
            await shop.until(lambda: taken == [3000] * 40)
            assert not link._paused
            assert link._inbox_size == 0
    finally:
        shop.close()


async def test_what_waits_for_a_handler_waits_as_it_came() -> None:
    """Read, it would hold twenty times what is counted."""
    hub = Hub(None, echo.OpenDoor(), Rooms(None), Limits(events_per_second=0))
    link = Link(hub, Line(hub.engine, "one"), "", None, limited=False)
    gate, taken = asyncio.Event(), 0

    async def slowly(context: None, socket: Socket, args: list[Any]) -> None:
        nonlocal taken
        await gate.wait()
        taken += len(args)

    hub.namespace("/", VisitorKind.GUEST)
    hub.on("/", "say", slowly)
    link.message("0")
    await until(lambda: link.sockets)
    link.message('2["say"]')
    tracemalloc.start()
    try:
        for number in range(4):
            link.message(f'2["say",{number}{",[]" * 10_000}]')
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert held < 2 * link._inbox_size < 300_000
    gate.set()
    await until(lambda: taken == 40_004)
    assert link._inbox_size == 0
    link.line.close()


ATTACHED = '452-["say",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]'


@pytest.mark.parametrize(
    "said",
    [f'42["say","{"x" * 3000}"]', "\x1e".join((ATTACHED, "b" + b64encode(b"x" * 2990).decode(), "beA=="))],
    ids=["text", "attachments"],
)
async def test_what_a_polling_client_posts_meanwhile_is_a_flood_beyond_a_size(
    monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    """Its posts are answered at once, so that nothing holds it back."""
    monkeypatch.setattr(links, "INBOX_SIZE_MOST", 80_000)
    gate = asyncio.Event()

    async def slowly(context: None, socket: Socket, args: list[str]) -> None:
        await gate.wait()

    shop = Shop(Limits(events_per_second=0))
    shop.hub.on("/", "say", slowly)
    try:
        async with aiohttp.ClientSession() as http:
            poller = await Poller(http, shop.url + SOCKET.replace("websocket", "polling")).open()
            await poller.post("40")
            for _ in range(27):  # the first is being handled, and eighty thousand may wait
                assert await poller.post(said) == (200, "ok")
            assert shop.hub.count() == 1
            await poller.post(said)
            assert shop.hub.count() == 0
            assert (await poller.post(said))[0] == 400
        await shop.do(gate.set)
    finally:
        shop.close()


async def test_a_poll_that_nobody_waits_for_any_more_ends_the_session(lab: Lab) -> None:
    """What it was answered with is lost: what comes later must not be taken for what comes next."""
    async with aiohttp.ClientSession() as http:
        poller = await Poller(http, lab.url + POLLING).open()
        kept = await lab.one()
        waiting = asyncio.create_task(poller.get())
        await lab.until(lambda: kept.line._poll is not None)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await asyncio.sleep(0.1)
        await lab.send(kept.line, Parcel("lost"))
        await lab.until(lambda: not kept.line.open)
        assert (await poller.get())[0] == 400


async def test_a_client_that_shuts_its_side_and_stops_reading_is_left(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(takeover, "LINGER", 0.2)
    async with peer(lab, WEBSOCKET) as client:
        await stopped(client)
        kept = await lab.one()
        channel = kept.line._channel
        assert channel is not None
        while not await lab.do(lambda: channel.pending):
            await lab.send(kept.line, Parcel(BLOCK))
        shut(client)
        await lab.until(lambda: not kept.line.open)
        await lab.until(lambda: channel._transport is None)


class Shop(Server):
    """A server with the limits of the platform, which hold for everybody."""

    def __init__(self, limits: Limits) -> None:
        self.hub = Hub(None, Strict(), Rooms(None), limits, Options())
        self.hub.namespace("/", VisitorKind.GUEST)
        super().__init__(self._site)

    def _site(self) -> web.Application:
        made = web.Application()
        made.router.add_route("*", "/socket.io/", self.hub.handle)
        return made


class Strict(echo.OpenDoor):
    """A door that knows limits."""

    def limited(self, address: str) -> bool:
        return True


@pytest.fixture
def shop() -> Iterator[Shop]:
    made = Shop(Limits(events_per_second=1, events_at_once=10, flood=50, connect_within=30))
    yield made
    made.close()


@pytest.mark.parametrize("packet", ["40/none,", "43/,1[]", "41/none,", '42/none,["x"]'])
async def test_packets_of_every_kind_count(shop: Shop, packet: str) -> None:
    async with peer(shop, SOCKET) as client:
        await client.receive()
        client.send("40")
        await client.receive()
        client.send(*[packet] * 70)
        assert await client.closed() == 1000
        await shop.until(lambda: shop.hub.count() == 0)


async def test_who_comes_too_often_is_told_so_and_who_leaves_may_leave(shop: Shop) -> None:
    async with peer(shop, SOCKET) as client:
        await client.receive()
        client.send("40")
        await client.receive()
        client.send(*["40/none,"] * 12)
        answers = [str(await client.receive()) for _ in range(12)]
        assert all(answer.startswith("44/none,") for answer in answers)
        client.send("41")
        await shop.until(lambda: not list(shop.hub.sockets()))


async def test_an_address_may_say_connect_so_often() -> None:
    shop = Shop(Limits(address_events=(1, 5), connect_within=30))
    seen: list[str] = []

    def told(problem: Exception, language: object) -> dict[str, str]:
        seen.append(type(problem).__name__)
        return {"message": "no"}

    shop.hub._door.refusal = told  # type: ignore[method-assign]  # what is told of it is not the point
    try:
        for _ in range(2):
            async with peer(shop, SOCKET) as client:
                await client.receive()
                client.send(*["40/none,"] * 5)
                for _ in range(5):
                    await client.receive()
        assert seen == ["UnknownNamespace"] * 6 + ["RateLimited"] * 4
    finally:
        shop.close()


HANDSHAKE = (
    "GET /engine.io/?EIO=4&transport=websocket HTTP/{version}\r\nHost: x\r\nConnection: Upgrade\r\n"
    "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n{more}\r\n{body}"
)
KEY = "AAAAAAAAAAAAAAAAAAAAAA=="
ODD = [
    {"version": "1.0"},
    {"key": "凌"},
    {"more": "Content-Length: 5\r\n", "body": "hello"},
    {"more": "Content-Length: 5\r\n", "body": "he"},
    {"more": "Transfer-Encoding: chunked\r\n", "body": "5\r\nhello\r\n0\r\n\r\n"},
]


@pytest.mark.parametrize("odd", ODD)
async def test_an_odd_handshake_is_refused(calm: Server, odd: dict[str, str]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", calm.port)
    try:
        writer.write(HANDSHAKE.format(**({"version": "1.1", "key": KEY, "more": "", "body": ""} | odd)).encode())
        async with asyncio.timeout(PATIENCE):
            assert (await reader.readline()).split()[1] == b"400"
    finally:
        writer.close()
