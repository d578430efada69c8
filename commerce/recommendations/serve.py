"""Lists as they are served: what neighbours say, without what is gone, sold out, just bought or not wanted."""

from __future__ import annotations

from collections.abc import Container, Sequence
from datetime import datetime

from commerce.behaviour import Shelf, visit_of
from commerce.catalogue import store as catalogue
from commerce.catalogue.types import Card
from commerce.recommendations import store
from commerce.recommendations.rank import TELLS, Candidate, Deed, Near, Seed, candidates, mixed
from commerce.recommendations.types import Basis, Because, Fact, Guess, Person, Pick
from server.clock import now
from server.database import Connection
from server.http import Call, Kind
from server.kept import LASTS, Made

SIZE = 10
"""Products of a page of what somebody may like."""
PAGES = 20
NEAR_ROW = 6
NEAR_LEAST = 3
"""Fewer related goods than so many are filled up with what chance brought."""
JUST_BOUGHT_DAYS = 30.0
"""What was bought within so many days is not recommended."""
TOPIC = "recommendations"
"""The topic that a new run changes (server/kept.py)."""
_PERSONAL = 150


def person_of(call: Call) -> Person:
    """Return whom a list is for; a member with the visitor that they were, and are, in this browser."""
    who, visit = call.identity, visit_of(call)
    return Person(
        member_id=who.id if who is not None and who.kind is Kind.MEMBER else None,
        visitor=visit.visitor if visit is not None else None,
    )


async def guess(call: Call, page: int = 1, moment: datetime | None = None, beside: Container[int] = ()) -> Guess:
    """Return a page of what the caller may like, as of ``moment``: pages of one moment have nothing in common.

    What everybody buys fills the list up without the products that stand ``beside`` it already.
    """
    at = min(moment or store.moment_now(), store.moment_now())
    person = person_of(call)
    call.shows(TOPIC, lasts=0 if person.known else LASTS)
    popular = await _popular(call)
    async with call.database.connection() as connection:
        allowed, left_out, seeds = await _own(connection, person, at)
        found: list[Candidate] = []
        if allowed and seeds:
            found = candidates(seeds, await store.near(connection, _products(seeds)))[:_PERSONAL]
        because = {one.product_id: one for one in found}
        ids = list(dict.fromkeys([*because, *(one for one in popular if one not in beside)]))
        ids = [one for one in ids if one not in left_out]
        if not seeds or not allowed:
            # The same for everybody: mixed when it was worked out, and looked at again only as it is shown.
            basis = Basis.POPULAR if allowed else Basis.OFF
            call.shows(*(f"product:{one}" for one in _page(ids, page)))
            return Guess(
                picks=[Pick(card=card) for card in _to_be_had(await catalogue.cards(connection, _page(ids, page)))],
                basis=basis,
                page=page,
                more=_goes_on(ids, page),
                moment=at,
            )
        facts = await store.facts(connection, [*ids, *_products(seeds)])
        ids = _ordered(ids, facts)
        cards = await catalogue.cards(connection, _page(ids, page))
    return Guess(
        picks=[Pick(card=card, because=_because(because.get(card.id), card.id, facts)) for card in cards],
        basis=Basis.PERSONAL,
        page=page,
        more=_goes_on(ids, page),
        moment=at,
    )


def _page(ids: Sequence[int], page: int) -> Sequence[int]:
    return ids[(page - 1) * SIZE : page * SIZE]


def _goes_on(ids: Sequence[int], page: int) -> bool:
    return page < PAGES and len(ids) > page * SIZE


def _to_be_had(cards: Sequence[Card]) -> Sequence[Card]:
    """Return the cards of what is not sold out, all of them where everything is."""
    return [card for card in cards if card.free > 0] or cards


def _products(seeds: Sequence[Seed]) -> list[int]:
    return list(dict.fromkeys(seed.product_id for seed in seeds))


async def _popular(call: Call) -> list[int]:
    """Return what everybody buys by the current run, the most first, without what is sold out if there is enough else.

    What is there is up to half a minute old: whoever shows it looks again.
    """

    async def make() -> Made[list[int]]:
        async with call.database.connection() as connection:
            ids = await store.popular(connection)
            there, gone = _parted(ids, await store.facts(connection, ids))
        return Made(there if len(there) >= SIZE else [*there, *gone], frozenset({TOPIC}), size=10_000)

    return await call.app.kept.find((TOPIC, "popular"), make)


