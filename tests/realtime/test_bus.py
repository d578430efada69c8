"""The bus and its ears at awkward moments."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp.test_utils import unused_port

from realtime.bus import Bus
from realtime.ears import Ears
from server.ending import end
from server.redis import connect
from server.settings import Settings
from tests.waiting import until


async def test_who_comes_while_the_last_one_s_leaving_is_told_is_heard(settings: Settings) -> None:
    """Redis is told of comers first; whoever comes back meanwhile finds the room heard, and it must stay so."""
    bus = Bus(settings.redis_url)
    heard: list[str] = []

    async def deliver(room: str, message: bytes) -> None:
        heard.append(room)

    async def recovered(names: Any) -> None:
        """Nothing is brought up to date here."""

    await bus.open(deliver, recovered)
    try:
        ears = bus._ears[""]
        bus.want("b")
        await bus.heard("b")
        gate, asked = asyncio.Event(), asyncio.Event()
        subscription = ears.subscription
        ask, stop = subscription.subscribe, subscription.unsubscribe
        stopped: list[str] = []

        async def slowly(*channels: str) -> None:
            asked.set()
            await gate.wait()
            await ask(*channels)

        async def noted(*channels: str) -> None:
            stopped.extend(channels)
            await stop(*channels)

        subscription.subscribe, subscription.unsubscribe = slowly, noted
        bus.unwant("b")
        bus.want("a")
        await asked.wait()
        bus.want("b")
        await asyncio.wait_for(bus.heard("b"), 0.5)
        gate.set()
        await bus.heard("a")
        await asyncio.sleep(0.1)
        assert stopped == []
        assert await bus.publish("b", b"x")
        await until(lambda: heard == ["b"])
    finally:
        await bus.close()


class Come:
    """A subscription whose messages have all come already: none of them is waited for."""

    def __init__(self, kind: str, channels: list[str]) -> None:
        self._messages = [{"type": kind, "channel": name.encode(), "data": b"x"} for name in channels]

    async def get_message(self, timeout: float) -> dict[str, Any]:
        if not self._messages:
            raise ConnectionError("it has gone")
        return self._messages.pop()


@pytest.mark.parametrize("kind", ["message", "subscribe"])
async def test_others_have_their_turn_while_much_comes_from_the_bus(settings: Settings, kind: str) -> None:
    """Twenty thousand rooms are confirmed at once when Redis is there again."""
    names = [f"room:{number}" for number in range(1000)]
    ears = Ears(connect(settings.redis_url), "pulse", str)
    ears._wanted = {name: asyncio.Event() for name in names}
    ears._told = dict.fromkeys(names, False)
    ears._rooms = {name: name for name in names}
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def nothing(*given: Any) -> None:
        """Nothing is made of it."""

    telling = asyncio.create_task(asyncio.sleep(60))
    beside = asyncio.create_task(others())
    with pytest.raises(ConnectionError):
        await ears._hear(Come(kind, names), telling, nothing, nothing, again=False)
    await end(telling, beside)
    assert turns > 100


async def test_a_cluster_that_is_away_is_no_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("realtime.bus.LOOK", 0.05)
    bus = Bus(f"redis+cluster://127.0.0.1:{unused_port()}")

    async def nothing(*given: Any) -> None:
        """Nothing comes."""

    await bus.open(nothing, nothing)
    try:
        assert not await bus.publish("sale:5", b"x")
        await asyncio.sleep(0.3)
        assert bus._minding is not None
        assert not bus._minding.done()
        assert bus.deaf
    finally:
        await bus.close()
