"""What the worker does for flash sales, again and again; all of it is harmless when two do it at once."""

from __future__ import annotations

import structlog

from flashsale.gate import Gate, GateUnavailable
from flashsale.seckill import announce, recover, release, rewin, store
from flashsale.seckill.events import Herald
from flashsale.seckill.rebuild import Keeper
from server.application import Application
from server.jobs import Schedule

log = structlog.get_logger("flashsale")


async def drain_releases(app: Application) -> None:
    """Have Redis give back what PostgreSQL has given up."""
    await release.drain(app)


async def expire(app: Application) -> None:
    """Expire holds past their deadline that nobody has begun to pay."""
    await release.sweep_unasked(app)


async def expire_asking(app: Application) -> None:
    """Expire holds past their deadline whose gateway has to be asked; a slow one holds up none of the others."""
    await release.sweep_asking(app)


async def announce_orders(app: Application) -> None:
    """Tell members of their new orders."""
    await announce.sweep(app)


async def settle_journal(app: Application) -> None:
    """Settle what dead processes have admitted."""
    await recover.sweep(app)


async def decide_late(app: Application) -> None:
    """Decide about late payments."""
    await rewin.sweep(app)


async def end_due(app: Application) -> None:
    """End the sales whose window is over; the keeper trims them."""
    async with app.database.connection() as connection:
        for item_id in await store.end_due(connection):
            log.debug("sale over", item=item_id)


async def archive(app: Application) -> None:
    """Delete the gates of sales that ended a day ago, and old figures."""
    async with app.database.connection() as connection:
        done = await store.archivable(connection)
        await store.forget_figures(connection)
    for item_id in done:
        try:
            # Under the item's lock: a rebuild would otherwise bring back what has just been deleted, for ever.
            async with app.database.transaction() as connection:
                item = await store.lock_item(connection, item_id)
                if item is not None and await app.resource(Gate).archive(item_id, item.epoch):
                    await store.archive(connection, item_id)
        except GateUnavailable as error:
            log.info("archive waits", item=item_id, error=error.reason)


def schedules() -> list[Schedule]:
    """Return the worker's schedules."""
    keeper, herald = Keeper(), Herald()

    async def keep(app: Application) -> None:
        await keeper.sweep(app)

    async def tell(app: Application) -> None:
        await herald.sweep(app)

    return [
        Schedule(name="flashsale.keep", every=0.5, run=keep),
        Schedule(name="flashsale.tell", every=0.25, run=tell),
        Schedule(name="flashsale.announce", every=0.3, run=announce_orders),
        Schedule(name="flashsale.expire", every=0.5, run=expire),
        Schedule(name="flashsale.expire_asking", every=0.5, run=expire_asking),
        Schedule(name="flashsale.releases", every=0.5, run=drain_releases),
        Schedule(name="flashsale.journal", every=1.0, run=settle_journal),
        Schedule(name="flashsale.late", every=0.5, run=decide_late),
        Schedule(name="flashsale.end", every=1.0, run=end_due),
        Schedule(name="flashsale.archive", every=3600.0, run=archive),
    ]