async def _own(connection: Connection, person: Person, at: datetime) -> tuple[bool, set[int], list[Seed]]:
    """Return whether the list may be personal, what it leaves out, and what it goes by."""
    if not person.known:
        return True, set(), []
    allowed, left_out, seeds = await store.own(connection, person, at)
    bought = {seed.product_id for seed in seeds if seed.deed is Deed.BOUGHT and seed.age < JUST_BOUGHT_DAYS}
    return allowed, left_out | bought, seeds


def _ordered(ids: Sequence[int], facts: dict[int, Fact]) -> list[int]:
    """Return those that are on the shelf, the sold out last, with no brand or category crowding the others out."""
    there, gone = _parted(ids, facts)
    spread = mixed(there, lambda one: facts[one].brand_id, lambda one: facts[one].category_id)
    return spread if len(spread) >= SIZE else [*spread, *gone]


def _parted(ids: Sequence[int], facts: dict[int, Fact]) -> tuple[list[int], list[int]]:
    """Return those that are on the shelf: what is there to be bought, and what is sold out."""
    there = [one for one in ids if one in facts and facts[one].there]
    return there, [one for one in ids if one in facts and not facts[one].there]


def _because(found: Candidate | None, product_id: int, facts: dict[int, Fact]) -> Because | None:
    """Return the reason that a card names: where it is of the same family, or much speaks for it, else none."""
    seed = found.because if found is not None else None
    if found is None or seed is None or seed.product_id not in facts or product_id not in facts:
        return None
    if found.near < TELLS and facts[seed.product_id].family != facts[product_id].family:
        return None
    return Because(deed=seed.deed, product_id=seed.product_id, title=facts[seed.product_id].title)


def _of_kin(pairs: Sequence[tuple[int, float]], product_id: int, facts: dict[int, Fact]) -> Sequence[tuple[int, float]]:
    """Return what is related with its own kind first, then the family, then what many look at with it.

    What hardly anybody does is left out where that leaves enough: chance brings together a kettle and an umbrella.
    """
    own = facts.get(product_id)
    if own is None:
        return pairs
    known = [pair for pair in pairs if pair[0] in facts]
    kind = [pair for pair in known if facts[pair[0]].category_id == own.category_id]
    family = [pair for pair in known if pair not in kind and facts[pair[0]].family == own.family]
    others = [pair for pair in known if pair not in kind and pair not in family]
    brand = [pair for pair in others if own.brand_id is not None and facts[pair[0]].brand_id == own.brand_id]
    strong = [pair for pair in others if pair not in brand and pair[1] >= TELLS]
    found = [*kind, *family, *strong, *brand]
    return found if len(found) >= NEAR_LEAST else [*found, *(pair for pair in others if pair not in found)]


async def near(call: Call, product_id: int, most: int = NEAR_ROW) -> dict[Shelf, list[Pick]]:
    """Return what is near a product, in lists that have nothing in common; empty before the first run.

    Guests all see the same; a member sees nothing that they have just bought or sent away.
    """
    person = person_of(call)
    async with call.database.connection() as connection:
        found = (await store.near(connection, [product_id])).get(product_id, Near())
        left_out = {product_id}
        if person.member_id is not None:
            left_out |= (await _own(connection, person, now()))[1]
        wanted = [one for one, _ in (*found.together, *found.also, *found.related) if one not in left_out]
        cards = {card.id: card for card in await catalogue.cards(connection, list(dict.fromkeys(wanted)))}
        related = _of_kin(found.related, product_id, await store.facts(connection, [product_id, *cards]))
    call.shows(TOPIC, *(f"product:{one}" for one in wanted))
    made: dict[Shelf, list[Pick]] = {}
    for shelf, pairs in ((Shelf.TOGETHER, found.together), (Shelf.ALSO, found.also), (Shelf.RELATED, related)):
        there = [cards[one] for one, _ in pairs if one in cards and one not in left_out]
        picked = _to_be_had(there)[:most]
        left_out |= {card.id for card in picked}
        made[shelf] = [Pick(card=card) for card in picked]
    return made
