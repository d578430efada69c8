"""Engine.IO v4, the server: handshakes, polls and posts, upgrades, heartbeats, and the end of it all.

One ``Engine`` serves one path of one process. It makes a ``Line`` for each client and hands it to its owner, who
answers with the handler of that line.
"""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import msgspec
from aiohttp import web

from realtime.wire import takeover, websocket
from realtime.wire.line import Handler, Line, Malformed
from realtime.wire.parcels import Signal
from realtime.wire.takeover import Channel

Accept = Callable[[Line, web.Request], Handler]
"""Takes a new line and its handshake, and returns who handles it."""
Elsewhere = Callable[[web.Request, str], Awaitable[web.StreamResponse]]
"""Answers a request whose session id is none of this process's."""
Warn = Callable[[Line, float], None]
"""Hears that a line will be closed, and in how many seconds its client had better go by itself."""
_SPARE = 1.0
"""Seconds between that moment and the end of a line whose client stayed, at most."""


class Options(msgspec.Struct, frozen=True):
    """How an engine behaves; times in seconds, sizes in bytes."""

    ping_interval: float = 25.0
    ping_timeout: float = 20.0
    largest: int = 32_768
    """The biggest message, or body of a POST, that a client may send."""
    worker: str = ""
    """What the ids of this process's connections begin with, so that a proxy can route polls by them."""


_HTML = "text/html"
_PLAIN = "text/plain"
_CODES = {
    0: "Transport unknown",
    1: "Session ID unknown",
    2: "Bad handshake method",
    3: "Bad request",
    4: "Forbidden",
    5: "Unsupported protocol version",
}
"""What clients of the protocol are told with a refusal."""


def refusal(code: int, status: int = 400, **headers: str) -> web.Response:
    """Return a refusal in the words of the protocol."""
    return web.json_response({"code": code, "message": _CODES[code]}, status=status, headers=headers)


class Engine:
    """The Engine.IO server of one path."""

    def __init__(self, accept: Accept, options: Options | None = None) -> None:
        self._accept = accept
        self.options = options or Options()
        self.ping_interval = self.options.ping_interval
        self.ping_timeout = self.options.ping_timeout
        self._lines: dict[str, Line] = {}
        self.elsewhere: Elsewhere | None = None
        """Asked about session ids that are not known here; without it the client is told to begin anew."""
        self.draining = False

    # For the owner

    def __len__(self) -> int:
        return len(self._lines)

    def __iter__(self) -> Iterator[Line]:
        return iter(list(self._lines.values()))

    async def drain(self, seconds: float, warn: Warn | None = None) -> None:
        """Refuse newcomers and end every connection, evenly over ``seconds``; the stock client comes back elsewhere.

        ``warn`` is told of each connection, at once, when its client may go by itself; one that does not is closed a
        little later. The order is left to chance.
        """
        self.draining = True
        lines = list(self)
        random.shuffle(lines)
        spare = 0.0 if warn is None else min(_SPARE, seconds / 2)
        loop = asyncio.get_running_loop()
        began = loop.time()
        pace = (seconds - spare) / max(1, len(lines))
        if warn is not None:
            for number, line in enumerate(lines):
                warn(line, pace * number)
                if number % 500 == 499:
                    await asyncio.sleep(0)
        for number, line in enumerate(lines):
            wait = began + pace * number + spare - loop.time()
            if wait > 0.005:
                await asyncio.sleep(wait)
            elif number % 100 == 99:
                await asyncio.sleep(0)
            line.close("server going away", websocket.GOING_AWAY)
        for line in self:  # who slipped in while the others were sent off
            line.close("server going away", websocket.GOING_AWAY)

    # For the web server

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request to the engine's path."""
        query = request.query
        if query.get("EIO") != "4":
            return refusal(5)
        transport = query.get("transport")
        if transport not in ("polling", "websocket"):
            return refusal(0)
        sid = query.get("sid")
        if sid is None:
            return self._handshake(request, transport)
        line = self._lines.get(sid)
        if line is None:
            return refusal(1) if self.elsewhere is None else await self.elsewhere(request, sid)
        if transport == "websocket":
            if not takeover.wanted(request):
                return refusal(3)
            probe = line.probe(self.options.largest)
            answer = takeover.take(request, probe)
            if not line.polling:
                probe.close(websocket.PROTOCOL_ERROR, "upgraded already")
            return answer
        if not line.polling:
            return refusal(1)
        if request.method == "GET":
            return await self._polled(line, request)
        if request.method == "POST":
            return await self._posted(line, request)
        return refusal(2)

    def forget(self, line: Line) -> None:
        """Drop a line that has ended; for the line itself."""
        self._lines.pop(line.sid, None)

    def _handshake(self, request: web.Request, transport: str) -> web.StreamResponse:
        if request.method != "GET":
            return refusal(2)
        if self.draining:
            return refusal(3, 503, **{"Retry-After": "2"})
        if transport == "websocket":
            if not takeover.wanted(request):
                return refusal(3)
            line = self._line()
            channel = Channel(line, self.options.largest)
            answer = takeover.take(request, channel)
            line.attach(channel)
            line.send(self._opening(line, []))
            self._begin(line, request)
            return answer
        line = self._line()
        opening = self._opening(line, ["websocket"])
        self._begin(line, request)
        return web.Response(text=opening.polled(), content_type=_PLAIN, headers=_NOT_KEPT)

    def _line(self) -> Line:
        return Line(self, f"{self.options.worker}{secrets.token_urlsafe(15)}")

    def _begin(self, line: Line, request: web.Request) -> None:
        self._lines[line.sid] = line
        line.handler = self._accept(line, request)
        if line.open:
            line.beat()

    def _opening(self, line: Line, upgrades: list[str]) -> Signal:
        told: dict[str, Any] = {
            "sid": line.sid,
            "upgrades": upgrades,
            "pingInterval": round(self.ping_interval * 1000),
            "pingTimeout": round(self.ping_timeout * 1000),
            "maxPayload": self.options.largest,
        }
        return Signal("0" + msgspec.json.encode(told).decode())

    async def _polled(self, line: Line, request: web.Request) -> web.StreamResponse:
        body = await line.poll()
        if body is None:
            return refusal(3)
        if request.transport is None or request.transport.is_closing():
            line.close("transport close")  # what was taken for this poll is lost: nothing may follow it
        return web.Response(text=body, content_type=_PLAIN, headers=_NOT_KEPT)

    async def _posted(self, line: Line, request: web.Request) -> web.StreamResponse:
        if line.posting:  # which of them came first, and so which packet, nobody can tell
            line.close("transport error")
            return refusal(3)
        line.posting = True
        try:
            async with asyncio.timeout(self.ping_timeout):
                return await self._take(line, request)
        except TimeoutError:
            line.close("transport error")
            answer = refusal(3, 408)
            answer.force_close()
            return answer
        finally:
            line.posting = False

    async def _take(self, line: Line, request: web.Request) -> web.StreamResponse:
        length = request.content_length
        if length is not None and length > self.options.largest:
            line.close("transport error")
            return refusal(3, 413)
        body = bytearray()
        async for part in request.content.iter_any():
            body += part
            if len(body) > self.options.largest:
                line.close("transport error")
                return refusal(3, 413)
        if not line.polling:
            return refusal(1)
        try:
            line.payload(body.decode())
        except (UnicodeDecodeError, Malformed):
            line.close("parse error")
            return refusal(3)
        return web.Response(text="ok", content_type=_HTML, headers=_NOT_KEPT)


_NOT_KEPT = {"Cache-Control": "no-store"}
