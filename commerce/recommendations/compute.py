"""Neighbours of products, from what people did and from what products are. Numbers in, numbers out: no database.

Three kinds of neighbours, all of one form, an item's similarity to others between 0 and 1:

- *related*: people who looked at both, as the cosine of decayed weights, shrunk where few people say so, and what the
  products have in common: category, attributes, brand and price. Who is new has the second alone.
- *together*: bought in one order, as a cosine, shrunk.
- *also*: bought by the same people later on, as how much likelier it has become, damped for what everybody buys.

docs/recommendations.md says why, and what it is worth.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from commerce.recommendations.reach import reach_out

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

HALF_LIFE_DAYS = 45.0
"""After so many days what somebody did counts half."""
WEIGHTS = {"view_product": 1.0, "click": 0.5, "favourite": 3.0, "order": 4.0}
"""What a deed says about taste."""
PERSON_MOST = 24
"""Products of one person that count, the last ones: who looks at thousands says no more than others."""
NEAR, FEW = 24, 12
"""Neighbours kept of a product: related ones, and those of purchases."""
LATER_DAYS = 60.0
"""Within how many days after a purchase another still follows from it."""
_SHRINK = 3.0
_CONTENT = 0.15
_TILT = 1.5
"""How much of two that are as near the one that more people take comes first."""
_ROWS = 256
KIN = 6
"""Neighbours by nature that a product gets at least, from further and further away."""
CROWD = 4_000
"""Products of one category that are compared with each other; a larger one is cut into stretches of like prices."""


class Deeds(msgspec.Struct, frozen=True):
    """What people did, one row a deed: who, with which product (both from 0), how many days ago, worth how much."""

    person: Ints
    product: Ints
    age: Floats
    weight: Floats


class Purchases(msgspec.Struct, frozen=True):
    """What people bought, one row a product of an order: who, in which order, which product, how many days ago."""

    person: Ints
    order: Ints
    product: Ints
    age: Floats


class Goods(msgspec.Struct, frozen=True):
    """What products are, one row each. ``brand`` is -1 for none; ``traits`` are ids of attributes' values.

    ``family`` is what the category belongs to, ``words`` the parts of the title; empty where nothing is known of them.
    """

    category: Ints
    brand: Ints
    price: Floats
    traits: Sequence[Sequence[int]]
    family: Ints = msgspec.field(default_factory=lambda: np.empty(0, dtype=np.int64))
    words: Sequence[frozenset[str]] = ()


class Neighbours(msgspec.Struct, frozen=True):
    """Of each product those near it: rows of ids, the nearest first, filled up with -1, and how near they are."""

    ids: Ints
    scores: Floats


class Model(msgspec.Struct, frozen=True):
    """Everything that lists are made of. ``popularity`` is one number a product."""

    related: Neighbours
    together: Neighbours
    also: Neighbours
    popularity: Floats
    covered: int
    """How many products have a related one that people, and not only their nature, say is near."""


def build(goods: Goods, deeds: Deeds, purchases: Purchases) -> Model:
    """Return the neighbours and the popularity of all products."""
    count = len(goods.category)
    seen = _both_ways(*_cosine(deeds, count), count)
    content = alike(goods, NEAR)
    own = np.repeat(np.arange(count), NEAR)
    there = content.ids.ravel() >= 0
    rows = np.concatenate([seen[0], own[there]])
    columns = np.concatenate([seen[1], content.ids.ravel()[there]])
    scores = np.concatenate([seen[2] * (1 - _CONTENT), content.scores.ravel()[there] * _CONTENT])
    popularity = popular(deeds, purchases, count)
    rows, columns, scores = _summed(rows, columns, scores, count)
    # Of two that are as near, the one that more people take.
    scores = (
        scores * (1.0 + _TILT * np.log1p(popularity) / max(float(np.log1p(popularity).max(initial=0.0)), 1.0))[columns]
    )
    return Model(
        related=_nearest(rows, columns, scores, count, NEAR),
        together=_nearest(*_both_ways(*_in_one_order(purchases, count), count), count, FEW),
        also=_nearest(*_later(purchases, count), count, FEW),
        popularity=popularity,
        covered=len(np.unique(seen[0])),
    )


def popular(deeds: Deeds, purchases: Purchases, count: int) -> Floats:
    """Return how much is done with each product of late, purchases counting most."""
    found: Floats = np.bincount(deeds.product, deeds.weight * _decayed(deeds.age) * 0.1, minlength=count).astype(float)
    return found + np.bincount(purchases.product, _decayed(purchases.age), minlength=count)


def alike(goods: Goods, most: int) -> Neighbours:
    """Return what is near by nature, within a product's category: attributes in common, brand and price."""
    count = len(goods.category)
    ids = np.full((count, most), -1, dtype=np.int64)
    scores = np.zeros((count, most))
    for members in _crowds(goods):
        if len(members) < 2:
            continue
        traits = _traits(goods, members)
        price = np.log(np.maximum(goods.price[members], 1.0))
        brand = goods.brand[members]
        keep = min(most, len(members) - 1)
        for at in range(0, len(members), _ROWS):
            rows = slice(at, at + _ROWS)
            near = 0.5 * (traits[rows] @ traits.T)
            near += 0.2 * ((brand[rows, None] == brand[None, :]) & (brand[rows, None] >= 0))
            near += 0.3 * np.exp(-np.abs(price[rows, None] - price[None, :]))
            width = near.shape[0]
            near[np.arange(width), np.arange(at, at + width)] = -1.0
            best = np.argpartition(-near, keep - 1, axis=1)[:, :keep]
            values = np.take_along_axis(near, best, axis=1)
            ranked = np.argsort(-values, axis=1, kind="stable")
            ids[members[rows], :keep] = members[np.take_along_axis(best, ranked, axis=1)]
            scores[members[rows], :keep] = np.take_along_axis(values, ranked, axis=1)
    reach_out(ids, scores, min(KIN, most), price=goods.price, family=goods.family, brand=goods.brand, words=goods.words)
    return Neighbours(ids, scores)


