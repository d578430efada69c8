"""Engine.IO v4: a client on long polling tries a WebSocket, and moves."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from realtime.wire.websocket import PROTOCOL_ERROR
from tests.realtime.raw import Poller, Server, peer
from tests.realtime.test_engineio import CLOSE_PACKET, NOOP, PING, PONG, WEBSOCKET, Open, http, open_session

__all__ = ["http", "open_session"]


def upgrade(session: Poller) -> str:
    """Return where the session's WebSocket is asked for."""
    return f"{WEBSOCKET}&sid={session.sid}"


async def test_an_upgrade_lets_the_poll_go_and_carries_on(calm: Server, open_session: Open) -> None:
    session = await open_session(calm)
    poll = asyncio.create_task(session.get())
    await asyncio.sleep(0.05)
    async with peer(calm, upgrade(session)) as client:
        client.send("2probe")
        assert await client.receive() == "3probe"
        assert await poll == (200, NOOP)
        assert await session.get() == (200, NOOP)  # and so is any that comes while it tries
        client.send("5", "4hello", b"\x01")
        assert [await client.receive(), await client.receive()] == ["4hello", b"\x01"]
        for ask in (session.get(), session.post("4x")):  # the session belongs to the WebSocket now
            assert (await ask)[0] == 400
        async with peer(calm, upgrade(session)) as second:
            assert await second.closed() == PROTOCOL_ERROR
        client.send("4still here")
        assert await client.receive() == "4still here"


async def test_what_waits_goes_over_in_order(calm: Server, open_session: Open) -> None:
    session = await open_session(calm)
    async with peer(calm, upgrade(session)) as client:
        client.send("2probe")
        assert await client.receive() == "3probe"
        assert await session.post("4one\x1ebAQI=\x1e4two") == (200, "ok")
        client.send("5", "4three")
        expected: list[Any] = ["4one", b"\x01\x02", "4two", "4three"]
        assert [await client.receive() for _ in expected] == expected


@pytest.mark.parametrize("sent", [["5"], ["2probe", "4x"], ["2probe", "2probe"], ["4x"], ["2"], [b"\x01"]])
async def test_a_try_that_goes_wrong_leaves_the_session_on_polling(
    calm: Server, open_session: Open, sent: list[str | bytes]
) -> None:
    session = await open_session(calm)
    async with peer(calm, upgrade(session)) as client:
        client.send(*sent)
        await client.closed()
    assert await session.post("4hello") == (200, "ok")
    assert await session.get() == (200, "4hello")


async def test_a_second_try_takes_the_place_of_the_first(calm: Server, open_session: Open) -> None:
    session = await open_session(calm)
    async with peer(calm, upgrade(session)) as first, peer(calm, upgrade(session)) as second:
        await first.closed()
        second.send("2probe")
        assert await second.receive() == "3probe"
        second.send("5", "4hello")
        assert await second.receive() == "4hello"


async def test_a_try_ends_with_its_session(calm: Server, open_session: Open) -> None:
    session = await open_session(calm)
    async with peer(calm, upgrade(session)) as client:
        client.send("2probe")
        assert await client.receive() == "3probe"
        assert await session.post(CLOSE_PACKET) == (200, "ok")
        await client.closed()


async def test_the_heartbeat_goes_on_through_an_upgrade(brisk: Server, open_session: Open) -> None:
    session = await open_session(brisk)
    async with peer(brisk, upgrade(session)) as client:
        client.send("2probe", "5")
        assert await client.receive() == "3probe"
        for _ in range(2):
            assert await client.receive() == PING
            client.send(PONG)
