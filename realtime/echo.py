"""A server for the protocols' public conformance suites, on the platform's own classes: ``python -m realtime.echo``.

It sends back what it is sent: bare Engine.IO at ``/engine.io/``, Socket.IO at ``/socket.io/`` with the namespaces
``/`` and ``/custom``. The suites ask for a heartbeat of 300 + 200 ms and for messages up to 1,000,000 bytes. It lets
everybody in, so it listens on this machine alone.
"""

from __future__ import annotations

import argparse
import asyncio
from typing import Any

import uvloop
from aiohttp import web

from realtime.guard import Limits
from realtime.hub import Hub
from realtime.namespaces import Reply
from realtime.rooms import Rooms
from realtime.sockets import Socket
from realtime.types import Visitor, VisitorKind
from realtime.wire.engine import Engine, Options
from realtime.wire.line import Line
from realtime.wire.parcels import Parcel
from server.errors import Problem
from server.i18n import Translator

OPTIONS = Options(ping_interval=0.3, ping_timeout=0.2, largest=1_000_000)
LIMITS = Limits(events_per_second=0)


class OpenDoor:
    """Lets everybody in, and tells refusals in the suites' words."""

    def address(self, request: web.Request) -> str:
        """Return where the connection comes from."""
        return request.remote or ""

    def language(self, request: web.Request) -> Translator | None:
        """Tell nothing in any language."""
        return None

    def origin(self, request: web.Request) -> bool:
        """Let every page in."""
        return True

    def limited(self, address: str) -> bool:
        """Limit nobody."""
        return False

    async def admit(self, auth: dict[str, Any]) -> Visitor:
        """Let everybody in."""
        return Visitor(kind=VisitorKind.GUEST, auth=auth)

    def refusal(self, problem: Problem, language: Translator | None) -> dict[str, Any]:
        """Return the one refusal that the suites know."""
        return {"message": "Invalid namespace"}


class _Echo:
    def __init__(self, line: Line) -> None:
        self._line = line

    def message(self, data: str | bytes) -> None:
        self._line.send(Parcel(data))

    def closed(self, reason: str) -> None:
        """Nothing hangs on it."""


def greet(context: None, socket: Socket) -> None:
    """Send back what the client said of itself."""
    socket.emit("auth", socket.visitor.auth)


def message(context: None, socket: Socket, args: list[Any]) -> None:
    """Send the arguments back as an event."""
    socket.emit("message-back", *args)


def message_with_ack(context: None, socket: Socket, args: list[Any]) -> Reply:
    """Send the arguments back as the acknowledgement."""
    return Reply(tuple(args))


def site(options: Options = OPTIONS, limits: Limits = LIMITS) -> web.Application:
    """Return the application with both echoes."""
    hub = Hub(None, OpenDoor(), Rooms(None), limits, options)
    for path in ("/", "/custom"):
        hub.namespace(path, VisitorKind.GUEST, opened=greet)
        hub.on(path, "message", message)
        hub.on(path, "message-with-ack", message_with_ack)
    made = web.Application()
    made.router.add_route("*", "/engine.io/", Engine(lambda line, _: _Echo(line), options).handle)
    made.router.add_route("*", "/socket.io/", hub.handle)
    return made


async def _serve(port: int) -> None:
    runner = web.AppRunner(site(), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "localhost", port).start()
        print(f"echoing at http://localhost:{port}", flush=True)  # noqa: T201  # this is the command's output
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


def main() -> None:
    """Run the server until it is interrupted."""
    parser = argparse.ArgumentParser(prog="python -m realtime.echo", description=__doc__.replace("``", "`"))
    parser.add_argument("--port", type=int, default=3000, help="where to listen on localhost (default 3000)")
    port = parser.parse_args().port
    try:
        uvloop.run(_serve(port))
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
