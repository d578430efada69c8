"""Rate limits while Redis is there, hangs, and comes back."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import msgspec
import pytest

from server.errors import RateLimited
from server.http import limits
from server.http.limits import Limiter
from server.redis import connect
from server.settings import Settings


class Hole:
    """A door to Redis that lets everybody in and, while it is shut, nothing through."""

    def __init__(self, path: str) -> None:
        self._path = path
        self.shut = True
        self.inside = 0
        self.came = 0

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until either side ends it."""
        self.inside += 1
        self.came += 1
        try:
            if self.shut:
                while await reader.read(65_536):
                    pass
                return
            away, out = await asyncio.open_unix_connection(self._path)
            back = asyncio.create_task(self._pass(away, writer))
            await self._pass(reader, out)
            await back
        finally:
            self.inside -= 1
            writer.close()

    @staticmethod
    async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while block := await reader.read(65_536):
                writer.write(block)
        writer.close()


@pytest.fixture
async def hole(redis_url: str) -> AsyncIterator[tuple[Hole, str]]:
    """The door and its address."""
    path, _, query = redis_url.removeprefix("unix://").partition("?")
    made = Hole(path)
    async with await asyncio.start_server(made.take, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        yield made, f"redis://127.0.0.1:{port}?{query}"


async def seconds_of(limiter: Limiter, times: int, *names: str) -> float:
    """Count one act after the other and return how long all of it took."""
    began = time.monotonic()
    for _ in range(times):
        await limiter.check("1000/minute", *names)
    return time.monotonic() - began


async def test_a_redis_that_never_answers_is_asked_once_in_a_while(
    hole: tuple[Hole, str], settings: Settings, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    door, url = hole
    monkeypatch.setattr(limits, "REST", 2.0)
    limiter = Limiter(msgspec.structs.replace(settings, redis_url=url, limits=True))
    await limiter.open()
    try:
        assert await seconds_of(limiter, 1, "a") >= limits.WITHIN * 0.9
        came = door.came
        assert await seconds_of(limiter, 30, "a") < limits.WITHIN, "each would wait for the silent Redis"
        assert door.came == came
        for _ in range(2):
            await limiter.check("2/minute", "b")
        with pytest.raises(RateLimited):  # the process counts by itself
            await limiter.check("2/minute", "b")
        await asyncio.sleep(limits.REST)
        door.shut = False
        assert await seconds_of(limiter, 5, "c") < limits.WITHIN
        async with connect(redis_url) as client:
            assert [key async for key in client.scan_iter("*lf:limits*/c/*")], "counted where all processes do"
    finally:
        await limiter.close()


async def test_of_many_at_once_one_finds_out_whether_redis_is_back(
    hole: tuple[Hole, str], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    door, url = hole
    monkeypatch.setattr(limits, "WITHIN", 2.0)
    limiter = Limiter(msgspec.structs.replace(settings, redis_url=url, limits=True))
    await limiter.open()
    try:
        with monkeypatch.context() as soon:
            soon.setattr(limits, "WITHIN", 0.2)
            soon.setattr(limits, "REST", 0.3)
            await seconds_of(limiter, 1, "a")
            await asyncio.sleep(0.4)
        came = door.came
        spent = await asyncio.gather(*(seconds_of(limiter, 1, "a") for _ in range(20)))
        assert sum(one > limits.WITHIN / 2 for one in spent) == 1
        assert door.came == came + 1
    finally:
        await limiter.close()


async def test_the_connections_end_with_the_application(hole: tuple[Hole, str], settings: Settings) -> None:
    door, url = hole
    door.shut = False
    limiter = Limiter(msgspec.structs.replace(settings, redis_url=url, limits=True))
    await limiter.open()
    await asyncio.gather(*(limiter.check("100/minute", "a") for _ in range(5)))
    assert door.inside
    await limiter.close()
    async with asyncio.timeout(5):
        while door.inside:
            await asyncio.sleep(0.01)
    await limiter.check("100/minute", "a")  # and nothing breaks that comes late
