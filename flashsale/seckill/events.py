"""Sale rooms: `watch` and `unwatch` of shoppers, and the news that a sale's phase or stock level has changed."""

from __future__ import annotations

from datetime import timedelta

import structlog

from flashsale.seckill import store
from flashsale.seckill.board import Board, Seen, item_view, phase, stock_level, taken
from flashsale.seckill.news import SaleTold
from flashsale.seckill.types import Phase, StockLevel
from flashsale.seckill.views import ItemView
from realtime import Rooms, Socket
from server.application import Application
from server.clock import now, wire
from server.errors import NotFound
from server.http.bodies import Body, Id

log = structlog.get_logger("rooms")
EVENT = "flash_sale"


class Watch(Body, frozen=True, kw_only=True):
    """Which sale to watch."""

    item_id: Id


def room(item_id: int) -> str:
    """Return the name of a sale's room."""
    return f"sale:{item_id}"


def news(seen: Seen) -> SaleTold:
    """Return what a room hears."""
    at = now()
    return SaleTold(str(seen.item.id), phase(seen, at), stock_level(seen), taken(seen), wire(at))


async def watch(app: Application, socket: Socket, body: Watch) -> ItemView:
    """Join a sale's room and return the sale as it is now. Raises NotFound."""
    seen = await app.resource(Board).seen(int(body.item_id))
    if seen is None:
        raise NotFound
    await socket.join(room(seen.item.id))
    # Looked at again after joining: what changed in between would otherwise be heard by nobody.
    return item_view(await app.resource(Board).seen(seen.item.id) or seen)


def unwatch(app: Application, socket: Socket, body: Watch) -> None:
    """Leave a sale's room."""
    socket.leave(room(int(body.item_id)))


async def after_gap(app: Application, name: str) -> None:
    """Tell a room of this process how its sale stands, as news may have been missed."""
    seen = await app.resource(Board).seen(int(name.partition(":")[2]))
    if seen is not None:
        await app.resource(Rooms).publish_here(name, EVENT, news(seen))


class Herald:
    """Tells rooms what has changed. Each worker has one; news told twice are no harm."""

    def __init__(self) -> None:
        self._told: dict[int, tuple[Phase, StockLevel]] = {}

    async def sweep(self, app: Application) -> None:
        """Look at the live sales and tell their rooms of changes."""
        async with app.database.connection() as connection:
            items = await store.live_items(connection)
        at = now()
        for item in items:
            if item.starts_at > at + timedelta(minutes=1) or item.ends_at < at - timedelta(minutes=5):
                continue
            seen = await app.resource(Board).seen(item.id)
            if seen is None:
                continue
            state = phase(seen, now()), stock_level(seen)
            # Told at first sight too: somebody may have been watching before this worker looked, or while none did.
            if self._told.get(item.id) != state:
                await app.resource(Rooms).publish(room(item.id), EVENT, news(seen))
            self._told[item.id] = state
        self._told = {item.id: self._told[item.id] for item in items if item.id in self._told}
