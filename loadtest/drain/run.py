"""One drill: two web processes, clients on both, events all the while, and one process that is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from loadtest.drain.client import Client
from loadtest.drain.feature import KEY, NUMBER, ROOM, Said
from loadtest.drain.process import FEATURES
from realtime import Rooms, notices
from server import application, migrations, settings
from server.application import Application
from server.http import Kind
from server.http.sockets import path as socket_of

DRAINED = 2
"""The number of the process that is told to stop."""
WITHIN = 30.0
"""Seconds in which every client is on the other process and knows all there is."""
_ROOT = Path(__file__).resolve().parents[2]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How big the drill is. ``rate`` is events a second; every 25th is said to all, the others to one member."""

    clients: int
    rate: float
    members: int
    before: float = 6.0
    after: float = 6.0
    """Seconds of events before the process is told to stop, and after the last client is back."""


class Result(msgspec.Struct, kw_only=True):
    """What came of it. Times are seconds."""

    clients: int
    told: int
    deliveries: int
    moved: int
    fetched: int
    repeated: int
    refused: int
    ended: float
    code: int
    elsewhere: float
    gaps: list[float]
    faults: list[str]

    @property
    def held(self) -> bool:
        """Tell whether nobody lost or doubled an event, and everybody was elsewhere in time."""
        return not self.faults


class _Source:
    """Tells events and keeps what was told: the truth that the clients' logs are held against."""

    def __init__(self, app: Application, plan: Plan) -> None:
        self._app, self._plan = app, plan
        self.notices: dict[int, list[tuple[int, int]]] = {member: [] for member in range(1, plan.members + 1)}
        self.said: list[tuple[int, int]] = []

    @property
    def count(self) -> int:
        """Return how many events were told."""
        return len(self.said) + sum(map(len, self.notices.values()))

    async def run(self, stop: asyncio.Event) -> None:
        """Tell events until ``stop``."""
        rooms = self._app.resource(Rooms)
        number, due = 0, time.monotonic()
        while not stop.is_set():
            number += 1
            if number % 25 == 0:
                await self._app.redis.set(NUMBER, number)
                place = await rooms.tell(ROOM, KEY, Said(number))
                assert place is not None
                self.said.append((place.seq, number))
            else:
                member = number % self._plan.members + 1
                async with self._app.database.transaction() as connection:
                    seq = await notices.add(connection, member, "order", {"number": number})
                self.notices[member].append((seq, number))
            due += 1 / self._plan.rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))


async def drill(plan: Plan, home: Path, environ: dict[str, str], say: Any = print) -> Result:
    """Run it on the engines of ``environ``."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    env = environ | {"LINGFENG_HOME": str(home), "LINGFENG_LIMIT_LOOPBACK": "0", "LINGFENG_LOG_LEVEL": "warning"}
    found = settings.load(env)
    await migrations.migrate(found.database_direct_url, FEATURES)
    app = application.build(found, FEATURES)
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(app.running("command"))
        processes = [
            await stack.enter_async_context(_process(env | {"LINGFENG_WORKER": str(number)}, home))
            for number in (1, DRAINED)
        ]
        for number in (1, DRAINED):
            await _ready(str(socket_of(found, number)))
        return await _drill(plan, app, processes[1], say)


async def _drill(plan: Plan, app: Application, drained: asyncio.subprocess.Process, say: Any) -> Result:
    bearers = {}
    async with app.database.transaction() as connection:
        for member in range(1, plan.members + 1):
            issued = await app.sessions.issue(connection, Kind.MEMBER, member, "127.0.0.1", "drill")
            bearers[member] = issued.token
    source, stop = _Source(app, plan), asyncio.Event()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=200)) as http:

        async def token(member: int) -> str:
            headers = {"Authorization": f"Bearer {bearers[member]}"}
            try:
                async with http.post(
                    f"http://127.0.0.1:{app.settings.port}/api/v1/realtime/tokens", headers=headers
                ) as answer:
                    if answer.status != 201:
                        raise OSError(f"no token: {answer.status}")
                    return str((await answer.json())["token"])
            except aiohttp.ClientError as error:
                raise OSError(str(error)) from error

        clients = [
            Client(app.settings.port, number % plan.members + 1, token, heeds=number % 2 == 0)
            for number in range(plan.clients)
        ]
        running = []
        try:
            began = time.monotonic()
            for at in range(0, len(clients), 50):
                group = clients[at : at + 50]
                running += [asyncio.create_task(client.run()) for client in group]
                async with asyncio.timeout(60):
                    await asyncio.gather(*(client.whole.wait() for client in group))
            there = [client for client in clients if client.worker == f"w{DRAINED}"]
            say(
                f"{len(clients)} clients in {time.monotonic() - began:.1f} s, {len(there)} of them on process {DRAINED}"
            )
            telling = asyncio.create_task(source.run(stop))
            await asyncio.sleep(plan.before)
            began = time.monotonic()
            drained.send_signal(signal.SIGTERM)
            ended = asyncio.create_task(_end(drained))
            while time.monotonic() - began < WITHIN + 10:
                await asyncio.sleep(0.1)
                if ended.done() and all(client.whole.is_set() for client in clients):
                    break
            elsewhere = max((client.back_at for client in there), default=0.0) - began
            code, moment = await asyncio.wait_for(ended, 10)
            over = moment - began
            say(
                f"process {DRAINED} ended with {code} after {over:.1f} s, the last client was back at {elsewhere:.1f} s"
            )
            await asyncio.sleep(plan.after)
            stop.set()
            await telling
            await _settled(clients, source)
            late = _late(there, began, code)
        finally:
            stop.set()
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
    return Result(
        clients=len(clients),
        told=source.count,
        deliveries=sum(len(client.notices) + len(client.said) for client in clients),
        moved=len(there),
        fetched=sum(client.fetched for client in clients),
        repeated=sum(client.repeated for client in clients),
        refused=sum(client.refused for client in clients),
        ended=over,
        code=code,
        elsewhere=elsewhere,
        gaps=sorted(gap for client in clients for gap in client.gaps),
        faults=[*late, *await _compared(app, clients, source)],
    )


async def _end(process: asyncio.subprocess.Process) -> tuple[int, float]:
    """Return the exit code of a process and when it ended."""
    return await process.wait(), time.monotonic()


async def _settled(clients: list[Client], source: _Source) -> None:
    """Wait until everybody has heard the last event, ten seconds at most; who has not is found by comparing."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if all(
            client.whole.is_set()
            and client.notices[-1:] == source.notices[client.member][-1:]
            and client.said[-1:] == source.said[-1:]
            for client in clients
        ):
            return
        await asyncio.sleep(0.1)


