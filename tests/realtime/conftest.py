"""Web processes of realtime alone, real servers on real ports, and clients that speak Socket.IO."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import aiohttp
import msgspec
import pytest
import socketio
from aiohttp import web

from realtime import Hub, Rooms, Socket, Visitor, VisitorKind, echo, tokens
from server.application import Application
from server.database import Connection
from server.http import Body, Identity, Kind, sockets
from server.http.protocol import Runner
from server.http.web import web_app
from server.settings import Settings
from tests.realtime.raw import Server
from tests.waiting import until

FEATURES = ("server", "realtime")


async def _who(connection: Connection, number: int) -> Identity:
    return Identity(kind=Kind.MEMBER, id=number, name=f"member {number}")


class Watch(Body, frozen=True):
    """As a sale page watches an item."""

    item_id: str


class Site(msgspec.Struct, frozen=True):
    """A web process and its address."""

    app: Application
    url: str

    @property
    def hub(self) -> Hub:
        """Its hub."""
        return self.app.resource(Hub)

    @property
    def rooms(self) -> Rooms:
        """Its rooms."""
        return self.app.resource(Rooms)

    async def session(self, member: int) -> str:
        """Log a member in and return the bearer token."""
        async with self.app.database.transaction() as connection:
            issued = await self.app.sessions.issue(connection, Kind.MEMBER, member, "127.0.0.1", "test")
        return issued.token

    async def token(self, bearer: str = "") -> str:
        """Fetch a connection token as clients do."""
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        async with (
            aiohttp.ClientSession() as http,
            http.post(f"{self.url}/api/v1/realtime/tokens", headers=headers) as answer,
        ):
            assert answer.status == 201, await answer.text()
            token = (await answer.json())["token"]
            assert isinstance(token, str)
            return token


class Listener:
    """A stock Python client that keeps what it hears."""

    def __init__(self) -> None:
        self.client: Any = socketio.AsyncClient(serializer="msgpack", reconnection=False, handle_sigint=False)
        self.heard: list[tuple[str, Any]] = []
        self.refusal: Any = None
        self.client.on("*", self._hear, namespace="/member")
        self.client.on("connect_error", self._refused, namespace="/member")

    async def _hear(self, event: str, *payload: Any) -> None:
        self.heard.append((event, payload[0] if len(payload) == 1 else payload))

    async def _refused(self, data: Any) -> None:
        self.refusal = data

    def of(self, event: str) -> list[Any]:
        """Return the payloads of ``event`` so far."""
        return [payload for name, payload in self.heard if name == event]

    async def connect(self, url: str, token: object, **options: Any) -> None:
        """Connect to /member."""
        auth = {"token": token} if token is not None else None
        options = {"transports": ["websocket"]} | options
        await self.client.connect(url, namespaces=["/member"], auth=auth, wait_timeout=5, **options)

    async def ask(self, event: str, payload: Any) -> Any:
        """Emit ``event`` and return its acknowledgement."""
        return await self.client.call(event, payload, namespace="/member", timeout=5)


async def watch(app: Application, socket: Socket, body: Watch) -> dict[str, Any]:
    """Join an item's room."""
    await socket.join(f"sale:{body.item_id}")
    return {"item_id": body.item_id, "visitor": socket.visitor.kind}


def unwatch(app: Application, socket: Socket, body: Watch) -> None:
    """Leave it."""
    socket.leave(f"sale:{body.item_id}")


def assembled(given: Settings) -> Application:
    """Return an application of realtime, with the handlers of a sale page."""
    app = Application(given, FEATURES)
    app.directory(Kind.MEMBER, _who)
    hub = app.resource(Hub)
    hub.on("/member", "watch", watch)
    hub.on("/member", "unwatch", unwatch)
    hub.namespace("/desk", VisitorKind.STAFF)
    return app


@contextlib.asynccontextmanager
async def serving(given: Settings) -> AsyncIterator[Site]:
    """Run a web process on a port of its own."""
    app = assembled(given)
    runner = web.AppRunner(web_app(app))
    await runner.setup()
    try:
        server = web.TCPSite(runner, "127.0.0.1", 0)
        await server.start()
        yield Site(app, f"http://127.0.0.1:{runner.addresses[0][1]}")
    finally:
        await runner.cleanup()


@pytest.fixture
async def site(settings: Settings) -> AsyncIterator[Site]:
    """One web process."""
    async with serving(settings) as made:
        yield made


@pytest.fixture
async def other(site: Site) -> AsyncIterator[Site]:
    """A second web process on the same engines."""
    async with serving(site.app.settings) as made:
        yield made


@contextlib.asynccontextmanager
async def numbered(given: Settings, number: int) -> AsyncIterator[Site]:
    """Run web process ``number`` on the settings' port, which others share, and on its own socket."""
    app = assembled(msgspec.structs.replace(given, worker=number))
    runner = Runner(app, web_app(app), shutdown_timeout=1)
    with sockets.bound(app.settings) as own:
        await runner.setup()
        try:
            assert own is not None
            await web.SockSite(runner, own).start()
            port = web.TCPSite(runner, "127.0.0.1", given.port, reuse_port=True)
            app.drain(lambda *_: port.stop())  # as server.http.serve leaves it to the siblings
            await port.start()
            yield Site(app, f"http://127.0.0.1:{given.port}")
        finally:
            await runner.cleanup()


@pytest.fixture
async def pair(settings: Settings) -> AsyncIterator[list[Site]]:
    """Web processes 1 and 2 on one port."""
    async with numbered(settings, 1) as one, numbered(settings, 2) as two:
        yield [one, two]


@pytest.fixture
async def listen() -> AsyncIterator[Callable[..., Awaitable[Listener]]]:
    """Connect clients and wait for their greeting; they are closed at the end."""
    made: list[Listener] = []

    async def connect(site: Site, member: int | None = None, **options: Any) -> Listener:
        listener = Listener()
        made.append(listener)
        bearer = await site.session(member) if member is not None else ""
        await listener.connect(site.url, await site.token(bearer), **options)
        await until(lambda: listener.of("ready"))  # what came before it is not pushed but asked for
        return listener

    yield connect
    for listener in made:
        await listener.client.disconnect()


def forged(visitor_id: int) -> str:
    """Return a token that another key signed."""
    return tokens.issue(b"another key that is not ours", Visitor(kind=VisitorKind.MEMBER, id=visitor_id))[0]


@pytest.fixture(scope="session")
def _calm() -> Iterator[Server]:
    options = msgspec.structs.replace(echo.OPTIONS, ping_interval=25.0, ping_timeout=20.0)
    server = Server(lambda: echo.site(options))
    yield server
    server.close()


@pytest.fixture(scope="session")
def _brisk() -> Iterator[Server]:
    server = Server(lambda: echo.site(limits=msgspec.structs.replace(echo.LIMITS, connect_within=0.4)))
    yield server
    server.close()


@pytest.fixture
def calm(_calm: Server) -> Iterator[Server]:
    """The echo server with an ordinary heartbeat, which no test lives long enough to see."""
    yield _calm
    assert not _calm.faults


@pytest.fixture
def brisk(_brisk: Server) -> Iterator[Server]:
    """The echo server with a heartbeat of 300 + 200 ms, and 400 ms to say CONNECT."""
    yield _brisk
    assert not _brisk.faults
