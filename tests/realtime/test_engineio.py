"""Engine.IO v4 as clients without a library find it: sessions, payloads, heartbeats, ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import msgspec
import pytest

from realtime.wire.websocket import NORMAL, PROTOCOL_ERROR
from tests.realtime.raw import PATIENCE, Poller, Refused, Server, peer

PATHS = ("/engine.io/", "/socket.io/")
WEBSOCKET = "/engine.io/?EIO=4&transport=websocket"
CLOSE_PACKET, PING, PONG, NOOP = "1", "2", "3", "6"
Open = Callable[..., Awaitable[Poller]]


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """A bare HTTP client."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(PATIENCE)) as session:
        yield session


@pytest.fixture
def open_session(http: aiohttp.ClientSession) -> Open:
    """Open a session on long polling."""

    async def make(server: Server, path: str = "/engine.io/") -> Poller:
        return await Poller(http, f"{server.url}{path}?EIO=4&transport=polling").open()

    return make


# Handshakes


@pytest.mark.parametrize("path", PATHS)
async def test_a_session_opens_with_what_the_client_has_to_know(brisk: Server, open_session: Open, path: str) -> None:
    told = {"pingInterval": 300, "pingTimeout": 200, "maxPayload": 1_000_000}
    one, two = await open_session(brisk, path), await open_session(brisk, path)
    assert one.opening == {"sid": one.sid, "upgrades": ["websocket"]} | told
    assert one.sid != two.sid
    assert len(one.sid) >= 20
    async with peer(brisk, f"{path}?EIO=4&transport=websocket") as client:
        first = await client.receive()
        assert isinstance(first, str)
        opening = msgspec.json.decode(first[1:])
        assert first[0] == "0"
        assert opening == {"sid": opening["sid"], "upgrades": []} | told


REFUSED: list[tuple[str, str, int]] = [
    ("GET", "transport=polling", 5),
    ("GET", "EIO=abc&transport=polling", 5),
    ("GET", "EIO=3&transport=polling", 5),
    ("GET", "EIO=4", 0),
    ("GET", "EIO=4&transport=abc", 0),
    ("POST", "EIO=4&transport=polling", 2),
    ("PUT", "EIO=4&transport=polling", 2),
    ("GET", "EIO=4&transport=polling&sid=nobody", 1),
    ("POST", "EIO=4&transport=polling&sid=nobody", 1),
    ("GET", "EIO=4&transport=polling&sid=", 1),
    ("GET", "EIO=4&transport=websocket", 3),
]


@pytest.mark.parametrize("path", PATHS)
async def test_what_is_no_handshake_is_refused_with_a_code(
    calm: Server, http: aiohttp.ClientSession, path: str
) -> None:
    for method, query, code in REFUSED:
        async with http.request(method, f"{calm.url}{path}?{query}") as answer:
            assert answer.status == 400, (method, query)
            told = await answer.json()
            assert told["code"] == code, (method, query)
            assert told["message"]


BROKEN: list[dict[str, str]] = [
    {"Upgrade": "h2c"},
    {"Upgrade": ""},
    {"Connection": "keep-alive"},
    {"Sec_WebSocket_Version": "8"},
    {"Sec_WebSocket_Key": "dG9vIHNob3J0"},
    {"Sec_WebSocket_Key": "not base64 at all!"},
    {"Sec_WebSocket_Key": ""},
]


async def test_what_is_no_handshake_of_a_websocket_is_refused(calm: Server) -> None:
    for query in ("transport=websocket", "EIO=abc&transport=websocket", "EIO=4", "EIO=4&transport=abc"):
        with pytest.raises(Refused, match="400"):
            async with peer(calm, f"/engine.io/?{query}"):
                pass
    for headers in BROKEN:
        with pytest.raises(Refused, match="400"):
            async with peer(calm, WEBSOCKET, **headers):
                pass
    with pytest.raises(Refused, match="400"):
        async with peer(calm, f"{WEBSOCKET}&sid=nobody"):
            pass


# Messages


PAYLOADS = [
    "4hello",
    "4",
    "4one\x1e4two\x1e4three",
    "4凌峰\x1e4\u2028\x1e4\U0001f600",
    "4hello\x1ebAQIDBA==",
    "bAQIDBA==\x1eb\x1e4after",
]


async def test_payloads_come_back_packet_by_packet(calm: Server, open_session: Open) -> None:
    for payload in PAYLOADS:
        session = await open_session(calm)
        assert await session.post(payload.encode()) == (200, "ok")
        assert await session.get() == (200, payload)
        assert await session.post("1") == (200, "ok")


async def test_a_poll_waits_until_there_is_something(calm: Server, open_session: Open) -> None:
    session = await open_session(calm)
    poll = asyncio.create_task(session.get())
    await asyncio.sleep(0.05)
    assert not poll.done()
    assert await session.post("4late") == (200, "ok")
    assert await poll == (200, "4late")


MALFORMED: list[bytes] = [
    b"abc",
    b"",
    b"\x1e",
    b"4x\x1e",
    b"b!!!",
    b"bAQ",
    "b凌峰".encode(),
    b"4\xff",
    b"9",
    b"0",
    b"5",
]


@pytest.mark.parametrize("payload", MALFORMED)
async def test_a_malformed_payload_ends_the_session(calm: Server, open_session: Open, payload: bytes) -> None:
    session = await open_session(calm)
    assert (await session.post(payload))[0] == 400
    assert (await session.get())[0] == 400


