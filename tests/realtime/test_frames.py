"""The frames of WebSockets: what a server has to understand, what it has to refuse, and how a connection ends."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realtime.wire import takeover
from realtime.wire.websocket import (
    BINARY,
    CLOSE,
    GOING_AWAY,
    NORMAL,
    NOT_UTF8,
    PING,
    PONG,
    PROTOCOL_ERROR,
    TEXT,
    TOO_BIG,
    Reader,
    Violation,
)
from tests.realtime.raw import Frame, Peer, Server, framed, peer

PATH = "/engine.io/?EIO=4&transport=websocket"
MORE = 0x0
"""A frame that continues the message."""


async def greeted(client: Peer) -> Peer:
    """Return the client once the session is open."""
    await client.receive()
    return client


async def test_a_message_in_pieces_is_one_message(calm: Server) -> None:
    async with peer(calm, PATH) as client:
        await greeted(client)
        whole = "4" + "凌峰" * 100
        raw = whole.encode()
        client.raw(framed(TEXT, raw[:10], last=False))  # in the middle of a character
        client.raw(framed(MORE, b"", last=False) + framed(MORE, raw[10:11], last=False) + framed(MORE, raw[11:]))
        assert await client.receive() == whole
        client.raw(framed(BINARY, b"", last=False) + framed(MORE, b"ab", last=False) + framed(MORE, b""))
        assert await client.receive() == b"ab"


async def test_control_frames_come_between_the_pieces(calm: Server) -> None:
    async with peer(calm, PATH) as client:
        await greeted(client)
        client.raw(framed(TEXT, b"4he", last=False) + framed(PING, b"are you there"))
        assert await client.frame() == Frame(0x80 | PONG, b"are you there")
        client.raw(framed(PONG, b"") + framed(PONG, b"unasked") + framed(PING, b""))
        assert await client.frame() == Frame(0x80 | PONG, b"")
        client.raw(framed(MORE, b"llo"))
        assert await client.receive() == "4hello"


@pytest.mark.parametrize("size", [0, 1, 124, 125, 126, 127, 65_534, 65_535, 65_536, 200_000])
async def test_sizes_of_every_kind(calm: Server, size: int) -> None:
    async with peer(calm, PATH) as client:
        await greeted(client)
        client.send(b"x" * size, "4" + "y" * size)
        assert await client.receive() == b"x" * size
        assert await client.receive() == "4" + "y" * size


async def test_bytes_that_come_one_at_a_time(calm: Server) -> None:
    async with peer(calm, PATH) as client:
        await greeted(client)
        for byte in framed(TEXT, "4凌".encode()) + framed(BINARY, b"x" * 130):
            client.raw(bytes([byte]))
            await client.writer.drain()
            await asyncio.sleep(0)
        assert await client.receive() == "4凌"
        assert await client.receive() == b"x" * 130


VIOLATIONS: list[tuple[str, bytes, int]] = [
    ("not masked", framed(TEXT, b"4x", mask=b""), PROTOCOL_ERROR),
    ("not masked, empty", framed(PING, b"", mask=b""), PROTOCOL_ERROR),
    ("compressed, which nobody agreed on", framed(TEXT, b"4x", reserved=4), PROTOCOL_ERROR),
    ("the second reserved bit", framed(TEXT, b"4x", reserved=2), PROTOCOL_ERROR),
    ("the third reserved bit", framed(PING, b"", reserved=1), PROTOCOL_ERROR),
    ("an unknown opcode", framed(0x3, b"4x"), PROTOCOL_ERROR),
    ("an unknown control opcode", framed(0xB, b""), PROTOCOL_ERROR),
    ("a ping in pieces", framed(PING, b"", last=False), PROTOCOL_ERROR),
    ("a ping that is too long", framed(PING, b"x" * 126), PROTOCOL_ERROR),
    ("a piece of nothing", framed(MORE, b"4x"), PROTOCOL_ERROR),
    ("a message within a message", framed(TEXT, b"4", last=False) + framed(TEXT, b"4x"), PROTOCOL_ERROR),
    ("text that is no UTF-8", framed(TEXT, b"4\xff"), NOT_UTF8),
    ("half a character", framed(TEXT, "4凌".encode()[:-1]), NOT_UTF8),
    ("a surrogate", framed(TEXT, b"4\xed\xa0\x80"), NOT_UTF8),
    ("half a character in pieces", framed(TEXT, b"4\xe5", last=False) + framed(MORE, b"x"), NOT_UTF8),
    ("a message that is too big", framed(TEXT, b"4" + b"x" * 1_000_000), TOO_BIG),
    ("one that says it will be", framed(TEXT, b"x" * 70_000)[:1] + b"\xff" + b"\xff" * 8 + b"mask", TOO_BIG),
    ("too big in pieces", framed(BINARY, b"x" * 600_000, last=False) + framed(MORE, b"x" * 600_000), TOO_BIG),
]


@pytest.mark.parametrize(("sent", "code"), [each[1:] for each in VIOLATIONS], ids=[each[0] for each in VIOLATIONS])
async def test_violations_are_named_and_end_the_connection(calm: Server, sent: bytes, code: int) -> None:
    async with peer(calm, PATH) as client:
        await greeted(client)
        client.send("4before")
        client.raw(sent)
        assert await client.receive() == "4before"
        frame = await client.frame()
        assert (frame.code, bool(frame.payload[2:])) == (code, True)
        client.send("4after")
        client.raw(framed(CLOSE, frame.payload[:2]))
        client.writer.write_eof()
        await client.ended()


GOODBYES: list[tuple[bytes, bytes]] = [
    (b"", b""),
    (b"\x03\xe8", b"\x03\xe8"),
    (b"\x03\xe9moving on", b"\x03\xe9"),
    (b"\x0f\xa0my own", b"\x0f\xa0"),
    (b"\x03", b"\x03\xea"),
    (b"\x03\xed", b"\x03\xea"),
    (b"\x00\x00", b"\x03\xea"),
    (b"\x03\xe8\xff", b"\x03\xef"),
]


@pytest.mark.parametrize(("said", "answer"), GOODBYES)
async def test_a_client_says_goodbye_and_is_answered(calm: Server, said: bytes, answer: bytes) -> None:
    async with peer(calm, PATH) as client:
        await greeted(client)
        began = time.monotonic()
        client.send("4last")
        client.raw(framed(CLOSE, said) + framed(TEXT, b"4too late"))
        assert await client.receive() == "4last"
        assert await client.frame() == Frame(0x80 | CLOSE, answer)
        await client.ended()
        assert time.monotonic() - began < takeover.LINGER


async def test_a_client_that_answers_a_goodbye_does_not_wait(calm: Server) -> None:
    async with peer(calm, PATH) as client:
        await greeted(client)
        began = time.monotonic()
        client.send("4last", "no packet", "4too late")
        assert await client.receive() == "4last"
        assert (await client.frame()).code == PROTOCOL_ERROR
        client.send("4too late")
        client.raw(framed(PING, b"too late"))
        client.raw(framed(CLOSE, PROTOCOL_ERROR.to_bytes(2, "big")))
        await client.ended()
        assert time.monotonic() - began < takeover.LINGER


async def test_a_client_that_does_not_answer_a_goodbye_is_left(calm: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(takeover, "LINGER", 0.2)
    async with peer(calm, PATH) as client:
        await greeted(client)
        client.send("no packet")
        assert (await client.frame()).opcode == CLOSE
        began = time.monotonic()
        with contextlib.suppress(ConnectionError):
            await client.ended()
        assert 0.1 < time.monotonic() - began < 5


async def test_codes_of_goodbyes_are_those_of_the_protocol() -> None:
    assert (NORMAL, GOING_AWAY, PROTOCOL_ERROR, NOT_UTF8, TOO_BIG) == (1000, 1001, 1002, 1007, 1009)


class Heard:
    """What a reader told."""

    def __init__(self) -> None:
        self.all: list[Any] = []

    def message(self, data: str | bytes) -> None:
        self.all.append(data)

    def control(self, opcode: int, payload: bytes) -> None:
        self.all.append((opcode, payload))

    def fragment(self) -> None:
        """A piece of a message; the whole is told."""


@st.composite
def streams(draw: st.DrawFn) -> tuple[list[Any], bytes]:
    """Messages and control frames, whole and in pieces, with what a reader has to tell of them."""
    told: list[Any] = []
    raw = b""
    for _ in range(draw(st.integers(1, 6))):
        message: str | bytes = draw(st.one_of(st.text(max_size=80), st.binary(max_size=300)))
        data = message.encode() if isinstance(message, str) else message
        cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=3)))
        edges = [0, *cuts, len(data)]
        for at, (begin, end) in enumerate(itertools.pairwise(edges)):
            opcode = MORE if at else TEXT if isinstance(message, str) else BINARY
            raw += framed(opcode, data[begin:end], last=at == len(cuts), mask=draw(st.binary(min_size=4, max_size=4)))
            if at < len(cuts) and draw(st.booleans()):
                control = (draw(st.sampled_from((PING, PONG))), draw(st.binary(max_size=125)))
                told.append(control)
                raw += framed(*control)
        told.append(message)
    return told, raw


@settings(max_examples=200, deadline=None)
@given(streams(), st.data())
def test_however_the_bytes_are_cut_the_messages_are_the_same(
    stream: tuple[list[Any], bytes], data: st.DataObject
) -> None:
    told, raw = stream
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=12)))
    for edges in ([0, *cuts, len(raw)], list(range(len(raw) + 1))):
        heard = Heard()
        reader = Reader(heard, 1000)
        for begin, end in itertools.pairwise(edges):
            reader.feed(raw[begin:end])
        assert heard.all == told


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.integers(1, 7))
def test_rubbish_is_a_violation_or_nothing_yet(raw: bytes, step: int) -> None:
    def outcome(pieces: list[bytes]) -> Any:
        heard = Heard()
        reader = Reader(heard, 1000)
        try:
            for piece in pieces:
                reader.feed(piece)
        except Violation as error:
            return heard.all, error.code
        return heard.all, None

    assert outcome([raw]) == outcome([raw[at : at + step] for at in range(0, len(raw), step)])
