"""Work out neighbours anew from what people did, and serve them in one step.

The whole of a bounded past is read each time: the sums are decayed by age, so that a part of them would be wrong by
tomorrow, and 100,000 products take seconds. A run is left out while nothing has happened since the last.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
from datetime import timedelta

import msgspec
import numpy as np
import structlog

from commerce.recommendations import run_store, store
from commerce.recommendations.compute import WEIGHTS, Deeds, Goods, Model, Neighbours, Purchases, build
from commerce.recommendations.rank import mixed
from commerce.recommendations.serve import TOPIC
from server.application import Application
from server.clock import now
from server.database import Row

log = structlog.get_logger("recommendations")
DAYS = 90
"""How far back events are read."""
MOST_EVENTS, MOST_ORDERS = 1_000_000, 300_000
REST = timedelta(minutes=15)
"""Between two runs."""
POPULAR = 240
DISMISSED_DAYS = 180
_BATCH = 5000
_HAN, _LATIN = re.compile(r"[\u4e00-\u9fff]{2,}"), re.compile(r"[a-z]{3,}")


class Read(msgspec.Struct, frozen=True):
    """What a run reads: ids by place, what the products are, and what people did."""

    ids: list[int]
    goods: Goods
    sales: list[int]
    deeds: Deeds
    purchases: Purchases
    orders: int


async def work(app: Application) -> None:
    """Run if something has happened since the last run and that was a while ago."""
    async with app.database.connection() as connection:
        last = await run_store.current(connection)
        if last is not None:
            assert last.ended_at is not None  # it is served
            if now() - last.ended_at < REST or not await run_store.news(connection, last.last_event, last.began_at):
                return
    await run(app)


async def tidy(app: Application) -> None:
    """Forget what visitors dismissed who took their consent back, or long ago."""
    async with app.database.connection() as connection:
        await store.tidy(connection, DISMISSED_DAYS)


async def run(app: Application) -> bool:
    """Work out everything and serve it; False when another process is at it."""
    async with app.database.transaction() as lock:
        if not await run_store.alone(lock):
            return False
        async with app.database.connection() as connection:
            await run_store.clear(connection)  # what a run left that did not end
            last_event = await run_store.last_event(connection)
            run_id = await run_store.begin(connection, last_event)
            products = await run_store.products(connection)
            deeds = await run_store.deeds(connection, DAYS, MOST_EVENTS)
            purchases = await run_store.purchases(connection, MOST_ORDERS)
        read, model, popular = await asyncio.to_thread(_worked_out, products, deeds, purchases)
        async with app.database.connection() as connection:
            for rows in _batches(read.ids, model):
                await run_store.put(connection, run_id, rows)
        async with app.database.transaction() as connection:
            await run_store.serve(
                connection, run_id, len(deeds), read.orders, len(read.ids), model.covered, popular, TOPIC
            )
        async with app.database.connection() as connection:
            await run_store.clear(connection)
    log.debug("neighbours worked out", products=len(read.ids), deeds=len(deeds), covered=model.covered)
    return True


def _worked_out(
    products: Sequence[Row], deeds: Sequence[Row], purchases: Sequence[Row]
) -> tuple[Read, Model, list[int]]:
    read = _read(products, deeds, purchases)
    model = build(read.goods, read.deeds, read.purchases)
    return read, model, _popular(read, model)


def _read(products: Sequence[Row], deeds: Sequence[Row], purchases: Sequence[Row]) -> Read:
    """Return rows as numbers; what is about products off the shelf is left out."""
    ids = [row["id"] for row in products]
    place = {product_id: at for at, product_id in enumerate(ids)}
    people: dict[str, int] = {}
    done = [
        (people.setdefault(row["person"], len(people)), place[row["product_id"]], row["age"], WEIGHTS[row["kind"]])
        for row in deeds
        if row["product_id"] in place
    ]
    bought = [
        (people.setdefault(str(row["member_id"]), len(people)), row["order_id"], place[row["product_id"]], row["age"])
        for row in purchases
        if row["product_id"] in place
    ]
    orders = sorted({order_id for _, order_id, _, _ in bought})
    number = {order_id: at for at, order_id in enumerate(orders)}
    done += [(person, product, age, WEIGHTS["order"]) for person, _, product, age in bought]
    return Read(
        ids=ids,
        goods=Goods(
            category=np.array([row["category_id"] for row in products], dtype=np.int64),
            brand=np.array([row["brand_id"] for row in products], dtype=np.int64),
            price=np.array([row["price"] for row in products], dtype=np.float64),
            traits=[row["traits"] for row in products],
            family=np.array([row["family"] for row in products], dtype=np.int64),
            words=[_words(row["title"]) for row in products],
        ),
        sales=[row["sales"] for row in products],
        deeds=Deeds(
            np.array([one[0] for one in done], dtype=np.int64),
            np.array([one[1] for one in done], dtype=np.int64),
            np.array([one[2] for one in done], dtype=np.float64),
            np.array([one[3] for one in done], dtype=np.float64),
        ),
        purchases=Purchases(
            np.array([one[0] for one in bought], dtype=np.int64),
            np.array([number[one[1]] for one in bought], dtype=np.int64),
            np.array([one[2] for one in bought], dtype=np.int64),
            np.array([one[3] for one in bought], dtype=np.float64),
        ),
        orders=len(orders),
    )


def _words(title: str) -> frozenset[str]:
    """Return the parts of a title that two of a kind may share: pairs of ideographs, and Latin words."""
    pairs = (run[at : at + 2] for run in _HAN.findall(title) for at in range(len(run) - 1))
    return frozenset([*pairs, *_LATIN.findall(title.casefold())])


def _popular(read: Read, model: Model) -> list[int]:
    """Return the ids of what everybody buys; where little is known, what has sold the most in all."""
    scores = model.popularity + 0.01 * np.log1p(np.array(read.sales, dtype=np.float64))
    best = [int(one) for one in np.argsort(-scores, kind="stable")[: POPULAR * 3]]
    brand, category = read.goods.brand, read.goods.category
    spread = mixed(best, lambda one: int(brand[one]) if brand[one] >= 0 else None, lambda one: int(category[one]))
    return [read.ids[one] for one in spread[:POPULAR]]


def _batches(ids: Sequence[int], model: Model) -> Iterator[list[tuple[int, str, list[int], list[float]]]]:
    """Yield the rows of all products that have neighbours."""
    for kind, found in (("related", model.related), ("together", model.together), ("also", model.also)):
        for begin in range(0, len(ids), _BATCH):
            rows = [
                (ids[at], kind, [ids[one] for one in near], scores)
                for at in range(begin, min(begin + _BATCH, len(ids)))
                for near, scores in [_near(found, at)]
                if near
            ]
            if rows:
                yield rows


def _near(found: Neighbours, at: int) -> tuple[list[int], list[float]]:
    there = found.ids[at] >= 0
    return found.ids[at][there].tolist(), np.round(found.scores[at][there], 6).tolist()
