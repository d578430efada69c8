"""Under the events: packets, origins, silence, rubbish, transports, and a process that stops."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import msgpack
import msgspec
import pytest

from realtime.wire.takeover import PENDING_HIGH
from server.settings import Settings
from tests.realtime.conftest import Listener, Site, serving
from tests.waiting import until

Listen = Callable[..., Awaitable[Listener]]
HANDSHAKE = "/socket.io/?EIO=4&transport=websocket"


NO_PACKETS: list[Any] = [
    {"type": 2, "nsp": "/member"},
    {"type": 2, "nsp": "/member", "data": []},
    {"type": 2, "nsp": "/member", "data": [5]},
    {"type": 2, "nsp": "/member", "data": {"0": "watch"}},
    {"type": 5, "nsp": "/member", "data": ["x"]},
    {"type": "2", "nsp": "/member", "data": ["x"]},
    {"type": 2, "nsp": 5, "data": ["x"]},
    {"type": 2, "nsp": "/member", "data": ["x"], "id": "1"},
    {"nsp": "/member"},
    [],
    5,
]


async def test_a_socket_that_sends_no_packets_is_closed_alone(site: Site, listen: Listen) -> None:
    good = await listen(site)
    for packet in NO_PACKETS:
        async with aiohttp.ClientSession() as http, http.ws_connect(site.url + HANDSHAKE) as ws:
            assert (await ws.receive_str()).startswith("0{")
            await ws.send_bytes(msgpack.packb(packet))
            async with asyncio.timeout(5):
                while (message := await ws.receive()).type is aiohttp.WSMsgType.TEXT:
                    pass
            assert message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSING), (
                packet
            )
    assert (await good.ask("watch", {"item_id": "5"}))["ok"]
    await until(lambda: site.hub.count() == 1)


async def test_a_connection_that_says_nothing_is_closed(site: Site) -> None:
    site.hub.limits = msgspec.structs.replace(site.hub.limits, connect_within=0.3)
    began = time.monotonic()
    async with aiohttp.ClientSession() as http, http.ws_connect(site.url + HANDSHAKE) as ws:
        async with asyncio.timeout(5):
            while (await ws.receive()).type is aiohttp.WSMsgType.TEXT:
                pass
        assert 0.25 < time.monotonic() - began < 4
    await until(lambda: site.hub.count() == 0)


async def test_a_connection_that_left_its_namespace_is_closed(site: Site) -> None:
    site.hub.limits = msgspec.structs.replace(site.hub.limits, connect_within=0.3)
    async with aiohttp.ClientSession() as http, http.ws_connect(site.url + HANDSHAKE) as ws:
        await ws.receive_str()
        await ws.send_bytes(msgpack.packb({"type": 0, "nsp": "/member", "data": {"token": await site.token()}}))
        await ws.receive_bytes()
        await asyncio.sleep(0.6)
        assert site.hub.count() == 1
        await ws.send_bytes(msgpack.packb({"type": 1, "nsp": "/member"}))
        async with asyncio.timeout(5):
            while (await ws.receive()).type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
                pass
    await until(lambda: site.hub.count() == 0)


async def test_an_unknown_namespace_is_refused_as_the_protocol_says(site: Site) -> None:
    async with aiohttp.ClientSession() as http, http.ws_connect(site.url + HANDSHAKE) as ws:
        await ws.receive_str()
        await ws.send_bytes(msgpack.packb({"type": 0, "nsp": "/nowhere", "data": {"token": await site.token()}}))
        answer = msgpack.unpackb(await ws.receive_bytes())
        assert answer["type"] == 4
        assert answer["data"]["data"]["code"] == "unknown_namespace"
        assert answer["data"]["message"]


ORIGINS = [
    ("http://evil.example", 403),
    ("null", 403),
    ("http://127.0.0.1.evil.example", 403),
    ("file://", 403),
    ("https://shop.example", 200),
    ("https://shop.example.evil", 403),
    (None, 200),
    ("self", 200),
]


async def test_browsers_come_from_our_own_pages(settings: Settings) -> None:
    async with serving(msgspec.structs.replace(settings, base_url="https://shop.example")) as site:
        for origin, status in ORIGINS:
            headers = {"Origin": site.url if origin == "self" else origin} if origin else {}
            async with aiohttp.ClientSession() as http:
                async with http.get(f"{site.url}/socket.io/?EIO=4&transport=polling", headers=headers) as answer:
                    assert answer.status == status, origin
                    assert "Access-Control-Allow-Origin" not in answer.headers
                if status == 403:
                    with pytest.raises(aiohttp.WSServerHandshakeError):
                        await http.ws_connect(site.url + HANDSHAKE, headers=headers)


HANDSHAKES = [
    ("?EIO=3&transport=polling", "GET", 400),
    ("?EIO=4&transport=carrier-pigeon", "GET", 400),
    ("?EIO=4&transport=polling&sid=unknown", "GET", 400),
    ("?EIO=4&transport=polling&sid=unknown", "POST", 400),
    ("?EIO=4&transport=websocket", "GET", 400),
    ("?EIO=4&transport=polling", "DELETE", 405),
]


async def test_handshakes_that_are_wrong(site: Site) -> None:
    async with aiohttp.ClientSession() as http:
        for path, method, status in HANDSHAKES:
            async with http.request(method, f"{site.url}/socket.io/{path}") as answer:
                assert answer.status == status, path


@pytest.mark.parametrize("transports", [["polling"], ["polling", "websocket"]])
async def test_polling_and_upgrade(site: Site, listen: Listen, transports: list[str]) -> None:
    from tests.realtime.test_member import notify, numbers

    member = await listen(site, 7, transports=transports)
    assert (await member.ask("watch", {"item_id": "5"}))["ok"]
    await notify(site, 7, 1)
    await site.rooms.publish("sale:5", "flash_sale", {"n": 1})
    await until(lambda: member.of("order") and member.of("flash_sale"))
    assert numbers(member) == [(1, "1")]
    # Without waiting for the answer to a poll that the server keeps open for 25 s.
    await member.client.eio.disconnect(abort=True)


async def test_a_message_that_is_too_large_ends_the_connection(site: Site, listen: Listen) -> None:
    guest = await listen(site)
    await guest.client.emit("watch", {"item_id": "x" * 40_000}, namespace="/member")
    await until(lambda: not guest.client.connected)
    await until(lambda: site.hub.count() == 0)


async def test_a_reader_that_stands_still_misses_what_may_be_missed_and_is_closed(site: Site) -> None:
    async with aiohttp.ClientSession() as http, http.ws_connect(site.url + HANDSHAKE) as ws:
        await ws.receive_str()
        await ws.send_bytes(msgpack.packb({"type": 0, "nsp": "/member", "data": {"token": await site.token()}}))
        assert msgpack.unpackb(await ws.receive_bytes())["type"] == 0
        (socket,) = site.hub.sockets()
        transport: Any = ws._conn.transport  # type: ignore[union-attr]  # a client that stops reading
        transport.pause_reading()
        line = socket.link.line
        for _ in range(1000):
            socket.emit("tick", {"x": "x" * 20_000}, droppable=True)
            await asyncio.sleep(0)  # as the frames of a room's ticks: each in a turn of its own
        assert 0 < line.skipped < 1000
        assert line._channel is not None
        assert line._channel.pending <= PENDING_HIGH + 20_100
        assert socket.open
        for _ in range(20):
            socket.emit("order", {"x": "x" * 20_000})
        await until(lambda: not socket.open)
        transport.abort()  # or it would wait for the server's goodbye


async def test_a_process_that_stops_sends_its_clients_elsewhere(settings: Settings) -> None:
    listener = Listener()
    async with serving(settings) as site:
        await listener.connect(site.url, await site.token())
        drained = asyncio.create_task(site.hub.drain(0.5))
        await asyncio.sleep(0)
        async with (
            aiohttp.ClientSession() as http,
            http.get(f"{site.url}/socket.io/?EIO=4&transport=polling") as answer,
        ):
            assert answer.status == 503
            assert answer.headers["Retry-After"]
        await drained
        await until(lambda: not listener.client.connected)
        # no DISCONNECT of the namespace, after which the JavaScript client would stay away
        assert not listener.of("closed")
        began = time.monotonic()
    assert time.monotonic() - began < 5


async def test_stopping_with_open_sockets_does_not_wait_for_them(settings: Settings) -> None:
    listeners = [Listener() for _ in range(3)]
    async with serving(settings) as site:
        for listener in listeners:
            await listener.connect(site.url, await site.token())
        began = time.monotonic()
    assert time.monotonic() - began < 6
    await until(lambda: not any(listener.client.connected for listener in listeners))
