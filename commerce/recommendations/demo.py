"""What visitors and members of the demo did, so that lists have something to go by, and the first run over it."""

from __future__ import annotations

import random
from datetime import timedelta
from uuid import UUID

from commerce.behaviour import Favoured, Viewed, Visit
from commerce.behaviour import store as behaviour
from commerce.behaviour.log import Noted
from commerce.catalogue import DemoRun, DemoStep
from commerce.members.store import member_by_phone
from commerce.recommendations import demo_store, run_store
from commerce.recommendations.run import run as work_out
from server.clock import now

LEANINGS = (
    "tent camp-chair camp-lantern sleeping-bag cookset headlamp bottle",
    "hiking-pack trekking-poles hiking-boot rain-jacket headlamp wide-flask cap",
    "shoe yoga-mat dumbbell bottle watch earbuds towels",
    "headphones earbuds speaker bookshelf-speakers laptop phone",
    "phone fold-phone tablet power-bank charger earbuds watch",
    "laptop keyboard mouse monitor desk-lamp backpack charger",
    "camera projector bookshelf-speakers tablet suitcase",
    "rice-cooker air-fryer dutch-oven knife bowls",
    "tea-set tea-tin tea-box honey nuts kettle",
    "kettle coffee-beans tumbler nuts desk-lamp",
    "duvet towels basket desk-lamp bowls toy-car",
    "lipstick serum cream dress towels umbrella",
    "suitcase duffel backpack umbrella power-bank tumbler",
    "strawberries oranges nuts honey knife",
)
"""What is looked at together, by the slugs of the demo's products."""
VISITORS = 320
_DAYS = 45


async def add_behaviour(run: DemoRun) -> None:
    """Let visitors look around once, and some members of late; then work neighbours out where nobody has."""
    chance = random.Random(23)  # the same for every demo
    async with run.app.database.transaction() as connection:
        products = await demo_store.products(connection, " ".join(LEANINGS).split())
        leanings = [[products[slug] for slug in words.split() if slug in products] for words in LEANINGS]
        leanings = [ids for ids in leanings if ids]
        if leanings and not await demo_store.any_events(connection):
            events = [event for _ in range(VISITORS) for event in _visitor(chance, leanings)]
            for at, account in enumerate(run.members[:8]):
                member = await member_by_phone(connection, account.login)
                if member is not None:
                    await demo_store.agree(connection, member.id)
                    visit = Visit(visitor=None, visit_id=None, member_id=member.id)
                    events += _looked(chance, visit, leanings[at * 3 % len(leanings)], 6, 4)
            written = await behaviour.add(connection, sorted(events, key=lambda event: event.at))
            run.say(f"  {written} events of behaviour")
    async with run.app.database.connection() as connection:
        served = await run_store.current(connection)
    if served is None and await work_out(run.app):
        async with run.app.database.connection() as connection:
            served = await run_store.current(connection)
        assert served is not None  # it has just been worked out
        run.say(f"  neighbours of {served.covered} products")


def _visitor(chance: random.Random, leanings: list[list[int]]) -> list[Noted]:
    visit = Visit(visitor=UUID(int=chance.getrandbits(128), version=4), visit_id=None, member_id=None)
    events = []
    for leaning in chance.sample(leanings, chance.choice((1, 1, 2))):
        events += _looked(chance, visit, leaning, chance.randint(2, 5), _DAYS)
    if chance.random() < 0.3:
        events += _looked(chance, visit, [one for each in leanings for one in each], 1, _DAYS)
    return events


def _looked(chance: random.Random, visit: Visit, ids: list[int], most: int, days: int) -> list[Noted]:
    """Return what somebody looked at within one sitting, and perhaps kept."""
    began = now() - timedelta(days=chance.uniform(0.05, days))
    events = []
    for at, product_id in enumerate(chance.sample(ids, min(most, len(ids)))):
        moment = began + timedelta(seconds=40 * at + chance.random() * 20)
        events.append(Noted(at=moment, visit=visit, what=Viewed(product_id=product_id)))
        if chance.random() < 0.08:
            events.append(Noted(at=moment + timedelta(seconds=9), visit=visit, what=Favoured(product_id=product_id)))
    return events


STEP = DemoStep(name="behaviour", position=80, run=add_behaviour)
