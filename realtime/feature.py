"""What realtime brings to the application."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

from aiohttp import web

from realtime import api, leaving, notices
from realtime.bus import Bus
from realtime.declared import Lane, Says
from realtime.delivery import Delivery
from realtime.door import PlatformDoor
from realtime.hub import Hub
from realtime.lanes import Lanes
from realtime.rooms import Rooms
from realtime.types import Closed, Ready, VisitorKind
from server.application import Application
from server.ending import end
from server.jobs import Schedule
from server.observe import Metrics

MEMBER = "/member"


def setup(app: Application) -> None:
    """Register rooms, the hub with the namespace ``/member``, and the delivery of notices."""
    url = app.settings.realtime_url or app.settings.redis_url
    rooms = Rooms(app, Bus(url), Lanes(url))
    hub = Hub(app, PlatformDoor(app), rooms, options=leaving.options(app.settings))
    leaving.attach(app, hub)
    delivery = Delivery(app)
    hub.namespace(MEMBER, VisitorKind.GUEST, VisitorKind.MEMBER, opened=delivery.greet, closed=delivery.part)
    hub.on(MEMBER, "sync", delivery.sync)
    hub.says(MEMBER, Says("ready", Ready, Lane.LOSSY), Says("closed", Closed, Lane.LOSSY))
    hub.says(MEMBER, Says("drain", leaving.Drain, Lane.LOSSY))
    app.provide(Rooms, rooms)
    app.provide(Hub, hub)
    app.provide(Delivery, delivery)
    app.add(api.routes)
    app.lifespan(_serve, "web")
    app.extend_web(_drain)
    app.check("realtime", _check)
    app.schedule(Schedule(name="realtime.tidy", every=600, run=notices.tidy))
    metrics = app.resource(Metrics)
    metrics.gauge("connections", "Open Socket.IO connections.", hub.transports, ("transport",))
    metrics.gauge("notices_waiting", "Notices heard and not yet passed on.", lambda: float(delivery.waiting))


def _drain(app: Application, site: web.Application) -> None:
    """Send off whoever is still here before the server waits for its requests to end: a poll is one that does not."""

    async def drain(_: web.Application) -> None:
        await app.resource(Hub).drain(0)

    site.on_shutdown.append(drain)


@contextlib.asynccontextmanager
async def _serve(app: Application) -> AsyncIterator[None]:
    """Run the Socket.IO server, the bus and the delivery of notices; at the end send everybody elsewhere."""
    hub, rooms = app.resource(Hub), app.resource(Rooms)
    await rooms.open()
    tasks = [
        asyncio.create_task(app.resource(Delivery).run(), name="delivery"),
        asyncio.create_task(_evict(app, hub), name="evict"),
    ]
    try:
        yield
    finally:
        await hub.drain(0)
        await end(*tasks)
        await rooms.close()


async def _evict(app: Application, hub: Hub) -> None:
    """Kick, every second, the sockets whose session was revoked (log-out, ban) or has run out."""
    while True:
        await asyncio.sleep(1)
        for at, socket in enumerate(hub.sockets(), 1):
            visitor = socket.visitor
            if visitor.session and (app.sessions.revoked(visitor.session) or visitor.session_ends <= time.time()):
                socket.kick("session_ended")
            if at % 500 == 0:
                await asyncio.sleep(0)


async def _check(app: Application) -> str | None:
    if app.role != "web":
        return None
    missing = []
    if app.resource(Rooms).deaf:
        missing.append("other processes are not heard")
    if not app.resource(Delivery).listening:
        missing.append("PostgreSQL is not listened to")
    return "; ".join(missing) or None
