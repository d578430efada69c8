"""Serve the site until a signal says stop, and go without anybody losing what they had in hand."""

from __future__ import annotations

import asyncio
import gc
import resource
import signal
from typing import TYPE_CHECKING

import aiohttp
import structlog
from aiohttp import web

from server.http import sockets
from server.http.protocol import Runner
from server.http.web import web_app

if TYPE_CHECKING:
    from server.application import Application

log = structlog.get_logger("serve")
BACKLOG = 4096
"""Connections that may wait to be accepted: a rush arrives faster than one turn of the loop."""
WHOLE = 26.0
"""Seconds from the signal to the end, the drain included: less than whoever stops us waits (GRACE_SECONDS)."""
HANDLERS = 10.0
"""Seconds for requests that are being handled to end, as long as a route has by itself."""
LINGER = 1.5
"""Seconds in which kept connections are used once more, and closed after the answer instead of before a request."""
_LOOK = 0.25
ASKING = 1.0
"""Seconds for siblings to tell whether they are ready."""


async def serve(app: Application) -> None:
    """Listen where the settings say until SIGTERM or SIGINT; then be unready, send connected clients elsewhere, accept
    nothing more, finish what is in hand, return.

    Several processes may listen on one port: the kernel spreads connections over them. One that has a number listens on
    a unix socket of its own too. Raises SettingsError, OSError.
    """
    _allow_connections()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stop.set)
    # aiohttp waits for this long twice: for handlers to end, and for those that it then cancelled.
    runner = Runner(app, web_app(app), access_log=None, shutdown_timeout=HANDLERS / 2, keepalive_timeout=75)
    with sockets.bound(app.settings) as own:
        await runner.setup()
        # What has been loaded stays to the end. Unfrozen, a full collection reads all of it, and everybody waits.
        gc.collect()
        gc.freeze()
        try:
            # The siblings' door first: who is accepted at the port must be able to be handed on.
            if own is not None:
                await web.SockSite(runner, own, backlog=BACKLOG).start()
            port = web.TCPSite(runner, app.settings.host, app.settings.port, reuse_port=True, backlog=BACKLOG)
            await port.start()
            await stop.wait()
            log.info("stopping")
            await _leave(app, port)
            if own is not None:
                sockets.withdraw(own)  # a proxy goes elsewhere; who has connected already is still accepted
            await _linger(runner)
        finally:
            await runner.cleanup()


def _allow_connections() -> None:
    """A connection is an open file: take as many as the machine lets us, where a shell would give us 1,024."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def _leave(app: Application, port: web.TCPSite) -> None:
    """Send everybody elsewhere. Where a sibling takes over, the port is left to it; else it goes on answering, so that
    whoever asks learns that this process is about to stop."""
    app.leaving = True
    if await _sibling(app):
        await port.stop()
    try:
        async with asyncio.timeout(WHOLE - HANDLERS - LINGER - ASKING):
            await app.leave()
    except TimeoutError:
        log.warning("not everybody was sent elsewhere in time")


async def _linger(runner: Runner) -> None:
    """Wait for open connections to close after their next answer. A proxy that sends a request down one which is being
    closed cannot know whether it was done, and tells its client of a failure."""
    server = runner.server
    assert server is not None
    for step in range(round(LINGER / _LOOK)):
        if step and not server.connections:
            return
        await asyncio.sleep(_LOOK)  # once in any case: somebody may have connected who is not accepted yet


async def _sibling(app: Application) -> bool:
    """Tell whether another web process of this data folder is ready."""
    if not app.settings.worker:
        return False
    others = [
        at
        for number in range(1, sockets.MOST + 1)
        if number != app.settings.worker and (at := sockets.path(app.settings, number)).exists()
    ]
    return any(await asyncio.gather(*(_ready(str(at)) for at in others)))


async def _ready(at: str) -> bool:
    try:
        async with (
            aiohttp.ClientSession(
                connector=aiohttp.UnixConnector(at), timeout=aiohttp.ClientTimeout(total=ASKING)
            ) as client,
            client.get("http://sibling/readyz") as answer,
        ):
            return answer.status == 200
    except (aiohttp.ClientError, OSError, TimeoutError):
        return False
