"""Plugs flash sales into the application."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from commerce.catalogue import DemoSteps, HomeBlocks, ProductBlocks
from commerce.members.belongings import Belongings
from commerce.messages import Messages
from commerce.orders import Sources
from commerce.staff import Tiles
from flashsale.gate import Gate
from flashsale.seckill import api, belonging_store, demo, demo_shoppers, desk_pages, events, gauges, pages, reminders
from flashsale.seckill.attempt import Attempts
from flashsale.seckill.board import Board
from flashsale.seckill.commands import COMMANDS
from flashsale.seckill.jobs import schedules
from flashsale.seckill.news import SAID
from flashsale.seckill.source import NAME, SaleSource
from flashsale.seckill.tally import Tally
from flashsale.seckill.tickets import Tickets
from flashsale.seckill.verify import Platform
from realtime import Hub, Rooms
from server.application import Application
from server.ending import end


def setup(app: Application) -> None:
    """Add routes, schedules, commands, the orders' source and the sale rooms."""
    gate = Gate.at(app.settings.redis_url)
    app.provide(Gate, gate)
    app.provide(Tickets, Tickets(app.settings.secret))
    app.provide(Board, Board(app.database, gate))
    app.provide(Tally, Tally(app.database))
    app.provide(Platform, Platform(app))
    app.resource(Sources).register(NAME, SaleSource())
    app.resource(Messages).kind(reminders.SOON)
    app.add(api.routes, api.backoffice, pages.routes, reminders.routes, desk_pages.routes)
    app.resource(Belongings).add(belonging_store.BELONGING)
    app.resource(Tiles).add(desk_pages.TILE)
    app.resource(HomeBlocks).add(pages.HOME)
    app.resource(ProductBlocks).add(pages.PRODUCT)
    app.resource(DemoSteps).add(demo.STEP)
    app.resource(DemoSteps).add(demo_shoppers.STEP)
    for schedule in (*schedules(), reminders.SCHEDULE):
        app.schedule(schedule)
    for command in COMMANDS:
        app.command(command)
    hub, rooms = app.resource(Hub), app.resource(Rooms)
    hub.on("/member", "watch", events.watch)
    hub.on("/member", "unwatch", events.unwatch)
    hub.says("/member", *SAID)

    async def after_gap(room: str) -> None:
        await events.after_gap(app, room)

    rooms.after_gap("sale:", after_gap)
    gauges.of_gate(app, gate)
    app.lifespan(_gate)
    app.lifespan(_desk, "web")


@contextlib.asynccontextmanager
async def _gate(app: Application) -> AsyncIterator[None]:
    try:
        yield
    finally:
        await app.resource(Gate).close()


@contextlib.asynccontextmanager
async def _desk(app: Application) -> AsyncIterator[None]:
    tally = app.resource(Tally)
    attempts = Attempts(app, app.resource(Gate), app.resource(Tickets), tally)
    app.provide(Attempts, attempts)
    gauges.of_attempts(app, attempts, tally)
    flushing = asyncio.create_task(tally.run())
    try:
        yield
    finally:
        await end(flushing)
        await attempts.close()
        await tally.flush()
