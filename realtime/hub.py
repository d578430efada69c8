"""The hub: namespaces, who is let in, and which feature hears which event.

    hub.on("/member", "watch", watch)        async def watch(app: Application, socket: Socket, body: Watch) -> Watched

``body`` is a struct, checked before the handler runs; a handler without one ignores what was sent. What it returns is
acknowledged as ``{"ok": true, …}``; a Problem that it raises as ``{"ok": false, "code", "message", …}``. The events of
one socket are handled one after the other.
"""

from __future__ import annotations

import asyncio
import inspect
import secrets
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, get_type_hints

import msgspec
import structlog

from realtime import packets, tokens
from realtime.engine import Engine
from realtime.errors import TokenInvalid, TooManyConnections, UnknownEvent, UnknownNamespace
from realtime.guard import Bucket
from realtime.packets import BadPacket, PacketType
from realtime.rooms import Rooms
from realtime.sockets import Socket
from realtime.types import Visitor, VisitorKind
from server import database as db
from server import redis
from server.application import Application
from server.errors import Forbidden, Internal, Problem, RateLimited, Unavailable
from server.http.bodies import invalid
from server.http.proxies import is_loopback
from server.i18n import Translator

log = structlog.get_logger("realtime")
CONNECT_WITHIN = 5.0
HANDLE_WITHIN = 8.0
"""Seconds for a client to say who it is, and for a handler to answer."""
EVENTS_PER_SECOND, EVENTS_AT_ONCE, FLOOD = 20.0, 60.0, 200.0
SOCKETS_OF_MEMBER, SOCKETS_OF_ADDRESS = 12, 200

__all__ = ["Hub", "Socket"]
Handler = Callable[..., Awaitable[Any]]
Hook = Callable[[Application, Socket], Awaitable[None]]


class _Event(msgspec.Struct, frozen=True):
    handler: Handler
    body: Any


class _Namespace(msgspec.Struct):
    kinds: frozenset[VisitorKind]
    events: dict[str, _Event]
    opened: list[Hook]
    closed: list[Hook]


class _Line:
    """One connection underneath, with a socket for each namespace that it speaks on."""

    __slots__ = ("address", "bucket", "deadline", "joining", "sockets", "tr")

    def __init__(self, address: str, tr: Translator, deadline: asyncio.TimerHandle) -> None:
        self.address = address
        self.tr = tr
        self.deadline = deadline
        self.bucket = Bucket(EVENTS_PER_SECOND, EVENTS_AT_ONCE)
        self.sockets: dict[str, Socket] = {}
        self.joining: set[str] = set()