async def test_a_body_that_is_too_big_ends_the_session(calm: Server, open_session: Open) -> None:
    session = await open_session(calm)
    assert await session.post(b"4" + b"x" * 999_999) == (200, "ok")
    assert len((await session.get())[1]) == 1_000_000
    assert (await session.post(b"4" + b"x" * 1_000_000))[0] == 413
    assert (await session.get())[0] == 400

    async def unannounced() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"4" + b"x" * 99_999

    session = await open_session(calm)
    async with session.http.post(session.url, data=unannounced()) as answer:
        assert answer.status == 413
    assert (await session.get())[0] == 400


async def test_a_second_poll_beside_one_that_waits_ends_the_session(calm: Server, open_session: Open) -> None:
    session = await open_session(calm)
    first = asyncio.create_task(session.get())
    await asyncio.sleep(0.1)  # nothing tells from outside that it has arrived
    assert (await session.get())[0] == 400
    assert await first == (200, CLOSE_PACKET)
    assert (await session.get())[0] == 400


async def test_two_posts_at_once_end_the_session(calm: Server, open_session: Open) -> None:
    """Nobody could tell which of them is the first."""
    session = await open_session(calm)
    more = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield b"4fir"
        await more.wait()
        yield b"st"

    first = asyncio.create_task(session.http.post(session.url, data=slowly()))
    await asyncio.sleep(0.2)  # nothing tells from outside that it has arrived
    assert (await session.post("4second"))[0] == 400
    more.set()
    (await first).close()
    assert (await session.get())[0] == 400


async def test_a_post_whose_body_does_not_come_ends_with_the_session(brisk: Server, open_session: Open) -> None:
    """Nobody would miss the connection, and it would be held for ever."""
    session = await open_session(brisk)
    reader, writer = await asyncio.open_connection("127.0.0.1", brisk.port)
    try:
        path = session.url.removeprefix(brisk.url)
        writer.write(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n4hel".encode())
        async with asyncio.timeout(PATIENCE):
            assert (await reader.readline()).split()[1] == b"408"
            assert b"Connection: close" in await reader.readuntil(b"\r\n\r\n")
    finally:
        writer.close()
    assert (await session.get())[0] == 400


async def test_a_poll_that_the_client_gave_up_ends_the_session(calm: Server, open_session: Open) -> None:
    session = await open_session(calm)
    first = asyncio.create_task(session.get())
    await asyncio.sleep(0.1)
    first.cancel()
    assert (await session.get())[0] == 400
    assert (await session.get())[0] == 400


async def test_other_methods_with_a_session_are_refused(calm: Server, open_session: Open) -> None:
    session = await open_session(calm)
    async with session.http.put(session.url, data="4x") as answer:
        assert (answer.status, (await answer.json())["code"]) == (400, 2)
    assert await session.post("4x") == (200, "ok")
    assert await session.get() == (200, "4x")


async def test_messages_over_a_websocket(calm: Server) -> None:
    async with peer(calm, WEBSOCKET) as client:
        await client.receive()
        sent: list[str | bytes] = ["4hello", b"\x01\x02", "4", b"", "4" + "凌" * 50_000, b"x" * 999_999]
        client.send(*sent)
        for message in sent:
            assert await client.receive() == message


@pytest.mark.parametrize("message", ["abc", "", "0", "2", "5", "6", "9"])
async def test_what_is_no_packet_ends_the_websocket(calm: Server, message: str) -> None:
    async with peer(calm, WEBSOCKET) as client:
        await client.receive()
        client.send(message)
        assert await client.closed() == PROTOCOL_ERROR


# Heartbeat


async def test_the_heartbeat_of_a_poll(brisk: Server, open_session: Open) -> None:
    session = await open_session(brisk)
    began = time.monotonic()
    for _ in range(3):
        assert await session.get() == (200, PING)
        assert await session.post(PONG) == (200, "ok")
    assert time.monotonic() - began > 0.85


async def test_the_heartbeat_of_a_websocket(brisk: Server) -> None:
    async with peer(brisk, WEBSOCKET) as client:
        await client.receive()
        began = time.monotonic()
        for _ in range(3):
            assert await client.receive() == PING
            client.send(PONG)
        assert time.monotonic() - began > 0.85


async def test_a_pong_that_nobody_asked_for_changes_nothing(brisk: Server) -> None:
    async with peer(brisk, WEBSOCKET) as client:
        await client.receive()
        client.send(PONG, PONG)
        assert await client.receive() == PING
        await client.closed()  # it owes this one all the same


async def test_a_client_that_does_not_answer_is_given_up(brisk: Server, open_session: Open) -> None:
    session, began = await open_session(brisk), time.monotonic()
    async with peer(brisk, WEBSOCKET) as client:
        await client.receive()
        assert await client.receive() == PING
        await client.closed()
        assert time.monotonic() - began > 0.45
    assert (await session.get())[0] == 400


# Ends


async def test_a_client_closes_its_session(calm: Server, open_session: Open) -> None:
    session = await open_session(calm)
    poll = asyncio.create_task(session.get())
    await asyncio.sleep(0.1)
    assert await session.post(CLOSE_PACKET) == (200, "ok")
    assert await poll == (200, NOOP)
    assert (await session.get())[0] == 400
    session = await open_session(calm)
    assert await session.post("1\x1e4too late") == (200, "ok")
    assert (await session.get())[0] == 400


async def test_a_client_closes_its_websocket(calm: Server) -> None:
    async with peer(calm, WEBSOCKET) as client:
        await client.receive()
        client.send(CLOSE_PACKET)
        assert await client.closed() == NORMAL
