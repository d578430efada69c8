"""`lingfeng web --workers N`: several web processes of one machine, kept alive by this one.

Each has a number: it names the process's socket and its Socket.IO sessions (server/http/sockets.py). A signal drains
all of them at once; should this process be killed, the kernel ends the others.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TextIO

from server.processes import Console, Keeper, Service, names, stop_together
from server.settings import Settings


class PortTaken(RuntimeError):
    """The processes could not listen where they should; the message says where."""


def webs(count: int, env: Mapping[str, str], home: Path, console: Console, lock: int | None = None) -> Iterator[Keeper]:
    """Give the keepers of ``count`` web processes, none of them started."""
    for number, name in enumerate(names("web", count), 1):
        yield Keeper(Service(name, ["web"], {**env, "LINGFENG_WORKER": str(number)}, home, lock, console), console)


def run(settings: Settings, count: int, environ: Mapping[str, str] = os.environ, out: TextIO = sys.stdout) -> int:
    """Run ``count`` web processes until a signal says stop; return the exit code. Raises PortTaken."""
    stop = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stop.set())
    try:
        port = free_port(settings.host, settings.port)
    except OSError as error:
        raise PortTaken(f"{settings.host}:{settings.port}: {error.strerror}") from error
    console = Console(out)
    env = {
        **environ,
        "LINGFENG_HOME": str(settings.home),
        "LINGFENG_HOST": settings.host,
        "LINGFENG_PORT": str(port),
        "PYTHONUNBUFFERED": "1",
    }
    keepers = list(webs(count, env, settings.home, console))
    try:
        for keeper in keepers:
            keeper.child.start()
            keeper.start()
        console.say(f"{count} web processes at {settings.host}:{port}")
        stop.wait()
        console.say("Stopping …")
    finally:
        stop_together(keepers)
    console.say("Stopped.")
    return 0


def free_port(host: str, port: int) -> int:
    """Return the port, or a free one for 0. Raises OSError when something listens on it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        return int(probe.getsockname()[1])
