"""Tell members that what they keep costs less: once a day for a product, and then only below what they were told."""

from __future__ import annotations

import time
from collections.abc import Mapping

import msgspec

from commerce.catalogue.types import ProductChanged, ProductPut
from commerce.favourites import store
from commerce.messages import Category, MessageKind, Telling, Way, tell_all
from server.application import Application
from server.database import Connection
from server.jobs import Job, enqueue
from server.money import amount


async def _still(connection: Connection, values: Mapping[str, str]) -> bool:
    """Tell whether a product costs no more than its member is about to be told: they may have slept meanwhile."""
    price = await store.price(connection, int(values["product_id"]))
    return price is not None and price <= int(values["fen"])


DROPPED = MessageKind(
    code="favourites.dropped",
    category=Category.PROMOTION,
    title="收藏的商品降价了",
    text="你收藏的《{title}》降价了 ¥{before} → ¥{now}",
    ways=(Way.SMS, Way.EMAIL),
    switch="收藏的商品降价",
    example={"title": "山行 316 不锈钢保温杯 500ml", "before": "129.00", "now": "99.00"},
    still=_still,
)
TELL = "favourites.tell_drop"
REST_S = 86_400.0
"""Seconds between two messages to one member about one product."""
AT_ONCE = 200


class Drop(msgspec.Struct, frozen=True):
    """The job that tells those who keep a product."""

    product_id: int


async def changed(app: Application, connection: Connection, event: ProductChanged | ProductPut, event_id: int) -> None:
    """Look at a product's price after it changed, or came back to the shelf, if anybody keeps it."""
    if await store.wanted(connection, event.product_id):
        await enqueue(connection, TELL, Drop(event.product_id))


async def tell_drop(app: Application, job: Drop) -> None:
    """Tell all who keep the product and know a higher price; look again when those who heard today may hear more."""
    while True:
        async with app.database.transaction() as connection:
            price = await store.price(connection, job.product_id)
            if price is None:
                return
            due = await store.take_due(connection, job.product_id, price, REST_S, AT_ONCE)
            title, picture = await store.title(connection, job.product_id)
            asked = {"product_id": str(job.product_id), "fen": str(price)}
            tellings = [
                Telling(
                    member_id=one.member_id,
                    values={"title": title, "before": amount(one.before), "now": amount(price)} | asked,
                    link=f"/products/{job.product_id}",
                    picture=picture,
                )
                for one in due
            ]
            await tell_all(connection, DROPPED, tellings)
            if len(due) < AT_ONCE:
                wait = await store.next_due(connection, job.product_id, price, REST_S)
                if wait is not None:
                    # Named by its hour: the job that runs now has a name of its own and hides no later one.
                    name = f"{TELL}:{job.product_id}:{int((time.time() + wait) // 3600)}"
                    await enqueue(connection, TELL, job, delay=max(1.0, wait), dedupe=name)
                return


JOB = Job(name=TELL, payload=Drop, run=tell_drop, timeout=600)