def _late(moved: list[Client], began: float, code: int) -> list[str]:
    faults = [] if code == 0 else [f"the process ended with {code}"]
    if not moved:
        faults.append("nobody was on the process that stopped")
    for client in moved:
        if not client.whole.is_set() or client.worker == f"w{DRAINED}":
            faults.append(f"a client of member {client.member} is not back")
        elif not 0 < client.back_at - began <= WITHIN:
            faults.append(f"a client of member {client.member} was back after {client.back_at - began:.1f} s")
    return faults


async def _compared(app: Application, clients: list[Client], source: _Source) -> list[str]:
    """Hold every client's log against what was told, and what was told against PostgreSQL, event by event."""
    faults = []
    async with app.database.connection() as connection:
        rows = await connection.fetch(
            "SELECT member_id, seq, (payload->>'number')::int AS number FROM member_notices ORDER BY member_id, seq"
        )
    kept: dict[int, list[tuple[int, int]]] = {}
    for row in rows:
        kept.setdefault(row["member_id"], []).append((row["seq"], row["number"]))
    for member, told in source.notices.items():
        if kept.get(member, []) != told:
            faults.append(f"PostgreSQL holds other notices of member {member} than were told")
    for number, client in enumerate(clients):
        who = f"client {number} of member {client.member}"
        if client.notices != source.notices[client.member]:
            faults.append(f"{who}: {_difference(client.notices, source.notices[client.member])} in its notices")
        if client.said != source.said:
            faults.append(f"{who}: {_difference(client.said, source.said)} in the room")
        faults += [f"{who}: {fault}" for fault in client.faults]
    return faults


def _difference(log: list[tuple[int, int]], told: list[tuple[int, int]]) -> str:
    lost, more = len(set(told) - set(log)), len(log) - len(set(log))
    return f"{lost} lost, {more} doubled of {len(told)}"


@contextlib.asynccontextmanager
async def _process(env: dict[str, str], home: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    home.mkdir(parents=True, exist_ok=True)
    with (home / f"web-{env['LINGFENG_WORKER']}.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "loadtest.drain.process", cwd=_ROOT, env=os.environ | env, stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(process.wait(), 35)
            except TimeoutError:
                process.kill()


async def _ready(at: str) -> None:
    """Wait until a process can sell. Raises TimeoutError."""
    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(aiohttp.ClientError, OSError):
                async with (
                    aiohttp.ClientSession(connector=aiohttp.UnixConnector(at)) as http,
                    http.get("http://process/readyz") as answer,
                ):
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.1)
