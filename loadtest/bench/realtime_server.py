"""Servers of Socket.IO to measure: ``python -m loadtest.bench.realtime_server ours|unlimited|stock``.

``ours`` is the platform's hub and rooms behind an open door: whoever comes is a member with a session of its own, from
the address that the proxy names, in the language of the request, and counted against the limits of production
(``unlimited``: counted and never refused). It has no Redis beside it. A second port takes bare WebSockets for the raw
loop. ``stock`` is python-socketio at its best: msgpack, no compression, no task for each event.

Lines on standard input: ``tick N ROOM`` and ``raw N`` publish one; ``load COMMENTS OTHERS SECONDS`` has things said for
a while (bench ``connections``) and answers with how many.
"""

from __future__ import annotations

import asyncio
import os
import random
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import msgspec
import socketio
import uvloop
from aiohttp import web

from loadtest.bench.tick import COMMENTS, EVENT, FIRST, KEY, ROOM, SINGLE, tick
from realtime import Hub, Lane, Rooms, RoomType, Says, Socket, Visitor, VisitorKind
from realtime.door import allowed_origin, answer_of
from realtime.guard import Limits
from realtime.ticks import Sample
from realtime.wire import websocket
from realtime.wire.packets import MSGPACK
from server.errors import Problem
from server.http import Body, View
from server.http.proxies import Proxies
from server.http.serve import BACKLOG
from server.i18n import Translations, Translator

NAMESPACE = "/live"
FREE = 1e9
"""As good as no limit, and counted like one."""
RAW_TICKS = 4096
"""Frames made beforehand for the raw loop."""
CAP = 200.0
"""Comments a second that a viewer may be shown: more than are said, so that none may be missing."""


class Comment(msgspec.Struct, frozen=True):
    """One comment, with the moment at which it was said."""

    u: str
    t: str
    at: int


class Tick(msgspec.Struct, frozen=True):
    """What a tick shows, with the moment at which it was made."""

    ts: int
    comments: list[Comment]


class Buy(Body, frozen=True):
    """What clients send in bench ``inbound``."""

    sku_id: str
    quantity: int
    note: str = ""


class Bought(View, frozen=True):
    """What they are answered."""

    order_no: str
    quantity: int


class OpenDoor:
    """The platform's door without its lock: no token is looked up, everything else is as there."""

    def __init__(self) -> None:
        self._proxies = Proxies(["127.0.0.0/8"])
        self._translations = Translations(("server", "realtime"))
        self._members = 0

    def address(self, request: web.Request) -> str:
        """Return the address that the proxy names."""
        return self._proxies.client(request)

    def language(self, request: web.Request) -> Translator | None:
        """Return the translator for the language that the client asks for."""
        return self._translations.negotiate(request)

    def origin(self, request: web.Request) -> bool:
        """Let our own pages in, and programs."""
        return allowed_origin(request, "http://127.0.0.1")

    def limited(self, address: str) -> bool:
        """Limit everybody."""
        return True

    async def admit(self, auth: dict[str, Any]) -> Visitor:
        """Let the next member in."""
        self._members += 1
        ends = time.time() + 3600
        return Visitor(kind=VisitorKind.MEMBER, id=self._members, session=os.urandom(32), session_ends=ends)

    def refusal(self, problem: Problem, language: Translator | None) -> dict[str, Any]:
        """Tell a refusal as the platform does."""
        told = answer_of(problem, language)
        return {"message": told.pop("message"), "data": told}


class Gathered:
    """The comments of a tick: what the merged lane does with them in a live room, with a cap beyond what is said."""

    def __init__(self) -> None:
        self._said: list[Comment] = []
        self._shown: Sample[Comment] = Sample(rate=CAP, burst=CAP)

    def add(self, item: Comment) -> None:
        """Take what was said to this process."""
        self._said.append(item)

    def part(self) -> list[Comment] | None:
        """Return what the other processes are told."""
        said, self._said = self._said, []
        return said or None

    def merge(self, part: list[Any]) -> None:
        """Take what a process told."""
        for comment in msgspec.convert(part, list[Comment]):
            self._shown.add(comment, comment.u)

    def frame(self, seconds: float) -> Tick | None:
        """Return what viewers are told."""
        shown = self._shown.take(seconds)
        return Tick(ts=time.monotonic_ns(), comments=shown) if shown else None


LIVE = RoomType(
    name="live",
    namespace=NAMESPACE,
    about="A live room.",
    says=(Says(EVENT, Tick, Lane.MERGED, Gathered),),
)


def buy_at_once(context: None, socket: Socket, body: Buy) -> Bought:
    """Answer without waiting for anything."""
    return Bought(order_no=body.sku_id, quantity=body.quantity)


async def buy(context: None, socket: Socket, body: Buy) -> Bought:
    """Answer as a handler that may wait."""
    return Bought(order_no=body.sku_id, quantity=body.quantity)


