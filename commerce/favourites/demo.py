"""Favourites and footprints of the demo's members: some cost less by now, one is off the shelf; and a
reminder of what is sold out."""

from __future__ import annotations

import random
from datetime import timedelta

from commerce.catalogue import DemoStep
from commerce.catalogue.demo_steps import DemoRun
from commerce.favourites import demo_store, footprint_store, restock_store
from commerce.favourites.drops import Drop, tell_drop
from commerce.members.store import member_by_phone
from server.clock import now


async def add_favourites(run: DemoRun) -> None:
    """Give each demo member favourites and footprints once, and word of what has become cheaper."""
    chance = random.Random(11)  # the same for every demo
    async with run.app.database.transaction() as connection:
        products = await demo_store.products(connection)
        people = [await member_by_phone(connection, account.login) for account in run.members]
        made = 0
        empty = await demo_store.sold_out(connection)
        cheaper: set[int] = set()
        for person in people:
            if person is None or len(products) < 12 or await demo_store.has_any(connection, person.id):
                continue
            for at, product_id in enumerate(chance.sample(products, 9)):
                # A third was kept before a price cut of a tenth or so.
                raised = chance.choice((8, 12, 20)) if at % 3 == 0 else 0
                await demo_store.keep(connection, person.id, product_id, raised, timedelta(days=at, hours=3))
                if raised and at == 0:
                    cheaper.add(product_id)
                made += 1
            if empty is not None:
                await restock_store.add(connection, person.id, empty)
            seen = chance.sample(products, 12)
            await footprint_store.add(
                connection,
                [(person.id, one, now() - timedelta(hours=7 * at, minutes=11)) for at, one in enumerate(seen)],
            )
    for product_id in sorted(cheaper):
        await tell_drop(run.app, Drop(product_id))
    run.say(f"  {made} favourites")


STEP = DemoStep(name="favourites", position=70, run=add_favourites)
