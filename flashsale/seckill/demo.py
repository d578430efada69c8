"""The demo's sales: what is on this hour, one that starts in a few minutes, and sessions on the coming hours.

A run adds the sessions that are missing and nothing else, so that it may run every few minutes; what is over ends by
itself like any other sale.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec
import structlog

from commerce import stock
from commerce.catalogue import DemoRun, DemoStep
from commerce.catalogue.demo.content_sales import SALES
from commerce.catalogue.sku_store import skus_by_code
from flashsale.seckill import plan, store
from flashsale.seckill.types import Challenge
from flashsale.seckill.views import NewItem
from server.application import Application
from server.clock import now, shanghai
from server.errors import Problem
from server.http.session import Identity, Kind

log = structlog.get_logger("demo")
NOBODY = Identity(kind=Kind.STAFF, id=0, name="", permissions=frozenset({"*"}))
"""Who plans them. No staff has the id 0: by it a run knows what earlier runs have made."""
EACH = 4
"""Sales in a session."""
_CHALLENGES = (Challenge.NONE, Challenge.POW, Challenge.CAPTCHA, Challenge.NONE)
_EVENING = (10, 12, 14, 16, 18, 20, 22)
_FREE = 5000
"""Units that stay free for whoever plans sales of their own."""


class Slot(msgspec.Struct, frozen=True):
    """A session to have: its window and which suggestions it sells."""

    starts_at: datetime
    ends_at: datetime
    picks: tuple[int, ...]
    units: int = 0
    """Units of each sale; 0: as suggested."""
    pay_within_s: int = 600


def slots(at: datetime) -> Iterator[Slot]:
    """Return the sessions that the demo has at ``at``, without the one that starts in a few minutes."""
    hour = shanghai(at).replace(minute=0, second=0, microsecond=0)
    starts = [hour, hour + timedelta(hours=1), hour + timedelta(hours=2)]
    later = [hour.replace(hour=h) for h in _EVENING if hour.replace(hour=h) > starts[-1]]
    tomorrow = (hour + timedelta(days=1)).replace(hour=0)
    starts += [*later[-1:], *(tomorrow.replace(hour=h) for h in (10, 20))]
    for start in dict.fromkeys(starts):
        first = start.timetuple().tm_yday * 24 + start.hour
        picks = tuple((first * EACH + n) % len(SALES) for n in range(EACH))
        yield Slot(start, start + timedelta(hours=1), picks)


def soon(at: datetime) -> Slot:
    """Return the short session that starts in about three minutes, so that a visitor sees one begin."""
    start = at.replace(second=0, microsecond=0) + timedelta(minutes=3 if at.second < 30 else 4)
    return Slot(start, start + timedelta(minutes=12), (start.minute // 4 % len(SALES),), units=30, pay_within_s=180)


async def add_sales(run: DemoRun) -> None:
    """Plan and publish what is missing."""
    app, at = run.app, now()
    async with app.database.connection() as connection:
        skus = await skus_by_code(connection, [sale.sku for sale in SALES])
        known = [item for item in await store.live_items(connection) if item.created_by == NOBODY.id]
    have = {item.starts_at for item in known if item.ends_at > at}
    wanted = [slot for slot in slots(at) if slot.starts_at not in have]
    if not any(item.ends_at > at and item.ends_at - item.starts_at < timedelta(hours=1) for item in known):
        wanted.append(soon(at))
    made = 0
    for slot in wanted:
        for place, pick in enumerate(slot.picks):
            sale = SALES[pick]
            if sale.sku in skus:
                made += await _add(app, slot, place, pick, skus[sale.sku])
    run.say(f"  {made} flash sales added, {len(known)} were there")


async def _add(app: Application, slot: Slot, place: int, pick: int, sku_id: int) -> bool:
    sale = SALES[pick]
    quantity = slot.units or sale.quantity
    body = NewItem(
        sku_id=str(sku_id),
        title=sale.title,
        price=sale.price,
        quantity=quantity,
        limit_per_member=min(sale.limit, quantity),
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        pay_within_s=slot.pay_within_s,
        challenge=_CHALLENGES[place % len(_CHALLENGES)],
    )
    try:
        async with app.database.transaction() as connection:
            free = (await stock.free(connection, [sku_id]))[sku_id]
            if free < _FREE + quantity:
                await stock.receive(connection, sku_id, _FREE + quantity - free, "demo", "system")
            item = await plan.create(connection, body, NOBODY)
        await plan.publish(app, item.id, NOBODY)
    except Problem as problem:
        # Somebody has changed the demo's goods, for instance taken one off the shelf.
        log.warning("no demo sale", sku=sale.sku, code=problem.code, field=problem.field)
        return False
    return True


STEP = DemoStep(name="flash sales", position=50, run=add_sales, refresh=True)
