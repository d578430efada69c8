"""Under the sockets: Engine.IO v4 over WebSocket and long polling, from python-engineio.

What that server leaves open is closed here: who may connect from where, deflate off (it costs four times the memory),
a reader that stalls, connections that say nothing, draining. Nothing above this module knows the library.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Protocol
from urllib.parse import urlsplit

import engineio
import structlog
from aiohttp import web
from engineio.async_drivers import aiohttp as driver
from engineio.packet import MESSAGE
from engineio.packet import Packet as EnginePacket

from server.application import Application
from server.i18n import Translator

log = structlog.get_logger("realtime")
PATH = "/socket.io/"
PING_EVERY, PONG_WITHIN = 25, 20
LARGEST = 32_768
"""Bytes in one message from a client."""
STALL = 10.0
"""Seconds that one write may take before the connection is given up."""
SKIP_AT, CLOSE_AT = 64, 512
"""Packets waiting for one client: beyond the first droppable ones are left out, beyond the second it is closed."""


class Lines(Protocol):
    """Who is told what happens on the connections."""

    async def opened(self, sid: str, address: str, tr: Translator) -> None: ...
    async def received(self, sid: str, raw: object) -> None: ...
    async def closed(self, sid: str) -> None: ...


class _WebSocket(driver.WebSocket):  # type: ignore[misc]  # python-engineio has no types
    """The library's adapter with deflate off, and an end to writes that nobody reads."""

    async def __call__(self, environ: dict[str, Any]) -> web.WebSocketResponse:
        request: web.Request = environ["aiohttp.request"]
        self._request = request
        self._sock = web.WebSocketResponse(max_msg_size=LARGEST, compress=False, timeout=STALL)
        await self._sock.prepare(request)
        self.environ = environ
        await self.handler(self)
        return self._sock

    async def send(self, message: bytes | str) -> None:
        try:
            async with asyncio.timeout(STALL):
                if isinstance(message, bytes):
                    await self._sock.send_bytes(message)
                else:
                    await self._sock.send_str(message)
        except TimeoutError:
            if self._request.transport is not None:
                self._request.transport.abort()
            raise


class Engine:
    """The Engine.IO server of one process."""

    def __init__(self, app: Application, lines: Lines) -> None:
        self._app = app
        self._lines = lines
        self._eio: Any = None
        self.draining = False

    def open(self) -> None:
        """Make the server; call it inside the loop that will run it."""
        errors = logging.getLogger("realtime.engine")
        errors.setLevel(logging.ERROR)  # below that it tells every packet with its content
        self._eio = engineio.AsyncServer(
            async_mode="aiohttp",
            ping_interval=PING_EVERY,
            ping_timeout=PONG_WITHIN,
            max_http_buffer_size=LARGEST,
            http_compression=False,
            cors_allowed_origins=[],  # no cross-origin headers; origins are held in handle()
            async_handlers=False,  # one event of a socket at a time, in order
            transports=["websocket", "polling"],
            logger=errors,
        )
        self._eio._async = dict(self._eio._async) | {"websocket": _WebSocket}
        self._eio.on("connect", self._opened)
        self._eio.on("message", self._received)
        self._eio.on("disconnect", self._closed)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer a request to ``/socket.io/``: 403 to foreign origins, 503 to newcomers while draining."""
        if not allowed_origin(request, self._app.settings.base_url):
            return web.json_response({"code": 4, "message": "Forbidden"}, status=403)
        if self._eio is None or (self.draining and "sid" not in request.query):
            return web.json_response({"code": 5, "message": "Unavailable"}, status=503, headers={"Retry-After": "2"})
        response: web.StreamResponse = await self._eio.handle_request(request)
        return response

    def push(self, sid: str, packet: bytes, *, droppable: bool = False) -> None:
        """Queue one packet for a client. A slow one misses droppable packets, and is closed if it falls far behind."""
        socket = self._eio.sockets.get(sid)
        if socket is None or socket.closed or socket.closing:
            return
        waiting = socket.queue.qsize()
        if waiting >= CLOSE_AT:
            log.warning("slow reader closed", waiting=waiting)
            self.close(sid)
        elif not droppable or waiting < SKIP_AT:
            socket.queue.put_nowait(EnginePacket(MESSAGE, packet))

    def close(self, sid: str) -> None:
        """Close a connection at the Engine.IO level; the stock client comes back by itself."""
        socket = self._eio.sockets.get(sid)
        if socket is not None and not socket.closed:
            task = asyncio.get_running_loop().create_task(self._close(socket))
            _closing.add(task)
            task.add_done_callback(_closing.discard)

    async def _close(self, socket: Any) -> None:
        await socket.close(wait=False)
        socket.queue.put_nowait(None)  # ends the writer, which then closes the WebSocket

    async def drain(self, seconds: float) -> None:
        """Refuse newcomers and close everybody in slices within ``seconds``. Does nothing the second time."""
        if self.draining or self._eio is None:
            return
        self.draining = True
        sids = list(self._eio.sockets)
        slices = max(1, min(20, len(sids) // 50))
        for at in range(slices):
            for sid in sids[at::slices]:
                self.close(sid)
            await asyncio.sleep(seconds / slices if len(sids) > 50 else 0)
        for _ in range(100):  # until the last frames are out, two seconds at most
            if not any(socket.upgraded for socket in self._eio.sockets.values()):
                break
            await asyncio.sleep(0.02)
        await self._eio.shutdown()

    def transports(self) -> dict[tuple[str, ...], float]:
        """Count the open connections by transport."""
        counted: dict[tuple[str, ...], float] = {("websocket",): 0.0, ("polling",): 0.0}
        for socket in self._eio.sockets.values() if self._eio is not None else ():
            if not socket.closed:
                counted[("websocket" if socket.upgraded else "polling",)] += 1
        return counted

    async def _opened(self, sid: str, environ: dict[str, Any]) -> None:
        request: web.Request = environ["aiohttp.request"]
        await self._lines.opened(sid, self._app.proxies.client(request), self._app.translations.negotiate(request))

    async def _received(self, sid: str, raw: object) -> None:
        await self._lines.received(sid, raw)

    async def _closed(self, sid: str, reason: str) -> None:
        await self._lines.closed(sid)


_closing: set[asyncio.Task[None]] = set()


def allowed_origin(request: web.Request, base_url: str) -> bool:
    """Tell whether a browser's request comes from our own pages; programs send no Origin and are let through."""
    origin = request.headers.get("Origin")
    if origin is None:
        return True
    try:
        given = urlsplit(origin)
    except ValueError:
        return False
    if given.scheme not in ("http", "https") or not given.netloc:
        return False
    ours = urlsplit(base_url)
    return (given.scheme, given.netloc.lower()) == (ours.scheme, ours.netloc.lower()) or (
        given.netloc.lower() == request.headers.get("Host", "").lower()
    )
