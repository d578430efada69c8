"""One of several: the process's name in its session ids, the way to its siblings, how it sends its clients to them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from realtime.hub import Hub
from realtime.links import Link
from realtime.wire.engine import Options
from realtime.wire.line import Line
from realtime.wire.relay import Relay
from server.application import Application
from server.http import sockets
from server.settings import Settings

A_SECOND = 50
"""Clients that a process which stops sends elsewhere in a second, as long as its drain allows for so few: each of them
costs its new process a token, a CONNECT and what it missed."""


class Drain(msgspec.Struct, frozen=True):
    """The process is about to stop: connect anew in so many milliseconds, and without alarming anybody. Who stays is
    closed a moment later."""

    reconnect_after: int


def options(settings: Settings) -> Options:
    """Return how the engine of this process behaves: its session ids name it, if it has a number."""
    return Options(worker=f"{sockets.name_of(settings.worker)}." if settings.worker else "")


def attach(app: Application, hub: Hub) -> None:
    """Have requests for siblings handed on to them, and everybody sent elsewhere when the process stops."""
    relay: Relay | None = None
    if app.settings.worker:

        def where(name: str) -> Path | None:
            number = sockets.number_of(name)
            return None if number is None else sockets.path(app.settings, number)

        own, engine = sockets.name_of(app.settings.worker), hub.engine
        relay = Relay(own, where, engine.ping_interval + engine.ping_timeout)
        engine.elsewhere = relay

    async def leave(_: Application, most: float) -> None:
        passing = 0 if relay is None else len(relay)
        seconds = min(most, (hub.count() + passing) / A_SECOND)
        ways = [hub.engine.drain(seconds, warn)]
        if relay is not None:
            ways.append(relay.drain(seconds))
        await asyncio.gather(*ways)
        await hub.drain(0)  # and what their going sets off

    app.drain(leave)


def warn(line: Line, seconds: float) -> None:
    """Tell a client when to go by itself."""
    link = line.handler
    if isinstance(link, Link):
        for socket in list(link.sockets.values()):
            socket.emit("drain", msgspec.to_builtins(Drain(round(seconds * 1000))))
