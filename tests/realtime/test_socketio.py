"""Socket.IO v5 as clients without a library find it, in both encodings and over both transports."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import msgpack
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.realtime.raw import PATIENCE, Peer, Poller, Server, framed, peer

WEBSOCKET = "/socket.io/?EIO=4&transport=websocket"
PING = "2"


@contextlib.asynccontextmanager
async def connection(server: Server) -> AsyncIterator[Peer]:
    """Open a connection and say nothing yet."""
    async with peer(server, WEBSOCKET) as client:
        await client.receive()
        yield client


@contextlib.asynccontextmanager
async def connected(server: Server) -> AsyncIterator[Peer]:
    """Open a connection with a socket on the main namespace, greeted."""
    async with connection(server) as client:
        client.send("40")
        assert str(await client.receive()).startswith('40{"sid":"')
        assert await client.receive() == '42["auth",{}]'
        yield client


def packed(kind: int, namespace: str, data: Any = None, number: int | None = None) -> bytes:
    """Return a packet as the msgpack parser writes it."""
    packet: dict[str, Any] = {"type": kind, "nsp": namespace}
    if data is not None:
        packet["data"] = data
    if number is not None:
        packet["id"] = number
    return bytes(msgpack.packb(packet))


def unpacked(message: str | bytes) -> Any:
    """Undo ``packed``."""
    assert isinstance(message, bytes)
    return msgpack.unpackb(message)


CONNECTS = [
    ("40", "40", '42["auth",{}]'),
    ('40{"token":"123"}', "40", '42["auth",{"token":"123"}]'),
    ("40/custom,", "40/custom,", '42/custom,["auth",{}]'),
    ("40/custom", "40/custom,", '42/custom,["auth",{}]'),
    ('40/custom,{"token":"凌"}', "40/custom,", '42/custom,["auth",{"token":"凌"}]'),
    ("40/custom?page=7,", None, None),
]


@pytest.mark.parametrize(("sent", "head", "greeting"), CONNECTS)
async def test_a_client_comes_in(calm: Server, sent: str, head: str | None, greeting: str | None) -> None:
    async with connection(calm) as client:
        client.send(sent)
        answer = await client.receive()
        assert isinstance(answer, str)
        if head is None:
            assert answer.startswith("44")
            return
        assert answer.startswith(head)
        assert list(msgspec.json.decode(answer[len(head) :])) == ["sid"]
        assert await client.receive() == greeting


async def test_sockets_of_one_connection_are_told_apart(calm: Server) -> None:
    async with connection(calm) as client:
        client.send("40", "40/custom,")
        main, _, custom, _ = [str(await client.receive()) for _ in range(4)]
        assert main.removeprefix("40") != custom.removeprefix("40/custom,")


async def test_an_unknown_namespace_is_refused_and_nothing_else_ends(calm: Server) -> None:
    async with connected(calm) as client:
        client.send("40/random", '40/random,{"token":"1"}', '42/random,["message",1]', '42["message",2]')
        refused = '44/random,{"message":"Invalid namespace"}'
        assert [await client.receive() for _ in range(3)] == [refused, refused, '42["message-back",2]']


@pytest.mark.parametrize("sent", ["4abc", "4", '40"x"', "40[]", "40{", '42{"no":"event"}', b"\x01", "47"])
async def test_who_begins_with_rubbish_is_out(calm: Server, sent: str | bytes) -> None:
    async with connection(calm) as client:
        client.send(sent)
        await client.closed()


async def test_who_says_nothing_is_out(brisk: Server) -> None:
    async with connection(brisk) as client:
        assert await client.receive() == PING
        client.send("3")
        await client.closed()


async def test_who_comes_in_twice_is_out(calm: Server) -> None:
    async with connected(calm) as client:
        client.send("40")
        await client.closed()


async def test_a_client_leaves_a_namespace_and_may_come_back(calm: Server) -> None:
    async with connected(calm) as client:
        client.send("40/custom,")
        assert str(await client.receive()).startswith("40/custom,")
        assert await client.receive() == '42/custom,["auth",{}]'
        client.send("41/custom,", '42/custom,["message","nobody hears it"]', '42["message","main"]')
        assert await client.receive() == '42["message-back","main"]'
        client.send("40/custom,")
        assert str(await client.receive()).startswith("40/custom,")


async def test_who_leaves_the_last_namespace_stays_for_a_moment(brisk: Server) -> None:
    async with connected(brisk) as client:
        client.send("41", '42["message","nobody hears it"]')
        assert await client.receive() == PING
        client.send("3")
        await client.closed()


EVENTS: list[tuple[list[str | bytes], list[str | bytes]]] = [
    (['42["message",1,"2",{"3":[true]}]'], ['42["message-back",1,"2",{"3":[true]}]']),
    (['42["message"]'], ['42["message-back"]']),
    (['42["message",null,1.5,-9007199254740991]'], ['42["message-back",null,1.5,-9007199254740991]']),
    (['42["message","\\u2028凌"]'], ['42["message-back","\u2028凌"]']),
    (
        ['452-["message",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]', b"\x01\x02", b""],
        ['452-["message-back",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]', b"\x01\x02", b""],
    ),
    (
        ['451-["message",{"deep":[{"_placeholder":true,"num":0}]}]', b"\x01"],
        ['451-["message-back",{"deep":[{"_placeholder":true,"num":0}]}]', b"\x01"],
    ),
    (['42456["message-with-ack",1,"2",{"3":[false]}]'], ['43456[1,"2",{"3":[false]}]']),
    (['420["message-with-ack"]'], ["430[]"]),
    (
        ['451-789["message-with-ack",{"_placeholder":true,"num":0}]', b"\x04"],
        ['461-789[{"_placeholder":true,"num":0}]', b"\x04"],
    ),
    (['421["message",1]'], ['42["message-back",1]', "431[{\"ok\":true}]"]),
    (['42["message-with-ack","nobody asked"]', '42["message",1]'], ['42["message-back",1]']),
    (['431["an answer to nothing"]', '42["message",1]'], ['42["message-back",1]']),
]  # fmt: skip


@pytest.mark.parametrize(("sent", "expected"), EVENTS)
async def test_events_and_acknowledgements(calm: Server, sent: list[str | bytes], expected: list[str | bytes]) -> None:
    async with connected(calm) as client:
        client.send(*sent)
        assert [await client.receive() for _ in expected] == expected


@pytest.mark.parametrize(("sent", "expected"), EVENTS)
async def test_they_are_the_same_over_polling(
    calm: Server, sent: list[str | bytes], expected: list[str | bytes]
) -> None:
    def polled(messages: list[str | bytes]) -> str:
        return "\x1e".join(one if isinstance(one, str) else f"b{base64.b64encode(one).decode()}" for one in messages)

    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(PATIENCE)) as http:
        session = await Poller(http, f"{calm.url}/socket.io/?EIO=4&transport=polling").open()
        assert await session.post("40\x1e" + polled(sent)) == (200, "ok")
        got = ""
        while got.count("\x1e") < 1 + len(expected):
            got += ("\x1e" if got else "") + (await session.get())[1]
        assert got.split("\x1e", 2)[2] == polled(expected)


async def test_packets_of_msgpack(calm: Server) -> None:
    async with connection(calm) as client:
        client.send(packed(0, "/custom", {"token": "1"}))
        opened = unpacked(await client.receive())
        assert opened == {"type": 0, "nsp": "/custom", "data": {"sid": opened["data"]["sid"]}}
        assert unpacked(await client.receive()) == {"type": 2, "nsp": "/custom", "data": ["auth", {"token": "1"}]}
        client.send(packed(2, "/custom", ["message", b"\x01", {"x": [None, 1.5, "凌"]}]))
        assert unpacked(await client.receive())["data"] == ["message-back", b"\x01", {"x": [None, 1.5, "凌"]}]
        client.send(packed(2, "/custom", ["message-with-ack", b"\x01"], 7))
        assert unpacked(await client.receive()) == {"type": 3, "nsp": "/custom", "data": [b"\x01"], "id": 7}
        client.send(packed(0, "/random"))
        refused = unpacked(await client.receive())
        assert refused == {"type": 4, "nsp": "/random", "data": {"message": "Invalid namespace"}}
        client.send(packed(1, "/custom"))
        client.send(packed(0, "/custom"))
        assert unpacked(await client.receive())["type"] == 0


MALFORMED: list[list[str | bytes]] = [
    ["4abc"], ["42{}"], ["42"], ["42[]"], ["42[7]"], ['42abc["message-with-ack",1]'], ["43[1]"], ["437{}"],
    ["41{}"], ["44"], ["48"], ['42["message"'], ['42["message"]]'], [b"\x01"],
    ['451-["message"]', '42["message"]'],
    ['451-["message",{"_placeholder":true,"num":3}]', b"\x01"],
    ['450-["message"]'], ['45["message"]'], ['4599-["message"]'], ['42["message","\\ud800"]'],
    ['42["message",' + "9" * 5000 + "]"],
    ['42["message",' + "[" * 5000 + "]" * 5000 + "]"],
    [packed(2, "/", ["message"])],
]  # fmt: skip


@pytest.mark.parametrize("sent", MALFORMED)
async def test_malformed_packets_end_the_connection(calm: Server, sent: list[str | bytes]) -> None:
    async with connected(calm) as client:
        client.send(*sent)
        await client.closed()


async def test_what_a_handler_answers_is_in_order_with_what_was_asked(calm: Server) -> None:
    async with connected(calm) as client:
        client.raw(b"".join(framed(1, f'42{n}["message-with-ack",{n}]'.encode()) for n in range(500)))
        assert [await client.receive() for _ in range(500)] == [f"43{n}[{n}]" for n in range(500)]


rubbish = st.one_of(
    st.binary(max_size=40),
    st.text(max_size=20),
    st.text("0123456789-/,[]{}\"'amb:_\x1e", max_size=25).map("4".__add__),
    st.from_regex(r'4[0-6]([0-9]-)?(/custom,)?[0-9]{0,3}(\["[a-z]{1,3}"(,[0-9]|,\{"a":1\}){0,2}\])?', fullmatch=True),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(rubbish, min_size=1, max_size=5), st.booleans())
async def test_rubbish_hurts_nobody_but_who_sends_it(calm: Server, sent: list[str | bytes], inside: bool) -> None:
    """Whatever comes, the connection either ends or goes on; the fixture hears of anything that broke inside."""
    async with connection(calm) as client:
        client.send(*(["40"] if inside else []), *sent)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            client.send("41/never,", '42["message","the end"]', "1")
            await client.closed()
    async with connected(calm) as other:
        other.send('42["message",1]')
        assert await other.receive() == '42["message-back",1]'