class Raw(asyncio.Protocol):
    """The least that a WebSocket can be: it answers the handshake and is written to."""

    open: list[asyncio.Transport] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        """Answer the handshake, which comes whole from our own clients."""
        key = data.partition(b"Sec-WebSocket-Key: ")[2].partition(b"\r\n")[0].decode()
        self._transport.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + websocket.accept(key).encode() + b"\r\n\r\n"
        )
        self.open.append(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the transport."""
        self.open.remove(self._transport)


def raw(frames: list[bytes], number: int) -> None:
    """Write a frame that was made before to every bare WebSocket."""
    frame = frames[number - FIRST]
    for transport in Raw.open:
        transport.write(frame)


async def ours(limits: Limits, orders: dict[str, Callable[..., Any]]) -> web.Application:
    """Return the platform's server of Socket.IO, and what it can be told."""
    rooms = Rooms(None)
    hub = Hub(None, OpenDoor(), rooms, limits)
    hub.namespace(NAMESPACE, VisitorKind.MEMBER)
    hub.room(LIVE)
    hub.on(NAMESPACE, "plain", buy_at_once)
    hub.on(NAMESPACE, "coroutine", buy)
    made = web.Application()
    made.router.add_route("*", "/socket.io/", hub.handle)
    bare = await asyncio.get_running_loop().create_server(Raw, "127.0.0.1", 0, backlog=BACKLOG)
    frames = [
        MSGPACK.event(NAMESPACE, msgspec.msgpack.encode([EVENT, tick(FIRST + number)])).frame
        for number in range(RAW_TICKS)
    ]

    def port() -> None:
        say(str(bare.sockets[0].getsockname()[1]))

    async def publish(number: str, room: str) -> None:
        await rooms.publish(room, EVENT, tick(int(number)))

    async def load(comments: str, others: str, seconds: str) -> None:
        say(await under_load(rooms, float(comments), float(others), float(seconds)))

    orders |= {"port": port, "tick": publish, "raw": lambda number: raw(frames, int(number)), "load": load}
    return made


async def under_load(rooms: Rooms, comments: float, others: float, seconds: float) -> str:
    """Have ``comments`` a second said in the room, at random moments, and ``others`` single events a second published,
    evenly; say how many of each there were. Each carries the moment at which it was said."""
    loop = asyncio.get_running_loop()
    said = [0, 0]
    until = loop.time() + seconds

    async def talk() -> None:
        at = loop.time()
        while (at := at + random.expovariate(comments)) < until:
            await asyncio.sleep(max(0.0, at - loop.time()))
            name, text = random.choice(COMMENTS)
            rooms.add(LIVE, KEY, Comment(name, text, time.monotonic_ns()))
            said[0] += 1

    async def publish() -> None:
        at = loop.time()
        while (at := at + 1 / others) < until:
            await asyncio.sleep(max(0.0, at - loop.time()))
            await rooms.publish(ROOM, SINGLE, tick(time.monotonic_ns()))
            said[1] += 1

    await asyncio.gather(talk(), *([publish()] if others else []))
    return f"{said[0]} {said[1]}"


def stock(orders: dict[str, Callable[..., Any]]) -> web.Application:
    """Return python-socketio's server at its best, and what it can be told."""
    sio = socketio.AsyncServer(
        async_mode="aiohttp",
        serializer="msgpack",
        transports=["websocket"],
        async_handlers=False,
        namespaces=[NAMESPACE],
    )
    made = web.Application()
    sio.attach(made)

    async def connected(sid: str, environ: dict[str, Any], auth: Any) -> None:
        await sio.enter_room(sid, ROOM, namespace=NAMESPACE)

    def plain(sid: str, body: dict[str, Any]) -> dict[str, Any]:
        return {"ok": True, "order_no": body["sku_id"], "quantity": body["quantity"]}

    async def coroutine(sid: str, body: dict[str, Any]) -> dict[str, Any]:
        return {"ok": True, "order_no": body["sku_id"], "quantity": body["quantity"]}

    sio.on("connect", connected, namespace=NAMESPACE)
    sio.on("plain", plain, namespace=NAMESPACE)
    sio.on("coroutine", coroutine, namespace=NAMESPACE)

    async def publish(number: str, room: str) -> None:
        await sio.emit(EVENT, tick(int(number)), room=room, namespace=NAMESPACE)

    orders |= {"tick": publish}
    return made


def say(words: str) -> None:
    """Answer whoever measures."""
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


class _Orders(asyncio.Protocol):
    """Carries out the lines that come, in their order."""

    def __init__(self, orders: dict[str, Callable[..., Any]], ended: asyncio.Event) -> None:
        self._orders = orders
        self._ended = ended
        self._tasks: set[asyncio.Task[None]] = set()

    def data_received(self, data: bytes) -> None:
        """Take lines; whoever measures writes them whole."""
        for line in data.decode().splitlines():
            name, *words = line.split()
            rest = self._orders[name](*words)
            if rest is not None:
                task = asyncio.get_running_loop().create_task(rest)
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    def connection_lost(self, exc: Exception | None) -> None:
        """End with whoever measures."""
        self._ended.set()


async def serve(which: str) -> None:
    """Serve until standard input ends."""
    orders: dict[str, Callable[..., Any]] = {}
    if which == "stock":
        made = stock(orders)
    else:
        pace = (FREE, FREE)
        free = Limits(events_per_second=FREE, events_at_once=FREE, member_events=pace, address_events=pace)
        made = await ours(free if which == "unlimited" else Limits(), orders)
    runner = web.AppRunner(made, access_log=None, keepalive_timeout=75)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=BACKLOG)
    await site.start()
    ended = asyncio.Event()
    await asyncio.get_running_loop().connect_read_pipe(lambda: _Orders(orders, ended), sys.stdin)
    say(str(runner.addresses[0][1]))
    await ended.wait()


def main() -> None:
    """Run the named server."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    uvloop.run(serve(sys.argv[1]))


if __name__ == "__main__":
    main()
