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

from server.http import sockets
from server.processes import Console, Keeper, Service, names, stop_together, wait_for_word
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
        held = hold_port(settings.host, settings.port)
    except OSError as error:
        raise PortTaken(f"{settings.host}:{settings.port}: {error.strerror}") from error
    port = held.getsockname()[1]
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
        console.say(f"Starting {count} web processes at {settings.host}:{port} …")
        for keeper in keepers:
            keeper.child.start()
            keeper.start()
        if _wait_until_open(settings, count, stop):
            console.say(f"{count} web processes are open at {settings.host}:{port}")
        wait_for_word(stop)
        console.say("Stopping …")
    finally:
        stop_together(keepers)
        held.close()
    console.say("Stopped.")
    return 0


def _wait_until_open(settings: Settings, count: int, stop: threading.Event) -> bool:
    """Return True once each process has answered at its own socket, False when a signal came first."""
    for number in range(1, count + 1):
        while not _answers(sockets.path(settings, number)):
            if stop.wait(0.1):
                return False
    return True


def _answers(at: Path) -> bool:
    """Tell whether a web process says at its socket that it lives."""
    try:
        with socket.socket(socket.AF_UNIX) as asking:
            asking.settimeout(2)
            asking.connect(str(at))
            asking.sendall(b"GET /healthz HTTP/1.1\r\nHost: parent\r\nConnection: close\r\n\r\n")
            return asking.recv(64).startswith(b"HTTP/1.1 200 ")
    except OSError:  # not there yet, or too busy starting
        return False


def hold_port(host: str, port: int) -> socket.socket:
    """Keep a port, or a free one for 0, for the web processes that this one starts, until the socket is closed.

    They share it with this socket, which takes no connections, as all of them say that they do. Who asks for it alone,
    as another `lingfeng run` does here, is refused from now on and not only once they listen. Raises OSError when
    somebody listens on it or keeps it.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as alone:
        alone.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        alone.bind((host, port))
        alone.listen(1)  # of several that ask at once, one may
        alone.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held = socket.socket(family)
        try:
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            try:
                held.bind(alone.getsockname())
            except OSError:
                # Another program's last connections, which the kernel remembers for a minute. Kept like this, the port
                # is refused to others as soon as the first process listens.
                held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                held.bind(alone.getsockname())
        except OSError:
            held.close()
            raise
    return held