class Hub:
    """The Socket.IO server of one process."""

    def __init__(self, app: Application, rooms: Rooms) -> None:
        self._app = app
        self.rooms = rooms
        self.engine = Engine(app, self)
        self._namespaces: dict[str, _Namespace] = {}
        self._lines: dict[str, _Line] = {}
        self._held: Counter[tuple[VisitorKind, int | str]] = Counter()

    # What features declare

    def namespace(self, path: str, *kinds: VisitorKind, opened: Hook | None = None, closed: Hook | None = None) -> None:
        """Open ``path`` to visitors of ``kinds``; ``opened`` and ``closed`` run for each socket. May be called again to
        add hooks to a namespace that another feature opened."""
        held = self._namespaces.setdefault(path, _Namespace(frozenset(), {}, [], []))
        held.kinds |= frozenset(kinds)
        if opened is not None:
            held.opened.append(opened)
        if closed is not None:
            held.closed.append(closed)

    def on(self, namespace: str, event: str, handler: Handler) -> None:
        """Have ``handler(app, socket, body)`` answer ``event``. Raises ValueError when its name is taken."""
        if namespace not in self._namespaces:
            raise ValueError(f"{namespace} is not open: call Hub.namespace first")
        events = self._namespaces[namespace].events
        if event in events:
            raise ValueError(f"{event} of {namespace} has a handler already")
        if len(inspect.signature(handler).parameters) not in (2, 3):
            raise TypeError(f"the handler of {event} takes app, socket and perhaps body")
        events[event] = _Event(handler, get_type_hints(handler).get("body"))

    # What the process asks

    def sockets(self) -> Iterator[Socket]:
        """Go through the open sockets."""
        for line in list(self._lines.values()):
            yield from list(line.sockets.values())

    def count(self) -> int:
        """Return how many connections are open."""
        return len(self._lines)

    async def kick(self, socket: Socket, code: str) -> None:
        """End ``socket`` for good (Socket.kick)."""
        if not socket.open:
            return
        socket.emit("closed", {"code": code})
        socket.push(packets.disconnect(socket.namespace))
        line = self._lines.get(socket.line)
        if line is not None:
            line.sockets.pop(socket.namespace, None)
        await self._end(socket)
        if line is not None and not line.sockets:  # the client closes by itself; one that does not is closed
            asyncio.get_running_loop().call_later(1.0, self.engine.close, socket.line)

    # What the engine tells

    async def opened(self, sid: str, address: str, tr: Translator) -> None:
        """A connection came; it has five seconds to say who it is."""
        deadline = asyncio.get_running_loop().call_later(CONNECT_WITHIN, self.engine.close, sid)
        self._lines[sid] = _Line(address, tr, deadline)

    async def closed(self, sid: str) -> None:
        """A connection went."""
        line = self._lines.pop(sid, None)
        if line is not None:
            line.deadline.cancel()
            for socket in list(line.sockets.values()):
                await self._end(socket)

    async def received(self, sid: str, raw: object) -> None:
        """A message came. What is no packet ends the connection, and so does a flood."""
        line = self._lines.get(sid)
        if line is None:
            return
        free = line.bucket.take()
        if line.bucket.debt > FLOOD:
            log.warning("flood", address=line.address)
            self.engine.close(sid)
            return
        try:
            packet = packets.decode(raw)
        except BadPacket as error:
            log.info("bad packet", address=line.address, error=str(error))
            self.engine.close(sid)
            return
        socket = line.sockets.get(packet.nsp)
        match packet.type:
            case PacketType.CONNECT:
                await self._connect(sid, line, packet.nsp, packet.data)
            case PacketType.EVENT if socket is not None:
                if free:
                    answer = await self._answer(socket, packet.data, line.tr)
                else:
                    answer = _told(RateLimited(line.bucket.retry_after), line.tr)
                if packet.id is not None and socket.open:
                    socket.push(packets.ack(packet.nsp, packet.id, answer))
            case PacketType.DISCONNECT if socket is not None:
                del line.sockets[packet.nsp]
                await self._end(socket)
                if not line.sockets:  # a line without a socket counts against nobody's limit: it may not stay
                    line.deadline = asyncio.get_running_loop().call_later(CONNECT_WITHIN, self.engine.close, sid)
            case PacketType.CONNECT_ERROR:
                self.engine.close(sid)

    async def _connect(self, sid: str, line: _Line, path: str, auth: Any) -> None:
        if path in line.sockets or path in line.joining:
            self.engine.close(sid)  # a second CONNECT is against the protocol
            return
        line.joining.add(path)
        try:
            visitor = await self._admit(line, path, auth)
        except Problem as problem:
            told = _told(problem, line.tr)
            message = told.pop("message")
            told.pop("ok")
            self.engine.push(sid, packets.refused(path[:100], message, told))
            return
        finally:
            line.joining.discard(path)
        if sid not in self._lines:
            return
        line.deadline.cancel()
        socket = Socket(self, sid, secrets.token_urlsafe(12), path, visitor, line.address)
        line.sockets[path] = socket
        self._held[_holder(socket)] += 1
        socket.push(packets.connected(path, socket.id))
        for hook in self._namespaces[path].opened:
            await self._run(hook, socket)

    async def _admit(self, line: _Line, path: str, auth: Any) -> Visitor:
        """Return who comes in. Raises UnknownNamespace, TokenInvalid, Forbidden, TooManyConnections, Unavailable."""
        namespace = self._namespaces.get(path)
        if namespace is None:
            raise UnknownNamespace
        try:
            async with asyncio.timeout(HANDLE_WITHIN):
                token = auth.get("token") if isinstance(auth, dict) else None
                visitor = await tokens.use(self._app.database, self._app.settings.secret, token)
        except db.DOWN as error:
            log.warning("nobody let in", error=str(error) or type(error).__name__)
            raise Unavailable from None
        if visitor.session and (self._app.sessions.revoked(visitor.session) or visitor.session_ends <= time.time()):
            raise TokenInvalid
        if visitor.kind not in namespace.kinds:
            raise Forbidden
        settings = self._app.settings
        if settings.limits and (settings.limit_loopback or not is_loopback(line.address)):
            guest = visitor.kind is VisitorKind.GUEST
            holder: tuple[VisitorKind, int | str] = (visitor.kind, line.address if guest else visitor.id)
            if self._held[holder] >= (SOCKETS_OF_ADDRESS if guest else SOCKETS_OF_MEMBER):
                raise TooManyConnections
        return visitor

    async def _answer(self, socket: Socket, data: list[Any], tr: Translator) -> dict[str, Any]:
        """Run the handler of an event and return its acknowledgement."""
        try:
            event = self._namespaces[socket.namespace].events.get(data[0])
            if event is None:
                raise UnknownEvent
            given = [] if event.body is None else [_read(data[1] if len(data) > 1 else {}, event.body)]
            async with asyncio.timeout(HANDLE_WITHIN):
                result = await event.handler(self._app, socket, *given)
        except Problem as problem:
            return _told(problem, tr)
        except (*db.DOWN, *db.CONTENTION, *redis.DOWN) as error:
            log.warning("event refused", event_name=data[0][:50], error=str(error) or type(error).__name__)
            return _told(Unavailable(), tr)
        except Exception as error:  # a defect of one handler is told as such and ends nobody's connection
            log.error("event failed", event_name=data[0][:50], exc_info=error)
            return _told(Internal(), tr)
        return {"ok": True} | (msgspec.to_builtins(result) or {})

    async def _end(self, socket: Socket) -> None:
        if not socket.open:
            return
        socket.open = False
        held = _holder(socket)
        self._held[held] -= 1
        if self._held[held] <= 0:
            del self._held[held]
        for room in list(socket.rooms):
            await socket.leave(room)
        for hook in self._namespaces[socket.namespace].closed:
            await self._run(hook, socket)

    async def _run(self, hook: Hook, socket: Socket) -> None:
        try:
            await hook(self._app, socket)
        except (*db.DOWN, *redis.DOWN) as error:
            log.warning("hook", error=str(error) or type(error).__name__)
            self.engine.close(socket.line)  # it comes back and is greeted again
        except Exception as error:  # as in _answer
            log.error("hook failed", exc_info=error)


def _holder(socket: Socket) -> tuple[VisitorKind, int | str]:
    guest = socket.visitor.kind is VisitorKind.GUEST
    return socket.visitor.kind, socket.address if guest else socket.visitor.id


def _read(given: Any, kind: Any) -> Any:
    try:
        return msgspec.convert(given, kind)
    except msgspec.ValidationError as error:
        raise invalid(error) from None


def _told(problem: Problem, tr: Translator) -> dict[str, Any]:
    """Return a refusal as clients read it: ``ok`` false, ``code``, ``message``, perhaps more."""
    told: dict[str, Any] = {"ok": False, "code": problem.code, "message": problem.told(tr)}
    if problem.field is not None:
        told["field"] = problem.field
    if problem.details is not None:
        told["details"] = problem.details
    if retry := problem.headers.get("Retry-After"):
        told["retry_after"] = int(retry)
    return told
