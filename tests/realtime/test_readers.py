"""Clients that read slowly, not at all, or are gone without a word: they lose what may be lost, and hold up nobody."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import time
from collections.abc import Iterator

import aiohttp
import pytest
from aiohttp import web

from realtime import echo
from realtime.hub import Hub
from realtime.rooms import Rooms
from realtime.sockets import Socket
from realtime.types import VisitorKind
from realtime.wire import line, takeover
from realtime.wire.engine import Engine, Options
from realtime.wire.line import Line
from realtime.wire.parcels import Parcel
from tests.realtime.raw import PATIENCE, Peer, Poller, Server, framed, peer

WEBSOCKET = "/engine.io/?EIO=4&transport=websocket"
ROOM = "/socket.io/?EIO=4&transport=websocket"
BLOCK = "x" * 20_000


class Kept:
    """One connection as the server sees it: what came, and how it ended."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.heard: list[str | bytes] = []
        self.reason = ""

    def message(self, data: str | bytes) -> None:
        self.heard.append(data)

    def closed(self, reason: str) -> None:
        assert not self.reason, "it is told once"
        self.reason = reason


class Lab(Server):
    """A server whose connections the test holds in its hands: bare ones, and sockets in a room."""

    def __init__(self, options: Options) -> None:
        self.kept: list[Kept] = []
        self.sockets: list[Socket] = []
        self.rooms = Rooms(None)
        super().__init__(lambda: self._site(options))

    def _site(self, options: Options) -> web.Application:
        hub = Hub(None, echo.OpenDoor(), self.rooms, echo.LIMITS, options)
        hub.namespace("/", VisitorKind.GUEST, opened=self._enter)
        made = web.Application()
        made.router.add_route("*", "/engine.io/", Engine(self._accept, options).handle)
        made.router.add_route("*", "/socket.io/", hub.handle)
        return made

    def _accept(self, line: Line, request: web.Request) -> Kept:
        self.kept.append(Kept(line))
        return self.kept[-1]

    def _enter(self, context: None, socket: Socket) -> None:
        self.sockets.append(socket)
        socket.enter("room")

    async def one(self) -> Kept:
        """Return the newest bare connection."""
        await self.until(lambda: self.kept)
        return self.kept[-1]

    async def send(self, line: Line, packet: Parcel, times: int = 1, *, droppable: bool = False) -> None:
        """Send a packet so many times, each in a turn of its own."""
        for _ in range(times):
            await self.do(lambda: line.send(packet, droppable=droppable))


@pytest.fixture
def lab() -> Iterator[Lab]:
    """A lab with an ordinary heartbeat."""
    made = Lab(Options())
    yield made
    made.close()


@pytest.fixture
def brisk_lab() -> Iterator[Lab]:
    """A lab that pings every 300 ms."""
    made = Lab(Options(ping_interval=0.3, ping_timeout=0.2))
    yield made
    made.close()


def reset(client: Peer) -> None:
    """End the connection as a crash does: without a goodbye, and with what is on the way thrown away."""
    client.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.writer.transport.abort()


def drop(client: Peer) -> None:
    """End the connection as a process does that is killed."""
    client.writer.transport.abort()


def shut(client: Peer) -> None:
    """Say that nothing more comes, without a closing frame."""
    client.writer.write_eof()


async def stopped(client: Peer) -> None:
    """Take the opening and read nothing more."""
    await client.receive()
    client.writer.transport.pause_reading()  # type: ignore[attr-defined]  # it is a Transport, which streams hide


async def gone(lab: Lab, kept: Kept) -> None:
    """Return when the server knows that the connection has ended."""
    await lab.until(lambda: not kept.line.open)


async def left(client: Peer) -> int:
    """Read on until the connection is gone; return how many bytes still came."""
    client.writer.transport.resume_reading()  # type: ignore[attr-defined]  # as above
    read = 0
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(PATIENCE):
            while part := await client.reader.read(2**20):
                read += len(part)
    return read


async def test_a_slow_reader_misses_what_may_be_missed(lab: Lab) -> None:
    async with peer(lab, WEBSOCKET) as client:
        await stopped(client)
        kept = await lab.one()
        await lab.send(kept.line, Parcel("tick" + BLOCK), 1000, droppable=True)
        assert await lab.do(lambda: kept.line.skipped) > 0
        assert not kept.line.flowing
        assert kept.line._channel is not None
        assert await lab.do(lambda: kept.line._channel.pending) < takeover.PENDING_HIGH + 2 * len(BLOCK)  # type: ignore[union-attr]
        await lab.send(kept.line, Parcel("kept"), 3)
        client.writer.transport.resume_reading()  # type: ignore[attr-defined]  # as above
        ticks = 0
        while (message := await client.receive()) == "4tick" + BLOCK:
            ticks += 1
        assert message == "4kept"
        assert ticks + kept.line.skipped == 1000
        assert [await client.receive() for _ in range(2)] == ["4kept", "4kept"]
        await lab.until(lambda: kept.line.flowing)
        await lab.send(kept.line, Parcel("tick"), droppable=True)
        assert await client.receive() == "4tick"


