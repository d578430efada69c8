"""What the demo shows of merchandising: prices that were others before, a batch done, something due, videos."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import msgspec

from commerce.catalogue import DemoRun, DemoStep
from commerce.catalogue.types import Status
from commerce.merchandising import batch_store, demo_store, schedule_store, video_store
from commerce.merchandising.batch import BatchEdit
from commerce.merchandising.batch_run import BatchJob, begin, draw_up, work
from commerce.merchandising.save import Who, current, save
from commerce.merchandising.videos import SHELF
from commerce.staff.store import staff_id_of
from server.clock import now, shanghai
from server.database import Connection
from server.video import Video
from server.videos import read

_TAGGED = ("bottle", "wide-flask", "desk-lamp")
_DUE = ("wide-flask", Status.OFF, 14), ("wide-flask", Status.ON, 15)
_TAG = "冬日常备"
_FILMED = ("bottle", "suitcase", "camp-lantern")


async def add(run: DemoRun) -> None:
    """Give the goods their past and their plans, once."""
    account = next((one.login for one in run.staff if "owner" in one.roles), "admin")
    async with run.app.database.transaction() as connection:
        staff_id = await staff_id_of(connection, account)
        if staff_id is None:
            return
        priced = await demo_store.add_price_history(connection, staff_id)
        who = Who(staff_id=staff_id, shops=None, say=str, agent="demo")
        if not await demo_store.filmed(connection):
            await _film(run, connection, who)
        if await demo_store.begun(connection):
            return
        ids = await demo_store.some_products(connection, _TAGGED)
        if not ids:
            return
        batch_id = await draw_up(connection, ids, BatchEdit(tags_add=[_TAG]), who)
        batch = await batch_store.batch(connection, batch_id, None)
        assert batch is not None  # added in the line above
        await begin(connection, batch, who)
        midnight = shanghai(now()).replace(hour=0, minute=0, second=0, microsecond=0)
        for slug, status, days in _DUE:
            for product_id in await demo_store.some_products(connection, [slug]):
                due_at = midnight + timedelta(days=days)
                await schedule_store.add(connection, product_id, status, due_at, staff_id)
    await work(run.app, BatchJob(batch_id))
    run.say(f"  {priced} price histories, a batch of {len(ids)}, {len(_DUE)} shelf changes to come")


async def _film(run: DemoRun, connection: Connection, who: Who) -> None:
    """Give some of the goods a video, as staff who upload one and save."""
    for slug in _FILMED:
        film = await asyncio.to_thread(_read, slug)
        address = SHELF.address_of(film)
        for product_id in await demo_store.some_products(connection, [slug]):
            await video_store.add(connection, address, len(film.body), film.milliseconds, who.staff_id)
            await SHELF.keep(run.app, film)
            before = await current(connection, product_id, None)
            await save(connection, before, msgspec.structs.replace(before, video=address), who)


def _read(slug: str) -> Video:
    return read(Path(__file__).with_name(f"demo_film_{slug}.webm").read_bytes())


STEP = DemoStep(name="merchandising", position=40, run=add)
