"""The hub: namespaces, who is let in, and which feature hears which event.

    hub.on("/member", "watch", watch)        async def watch(app: Application, socket: Socket, body: Watch) -> Watched

``body`` is a struct, checked before the handler runs; a handler without one ignores what was sent. What it returns is
acknowledged as ``{"ok": true, …}``; a Problem that it raises as ``{"ok": false, "code", "message", …}``. The events of
one connection are handled one after the other; a handler that never waits is better a plain function: it costs no task.
"""

from __future__ import annotations

import asyncio
import inspect
import math
import time
from collections import Counter
from collections.abc import Awaitable, Coroutine, Iterator
from typing import Any, get_type_hints

import msgspec
import structlog
from aiohttp import web

from realtime.declared import RoomType, Says
from realtime.door import Door, answer_of
from realtime.errors import TooManyConnections, UnknownEvent, UnknownNamespace
from realtime.guard import Limits
from realtime.joining import Joining
from realtime.links import Link
from realtime.namespaces import Event, Handler, Hook, Namespace, Reply
from realtime.rooms import Rooms
from realtime.sockets import Socket
from realtime.types import Visitor, VisitorKind
from realtime.wire import engine as engine_io
from realtime.wire.engine import Engine, Options
from realtime.wire.line import Line
from realtime.wire.packets import Packet, PacketType
from server import database as db
from server import redis
from server.ending import end
from server.errors import Forbidden, Internal, Problem, RateLimited, Unavailable
from server.http.bodies import invalid
from server.http.proxies import network_of
from server.pace import Buckets

log = structlog.get_logger("realtime")
HANDLE_WITHIN = 8.0
"""Seconds for a handler to answer."""