async def test_a_reader_for_whom_too_much_waits_is_cut_off(lab: Lab) -> None:
    async with peer(lab, WEBSOCKET) as client:
        await stopped(client)
        kept = await lab.one()
        sent = 0
        while kept.line.open:
            await lab.send(kept.line, Parcel("kept" + BLOCK))
            sent += 1
            assert sent < 2000, "nothing ends it"
        assert kept.reason == "slow reader"
        assert await left(client) < sent * len(BLOCK)


async def test_a_reader_that_stands_still_is_cut_off(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(takeover, "STALL", 0.3)
    async with peer(lab, WEBSOCKET) as client:
        await stopped(client)
        kept = await lab.one()
        while kept.line.flowing:
            await lab.send(kept.line, Parcel(BLOCK), droppable=True)
        began = time.monotonic()
        await lab.until(lambda: not kept.line.open)
        assert kept.reason == "slow reader"
        assert time.monotonic() - began > 0.25


async def test_a_reader_that_is_slow_and_reads_is_not_cut_off(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(takeover, "STALL", 0.3)
    async with peer(lab, WEBSOCKET) as client:
        await client.receive()
        receive = client.writer.get_extra_info("socket")
        receive.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        transport = client.writer.transport
        transport.pause_reading()  # type: ignore[attr-defined]  # as above
        kept = await lab.one()
        sent = 0
        while kept.line.flowing:
            await lab.send(kept.line, Parcel(BLOCK))
            sent += 1
        transport.resume_reading()  # type: ignore[attr-defined]  # as above
        began, got = time.monotonic(), 0
        while got < sent:
            assert await client.receive() == "4" + BLOCK
            got += 1
            if not kept.line.flowing:
                await asyncio.sleep(0.01)
        assert kept.line.open, f"after {time.monotonic() - began} s"
        await lab.until(lambda: kept.line.flowing)


async def test_polls_hold_so_much_and_no_more(lab: Lab) -> None:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(PATIENCE)) as http:
        poller = await Poller(http, f"{lab.url}/engine.io/?EIO=4&transport=polling").open()
        kept = await lab.one()
        await lab.send(kept.line, Parcel("tick"), line.HELD_DROPPABLE + 10, droppable=True)
        await lab.send(kept.line, Parcel(b"\x01"))
        assert await poller.get() == (200, "\x1e".join(["4tick"] * line.HELD_DROPPABLE + ["bAQ=="]))
        assert kept.line.skipped == 10
        await lab.send(kept.line, Parcel("kept"), line.HELD_MOST)
        assert kept.line.open
        await lab.send(kept.line, Parcel("one more"))
        assert kept.reason == "slow reader"
        assert (await poller.get())[0] == 400


async def test_a_client_that_crashes_is_noticed_at_once(lab: Lab) -> None:
    for end in (reset, drop, shut):
        async with peer(lab, WEBSOCKET) as client:
            await client.receive()
            kept = await lab.one()
            end(client)
            await gone(lab, kept)
            assert kept.reason == "transport close"
            await lab.send(kept.line, Parcel("too late"))
        lab.kept.clear()


async def test_a_client_that_vanishes_is_noticed_by_the_heartbeat(brisk_lab: Lab) -> None:
    async with peer(brisk_lab, WEBSOCKET) as client:
        await stopped(client)
        kept = await brisk_lab.one()
        await brisk_lab.until(lambda: not kept.line.open)
        assert kept.reason == "ping timeout"


async def test_a_client_that_says_goodbye_and_stops_reading_is_left(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(takeover, "LINGER", 0.2)
    async with peer(lab, WEBSOCKET) as client:
        await stopped(client)
        kept = await lab.one()
        while not await lab.do(lambda: kept.line._channel.pending):  # type: ignore[union-attr]  # it has one
            await lab.send(kept.line, Parcel(BLOCK))
        channel = kept.line._channel
        assert channel is not None
        assert kept.line.flowing, "it is not yet a slow one"
        client.raw(framed(0x8, b""))
        await lab.until(lambda: not kept.line.open)
        await lab.until(lambda: channel._transport is None)


async def test_who_goes_while_a_room_is_told_holds_up_nobody(lab: Lab) -> None:
    async with contextlib.AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(peer(lab, ROOM)) for _ in range(20)]
        for client in clients:
            await client.receive()
            client.send("40")
            assert str(await client.receive()).startswith("40")
        await lab.until(lambda: lab.rooms.count("room") == 20)
        gone = clients[::4]
        for number in range(200):
            if number % 20 == 10 and gone:
                reset(gone.pop())
            await lab.run(lab.rooms.publish("room", "told", {"n": number}))
        for at, client in enumerate(clients):
            if at % 4:
                assert [await client.receive() for _ in range(200)] == [f'42["told",{{"n":{n}}}]' for n in range(200)]
        await lab.until(lambda: lab.rooms.count("room") == 15)
        assert sum(socket.open for socket in lab.sockets) == 15
