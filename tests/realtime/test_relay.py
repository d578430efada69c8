"""Several web processes on one port without a proxy that knows them: what reaches the wrong one works all the same."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import socket as sockets_of_system
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from realtime.wire.parcels import Parcel
from realtime.wire.relay import SID
from server.http import sockets
from server.http.proxies import Proxies
from server.settings import Settings, SettingsError
from tests.realtime.conftest import Listener, Site
from tests.waiting import until

POLL = "/socket.io/?EIO=4&transport=polling"


@pytest.fixture
async def doors(pair: list[Site]) -> AsyncIterator[list[aiohttp.ClientSession]]:
    """A way to each of the two, whatever the kernel would choose."""
    async with contextlib.AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(
                aiohttp.ClientSession(
                    base_url="http://127.0.0.1",
                    connector=aiohttp.UnixConnector(str(sockets.path(site.app.settings, site.app.settings.worker))),
                )
            )
            for site in pair
        ]


async def opened(door: aiohttp.ClientSession) -> str:
    async with door.get(POLL) as answer:
        assert answer.status == 200
        told: dict[str, Any] = msgspec.json.decode((await answer.text())[1:])
    sid = told["sid"]
    assert isinstance(sid, str)
    return sid


async def test_a_session_id_names_its_process(doors: list[aiohttp.ClientSession]) -> None:
    for number, door in enumerate(doors, 1):
        found = SID.fullmatch(await opened(door))
        assert found
        assert found[1] == f"w{number}"


async def test_stock_clients_do_not_notice_which_process_they_reach(pair: list[Site]) -> None:
    for transports in (["polling"], ["polling", "websocket"], ["websocket"]):
        listeners = [Listener() for _ in range(12)]
        for listener in listeners:
            await listener.connect(pair[0].url, await pair[0].token(), transports=transports)
        for listener in listeners:
            assert (await listener.ask("watch", {"item_id": "5"}))["ok"]
        assert all(site.hub.count() for site in pair)
        await pair[0].rooms.publish("sale:5", "flash_sale", {"item_id": "5", "transports": transports})
        for listener in listeners:
            await until(partial(listener.of, "flash_sale"))
            if len(transports) == 2:
                assert listener.client.transport() == "websocket"
        for listener in listeners:
            await listener.client.disconnect()
        await until(lambda: not any(site.hub.count() for site in pair))


async def test_polls_and_posts_are_handed_on_with_what_they_hold(doors: list[aiohttp.ClientSession]) -> None:
    here, there = doors
    sid = await opened(here)
    async with there.post(f"{POLL}&sid={sid}", data="40/nowhere,") as answer:
        assert (answer.status, await answer.text(), answer.content_type) == (200, "ok", "text/html")
    async with there.get(f"{POLL}&sid={sid}") as answer:
        text = await answer.text()
        assert (answer.status, answer.content_type, answer.headers["Cache-Control"]) == (200, "text/plain", "no-store")
        assert text.startswith("44/nowhere,")
    async with there.post(f"{POLL}&sid={sid}", data="4" * 40_000) as answer:
        assert answer.status == 413
    async with there.get(f"{POLL}&sid={sid}") as answer:
        assert (answer.status, (await answer.json())["code"]) == (400, 1)
    async with there.put(f"{POLL}&sid={sid}") as answer:
        assert answer.status == 405


async def test_a_poll_on_its_way_round_that_nobody_waits_for_any_more_ends_the_session(
    pair: list[Site], doors: list[aiohttp.ClientSession]
) -> None:
    """What it was answered with is lost: what comes later must not be taken for what comes next."""
    here, there = doors
    sid = await opened(here)
    (line,) = pair[0].hub.engine
    waiting = asyncio.create_task(there.get(f"{POLL}&sid={sid}"))
    await until(lambda: line._poll is not None)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await asyncio.sleep(0.1)
    line.send(Parcel("lost"))
    await until(lambda: not line.open, 3)  # before the time for its CONNECT is over


@pytest.mark.parametrize("transport", ["polling", "websocket"])
async def test_an_id_that_no_process_knows_is_told_so(
    pair: list[Site], doors: list[aiohttp.ClientSession], transport: str
) -> None:
    at = sockets.folder(pair[0].app.settings)
    dead = at / "web-3.sock"
    with sockets_of_system.socket(sockets_of_system.AF_UNIX) as left:
        left.bind(str(dead))  # as a killed process leaves it
    tail = "A" * 20
    (at / "other.sock").touch()
    for sid in (
        f"w1.{tail}", f"w2.{tail}", f"w3.{tail}", f"w4.{tail}", f"w64.{tail}", f"w65.{tail}", f"w99.{tail}",
        f"w02.{tail}", f"w0.{tail}", f"w2.{tail}A", "w2.", "w2", f"W2.{tail}", f"../web-2.{tail}", "../../etc/passwd",
        f"w2/../w2.{tail}", f"w２.{tail}", f"other.{tail}", f"w2.{tail[:-1]}\n", f"w2.{tail}\x00", "", "凌峰",
    ):  # fmt: skip
        headers = {}
        if transport == "websocket":
            key = base64.b64encode(os.urandom(16)).decode()
            headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
            headers["Sec-WebSocket-Key"] = key
        parameters = {"EIO": "4", "transport": transport, "sid": sid}
        async with doors[0].get("/socket.io/", params=parameters, headers=headers) as answer:
            assert (answer.status, await answer.json()) == (400, {"code": 1, "message": "Session ID unknown"}), sid


async def test_who_asks_the_wrong_process_for_a_websocket_is_connected_to_nothing_but_one(
    pair: list[Site], doors: list[aiohttp.ClientSession]
) -> None:
    """A sibling that refuses goes on speaking HTTP: not with a stranger who would pass for this machine."""
    sid = "w2." + "A" * 20
    reader, writer = await asyncio.open_unix_connection(str(sockets.path(pair[0].app.settings, 1)))
    key = base64.b64encode(os.urandom(16)).decode()
    writer.write(
        f"GET /socket.io/?EIO=4&transport=websocket&sid={sid} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
    )
    async with asyncio.timeout(5):
        assert b"400" in (await reader.readuntil(b"}")).splitlines()[0]
        pair[1].app.leaving = True
        writer.write(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert b"stopping" not in await reader.read()  # the first answers, or nobody
    writer.close()


async def upgraded(here: aiohttp.ClientSession, there: aiohttp.ClientSession, site: Site) -> Any:
    """Open a session with ``here`` and move it to a WebSocket through ``there``; joined to /member."""
    sid = await opened(here)
    socket = await there.ws_connect(f"/socket.io/?EIO=4&transport=websocket&sid={sid}")
    await socket.send_str("2probe")
    assert await socket.receive_str(timeout=5) == "3probe"
    await socket.send_str("5")
    await socket.send_str(f'40/member,{{"token":"{await site.token()}"}}')
    assert (await socket.receive_str(timeout=5)).startswith("40/member,")
    assert (await socket.receive_str(timeout=5)).startswith('42/member,["ready"')
    return socket


async def test_a_websocket_is_handed_on_and_ends_at_both_ends(
    pair: list[Site], doors: list[aiohttp.ClientSession]
) -> None:
    socket = await upgraded(doors[0], doors[1], pair[0])
    relay = pair[1].hub.engine.elsewhere
    assert len(relay) == 1  # type: ignore[arg-type]  # it is the relay
    await socket.send_str('42/member,1["watch",{"item_id":"7"}]')
    assert '"ok":true' in await socket.receive_str(timeout=5)
    await socket.close()
    await until(lambda: not len(relay) and not pair[0].hub.count())  # type: ignore[arg-type]
    socket = await upgraded(doors[0], doors[1], pair[0])
    for line in pair[0].hub.engine:
        line.close("end")
    assert (await socket.receive(timeout=5)).type is aiohttp.WSMsgType.CLOSE
    await until(lambda: not len(relay))  # type: ignore[arg-type]


async def test_a_reader_who_stops_is_noticed_behind_the_pipe(
    pair: list[Site], doors: list[aiohttp.ClientSession]
) -> None:
    socket = await upgraded(doors[0], doors[1], pair[0])
    transport = socket._response.connection.transport
    transport.pause_reading()
    (line,) = pair[0].hub.engine
    (there,) = pair[0].hub.sockets()
    for _ in range(400):
        there.emit("order", {"x": "x" * 20_000}, droppable=True)
        await asyncio.sleep(0)
    assert line.skipped > 0
    assert line.open
    transport.resume_reading()
    await until(lambda: line.flowing, 10)
    await socket.close()


async def test_what_passes_through_a_process_that_stops_is_ended_too(
    pair: list[Site], doors: list[aiohttp.ClientSession]
) -> None:
    socket = await upgraded(doors[0], doors[1], pair[0])
    await pair[1].app.leave()
    assert (await socket.receive(timeout=5)).type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSE)
    await until(lambda: not pair[0].hub.count())


async def test_a_poll_that_waits_in_a_process_that_stops_is_answered(
    pair: list[Site], doors: list[aiohttp.ClientSession]
) -> None:
    """The process would wait for it, and cut it off in the end; told of no session, the client begins a new one."""
    here, there = doors
    sid = await opened(here)
    (line,) = pair[0].hub.engine
    waiting = asyncio.create_task(there.get(f"{POLL}&sid={sid}"))
    await until(lambda: line._poll is not None)
    await pair[1].app.leave()
    async with asyncio.timeout(2):
        answer = await waiting
        assert (answer.status, (await answer.json())["code"]) == (400, 1)
        async with there.get(f"{POLL}&sid={sid}") as again:
            assert again.status == 400
    line.send(Parcel("lost"))
    await until(lambda: not line.open, 3)


async def test_a_process_that_stops_says_so_tells_its_clients_and_takes_nobody_new(
    pair: list[Site], doors: list[aiohttp.ClientSession]
) -> None:
    one, two = pair
    listeners = [Listener() for _ in range(30)]
    for listener in listeners:
        await listener.connect(one.url, await one.token())
    held = one.hub.count()
    assert 0 < held < 30
    leaving = asyncio.create_task(one.app.leave())
    await asyncio.sleep(0)
    async with doors[0].get("/readyz") as answer:
        assert (answer.status, (await answer.json())["status"]) == (503, "stopping")
        assert answer.headers["Connection"] == "close"
    async with doors[0].get(POLL) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
    async with doors[1].get("/readyz") as answer:
        assert answer.status == 200
    await leaving
    assert one.hub.count() == 0
    await until(lambda: sum(not listener.client.connected for listener in listeners) == held)
    told = [listener.of("drain") for listener in listeners]
    waits = sorted(drain[0]["reconnect_after"] for drain in told if drain)
    assert len(waits) == held
    assert waits[0] == 0
    assert waits[-1] <= 1000 * held / 50
    assert len(set(waits)) == held
    assert not any(listener.of("closed") for listener in listeners)
    assert two.hub.count() == 30 - held
    for listener in listeners:
        await listener.client.disconnect()


def test_a_socket_is_its_owners_alone_and_replaces_what_a_killed_process_left(settings: Settings) -> None:
    given = msgspec.structs.replace(settings, worker=5)
    at = sockets.path(given, 5)
    assert at == settings.home / "run" / "web-5.sock"
    with sockets.bound(given) as first:
        assert first is not None
        assert at.stat().st_mode & 0o777 == 0o600
        assert at.parent.stat().st_mode & 0o077 == 0
        with sockets.bound(given) as second:  # nobody listened on the first
            assert second is not None
            second.listen()
            with pytest.raises(SettingsError, match="runs already"), sockets.bound(given):
                pass
            assert at.exists()
    assert not at.exists()
    shared = msgspec.structs.replace(given, sockets=settings.home / "shared")
    with sockets.bound(shared):
        assert (settings.home / "shared" / "web-5.sock").stat().st_mode & 0o777 == 0o660
    with sockets.bound(settings) as none:
        assert none is None


def test_a_path_too_long_for_a_socket_is_mended_or_named(settings: Settings) -> None:
    long = settings.home / ("x" * 100)
    given = msgspec.structs.replace(settings, worker=64, home=long)
    with sockets.bound(given):
        assert len(os.fsencode(sockets.path(given, 64))) <= 107
        assert sockets.path(given, 64).exists()
    sockets.folder(given).rmdir()
    with (
        pytest.raises(SettingsError, match="LINGFENG_SOCKETS"),
        sockets.bound(msgspec.structs.replace(given, sockets=long)),
    ):
        pass


@pytest.mark.parametrize(
    ("hops", "address"), [(["198.51.100.1, 203.0.113.9"], "203.0.113.9"), ([], "127.0.0.1"), (["x"], "127.0.0.1")]
)
def test_who_comes_over_the_socket_is_believed_about_the_address(hops: list[str], address: str) -> None:
    headers = CIMultiDict([("X-Forwarded-For", hop) for hop in hops])
    assert Proxies([]).client(make_mocked_request("GET", "/", headers).clone(remote="")) == address
