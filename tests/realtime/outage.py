"""Web processes that are killed, and the line to them that is cut."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from pathlib import Path

import aiohttp
from aiohttp.test_utils import unused_port

from server.settings import Settings


class WebProcess:
    """A `lingfeng web` of its own on its own port; what it prints is kept in the settings' home."""

    def __init__(self, settings: Settings, base_url: str, number: int) -> None:
        self.port = unused_port()
        self._log = settings.home / f"web-{number}.log"
        named = {
            "DATABASE_URL": settings.database_url,
            "REDIS_URL": settings.redis_url,
            "LINGFENG_HOME": str(settings.home),
            "LINGFENG_PORT": str(self.port),
            "LINGFENG_BASE_URL": base_url,
            "LINGFENG_SECRET": "only-for-tests-" * 3,
            "LINGFENG_SANDBOXES": "1",
            "LINGFENG_LIMITS": "0",
        }
        kept = {key: value for key, value in os.environ.items() if not key.startswith("LINGFENG_")}
        with self._log.open("w") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "server.cli", "web"], env=kept | named, stdout=out, stderr=subprocess.STDOUT
            )

    async def ready(self, seconds: float = 40) -> None:
        """Return when it can sell."""
        async with aiohttp.ClientSession() as http:
            try:
                async with asyncio.timeout(seconds):
                    while not await self._answers(http):
                        assert self.process.poll() is None, self._log.read_text()
                        await asyncio.sleep(0.05)
            except TimeoutError:
                raise AssertionError(self._log.read_text()) from None

    async def _answers(self, http: aiohttp.ClientSession) -> bool:
        with contextlib.suppress(aiohttp.ClientError):
            async with http.get(f"http://127.0.0.1:{self.port}/readyz") as answer:
                return answer.status == 200
        return False

    def kill(self) -> None:
        """Kill it, as a machine that runs out of memory does."""
        self.process.kill()
        self.process.wait()


class Wire:
    """The line between clients and processes: it takes each connection to a process that lives, until it is cut."""

    def __init__(self) -> None:
        self.port = 0
        self.processes: list[WebProcess] = []
        self._cut = False
        self._turn = 0
        self._open: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Begin to listen."""
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop, and let everybody go."""
        self.cut()
        if self._server is not None:
            self._server.close()

    @property
    def url(self) -> str:
        """Where clients find it."""
        return f"http://127.0.0.1:{self.port}"

    def cut(self) -> None:
        """Break every connection without a goodbye, and let nobody through."""
        self._cut = True
        for writer in self._open:
            writer.transport.abort()

    def mend(self) -> None:
        """Let clients through again."""
        self._cut = False

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind = None if self._cut else await self._behind()
        if behind is None:
            writer.transport.abort()
            return
        ends = {writer, behind[1]}
        self._open |= ends
        try:
            await asyncio.gather(_pour(reader, behind[1]), _pour(behind[0], writer))
        finally:
            self._open -= ends
            for end in ends:
                end.transport.abort()

    async def _behind(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        for _ in self.processes:
            self._turn += 1
            with contextlib.suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", self.processes[self._turn % len(self.processes)].port)
        return None


async def _pour(source: asyncio.StreamReader, into: asyncio.StreamWriter) -> None:
    """Pass on what comes until one of the two ends."""
    with contextlib.suppress(OSError):
        while data := await source.read(65_536):
            into.write(data)
            await into.drain()
    into.close()


def home_of(folder: Path) -> Path:
    """Return a data folder in ``folder``."""
    made = folder / "home"
    made.mkdir()
    return made
