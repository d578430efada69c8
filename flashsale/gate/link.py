"""One connection to Redis: commands go out in order, replies come back in the same order.

The purchase path has its own instead of the common client because the common one costs about twice the CPU for each
attempt, sends commands again by default, and can hand a reply to the wrong caller when a task is cancelled in
the middle of a call. Here a cancelled caller leaves its place in the queue, so that its reply is still taken
out and thrown away; whatever else disturbs the order ends the connection.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast
from urllib.parse import parse_qs, unquote, urlsplit

import hiredis
import msgspec

from flashsale.gate.types import GateUnavailable

_NOTHING = object()


class Endpoint(msgspec.Struct, frozen=True):
    """Where a master listens: a unix socket's ``path``, or ``host`` and ``port``."""

    path: str = ""
    host: str = ""
    port: int = 6379
    username: str = ""
    password: str = ""
    database: int = 0
    tls: bool = False


Finder = Callable[[], Awaitable[Endpoint]]
"""Asked before every connection, so that a Sentinel or a cluster's slot table may name another master each time."""


def parse_url(url: str) -> Endpoint:
    """Read ``redis://``, ``rediss://`` (with ``/database``) or ``unix://`` (with ``?db=``). Raises ValueError."""
    parts = urlsplit(url)
    username, password = unquote(parts.username or ""), unquote(parts.password or "")
    if parts.scheme == "unix":
        database = parse_qs(parts.query).get("db", ["0"])[0]
        return Endpoint(path=unquote(parts.path), username=username, password=password, database=int(database))
    if parts.scheme not in {"redis", "rediss"}:
        raise ValueError(f"not the address of a Redis: scheme {parts.scheme!r}")
    return Endpoint(
        host=parts.hostname or "localhost",
        port=parts.port or 6379,
        username=username,
        password=password,
        database=int(parts.path.strip("/") or 0),
        tls=parts.scheme == "rediss",
    )


class Link(asyncio.Protocol):
    """A connection. ``stamp`` names the run of the node at its other end; the gate reads it first of all."""

    def __init__(self) -> None:
        self._reader = hiredis.Reader(notEnoughData=_NOTHING)
        self._waiting: deque[asyncio.Future[Any]] = deque()
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()
        self.stamp = b""
        self.stamped_at = 0.0

    @property
    def alive(self) -> bool:
        """Whether a command may be sent."""
        return self._transport is not None and not self._transport.is_closing()

    def send(self, *words: bytes | str | int) -> asyncio.Future[Any]:
        """Send one command; the future gets its reply, a `hiredis.ReplyError` included. Raises GateUnavailable."""
        if self._transport is None or self._transport.is_closing():
            raise GateUnavailable("the connection to Redis is closed")
        self._transport.write(hiredis.pack_command(words))  # type: ignore[arg-type]  # the stub forgets the ellipsis
        reply: asyncio.Future[Any] = self._loop.create_future()
        self._waiting.append(reply)
        return reply

    def drop(self, reason: str) -> None:
        """End the connection at once; whoever waits hears `GateUnavailable`."""
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.abort()
        while self._waiting:
            reply = self._waiting.popleft()
            if not reply.done():
                reply.set_exception(GateUnavailable(reason))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the event loop."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but name

    def data_received(self, data: bytes) -> None:
        """Called by the event loop: hands each complete reply to the caller that waits longest."""
        self._reader.feed(data)
        try:
            while (reply := self._reader.gets()) is not _NOTHING:
                if not self._waiting:
                    self.drop("Redis sent a reply that nobody asked for")
                    return
                waiter = self._waiting.popleft()
                if not waiter.done():
                    waiter.set_result(reply)
        except hiredis.ProtocolError as error:
            self.drop(f"Redis sent what is no reply: {error}")

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the event loop."""
        self.drop(f"the connection to Redis was lost: {exc}" if exc else "Redis closed the connection")


async def connect(endpoint: Endpoint) -> Link:
    """Return a new connection, logged in and on its database. Raises GateUnavailable, or OSError from the system."""
    loop = asyncio.get_running_loop()
    if endpoint.path:
        _, link = await loop.create_unix_connection(Link, endpoint.path)
    else:
        context = ssl.create_default_context() if endpoint.tls else None
        _, link = await loop.create_connection(Link, endpoint.host, endpoint.port, ssl=context)
    try:
        hello: list[str | int] = ["HELLO", 2]
        if endpoint.password:
            hello += ["AUTH", endpoint.username or "default", endpoint.password]
        commands: list[Sequence[str | int]] = [hello, ["SELECT", endpoint.database]]
        await ask(link, commands)
    except BaseException:
        link.drop("the connection could not be set up")
        raise
    return link


async def ask(link: Link, commands: Sequence[Sequence[bytes | str | int]]) -> list[Any]:
    """Send several commands at once and return their replies. Raises GateUnavailable, also where Redis refuses one."""
    replies = await asyncio.gather(*[link.send(*words) for words in commands])
    for words, reply in zip(commands, replies, strict=True):
        if isinstance(reply, hiredis.ReplyError):
            raise GateUnavailable(f"Redis refused {words[0]!r}: {reply}")
    return replies
