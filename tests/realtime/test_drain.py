"""A process that stops: what it says meanwhile, how long it takes, and the drill of loadtest/drain, small."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp.test_utils import unused_port

from loadtest.drain import run
from loadtest.drain.run import Plan, drill
from realtime import notices
from server.http import serve, sockets
from server.processes import GRACE_SECONDS
from server.settings import Settings, load
from tests.realtime.conftest import Listener
from tests.waiting import until


@pytest.mark.slow
async def test_nobody_loses_an_event_when_a_process_is_drained(settings: Settings) -> None:
    said: list[str] = []
    environ = {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "LINGFENG_PORT": str(settings.port),
    }
    plan = Plan(clients=60, rate=50, members=6, before=2, after=2)
    with tempfile.TemporaryDirectory(prefix="lf-drain-") as home:  # a short path, for the sockets
        result = await drill(plan, Path(home), environ, said.append)
    assert result.held, result.faults
    assert result.moved > 5
    assert result.told > 150
    assert result.deliveries > result.told
    assert result.fetched > 0, "nothing was told while they were away"
    assert 0 < result.elsewhere < run.WITHIN


class _Log:
    def __init__(self, *notices: tuple[int, int], said: list[tuple[int, int]] | None = None) -> None:
        self.member, self.notices, self.said, self.faults = 1, list(notices), said or [], list[str]()


@pytest.mark.parametrize(
    ("log", "fault"),
    [
        (_Log((1, 5), (2, 6)), ""),
        (_Log((1, 5)), "1 lost, 0 doubled of 2"),
        (_Log((1, 5), (1, 5), (2, 6)), "0 lost, 1 doubled of 2"),
        (_Log((2, 6), (1, 5)), "0 lost, 0 doubled of 2"),
        (_Log((1, 5), (2, 7)), "1 lost, 0 doubled of 2"),
        (_Log((1, 5), (2, 6), said=[(1, 25)]), "in the room"),
    ],
)
async def test_the_drill_sees_what_is_lost_doubled_or_out_of_order(
    settings: Settings, log: Any, fault: str, app: Any
) -> None:
    source = run._Source(app, Plan(clients=1, rate=1, members=1))
    source.notices[1] = [(1, 5), (2, 6)]
    await app.database.open()
    async with app.database.transaction() as connection:
        for _, number in source.notices[1]:
            await notices.add(connection, 1, "order", {"number": number})
    faults = await run._compared(app, [log], source)
    assert bool(faults) == bool(fault)
    assert fault in "".join(faults)


def test_everybody_who_stops_a_process_waits_longer_than_it_takes() -> None:
    longest = max(drain for drain in range(100) if _allowed(drain))
    assert longest + serve.ASKING + serve.LINGER + serve.HANDLERS < serve.WHOLE
    assert serve.WHOLE < GRACE_SECONDS <= 30


def _allowed(drain: int) -> bool:
    environ = {"DATABASE_URL": "postgresql://x", "REDIS_URL": "redis://x", "LINGFENG_SECRET": "x" * 32}
    try:
        return load(environ | {"LINGFENG_DRAIN_SECONDS": str(drain)}).drain_seconds == drain
    except ValueError:
        return False


class Parent:
    """A `lingfeng web --workers N`."""

    def __init__(self, process: asyncio.subprocess.Process, given: Settings) -> None:
        self.process = process
        self.settings = given
        self.url = f"http://127.0.0.1:{given.port}"

    def pid(self, number: int) -> int:
        name = "web" if number == 1 else f"web-{number}"
        return int((self.settings.home / "run" / f"{name}.pid").read_text())

    async def ready(self, number: int | None = None) -> Any:
        """Return what `/readyz` says, of one worker or of whoever is at the port; None when nobody is there."""
        connector = None if number is None else aiohttp.UnixConnector(str(sockets.path(self.settings, number)))
        async with aiohttp.ClientSession(connector=connector) as http:
            with contextlib.suppress(aiohttp.ClientError, OSError):
                async with http.get(f"{self.url}/readyz") as answer:
                    return answer.status, (await answer.json())["status"]
        return None

    async def wait(self, *numbers: int) -> None:
        async with asyncio.timeout(60):
            for number in numbers:
                while await self.ready(number) != (200, "ready"):
                    await asyncio.sleep(0.05)


@pytest.fixture
async def parent(settings: Settings) -> AsyncIterator[Parent]:
    with tempfile.TemporaryDirectory(prefix="lf-web-") as home:
        given = msgspec.structs.replace(settings, home=Path(home), port=unused_port())
        environ = {key: value for key, value in os.environ.items() if not key.startswith("LINGFENG_")} | {
            "DATABASE_URL": given.database_url,
            "REDIS_URL": given.redis_url,
            "LINGFENG_HOME": home,
            "LINGFENG_PORT": str(given.port),
            "LINGFENG_LIMIT_LOOPBACK": "0",
            "LINGFENG_DRAIN_SECONDS": "3",
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "server.cli", "web", "--workers", "2", env=environ, stdout=asyncio.subprocess.DEVNULL
        )
        made = Parent(process, given)
        try:
            await made.wait(1, 2)
            yield made
        finally:
            if process.returncode is None:
                process.terminate()
                await process.wait()


async def _token(url: str) -> str:
    async with aiohttp.ClientSession() as http, http.post(f"{url}/api/v1/realtime/tokens") as answer:
        return str((await answer.json())["token"])


@pytest.mark.slow
async def test_one_command_keeps_several_processes_and_drains_them_all(parent: Parent) -> None:
    for number in (1, 2):
        before = parent.pid(number)
        os.kill(before, signal.SIGKILL)
        await until(lambda number=number, before=before: parent.pid(number) != before)  # type: ignore[misc]
        await parent.wait(number)
    listeners = [Listener() for _ in range(120)]
    for listener in listeners:
        await listener.connect(parent.url, await _token(parent.url))
    began = time.monotonic()
    parent.process.send_signal(signal.SIGTERM)
    seen = set()
    while parent.process.returncode is None:
        seen |= {await parent.ready(1), await parent.ready(2), await parent.ready()}
        await asyncio.sleep(0.02)
    assert parent.process.returncode == 0
    assert time.monotonic() - began < 10
    assert (503, "stopping") in seen
    assert seen <= {(200, "ready"), (503, "stopping"), None}
    assert all(listener.of("drain") and not listener.of("closed") for listener in listeners)
    assert not list((parent.settings.home / "run").glob("web*"))  # no pid file and no socket is left


@pytest.mark.slow
async def test_a_request_that_is_being_handled_is_finished(parent: Parent) -> None:
    """A body that arrives slowly is a request in hand."""
    pid = parent.pid(1)
    reader, writer = await asyncio.open_unix_connection(str(sockets.path(parent.settings, 1)))
    writer.write(
        b"POST /api/v1/realtime/tokens HTTP/1.1\r\nHost: x\r\n"
        b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{"
    )
    await asyncio.sleep(0.3)
    os.kill(pid, signal.SIGTERM)
    await asyncio.sleep(1)
    writer.write(b"}")
    async with asyncio.timeout(10):
        answer = await reader.read()
    assert answer.startswith(b"HTTP/1.1 201 ")
    writer.close()
    await until(lambda: parent.pid(1) != pid, 15)
    await parent.wait(1)  # who stops alone is started again: how to restart one after the other