def _crowds(goods: Goods) -> Iterator[Ints]:
    """Yield the products that are compared with each other: those of a category, of large ones those of like prices."""
    order = np.argsort(goods.category, kind="stable")
    starts = np.flatnonzero(np.diff(goods.category[order], prepend=-1))
    for members in np.split(order, starts[1:]) if len(order) else []:
        if len(members) <= CROWD:
            yield members
        else:
            by_price = members[np.argsort(goods.price[members], kind="stable")]
            yield from np.array_split(by_price, -(-len(members) // CROWD))


def _traits(goods: Goods, members: Ints) -> NDArray[np.float32]:
    """Return a row for each of ``members`` of the attributes that it shares; with all that it has it were of length 1.

    What one alone has makes it like nobody, and might be a column for each of them.
    """
    own = [set(goods.traits[int(one)]) for one in members]
    holders = Counter(trait for traits in own for trait in traits)
    known = {trait: at for at, trait in enumerate(trait for trait, many in holders.items() if many > 1)}
    made = np.zeros((len(members), max(1, len(known))), dtype=np.float32)
    for at, traits in enumerate(own):
        made[at, [known[trait] for trait in traits if trait in known]] = 1.0 / max(1.0, len(traits)) ** 0.5
    return made


def _cosine(deeds: Deeds, count: int) -> tuple[Ints, Ints, Floats]:
    """Return pairs of products and how much the people who did something with them are the same."""
    weight = deeds.weight * _decayed(deeds.age)
    person, product, weight = _strongest(deeds.person, deeds.product, weight, count)
    person, product, weight = _last(person, product, weight)
    # Who looks at a lot says less with each: a person counts by the logarithm of what they did.
    sizes = np.bincount(person)
    weight = weight / np.log2(1.0 + sizes[person])
    first, second = _pairs(person)
    found = _counted(*_sorted(product[first], product[second]), weight[first] * weight[second], count)
    rows, columns, shared, people = _by_several(found)
    norm = np.sqrt(np.bincount(product, weight**2, minlength=count))
    return rows, columns, shared / (norm[rows] * norm[columns] + 1e-12) * (people / (people + _SHRINK)) ** 2


def _in_one_order(purchases: Purchases, count: int) -> tuple[Ints, Ints, Floats]:
    weight = _decayed(purchases.age)
    order, product, weight = _strongest(purchases.order, purchases.product, weight, count)
    first, second = _pairs(order)
    both = np.sqrt(weight[first] * weight[second])
    whose = np.zeros(int(purchases.order.max(initial=-1)) + 1, dtype=np.int64)
    whose[purchases.order] = purchases.person
    found = _counted(*_sorted(product[first], product[second]), both, count, whose[order[first]])
    rows, columns, shared, people = _by_several(found)
    all_of = np.bincount(product, weight, minlength=count)
    return rows, columns, shared / np.sqrt(all_of[rows] * all_of[columns] + 1e-12) * people / (people + 1.0)


def _later(purchases: Purchases, count: int) -> tuple[Ints, Ints, Floats]:
    """Return pairs of products whose second the people bought after the first, and how much likelier it had become."""
    order = np.lexsort((-purchases.age, purchases.person))
    person, product, age = purchases.person[order], purchases.product[order], purchases.age[order]
    basket = purchases.order[order]
    first, second = _pairs(person)
    follows = (product[first] != product[second]) & (basket[first] != basket[second])
    follows &= age[first] - age[second] <= LATER_DAYS
    first, second = first[follows], second[follows]
    found = _counted(product[first], product[second], _decayed(age[second]), count, person[first])
    rows, columns, shared, people = _by_several(found)
    bought = np.bincount(product, _decayed(age), minlength=count)
    if not len(rows):
        return rows, columns, shared
    expected = bought[columns] / max(float(bought.sum()), 1e-12)
    likelier = (shared / (bought[rows] + 1.0)) / np.sqrt(expected + 1e-12) * people / (people + 2.0)
    return rows, columns, likelier / likelier.max()


def _decayed(age: Floats) -> Floats:
    return np.exp2(-np.maximum(age, 0.0) / HALF_LIFE_DAYS)


def _strongest(group: Ints, product: Ints, weight: Floats, count: int) -> tuple[Ints, Ints, Floats]:
    """Return each product of a group once, with its highest weight, by group and from light to heavy."""
    key = group * count + product
    order = np.lexsort((weight, key))
    last = np.flatnonzero(np.diff(key[order], append=-1))
    kept = order[last]
    group, product, weight = group[kept], product[kept], weight[kept]
    order = np.lexsort((weight, group))
    return group[order], product[order], weight[order]


def _last(person: Ints, product: Ints, weight: Floats) -> tuple[Ints, Ints, Floats]:
    """Return the heaviest rows of each person, who come sorted."""
    kept = _from_end(person) < PERSON_MOST
    return person[kept], product[kept], weight[kept]


def _from_end(group: Ints) -> Ints:
    """Return how many rows of its group follow each row; the groups come sorted."""
    if not len(group):
        return group
    ends = np.flatnonzero(np.diff(group, append=-1))
    return np.repeat(ends, np.diff(ends, prepend=-1)) - np.arange(len(group))


def _pairs(group: Ints) -> tuple[Ints, Ints]:
    """Return all pairs of rows of one group, the earlier row first; the groups come sorted.

    Rows more than ``PERSON_MOST`` apart make no pair.
    """
    firsts, seconds = [], []
    for apart in range(1, PERSON_MOST):
        first = np.flatnonzero(group[:-apart] == group[apart:]) if len(group) > apart else np.empty(0, dtype=np.int64)
        if not len(first):
            break
        firsts.append(first)
        seconds.append(first + apart)
    if not firsts:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    return np.concatenate(firsts), np.concatenate(seconds)


def _sorted(first: Ints, second: Ints) -> tuple[Ints, Ints]:
    """Return pairs whose direction says nothing with the lower one first."""
    return np.minimum(first, second), np.maximum(first, second)


def _counted(
    rows: Ints, columns: Ints, values: Floats, count: int, person: Ints | None = None
) -> tuple[Ints, Ints, Floats, Floats]:
    """Return each pair once, the sum of its values and of how many people it is. Pairs keep their direction.

    Without ``person`` each value is another person's.
    """
    key, at = np.unique(rows * count + columns, return_inverse=True)
    sums: Floats = np.bincount(at, values, minlength=len(key)).astype(np.float64)
    if person is not None:
        width = int(person.max(initial=0)) + 1
        at = np.unique(at * width + person) // width
    people = np.bincount(at, minlength=len(key)).astype(np.float64)
    return key // count, key % count, sums, people


def _by_several(found: tuple[Ints, Ints, Floats, Floats]) -> tuple[Ints, Ints, Floats, Floats]:
    """Return the pairs of more than one person: one is chance, and it would tell what that person did."""
    rows, columns, sums, people = found
    kept = people >= 2
    return rows[kept], columns[kept], sums[kept], people[kept]


def _summed(rows: Ints, columns: Ints, values: Floats, count: int) -> tuple[Ints, Ints, Floats]:
    rows, columns, sums, _ = _counted(rows, columns, values, count)
    return rows, columns, sums


def _both_ways(rows: Ints, columns: Ints, scores: Floats, count: int) -> tuple[Ints, Ints, Floats]:
    """Return pairs in both directions, once each."""
    doubled = np.concatenate([scores, scores])
    return _summed(np.concatenate([rows, columns]), np.concatenate([columns, rows]), doubled, count)


def _nearest(rows: Ints, columns: Ints, scores: Floats, count: int, most: int) -> Neighbours:
    """Return the ``most`` nearest of each product."""
    ids = np.full((count, most), -1, dtype=np.int64)
    kept = np.zeros((count, most))
    other = rows != columns
    rows, columns, scores = rows[other], columns[other], scores[other]
    order = np.lexsort((columns, -scores, rows))
    rows, columns, scores = rows[order], columns[order], scores[order]
    starts = np.flatnonzero(np.diff(rows, prepend=-1))
    place = np.arange(len(rows)) - np.repeat(starts, np.diff(starts, append=len(rows)))
    inside = place < most
    ids[rows[inside], place[inside]] = columns[inside]
    kept[rows[inside], place[inside]] = scores[inside]
    return Neighbours(ids, kept)
