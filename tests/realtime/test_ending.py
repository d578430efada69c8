"""A process that stops ends its tasks, also where one of them loses the word to end."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import asyncpg
import pytest
from aiohttp.test_utils import unused_port

from realtime.bus import Bus
from realtime.delivery import Delivery
from realtime.lanes import Lanes
from server import ending
from server.ending import end
from server.redis import connect
from server.settings import Settings
from tests.realtime.conftest import Site
from tests.waiting import until


async def nothing(*given: Any) -> None:
    """Do nothing with what comes."""


class Command:
    """A command as the Redis client sends it. A cancellation that comes with the answer is forgotten by Python 3.11."""

    def __init__(self) -> None:
        self.sent = asyncio.Event()
        self._answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def send(self, *given: Any) -> None:
        self.sent.set()
        await asyncio.wait_for(asyncio.shield(self._answer), 60)

    def answer(self) -> None:
        """Answer it, of which the sender learns in its next turn."""
        if not self._answer.done():
            self._answer.set_result(None)


async def test_who_loses_the_word_to_end_is_told_again() -> None:
    command = Command()

    async def on_and_on() -> None:
        await command.send()
        await asyncio.sleep(60)

    task = asyncio.create_task(on_and_on())
    await command.sent.wait()
    command.answer()
    async with asyncio.timeout(2):
        await end(task)
    assert task.cancelled()


async def test_who_ends_others_and_is_ended_too_leaves_nobody() -> None:
    async def inner() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await asyncio.sleep(60)  # as if it had not heard

    async def outer() -> None:
        await end(task)

    task = asyncio.create_task(inner())
    ends = asyncio.create_task(outer())
    await asyncio.sleep(0.05)
    ends.cancel()
    await asyncio.wait([ends], timeout=2)
    assert ends.cancelled()
    assert task.done()


async def test_who_never_ends_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "MOST", 0.3)
    over = asyncio.Event()

    async def deaf() -> None:
        while not over.is_set():
            try:
                await over.wait()
            except asyncio.CancelledError:
                continue

    task = asyncio.create_task(deaf())
    await asyncio.sleep(0)
    async with asyncio.timeout(2):
        await end(task)
    assert not task.done()
    over.set()
    await task


async def test_the_bus_of_a_cluster_closes_while_it_asks_for_the_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    bus = Bus(f"redis+cluster://127.0.0.1:{unused_port()}")
    command = Command()
    monkeypatch.setattr(bus._cluster, "initialize", command.send)
    await bus.open(nothing, nothing)
    await command.sent.wait()
    command.answer()
    async with asyncio.timeout(3):
        await bus.close()


async def test_a_connection_that_cannot_be_closed_keeps_no_other_open(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[str] = []

    async def stuck() -> None:
        closed.append("stuck")
        raise TimeoutError("it does not take what is on its way")

    async def well() -> None:
        closed.append("well")

    lanes, bus = Lanes(settings.redis_url), Bus(f"redis+cluster://127.0.0.1:{unused_port()}")
    bus._clients["node"] = connect(settings.redis_url)
    for client, close in ((lanes._redis, stuck), (bus._cluster, stuck), (bus._clients["node"], well)):
        monkeypatch.setattr(client, "aclose", close)
    await lanes.close()
    await bus.close()
    assert closed == ["stuck", "stuck", "well"]


async def test_ears_whose_redis_went_while_it_was_told_of_rooms_are_opened_anew(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("realtime.ears.PULSE", 0.1)
    bus = Bus(settings.redis_url)
    await bus.open(nothing, nothing)
    try:
        ears, command = bus._ears[""], Command()
        await until(lambda: ears.subscription is not None)
        held = ears.subscription

        async def gone(**given: Any) -> None:
            command.answer()
            raise ConnectionError("it has gone")

        monkeypatch.setattr(held, "subscribe", command.send)
        bus.want("room")
        await command.sent.wait()
        monkeypatch.setattr(held, "get_message", gone)
        await until(lambda: ears.subscription is not held)
        async with asyncio.timeout(2):
            await bus.heard("room")
        assert ears._told == {"room": True}
    finally:
        await bus.close()


async def test_a_heartbeat_goes_on_whatever_the_client_brings_up(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without it the process counts as deaf until it is started again."""
    monkeypatch.setattr("realtime.ears.PULSE", 0.05)
    bus = Bus(settings.redis_url)
    assert bus._redis is not None
    publish, failed = bus._redis.publish, asyncio.Event()

    async def confused(*given: Any) -> None:
        failed.set()
        raise RuntimeError("a defect of the client library")

    await bus.open(nothing, nothing)
    try:
        opened = bus._ears[""]._last
        await until(lambda: bus._ears[""]._last > opened + 0.2)  # not by the confirmation of its channel
        with monkeypatch.context() as patched:
            patched.setattr(bus._redis, "publish", confused)
            await failed.wait()
        assert bus._redis.publish == publish
        since = time.monotonic()
        await until(lambda: bus._ears[""]._last > since + 0.2)
    finally:
        await bus.close()


@pytest.mark.parametrize("turns", range(4))
async def test_delivery_ends_while_its_connection_breaks(
    site: Site, monkeypatch: pytest.MonkeyPatch, turns: int
) -> None:
    opened: list[asyncpg.Connection] = []
    connect = asyncpg.connect

    async def noted(*given: Any, **named: Any) -> asyncpg.Connection:
        opened.append(await connect(*given, **named))
        return opened[-1]

    monkeypatch.setattr(asyncpg, "connect", noted)
    delivery = Delivery(site.app)
    running = asyncio.create_task(delivery.run())
    await until(lambda: delivery.listening)
    opened[-1].terminate()
    for _ in range(turns):
        await asyncio.sleep(0)
    running.cancel()
    await asyncio.wait([running], timeout=2)
    assert running.done()
