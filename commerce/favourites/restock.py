"""Tell members that what was sold out is there again: each once, and nobody who would find nothing.

Whoever changes a product by hand is heard of at once. What gives units back otherwise (orders that are cancelled,
holds that run out, sales that end) is found by looking every half minute, so that the paths on which people buy do
nothing for this; so is whatever a look under way at the same moment missed. Who is told is noted in the transaction
that tells them, and a look that finds the units gone again leaves the rest waiting.
"""

from __future__ import annotations

import msgspec

from commerce.catalogue.types import ProductChanged, ProductPut
from commerce.favourites import restock_store as store
from commerce.favourites.restock_types import MOST, TOLD_DAYS, InStock, TooManyReminders
from commerce.messages import Category, MessageKind, Telling, Way, tell_all
from server.application import Application
from server.database import Connection
from server.errors import NotFound
from server.jobs import Job, Schedule, enqueue
from server.money import amount

BACK = MessageKind(
    code="favourites.restocked",
    category=Category.SERVICE,
    title="你等的商品到货了",
    text="《{title}》到货了，¥{price}，数量有限",
    ways=(Way.SMS, Way.EMAIL),
    switch="到货提醒",
    example={"title": "山行 316 不锈钢保温杯 松·500ml", "price": "129.00"},
)
TELL = "favourites.tell_restocked"
AT_ONCE = 200
EVERY_S = 30.0
MOST_DUE = 500
"""Products that one look finds; those after them are found by the next."""


class Restocked(msgspec.Struct, frozen=True):
    """The job that tells those who wait for the SKUs of a product."""

    product_id: int


async def remind(connection: Connection, member_id: int, sku_id: int) -> None:
    """Have a member told once when a SKU is there again; again is no change.

    Locks the member. Raises NotFound off the shelf, InStock, TooManyReminders.
    """
    empty = await store.can_wait(connection, sku_id)
    if empty is None:
        raise NotFound
    if not empty:
        raise InStock
    await store.lock_member(connection, member_id)
    if await store.add(connection, member_id, sku_id) and await store.waiting(connection, member_id) > MOST:
        raise TooManyReminders(most=MOST)


async def changed(app: Application, connection: Connection, event: ProductChanged | ProductPut, event_id: int) -> None:
    """Look at a product after it changed, or came back to the shelf, if anybody waits for a SKU of it."""
    if await store.wanted(connection, event.product_id):
        await _later(connection, event.product_id)


async def look(app: Application) -> None:
    """Have those told who wait for something that is there."""
    async with app.database.transaction() as connection:
        for product_id in await store.due(connection, MOST_DUE):
            await _later(connection, product_id)


async def _later(connection: Connection, product_id: int) -> None:
    await enqueue(connection, TELL, Restocked(product_id), dedupe=f"{TELL}:{product_id}")


async def tell_restocked(app: Application, job: Restocked) -> None:
    """Tell all who wait for the SKUs of a product that are there, in batches, for as long as they are."""
    async with app.database.connection() as connection:
        awaited = await store.awaited(connection, job.product_id)
    for sku_id in awaited:
        while await _tell_some(app, sku_id) == AT_ONCE:
            pass


async def _tell_some(app: Application, sku_id: int) -> int:
    """Tell a batch of those who wait for a SKU if some of it is there, and return how many that were."""
    async with app.database.transaction() as connection:
        offer = await store.offer(connection, sku_id)
        if offer is None:
            return 0
        waiting = await store.take(connection, sku_id, AT_ONCE)
        tellings = [
            Telling(
                member_id=one.member_id,
                values={"title": offer.name, "price": amount(offer.price)},
                link=f"/products/{offer.product_id}?sku={sku_id}",
                picture=offer.picture,
                dedupe=f"restock:{sku_id}:{one.asked_at.isoformat()}",
            )
            for one in waiting
        ]
        await tell_all(connection, BACK, tellings)
    return len(waiting)


async def tidy(app: Application) -> None:
    """Remove reminders that were sent long ago."""
    async with app.database.connection() as connection:
        await store.tidy(connection, TOLD_DAYS)


JOB = Job(name=TELL, payload=Restocked, run=tell_restocked, timeout=600)
LOOK = Schedule(name="favourites.restocked", every=EVERY_S, run=look)
TIDY = Schedule(name="favourites.restock_tidy", every=3600, run=tidy)