class Hub:
    """The Socket.IO server of one process. ``context`` is the first argument of every handler and hook."""

    def __init__(
        self, context: Any, door: Door, rooms: Rooms, limits: Limits | None = None, options: Options | None = None
    ) -> None:
        self._context = context
        self._door = door
        self.rooms = rooms
        self.limits = limits or Limits()
        self.engine = Engine(self._accept, options)
        self._namespaces: dict[str, Namespace] = {}
        self._members: Buckets[tuple[VisitorKind, int]] = Buckets(*self.limits.member_events)
        self._addresses: Buckets[str] = Buckets(*self.limits.address_events)
        self._handshakes: Buckets[str] = Buckets(*self.limits.address_handshakes)
        self._joining: dict[str, Joining] = {}
        self._links: set[Link] = set()
        self._held: Counter[tuple[VisitorKind, int | str]] = Counter()
        self._tasks: set[asyncio.Task[Any]] = set()

    # What features declare

    def namespace(self, path: str, *kinds: VisitorKind, opened: Hook | None = None, closed: Hook | None = None) -> None:
        """Open ``path`` to visitors of ``kinds``; ``opened`` and ``closed`` run for each socket. May be called again to
        add hooks to a namespace that another feature opened."""
        held = self._namespaces.setdefault(path, Namespace(frozenset(), {}, [], [], []))
        held.kinds |= frozenset(kinds)
        if opened is not None:
            held.opened.append(opened)
        if closed is not None:
            held.closed.append(closed)

    def on(self, namespace: str, event: str, handler: Handler) -> None:
        """Have ``handler(context, socket, body)`` answer ``event``. Raises ValueError when its name is taken."""
        if namespace not in self._namespaces:
            raise ValueError(f"{namespace} is not open: call Hub.namespace first")
        events = self._namespaces[namespace].events
        if event in events:
            raise ValueError(f"{event} of {namespace} has a handler already")
        names = list(inspect.signature(handler).parameters)
        if len(names) not in (2, 3):
            raise TypeError(f"the handler of {event} takes app, socket and perhaps body")
        events[event] = Event(handler, get_type_hints(handler).get("body"), names[2:] == ["args"])

    def says(self, namespace: str, *said: Says) -> None:
        """Declare what is sent to sockets of ``namespace`` beside what its rooms say. Raises ValueError for an event
        that is declared already."""
        known = self._namespaces[namespace].says
        for says in said:
            if any(says.event == one.event for one in known):
                raise ValueError(f"{says.event} of {namespace} is declared already")
            known.append(says)

    def room(self, kind: RoomType) -> None:
        """Open the rooms of ``kind`` to ``join`` and ``leave``. Raises ValueError when its name is taken."""
        joining = self._joining.get(kind.namespace)
        if joining is None:
            joining = self._joining[kind.namespace] = Joining(self.rooms)
            self.on(kind.namespace, "join", joining.join)
            self.on(kind.namespace, "leave", joining.leave)
        if kind.name in joining.kinds:
            raise ValueError(f"rooms of {kind.name} are open already")
        joining.kinds[kind.name] = kind

    def declared(self) -> dict[str, Namespace]:
        """Return what was declared, by path of the namespace."""
        return dict(self._namespaces)

    # What the process asks

    def sockets(self) -> Iterator[Socket]:
        """Go through the open sockets."""
        for link in list(self._links):
            yield from list(link.sockets.values())

    def count(self) -> int:
        """Return how many connections are open."""
        return len(self._links)

    def transports(self) -> dict[tuple[str, ...], float]:
        """Count the open connections by transport."""
        counted: Counter[tuple[str, ...]] = Counter({("websocket",): 0, ("polling",): 0})
        counted.update((link.line.transport,) for link in self._links)
        return {name: float(number) for name, number in counted.items()}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer a request to ``/socket.io/``: 403 to foreign origins, 429 to an address that connects too often."""
        if not self._door.origin(request):
            return engine_io.refusal(4, 403)
        if "sid" not in request.query:
            address = self._door.address(request)
            if self._door.limited(address) and (wait := self._handshakes.wait(network_of(address), time.monotonic())):
                return engine_io.refusal(3, 429, **{"Retry-After": str(math.ceil(wait))})
        return await self.engine.handle(request)

    async def drain(self, seconds: float) -> None:
        """Send everybody elsewhere, evenly over ``seconds``, and wait for what their going sets off, a moment longer
        than any of it may take."""
        await self.engine.drain(seconds)
        if self._tasks:
            await asyncio.wait(list(self._tasks), timeout=HANDLE_WITHIN * 1.1)
            left, self._tasks = self._tasks, set()
            await end(*left)

    # What links tell

    def _accept(self, line: Line, request: web.Request) -> Link:
        address = self._door.address(request)
        link = Link(self, line, address, self._door.language(request), limited=self._door.limited(address))
        self._links.add(link)
        return link

    def forget(self, link: Link) -> None:
        """Drop a link whose connection has gone."""
        self._links.discard(link)

    async def connect(self, link: Link, packet: Packet, number: str) -> None:
        """Let a client into a namespace, or tell it why not."""
        try:
            visitor = await self._admit(link, packet)
        except Exception as error:
            link.refuse(packet.nsp, self._door.refusal(_problem(error, "CONNECT"), link.language))
            return
        if not link.line.open:
            return
        socket = Socket(link, number, packet.nsp, visitor)
        self._held[_holder(socket)] += 1
        link.welcome(socket)
        for hook in self._namespaces[packet.nsp].opened:
            if not socket.open:  # its closed hooks have run: what is begun now nobody would end
                return
            await self._run(hook, socket)

    async def _admit(self, link: Link, packet: Packet) -> Visitor:
        """Return who comes in. Raises UnknownNamespace, TokenInvalid, Forbidden, TooManyConnections, RateLimited,
        Unavailable."""
        if link.limited and (wait := self._addresses.wait(link.network, time.monotonic())):
            raise RateLimited(math.ceil(wait))
        namespace = self._namespaces.get(packet.nsp)
        if namespace is None:
            raise UnknownNamespace
        try:
            async with asyncio.timeout(HANDLE_WITHIN):
                visitor = await self._door.admit(packet.data or {})
        except TimeoutError:
            raise Unavailable from None
        if visitor.kind not in namespace.kinds:
            raise Forbidden
        if link.limited:
            guest = visitor.kind is VisitorKind.GUEST
            holder: tuple[VisitorKind, int | str] = (visitor.kind, link.network if guest else visitor.id)
            if self._held[holder] >= (self.limits.sockets_of_address if guest else self.limits.sockets_of_member):
                raise TooManyConnections
        return visitor

    def event(self, socket: Socket, packet: Packet) -> Coroutine[Any, Any, None] | None:
        """Answer an event; what is returned still has to be awaited."""
        name, *arguments = packet.data
        try:
            event = self._namespaces[socket.namespace].events.get(name)
            if event is None:
                raise UnknownEvent
            if event.bare:
                result = event.handler(self._context, socket, arguments)
            elif event.body is None:
                result = event.handler(self._context, socket)
            else:
                result = event.handler(self._context, socket, _read(arguments[0] if arguments else {}, event.body))
            if asyncio.iscoroutine(result):
                return self._finish(socket, packet, result)
            self._acknowledge(socket, packet, result)
        except Exception as error:
            self._failed(socket, packet, error)
        return None

    async def _finish(self, socket: Socket, packet: Packet, rest: Coroutine[Any, Any, Any]) -> None:
        try:
            async with asyncio.timeout(HANDLE_WITHIN):
                result = await rest
            self._acknowledge(socket, packet, result)
        except Exception as error:
            self._failed(socket, packet, error)

    def _acknowledge(self, socket: Socket, packet: Packet, result: Any) -> None:
        if packet.id is None or not socket.open:
            return
        if isinstance(result, Reply):
            socket.link.answer(packet, *result.arguments)
        else:
            socket.link.answer(packet, {"ok": True} | (msgspec.to_builtins(result) or {}))

    def _failed(self, socket: Socket, packet: Packet, error: Exception) -> None:
        """Tell why an event was refused."""
        problem = _problem(error, packet.data[0][:50])
        if socket.open:
            socket.link.answer(packet, answer_of(problem, socket.link.language))

    def paced(self, link: Link, socket: Socket) -> float:
        """Count an event of a limited client; returns 0, or the seconds until its member or address may go on."""
        at = time.monotonic()
        visitor = socket.visitor
        waits = 0.0
        if visitor.kind is not VisitorKind.GUEST:
            waits = self._members.wait((visitor.kind, visitor.id), at)
        return waits or self._addresses.wait(link.network, at)

    def limited(self, link: Link, packet: Packet, retry_after: int) -> None:
        """Tell a client that it asks too much."""
        if packet.type is PacketType.CONNECT:
            link.refuse(packet.nsp, self._door.refusal(RateLimited(retry_after), link.language))
        else:
            link.answer(packet, answer_of(RateLimited(retry_after), link.language))

    def ended(self, socket: Socket) -> None:
        """Settle what hung on a socket that has ended."""
        if not socket.open:
            return
        socket.open = False
        held = _holder(socket)
        self._held[held] -= 1
        if self._held[held] <= 0:
            del self._held[held]
        for room in list(socket.rooms or ()):
            socket.leave(room)
        for hook in self._namespaces[socket.namespace].closed:
            try:
                rest = hook(self._context, socket)
            except Exception as error:  # a feature's defect must not hold the connection here, nor others that end
                log.error("hook failed", exc_info=error)
                continue
            if rest is not None:
                self._spawn(self._settle(rest))

    async def _run(self, hook: Hook, socket: Socket) -> None:
        async def run() -> None:
            rest = hook(self._context, socket)
            if rest is not None:
                await rest

        if not await self._settle(run()):  # who was not greeted would hear nothing: it comes back and is greeted
            socket.link.line.close("unavailable")

    async def _settle(self, rest: Awaitable[None]) -> bool:
        """Finish a hook and tell whether it succeeded."""
        try:
            async with asyncio.timeout(HANDLE_WITHIN):
                await rest
        except (*db.DOWN, *db.CONTENTION, *redis.DOWN) as error:
            log.warning("hook", error=str(error) or type(error).__name__)
        except Exception as error:  # as in _problem
            log.error("hook failed", exc_info=error)
        else:
            return True
        return False

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        self.outlived(asyncio.get_running_loop().create_task(work))

    def outlived(self, task: asyncio.Task[Any]) -> None:
        """Have ``drain`` wait for what a connection that has gone began."""
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._tasks.discard(done))


def _problem(error: Exception, what: str) -> Problem:
    """Return how a client is told of ``error``. A defect of ours is told as such and ends nobody's connection."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, (*db.DOWN, *db.CONTENTION, *redis.DOWN)):
        log.warning("event refused", event_name=what, error=str(error) or type(error).__name__)
        return Unavailable()
    log.error("event failed", event_name=what, exc_info=error)
    return Internal()


def _holder(socket: Socket) -> tuple[VisitorKind, int | str]:
    guest = socket.visitor.kind is VisitorKind.GUEST
    return socket.visitor.kind, socket.link.network if guest else socket.visitor.id


def _read(given: Any, kind: Any) -> Any:
    try:
        return msgspec.convert(given, kind)
    except msgspec.ValidationError as error:
        raise invalid(error) from None
