"""From what somebody did to what they may like: pure rules, used by the pages and by the evaluation alike."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum

import msgspec

SEEDS = 40
"""What somebody did last that counts."""
WINDOW = 10
"""Among so many in a row, at most so many of one brand and one category."""
OF_BRAND, OF_CATEGORY = 3, 4
KNOWN_IN_A_ROW = 2
"""How many products that somebody has looked at may follow each other."""
MEMORY_DAYS = 20.0
"""After so many days what somebody did counts half for their own list: they want other things sooner than the shop
changes."""


class Deed(StrEnum):
    """What somebody did with a product."""

    VIEWED = "viewed"
    KEPT = "kept"
    BOUGHT = "bought"


_WORTH = {Deed.VIEWED: 1.0, Deed.KEPT: 2.0, Deed.BOUGHT: 2.0}
_RELATED = {Deed.VIEWED: 1.0, Deed.KEPT: 1.0, Deed.BOUGHT: 0.4}
"""How much what is near counts: who has just bought a phone wants no second one."""
_BOUGHT_WITH = {Deed.VIEWED: 0.1, Deed.KEPT: 0.2, Deed.BOUGHT: 1.5}
_AGAIN = {Deed.VIEWED: 0.8, Deed.KEPT: 0.0, Deed.BOUGHT: 0.0}
"""How much something looked at is worth being shown itself. What is kept has a list of its own."""
OFTEN = 3.0
"""How much more so by each time, as a logarithm: what somebody comes back to is what they buy."""
TELLS = 0.8
"""How near something of another family has to be to be told as the reason, or shown as related."""
ONE_LOOK_DAYS = 0.5 / 24
"""What was looked at again within so many days is the same look: a page loaded anew says nothing."""


class Seed(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was done with a product, ``age`` days ago."""

    product_id: int
    deed: Deed
    age: float


class Near(msgspec.Struct, frozen=True, kw_only=True):
    """What is near a product: ids with how near they are."""

    related: Sequence[tuple[int, float]] = ()
    together: Sequence[tuple[int, float]] = ()
    also: Sequence[tuple[int, float]] = ()


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """Something that may be liked, the seed that says so most, and how near it is to that."""

    product_id: int
    score: float
    because: Seed | None
    near: float


def candidates(seeds: Iterable[Seed], near: Mapping[int, Near]) -> list[Candidate]:
    """Return what somebody may like who did all that, the likeliest first."""
    best: dict[int, tuple[float, Seed, float]] = {}
    scores: dict[int, float] = {}
    strongest: dict[tuple[int, Deed], Seed] = {}
    latest = sorted(seeds, key=lambda one: one.age)[: SEEDS * 3]
    for seed in latest:
        strongest.setdefault((seed.product_id, seed.deed), seed)
    times = _looks(latest)
    for seed in list(strongest.values())[:SEEDS]:
        worth = _WORTH[seed.deed] * 2.0 ** (-max(seed.age, 0.0) / MEMORY_DAYS)
        found = near.get(seed.product_id, Near())
        told = [(one, worth * _RELATED[seed.deed] * score, score) for one, score in found.related]
        told += [(one, worth * _BOUGHT_WITH[seed.deed] * score, score) for one, score in (*found.together, *found.also)]
        if _AGAIN[seed.deed]:
            often = 1.0 + OFTEN * math.log(times[seed.product_id])
            told.append((seed.product_id, worth * _AGAIN[seed.deed] * often, 1.0))
        for product_id, score, nearness in told:
            scores[product_id] = scores.get(product_id, 0.0) + score
            if product_id != seed.product_id and score > best.get(product_id, (0.0, seed, 0.0))[0]:
                best[product_id] = score, seed, nearness
    ranked = _woven(sorted(scores.items(), key=lambda pair: (-pair[1], pair[0])), {one for one, _ in strongest})
    own = {seed.product_id: seed for seed in reversed(list(strongest.values()))}
    return [
        # What somebody looked at themselves is there for that, whatever else speaks for it.
        Candidate(
            product_id=one,
            score=score,
            because=own[one] if one in own else best[one][1],
            near=1.0 if one in own else best[one][2],
        )
        for one, score in ranked
    ]


def _looks(seeds: Iterable[Seed]) -> Counter[int]:
    """Return how often each product was looked at or kept, by seeds that come from the last one back."""
    times, before = Counter[int](), dict[int, float]()
    for seed in seeds:
        if seed.deed is Deed.BOUGHT or seed.age - before.get(seed.product_id, -math.inf) <= ONE_LOOK_DAYS:
            continue
        times[seed.product_id] += 1
        before[seed.product_id] = seed.age
    return times


def _woven(ranked: list[tuple[int, float]], seen: set[int]) -> list[tuple[int, float]]:
    """Return the same pairs with at least one of three in a row new to the person while there are new ones."""
    old = deque(pair for pair in ranked if pair[0] in seen)
    new = deque(pair for pair in ranked if pair[0] not in seen)
    made = list[tuple[int, float]]()
    known = 0
    while old or new:
        lead = not new or (bool(old) and old[0][1] >= new[0][1] and known < KNOWN_IN_A_ROW)
        made.append((old if lead else new).popleft())
        known = known + 1 if lead else 0
    return made


def mixed(ids: Sequence[int], brand: Callable[[int], int | None], category: Callable[[int], int | None]) -> list[int]:
    """Return the same ids with no brand or category crowding any stretch of the list; their order stays otherwise."""
    waiting, made = list(ids), list[int]()
    while waiting:
        recent = made[-(WINDOW - 1) :]
        brands = Counter(brand(one) for one in recent)
        categories = Counter(category(one) for one in recent)
        at = next(
            (
                at
                for at, one in enumerate(waiting[:200])
                if (brand(one) is None or brands[brand(one)] < OF_BRAND) and categories[category(one)] < OF_CATEGORY
            ),
            0,
        )
        made.append(waiting.pop(at))
    return made
