"""What reached the wrong process of this machine: handed on to the one that the session id names.

A port that several processes listen on knows nothing of sessions. A proxy that does (deploy/nginx.conf) saves this way
round; without one a client that begins with polling works all the same. Polls and posts are asked of the sibling over
its unix socket; a WebSocket is opened there, and then bytes pass both ways.

A session id is a stranger's word: it is matched against the one form that ours have, and only a name is taken from it.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import structlog
from aiohttp import web
from yarl import URL

from realtime.wire import takeover
from realtime.wire.engine import refusal

log = structlog.get_logger("relay")
SID = re.compile(r"(w[1-9][0-9]?)\.[A-Za-z0-9_-]{20}")
"""The session ids of a process that has a number; the first group is its name. deploy/nginx.conf routes by the same."""
WITHIN = 5.0
"""Seconds for a sibling to answer a handshake, and a post."""
HIGH = 65_536
"""Bytes that wait for one side before the other is read no more."""
LINGER = 10.0
"""Seconds for what is on its way when one side has gone."""
_HEAD_MOST = 16_384
_PASSED_ON = (
    "Host", "Origin", "User-Agent", "Accept-Language", "Content-Type", "Upgrade", "Connection",
    "Sec-WebSocket-Key", "Sec-WebSocket-Version",
)  # fmt: skip

Where = Callable[[str], Path | None]
"""Returns the socket of the process with this name; None for one that cannot be."""


class Relay:
    """The way to the siblings of the process ``own``. ``polls`` is how many seconds they hold a poll, at most."""

    def __init__(self, own: str, where: Where, polls: float) -> None:
        self._own = own
        self._where = where
        self._polls = polls
        self._pipes: set[_End] = set()
        self._waiting: set[asyncio.Timeout] = set()
        """The polls that wait here for a sibling's answer."""
        self._left = False

    def __len__(self) -> int:
        """Return how many WebSockets pass through here."""
        return len(self._pipes)

    async def __call__(self, request: web.Request, sid: str) -> web.StreamResponse:
        """Answer a request to the engine whose session is not one of this process."""
        found = SID.fullmatch(sid)
        at = self._where(found[1]) if found is not None and found[1] != self._own else None
        if at is None:
            return refusal(1)
        if request.query.get("transport") == "websocket":
            return await self._websocket(request, at)
        if request.method not in ("GET", "POST"):
            return refusal(2)
        return await self._poll(request, at)

    async def drain(self, seconds: float) -> None:
        """End the WebSockets that pass through here, evenly over ``seconds``, then the polls, which would hold up the
        end of the process; their clients come back by themselves."""
        pipes = list(self._pipes)
        random.shuffle(pipes)
        for pipe in pipes:
            await asyncio.sleep(seconds / len(pipes))
            pipe.end()
        for pipe in list(self._pipes):
            pipe.end()
        self._left = True
        for patience in list(self._waiting):
            patience.reschedule(0)

    async def _poll(self, request: web.Request, at: Path) -> web.StreamResponse:
        post = request.method == "POST"
        headers = _headers(request)
        if post and request.content_length is not None:
            headers["Content-Length"] = str(request.content_length)
        try:
            if post:
                status, told, body = await self._asked(request, at, "POST", headers, request.content, WITHIN)
            else:
                async with asyncio.timeout(0 if self._left else None) as patience:
                    self._waiting.add(patience)
                    try:
                        status, told, body = await self._asked(request, at, "GET", headers, None, self._polls)
                    finally:
                        self._waiting.discard(patience)
            if not post and (request.transport is None or request.transport.is_closing()):
                # What the sibling gave for this poll is lost: nothing may follow it, so the session ends.
                await self._asked(request, at, "POST", _headers(request), b"1", WITHIN)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            log.info("not handed on", sibling=at.name, error=str(error) or type(error).__name__)
            return refusal(1)
        return web.Response(status=status, body=body, headers=told)

    @staticmethod
    async def _asked(
        request: web.Request, at: Path, method: str, headers: dict[str, str], data: Any, within: float
    ) -> tuple[int, dict[str, str], bytes]:
        """Ask the sibling what was asked here. Raises ClientError, OSError, TimeoutError."""
        url = f"http://sibling{request.rel_url.raw_path}?{request.rel_url.raw_query_string}"
        async with (
            aiohttp.ClientSession(
                connector=aiohttp.UnixConnector(str(at), force_close=True),
                timeout=aiohttp.ClientTimeout(total=within),
                auto_decompress=False,
            ) as client,
            client.request(
                method,
                URL(url, encoded=True),
                headers=headers,
                data=data,
                skip_auto_headers=("User-Agent", "Accept-Encoding", "Content-Type"),
            ) as answer,
        ):
            body = await answer.read()
        told = {name: answer.headers[name] for name in ("Content-Type", "Cache-Control") if name in answer.headers}
        return answer.status, told, body

    async def _websocket(self, request: web.Request, at: Path) -> web.StreamResponse:
        if not takeover.wanted(request):
            return refusal(3)
        lines = [f"GET {request.rel_url.raw_path}?{request.rel_url.raw_query_string} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in _headers(request).items()]
        far = _End()
        try:
            async with asyncio.timeout(WITHIN):
                await asyncio.get_running_loop().create_unix_connection(lambda: far, str(at))
                far.write("\r\n".join([*lines, "", ""]).encode(errors="surrogateescape"))
                answer = await far.head()
        except (OSError, TimeoutError) as error:
            far.end()
            log.info("not handed on", sibling=at.name, error=str(error) or type(error).__name__)
            return refusal(1)
        # Anything else leaves the sibling speaking HTTP, to which no stranger is connected.
        if not answer.startswith(b"HTTP/1.1 101 "):
            far.end()
            return refusal(1)
        near = _End()
        try:
            taken = takeover.hand_over(request, near, answer)
        except ConnectionResetError:
            far.end()
            raise
        near.other, far.other = far, near
        self._pipes.add(near)
        near.gone = far.gone = lambda: self._pipes.discard(near)
        far.flow()
        return taken


def _headers(request: web.Request) -> dict[str, str]:
    """Return what a sibling is told of a request, with the address that it came from."""
    told = {name: request.headers[name] for name in _PASSED_ON if name in request.headers}
    hops = [*request.headers.getall("X-Forwarded-For", ()), *filter(None, [request.remote])]
    if hops:
        told["X-Forwarded-For"] = ", ".join(hops)
    return told


class _End(asyncio.Protocol):
    """One end of a pipe. Bytes that come go to the ``other`` end, as fast as that takes them."""

    __slots__ = ("_answer", "_early", "_transport", "gone", "other")

    def __init__(self) -> None:
        self.other: _End | None = None
        self.gone: Callable[[], None] = lambda: None
        self._transport: asyncio.Transport | None = None
        self._early = b""
        self._answer: asyncio.Future[bytes] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # uvloop's transports are not registered as asyncio's
        assert self._transport is not None
        self._transport.set_write_buffer_limits(high=HIGH)

    def data_received(self, data: bytes) -> None:
        if self.other is not None:
            self.other.write(data)
            return
        self._early += data
        self._look()

    def pause_writing(self) -> None:
        if self.other is not None:
            self.other.read(False)

    def resume_writing(self) -> None:
        if self.other is not None:
            self.other.read(True)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._transport = None
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionResetError("closed before it answered"))
        other, self.other = self.other, None
        if other is not None:
            other.end()
        self.gone()

    async def head(self) -> bytes:
        """Return the head of the answer that comes. Raises ConnectionResetError; what follows it waits for ``flow``."""
        self._answer = asyncio.get_running_loop().create_future()
        self._look()
        return await self._answer

    def flow(self) -> None:
        """Pass on what came after the head."""
        early, self._early = self._early, b""
        if early and self.other is not None:
            self.other.write(early)

    def write(self, data: bytes) -> None:
        """Send bytes; nowhere when this end has gone."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def read(self, on: bool) -> None:
        """Take what comes, or leave it to the kernel, which makes the sender wait."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading() if on else self._transport.pause_reading()

    def end(self) -> None:
        """Close this end when it has sent what it holds, and with it the other; one that is not read is cut."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.close()
            asyncio.get_running_loop().call_later(LINGER, self._cut)

    def _cut(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _look(self) -> None:
        if self._answer is None or self._answer.done():
            return
        end = self._early.find(b"\r\n\r\n") + 4
        if end >= 4:
            head, self._early = self._early[:end], self._early[end:]
            self._answer.set_result(head)
        elif len(self._early) > _HEAD_MOST:
            self._answer.set_exception(ConnectionResetError("no answer of ours"))
