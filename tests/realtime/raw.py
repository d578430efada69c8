"""Clients without a library: HTTP and WebSocket by hand, so that nothing is mended or hidden on the way.

The server runs in a thread of its own on the event loop that web processes use, in this process all the same, so that
a test may look into it and shorten its patience.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import os
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, TypeVar

import aiohttp
import msgspec
import uvloop
from aiohttp import web

from realtime.wire.websocket import BINARY, CLOSE, TEXT

T = TypeVar("T")
_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
PATIENCE = 10.0
"""Seconds that a busy machine may take for anything."""


class Server:
    """A web application on a loop of its own. What fails there without anybody being told is kept in ``faults``."""

    def __init__(self, make: Callable[[], web.Application]) -> None:
        self.faults: list[dict[str, Any]] = []
        self.port = 0
        self._ready = threading.Event()
        self._stop: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=uvloop.run, args=(self._serve(make),), daemon=True)
        self._thread.start()
        assert self._ready.wait(PATIENCE)

    async def _serve(self, make: Callable[[], web.Application]) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._loop.set_exception_handler(lambda _, context: self.faults.append(context))
        runner = web.AppRunner(make(), access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.port = runner.addresses[0][1]
        self._ready.set()
        await self._stop.wait()
        await runner.cleanup()

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    async def do(self, work: Callable[[], T]) -> T:
        """Call ``work`` on the server's loop and return what it returns."""

        async def call() -> T:
            return work()

        return await self.run(call())

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Await ``work`` on the server's loop and return what it returns."""
        assert self._loop is not None
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    async def until(self, holds: Callable[[], object]) -> None:
        """Return when ``holds()``, asked on the server's loop, is true."""
        async with asyncio.timeout(PATIENCE):
            while not await self.do(holds):
                await asyncio.sleep(0.01)

    def close(self) -> None:
        """Stop it. Fails if it did not, or if something went wrong on the way."""
        assert self._loop is not None
        assert self._stop is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()
        assert not self.faults


class Refused(Exception):
    """The handshake of a WebSocket was answered otherwise; ``status`` is how."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Frame(msgspec.Struct, frozen=True):
    """One frame as it came."""

    head: int
    """Its first byte."""
    payload: bytes

    @property
    def opcode(self) -> int:
        """What it is."""
        return self.head & 0x0F

    @property
    def code(self) -> int:
        """What a closing frame says."""
        assert self.opcode == CLOSE, self
        return int.from_bytes(self.payload[:2], "big")


class Peer:
    """The client's end of one WebSocket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def raw(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.writer.write(data)

    def send(self, *messages: str | bytes) -> None:
        """Send whole messages."""
        for one in messages:
            self.raw(framed(TEXT, one.encode()) if isinstance(one, str) else framed(BINARY, one))

    async def frame(self) -> Frame:
        """Return the next frame. Raises IncompleteReadError when the connection has ended."""
        async with asyncio.timeout(PATIENCE):
            head, size = await self.reader.readexactly(2)
            assert not size & 0x80, "a server masks nothing"
            if size >= 126:
                size = int.from_bytes(await self.reader.readexactly(2 if size == 126 else 8), "big")
            return Frame(head, await self.reader.readexactly(size))

    async def receive(self) -> str | bytes:
        """Return the next message, which is to come in one frame, as all of ours do."""
        frame = await self.frame()
        assert frame.head in (0x80 | TEXT, 0x80 | BINARY), frame
        return frame.payload.decode() if frame.opcode == TEXT else frame.payload

    async def ended(self) -> None:
        """Return when the server has closed the connection and nothing more comes."""
        async with asyncio.timeout(PATIENCE):
            assert await self.reader.read(1) == b""

    async def closed(self) -> int:
        """Return the code of the closing frame, whatever comes before it, once it is answered and all is over."""
        while (frame := await self.frame()).opcode != CLOSE:
            pass
        self.raw(framed(CLOSE, frame.payload[:2]))
        await self.ended()
        return frame.code


def framed(opcode: int, payload: bytes, *, last: bool = True, reserved: int = 0, mask: bytes | None = None) -> bytes:
    """Return a frame as clients send it; an empty ``mask`` leaves it out, which no client may."""
    mask = os.urandom(4) if mask is None else mask
    size = len(payload)
    head = bytes([last << 7 | reserved << 4 | opcode])
    bit = 0x80 if mask else 0
    if size < 126:
        head += bytes([bit | size])
    elif size < 2**16:
        head += bytes([bit | 126]) + size.to_bytes(2, "big")
    else:
        head += bytes([bit | 127]) + size.to_bytes(8, "big")
    key = ((mask or bytes(4)) * (size // 4 + 1))[:size]
    return head + mask + (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")


@contextlib.asynccontextmanager
async def peer(server: Server, path: str, **headers: str) -> AsyncIterator[Peer]:
    """Open a WebSocket on ``path``. Raises Refused."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        key = base64.b64encode(os.urandom(16)).decode()
        asked = {
            "Host": f"127.0.0.1:{server.port}",
            "Connection": "keep-alive, Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": key,
        } | {name.replace("_", "-"): value for name, value in headers.items()}
        lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in asked.items() if value), "", ""]
        writer.write("\r\n".join(lines).encode())
        async with asyncio.timeout(PATIENCE):
            status, *answer = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
        if status != "HTTP/1.1 101 Switching Protocols":
            raise Refused(int(status.split()[1]))
        told = dict(line.lower().split(": ", 1) for line in answer if line)
        proof = base64.b64encode(hashlib.sha1((key + _GUID).encode()).digest()).decode()
        assert told["sec-websocket-accept"] == proof.lower()
        assert "sec-websocket-extensions" not in told
        yield Peer(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


class Poller:
    """A client on long polling."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self.http = http
        self.url = url
        self.opening: dict[str, Any] = {}

    @property
    def sid(self) -> str:
        """The session."""
        return str(self.opening["sid"])

    async def open(self) -> Poller:
        """Make a session."""
        status, body = await self.get()
        assert (status, body[:1]) == (200, "0")
        self.opening = msgspec.json.decode(body[1:])
        self.url += f"&sid={self.sid}"
        return self

    async def get(self) -> tuple[int, str]:
        """Poll; returns status and body."""
        async with self.http.get(self.url) as answer:
            return answer.status, await answer.text()

    async def post(self, body: str | bytes) -> tuple[int, str]:
        """Send a payload; returns status and body."""
        async with self.http.post(self.url, data=body) as answer:
            return answer.status, await answer.text()
