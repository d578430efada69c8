"""Score lists against orders that were held back: hit rate, recall, reciprocal rank, coverage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec
import numpy as np

from commerce.recommendations.compute import NEAR, Model, Neighbours, alike, build
from commerce.recommendations.evaluation.world import World
from commerce.recommendations.rank import Deed, Near, Seed, candidates, mixed

AT = 10
"""How long the lists are."""
Left = Mapping[int, set[int]]
"""By person, what their list leaves out."""


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """How good lists of ten are. ``hits`` is the share of people who bought one of theirs, ``recall`` the share of what
    they bought, ``rank`` the mean reciprocal rank of the first hit, ``coverage`` the share of products in any list.
    ``fresh`` is the hit rate among people who bought something that they had never opened before, of that alone."""

    hits: float
    fresh: float
    recall: float
    rank: float
    coverage: float


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """The scores of one world, by the name of the list's maker."""

    people: int
    products: int
    deeds: int
    scores: dict[str, Score]

    @property
    def ratio(self) -> float:
        """Return the hit rate of recommendations over that of what is popular."""
        return self.scores["recommended"].hits / max(self.scores["popular"].hits, 1e-9)


def evaluate(world: World) -> Result:
    """Return how good recommendations are in a world, beside what is simpler."""
    deeds, purchases = world.deeds(), world.purchases()
    model = build(world.goods, deeds, purchases)
    held = world.held_back()
    seeds = _seeds(world)
    # What was bought or kept is in no list, whoever makes it.
    had = {
        person: {seed.product_id for seed in found if seed.deed is not Deed.VIEWED} for person, found in seeds.items()
    }
    opened = {person: {seed.product_id for seed in found} for person, found in seeds.items()}
    ranked = [int(one) for one in np.argsort(-model.popularity, kind="stable")]
    brand, category = world.goods.brand, world.goods.category

    def popular(person: int, without: Left = had) -> list[int]:
        left = without.get(person, set())
        return [one for one in ranked[: AT + len(left)] if one not in left][:AT]

    def seen(person: int, order: Callable[[list[int]], Iterable[int]]) -> list[int]:
        looked = [seed.product_id for seed in sorted(seeds.get(person, []), key=lambda one: one.age)]
        return _filled([one for one in order(looked) if one not in had.get(person, ())], popular(person))

    def recommended(person: int, without: Left = had) -> list[int]:
        mine = seeds.get(person, [])
        near = {one: near_of(model, one) for one in {seed.product_id for seed in mine}}
        found = [one.product_id for one in candidates(mine, near) if one.product_id not in without.get(person, ())]
        return mixed(
            _filled(found[: AT * 6], popular(person, without)),
            lambda one: int(brand[one]),
            lambda one: int(category[one]),
        )

    def by_nature(person: int) -> list[int]:
        mine = seeds.get(person, [])
        near = {one: Near(related=_row(nature, one)) for one in {seed.product_id for seed in mine}}
        found = [one.product_id for one in candidates(mine, near) if one.product_id not in had.get(person, ())]
        return _filled(found, popular(person))

    nature = alike(world.goods, NEAR)
    makers: dict[str, Callable[[int], list[int]]] = {
        "popular": popular,
        "seen last": lambda person: seen(person, dict.fromkeys),
        "seen most": lambda person: seen(person, _most),
        "by nature": by_nature,
        "recommended": recommended,
        "popular, unseen alone": lambda person: popular(person, opened),
        "recommended, unseen alone": lambda person: recommended(person, opened),
    }
    products = len(world.goods.category)
    return Result(
        people=len(held),
        products=products,
        deeds=len(deeds.person),
        scores={name: _score(held, opened, make, products) for name, make in makers.items()},
    )


def near_of(model: Model, product: int) -> Near:
    """Return what is near a product."""
    return Near(
        related=_row(model.related, product), together=_row(model.together, product), also=_row(model.also, product)
    )


def _row(neighbours: Neighbours, product: int) -> Sequence[tuple[int, float]]:
    ids, scores = neighbours.ids[product], neighbours.scores[product]
    there = ids >= 0
    return list(zip(ids[there].tolist(), scores[there].tolist(), strict=True))


def _most(looked: list[int]) -> list[int]:
    """Return each once, the one that comes most often first, and of equals the one that comes first."""
    return [one for one, _ in Counter(looked).most_common()]


def _filled(found: list[int], popular: list[int]) -> list[int]:
    return [*found, *(one for one in popular if one not in set(found))]


def _seeds(world: World) -> dict[int, list[Seed]]:
    trace = world.trace
    known = trace.day < world.cut
    found: dict[int, list[Seed]] = {}
    for day, person, product, order, kept in zip(
        *(each[known].tolist() for each in (trace.day, trace.person, trace.product, trace.order, trace.kept)),
        strict=True,
    ):
        deed = Deed.BOUGHT if order >= 0 else Deed.KEPT if kept else Deed.VIEWED
        found.setdefault(person, []).append(Seed(product_id=product, deed=deed, age=world.cut - day))
    return found


def _score(
    held: dict[int, set[int]], opened: dict[int, set[int]], make: Callable[[int], list[int]], products: int
) -> Score:
    hits = recall = rank = fresh = 0.0
    explorers = 0
    shown: set[int] = set()
    for person, wanted in held.items():
        made = make(person)[:AT]
        shown.update(made)
        places = [at for at, one in enumerate(made, 1) if one in wanted]
        hits += bool(places)
        recall += len(places) / len(wanted)
        rank += 1 / places[0] if places else 0.0
        if new := wanted - opened.get(person, set()):
            explorers += 1
            fresh += bool(new & set(made))
    people = max(1, len(held))
    return Score(
        hits=hits / people,
        fresh=fresh / max(1, explorers),
        recall=recall / people,
        rank=rank / people,
        coverage=len(shown) / products,
    )
