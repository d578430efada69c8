"""From an HTTP request to a bare WebSocket.

The connection is taken away from the HTTP server once the handshake is answered: its parser, request, task and timers
go, and what comes next is handed by the event loop straight to ``Channel``. That is where the memory of an idle
connection is saved, and a frame written to it costs what writing the bytes costs.
"""

from __future__ import annotations

import asyncio
import base64
import fcntl
import sys
import termios
from collections.abc import Callable
from typing import Protocol

from aiohttp import HttpVersion11, web
from aiohttp.abc import AbstractStreamWriter

from realtime.wire import websocket

PENDING_HIGH, PENDING_LOW = 65_536, 16_384
"""Bytes waiting for a reader: above the first it counts as slow, below the second no more."""
PENDING_MOST = 262_144
"""Bytes waiting for a reader that end its connection."""
STALL = 10.0
"""Seconds without a byte read, while some wait, that end it too."""
LINGER = 2.0
"""Seconds that a client has to answer a closing frame."""


class User(Protocol):
    """Who a channel works for."""

    def message(self, data: str | bytes) -> None:
        """Take a whole message."""

    def slow(self, slow: bool) -> None:
        """Hear that the reader has fallen behind, or has caught up."""

    def noise(self) -> None:
        """Hear of a frame that is no message: thousands of them are a flood."""

    def lost(self, reason: str) -> None:
        """Hear, once, that nothing more comes or goes."""


