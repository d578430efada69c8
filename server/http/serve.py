"""Serve the site until a signal says stop."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

from aiohttp import web

from server.http.protocol import Runner
from server.http.web import web_app

if TYPE_CHECKING:
    from server.application import Application

BACKLOG = 4096
"""Connections that may wait to be accepted: a rush arrives faster than one turn of the loop."""
DRAIN_SECONDS = 20.0


async def serve(app: Application) -> None:
    """Listen where the settings say; at SIGTERM or SIGINT accept nothing more, finish what is in hand, return.

    Several processes may listen on one port: the kernel spreads connections over them.
    """
    stop = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    runner = Runner(app, web_app(app), access_log=None, shutdown_timeout=DRAIN_SECONDS, keepalive_timeout=75)
    await runner.setup()
    try:
        await web.TCPSite(runner, app.settings.host, app.settings.port, reuse_port=True, backlog=BACKLOG).start()
        await stop.wait()
    finally:
        await runner.cleanup()
