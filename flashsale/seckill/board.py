"""The board: sales as shoppers see them, out of a short memory of this process, so that looking costs nothing.

Rows of PostgreSQL are a second old at most, figures of Redis 200 ms. While either is away the last known ones stay.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

import msgspec

from flashsale.gate import Figures, Gate, GateUnavailable, SaleState
from flashsale.seckill import store
from flashsale.seckill.types import Item, ItemState, Phase, StockLevel
from flashsale.seckill.views import ItemView, SalesView, SessionView
from server.clock import now, wire
from server.database import DOWN, Database

ROWS_FOR, FIGURES_FOR = 1.0, 0.2
"""Seconds."""
_ROOM = 4096
T = TypeVar("T")


class Seen(msgspec.Struct, frozen=True):
    """A sale, what the gate last said of it, and its units won but not paid."""

    item: Item
    figures: Figures | None
    units: dict[str, int]


class _Memory(Generic[T]):
    """Values that are asked for again when they are too old, by one caller for all; kept while the source is away."""

    def __init__(self, seconds: float, away: tuple[type[BaseException], ...]) -> None:
        self._seconds = seconds
        self._away = away
        self._known: OrderedDict[int, tuple[float, T]] = OrderedDict()
        self._asking: dict[int, asyncio.Task[T]] = {}

    async def get(self, key: int, ask: Callable[[], Awaitable[T]]) -> T:
        known = self._known.get(key)
        if known is not None and time.monotonic() - known[0] < self._seconds:
            return known[1]
        task = self._asking.get(key)
        if task is None:
            task = self._asking[key] = asyncio.ensure_future(self._ask(key, ask))
            task.add_done_callback(lambda _: self._asking.pop(key, None))
        try:
            return await asyncio.shield(task)
        except self._away:
            if known is None:
                raise
            return known[1]

    def forget(self, key: int) -> None:
        self._known.pop(key, None)

    async def _ask(self, key: int, ask: Callable[[], Awaitable[T]]) -> T:
        began = time.monotonic()
        value = await ask()
        self._known[key] = (began, value)
        self._known.move_to_end(key)
        if len(self._known) > _ROOM:
            self._known.popitem(last=False)
        return value


class Board:
    """What one process shows."""

    def __init__(self, database: Database, gate: Gate) -> None:
        self._database = database
        self._gate = gate
        self._rows: _Memory[Item | None] = _Memory(ROWS_FOR, DOWN)
        self._lists: _Memory[list[Item]] = _Memory(ROWS_FOR, DOWN)
        self._units: _Memory[dict[str, int]] = _Memory(ROWS_FOR, DOWN)
        self._figures: _Memory[Figures | None] = _Memory(FIGURES_FOR, (GateUnavailable,))

    async def seen(self, item_id: int) -> Seen | None:
        """Return a sale that shoppers may see; None for a draft or none at all."""

        async def ask() -> Item | None:
            async with self._database.connection() as connection:
                return await store.item(connection, item_id)

        item = await self._rows.get(item_id, ask)
        if item is None or item.state is ItemState.DRAFT:
            return None
        return await self.look(item)

    async def shown(self) -> list[Seen]:
        """Return the sales that are on, coming or just over, by start."""

        async def ask() -> list[Item]:
            async with self._database.connection() as connection:
                return await store.shown_items(connection)

        items = await self._lists.get(0, ask)
        return await asyncio.gather(*[self.look(item) for item in items])

    async def sales(self) -> SalesView:
        """Return the sales that are on, coming or just over, by window."""
        sessions: dict[tuple[datetime, datetime], list[ItemView]] = {}
        for seen in await self.shown():
            sessions.setdefault((seen.item.starts_at, seen.item.ends_at), []).append(item_view(seen))
        return SalesView(
            server_time=wire(now()),
            sessions=[
                SessionView(starts_at=wire(starts), ends_at=wire(ends), items=views)
                for (starts, ends), views in sorted(sessions.items(), key=lambda pair: pair[0])
            ],
        )

    def forget(self, item_id: int) -> None:
        """Ask again for a sale that this process has just changed."""
        self._rows.forget(item_id)
        self._lists.forget(0)
        self._units.forget(item_id)
        self._figures.forget(item_id)

    async def look(self, item: Item) -> Seen:
        """Return a sale whose row was just read, with what the gate says of it."""
        at = now()
        if item.archived_at is not None or at < item.starts_at - timedelta(seconds=1):
            return Seen(item, None, {})
        try:
            figures = await self._figures.get(item.id, lambda: self._gate.figures(item.id))
        except GateUnavailable:
            figures = None
        if figures is not None and figures.open and figures.available > 0:
            return Seen(item, figures, {})

        async def ask() -> dict[str, int]:
            async with self._database.connection() as connection:
                return await store.unit_sums(connection, item.id)

        return Seen(item, figures, await self._units.get(item.id, ask))


def phase(seen: Seen, at: datetime) -> Phase:
    """Return where a sale stands. The gate knows first what staff have decided; the row stands in for it."""
    item, figures = seen.item, seen.figures
    paused, ended = item.state is ItemState.PAUSED, item.state is ItemState.ENDED
    if figures is not None and figures.terms.revision >= item.rev:
        paused, ended = figures.terms.state is SaleState.PAUSED, figures.terms.state is SaleState.ENDED
    if ended or at >= item.ends_at:
        return Phase.ENDED
    if paused:
        return Phase.PAUSED
    if at < item.starts_at:
        return Phase.UPCOMING
    return Phase.SOLD_OUT if available(seen) <= 0 else Phase.RUNNING


def available(seen: Seen) -> int:
    """Return the units on offer: the gate's figure, or what PostgreSQL has not given away while the gate is away."""
    if seen.figures is not None and not seen.figures.loading:
        return seen.figures.available + seen.figures.parked
    return seen.item.allocated - seen.units.get("held", 0) - seen.units.get("paid", 0)


def stock_level(seen: Seen) -> StockLevel:
    """Return how much is left, in words: low from a fifth of the sale's units down."""
    left = available(seen)
    if left <= 0 or seen.item.state is ItemState.ENDED:
        return StockLevel.OUT
    return StockLevel.LOW if left * 5 <= seen.item.allocated else StockLevel.PLENTY


def taken(seen: Seen) -> int:
    """Return how much is taken, in percent, in steps of five: enough for a bar, too coarse to count units by."""
    left, whole = available(seen), seen.item.allocated
    if left <= 0 or whole <= 0 or seen.item.state is ItemState.ENDED:
        return 100
    return max(0, whole - left) * 20 // whole * 5


def item_view(seen: Seen) -> ItemView:
    """Return a sale as shoppers read it."""
    item, at = seen.item, now()
    where = phase(seen, at)
    return ItemView(
        item_id=str(item.id),
        sku_id=str(item.sku_id),
        product_id=str(item.product_id),
        shop_id=str(item.shop_id),
        title=item.title,
        specs=item.specs,
        picture=item.picture,
        price=item.price,
        list_price=item.list_price,
        limit_per_member=item.limit_per_member,
        pay_within_s=item.pay_within_s,
        starts_at=wire(item.starts_at),
        ends_at=wire(item.ends_at),
        phase=where,
        stock_level=stock_level(seen),
        taken_percent=taken(seen),
        challenge=item.challenge,
        server_time=wire(at),
        unpaid=seen.units.get("held", 0) if where is Phase.SOLD_OUT else msgspec.UNSET,
    )