class Channel(asyncio.Protocol):
    """One open WebSocket. ``write`` takes whole frames; it may be called until ``lost`` was told, and not after."""

    __slots__ = ("_closing", "_reader", "_reason", "_timer", "_transport", "_user", "_waiting", "write")

    def __init__(self, user: User, largest: int) -> None:
        self._user: User | None = user
        self._reader: websocket.Reader | None = websocket.Reader(self, largest)
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._closing = False
        self._reason = "transport close"
        self._waiting = 0
        self.write: Callable[[bytes], None] = nowhere

    # What the event loop tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport) or hasattr(transport, "write")
        self._transport = transport  # type: ignore[assignment]  # uvloop's transports are not registered as asyncio's
        assert self._transport is not None
        self._transport.set_write_buffer_limits(high=PENDING_HIGH, low=PENDING_LOW)
        self.write = self._transport.write

    def data_received(self, data: bytes) -> None:
        if self._reader is None:
            return
        try:
            self._reader.feed(data)
        except websocket.Violation as error:
            self._reader = None  # what follows cannot be understood, an answer to the closing frame neither
            self.close(error.code, str(error))

    def pause_writing(self) -> None:
        if self._user is not None:
            self._user.slow(True)
            self._waiting = self._unread
            self._watch(STALL, self._stalled)

    def resume_writing(self) -> None:
        if self._timer is not None and not self._closing:
            self._timer.cancel()
            self._timer = None
        if self._user is not None:
            self._user.slow(False)

    def eof_received(self) -> None:
        """The client says no more: the transport closes when what waits is out, or when it has had time enough."""
        self._closing = True
        self._watch(LINGER, self.abort)
        self._end()

    def connection_lost(self, exc: BaseException | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._transport = None
        self._end()

    # What the reader tells

    def message(self, data: str | bytes) -> None:
        if self._user is not None:
            self._user.message(data)

    def control(self, opcode: int, payload: bytes) -> None:
        match opcode:
            case websocket.PING if not self._closing:
                if self.pending > PENDING_MOST:  # who asks on and on and reads no answer
                    self._reason = "slow reader"
                    self.abort()
                    return
                self.pile(websocket.frame(websocket.PONG, payload))
            case websocket.CLOSE:
                self._closed_by_client(payload)
        if self._user is not None:
            self._user.noise()

    def fragment(self) -> None:
        if self._user is not None:
            self._user.noise()

    # What its user asks

    def serve(self, user: User) -> None:
        """Work for ``user`` from now on."""
        self._user = user

    @property
    def pending(self) -> int:
        """Return how many bytes wait for the reader."""
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    def pile(self, frame: bytes) -> None:
        """Write a frame to a reader that has fallen behind."""
        self._waiting += len(frame)
        self.write(frame)

    def pause_reading(self) -> None:
        """Take nothing more from the client until ``resume_reading``."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Undo ``pause_reading``."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def close(self, code: int = websocket.NORMAL, reason: str = "") -> None:
        """Say goodbye, give the client a moment to answer, and close. The user is told ``lost`` at once."""
        if self._closing or self._transport is None:
            return
        self._closing = True
        self._reason = reason or self._reason
        if not self._transport.is_closing():
            self.write(websocket.closing(code, reason))
        self._watch(LINGER, self.abort)
        self._end()

    def abort(self) -> None:
        """Close without a word, dropping what waits."""
        self._closing = True
        if self._transport is not None:
            self._transport.abort()
        self._end()

    def _closed_by_client(self, payload: bytes) -> None:
        transport = self._transport
        if transport is None:
            return
        if not self._closing:
            self._closing = True
            if not transport.is_closing():
                self.write(websocket.frame(websocket.CLOSE, websocket.answer(payload)))
            self._watch(LINGER, self.abort)  # it may have stopped reading before what waits is out
        self._end()
        transport.close()

    def _stalled(self) -> None:
        waiting = self._unread
        if waiting >= self._waiting:
            self._reason = "slow reader"
            self.abort()
        else:
            self._waiting = waiting
            self._watch(STALL, self._stalled)

    @property
    def _unread(self) -> int:
        """How many bytes the client has not taken, those included that the kernel holds for it: megabytes, from which
        a slow line takes for a minute before any of ours moves up."""
        if self._transport is None or self._transport.is_closing():
            return 0
        held = fcntl.ioctl(self._transport.get_extra_info("socket").fileno(), termios.TIOCOUTQ, b"\0\0\0\0")
        return self.pending + int.from_bytes(held, sys.byteorder)

    def _watch(self, seconds: float, then: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, then)

    def _end(self) -> None:
        self.write = nowhere
        user, self._user = self._user, None
        if user is not None:
            user.lost(self._reason)


def nowhere(frame: bytes) -> None:
    """Take a frame for a connection that has gone: whoever writes learns of the loss by ``lost``."""


class Taken(web.StreamResponse):
    """The answer of a handler whose connection belongs to somebody else now: there is nothing left to send."""

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send nothing."""
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Send nothing."""


def wanted(request: web.Request) -> bool:
    """Tell whether the request is a WebSocket handshake, of version 13 and well-formed.

    One with a body is none: what follows it would be read as frames.
    """
    headers = request.headers
    try:
        key = base64.b64decode(headers.get("Sec-WebSocket-Key", ""), validate=True)
    except ValueError:  # not ASCII, or not base64
        return False
    return (
        request.method == "GET"
        and request.version == HttpVersion11
        and not request.can_read_body
        and headers.get("Upgrade", "").lower() == "websocket"
        and "upgrade" in (part.strip() for part in headers.get("Connection", "").lower().split(","))
        and headers.get("Sec-WebSocket-Version") == "13"
        and len(key) == 16
    )


def take(request: web.Request, channel: Channel) -> Taken:
    """Answer the handshake and give the connection to ``channel``. Raises ConnectionResetError when it has gone."""
    key = request.headers["Sec-WebSocket-Key"]
    answer = (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {websocket.accept(key)}\r\n\r\n"
    )
    return hand_over(request, channel, answer.encode())


def hand_over(request: web.Request, protocol: asyncio.Protocol, answer: bytes) -> Taken:
    """Write ``answer`` and give the connection to ``protocol``. Raises ConnectionResetError when it has gone."""
    server, transport = request.protocol, request.transport
    if transport is None or transport.is_closing():
        raise ConnectionResetError("gone before the handshake was answered")
    transport.write(answer)
    transport.set_protocol(protocol)
    server.transport = None  # or the server would close it, thinking itself left behind
    server.connection_lost(None)
    protocol.connection_made(transport)
    return Taken()
