"""A made-up shop: people with tastes go through it for some months. docs/recommendations.md describes it.

Nothing here knows how the recommender works. A person chooses by what only the person and the world know: hidden
directions of style, kinds they care for, brands they trust, what they can spend, the season, what somebody who bought
one thing needs next, and chance. The recommender sees the trace: who looked at what, kept it, and bought it, when.
"""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from commerce.recommendations.compute import WEIGHTS, Deeds, Goods, Purchases

STYLES = 5
SHOWN_AT_ONCE = 60
"""How many products of a kind somebody glances over before choosing which to open."""


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """How large the world is. ``noise`` is the share of pages that are opened for no reason of taste."""

    members: int = 2000
    products: int = 1200
    kinds: int = 40
    brands: int = 60
    days: int = 120
    held: int = 14
    noise: float = 0.15


class Trace(msgspec.Struct, frozen=True):
    """What was done: day, person, product, and ``bought`` the number of an order or -1, ``kept`` a favourite."""

    day: NDArray[np.float64]
    person: NDArray[np.int64]
    product: NDArray[np.int64]
    order: NDArray[np.int64]
    kept: NDArray[np.bool_]


class World(msgspec.Struct, frozen=True):
    """The shop, and what was done in it."""

    size: Size
    goods: Goods
    trace: Trace

    @property
    def cut(self) -> float:
        """Return the day from which on orders are held back."""
        return float(self.size.days - self.size.held)

    def deeds(self) -> Deeds:
        """Return what the recommender may know: everything before the cut."""
        trace = self.trace
        before = trace.day < self.cut
        bought = trace.order[before] >= 0
        weight = np.where(trace.kept[before], WEIGHTS["favourite"], WEIGHTS["view_product"])
        weight = np.where(bought, WEIGHTS["order"], weight)
        return Deeds(trace.person[before], trace.product[before], self.cut - trace.day[before], weight)

    def purchases(self) -> Purchases:
        """Return the purchases before the cut."""
        trace = self.trace
        known = (trace.day < self.cut) & (trace.order >= 0)
        return Purchases(trace.person[known], trace.order[known], trace.product[known], self.cut - trace.day[known])

    def held_back(self) -> dict[int, set[int]]:
        """Return what each person bought from the cut on that they had not bought before."""
        trace = self.trace
        had = set(zip(*(each[(trace.day < self.cut) & (trace.order >= 0)] for each in _both(trace)), strict=True))
        later = (trace.day >= self.cut) & (trace.order >= 0)
        found: dict[int, set[int]] = {}
        for person, product in zip(*(each[later] for each in _both(trace)), strict=True):
            if (person, product) not in had:
                found.setdefault(int(person), set()).add(int(product))
        return found


def _both(trace: Trace) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    return trace.person, trace.product


def make(size: Size, seed: int) -> World:
    """Return a world; the same size and seed make the same one."""
    rng = np.random.default_rng(seed)
    shop = _Shop(size, rng)
    rows: list[tuple[float, int, int, int, bool]] = []
    orders = 0
    for person in range(size.members):
        taste = _Taste(shop, rng)
        # Some come often, most seldom.
        sessions = np.sort(rng.uniform(0, size.days, 2 + rng.poisson(rng.gamma(1.5, 5.0))))
        next_kind, needed_from = -1, 0.0
        for begin in sessions:
            follows = next_kind >= 0 and begin >= needed_from
            kind = next_kind if follows else taste.kind(shop, rng, begin)
            opened: list[int] = []
            for step in range(1 + rng.poisson(3.0)):
                product = shop.anything(rng) if rng.random() < size.noise else taste.choose(shop, rng, kind, begin)
                opened.append(product)
                rows.append((begin + step * 0.001, person, product, -1, bool(rng.random() < 0.06)))
            likes = [taste.likes(shop, one) for one in opened]
            if rng.random() < (0.6 if follows else 0.22):
                wanted = opened[int(np.argmax(likes))]
                rows.append((begin + 0.02, person, wanted, orders, False))
                goes_with = int(shop.goes_with[shop.kind[wanted]])
                if goes_with >= 0 and rng.random() < 0.35:
                    rows.append((begin + 0.02, person, taste.choose(shop, rng, goes_with, begin), orders, False))
                elif goes_with >= 0:
                    next_kind, needed_from = goes_with, begin + float(rng.uniform(1, 14))
                if follows:
                    next_kind = -1
                orders += 1
    rows.sort()
    day, people, products, order, kept = (np.array(column) for column in zip(*rows, strict=True))
    trace = Trace(day.astype(float), people.astype(np.int64), products.astype(np.int64), order.astype(np.int64), kept)
    return World(size, shop.goods, trace)


class _Shop:
    """Products with what everybody sees (kind, brand, price, attributes) and what only tastes feel (style, appeal)."""

    def __init__(self, size: Size, rng: np.random.Generator) -> None:
        self.kinds, self.brands = size.kinds, size.brands
        self.kind = rng.choice(size.kinds, size.products, p=_uneven(size.kinds, rng))
        # A brand makes a few kinds of things.
        makes = [rng.choice(size.kinds, 4, replace=False) for _ in range(size.brands)]
        makers = [[brand for brand in range(size.brands) if kind in makes[brand]] or [0] for kind in range(size.kinds)]
        self.brand = np.array([rng.choice(makers[kind]) for kind in self.kind])
        brand_style = rng.normal(size=(size.brands, STYLES))
        self.style = 0.6 * brand_style[self.brand] + rng.normal(size=(size.products, STYLES)) * 0.8
        level = rng.normal(5.0, 1.0, size.kinds)
        self.price = level[self.kind] + rng.normal(0, 0.6, size.products)
        self.level = level
        self.appeal = rng.normal(0, 0.7, size.products)
        self.born = np.where(rng.random(size.products) < 0.85, -1.0, rng.uniform(0, size.days, size.products))
        # Seasons: each kind has its high time, a few of them a strong one.
        self.season = rng.uniform(0, 2 * np.pi, size.kinds)
        self.swing = rng.gamma(1.0, 0.4, size.kinds)
        self.days = size.days
        self.goes_with = np.where(rng.random(size.kinds) < 0.5, rng.integers(0, size.kinds, size.kinds), -1)
        self.goes_with[self.goes_with == np.arange(size.kinds)] = -1
        self.of_kind = [np.flatnonzero(self.kind == kind) for kind in range(size.kinds)]
        # What attributes tell of style is coarse and not always right.
        told = (self.style > 0.5).astype(int) + (self.style < -0.5).astype(int) * 2
        wrong = rng.random(told.shape) < 0.25
        told = np.where(wrong, rng.integers(0, 3, told.shape), told)
        traits = [
            [int(kind) * 100 + axis * 3 + int(value) for axis, value in enumerate(row[:3])]
            for kind, row in zip(self.kind, told, strict=True)
        ]
        self.goods = Goods(self.kind.astype(np.int64), self.brand.astype(np.int64), np.exp(self.price) * 100, traits)

    def anything(self, rng: np.random.Generator) -> int:
        """Return any product, the appealing ones more often."""
        few = rng.integers(0, len(self.kind), 8)
        return int(few[np.argmax(self.appeal[few] + rng.gumbel(size=8))])


class _Taste:
    """What one person likes."""

    def __init__(self, shop: _Shop, rng: np.random.Generator) -> None:
        self.style = rng.normal(size=STYLES)
        self.kinds = rng.dirichlet(np.full(shop.kinds, 0.12))
        self.brands = rng.normal(0, 0.6, shop.brands)
        self.purse = rng.normal(0, 0.5)

    def kind(self, shop: _Shop, rng: np.random.Generator, day: float) -> int:
        """Return what somebody is after on a day."""
        season = np.exp(shop.swing * np.cos(2 * np.pi * day / shop.days - shop.season))
        chances = (self.kinds + 0.002) * season
        return int(rng.choice(shop.kinds, p=chances / chances.sum()))

    def likes(self, shop: _Shop, product: int) -> float:
        """Return how much the person likes a product."""
        dear = shop.price[product] - shop.level[shop.kind[product]] - self.purse
        found = self.style @ shop.style[product] * 0.7 + self.brands[shop.brand[product]] + shop.appeal[product]
        return float(found - dear**2)

    def choose(self, shop: _Shop, rng: np.random.Generator, kind: int, day: float) -> int:
        """Return what somebody opens of a kind that is there on a day."""
        there = shop.of_kind[kind]
        there = there[shop.born[there] <= day]
        if not len(there):
            return shop.anything(rng)
        glanced = rng.choice(there, min(SHOWN_AT_ONCE, len(there)), replace=False)
        dear = shop.price[glanced] - shop.level[kind] - self.purse
        likes = shop.style[glanced] @ self.style * 0.7 + self.brands[shop.brand[glanced]] + shop.appeal[glanced]
        return int(glanced[np.argmax(likes - dear**2 + rng.gumbel(size=len(glanced)))])


def _uneven(count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    sizes = rng.gamma(2.0, 1.0, count) + 0.2
    found: NDArray[np.float64] = sizes / sizes.sum()
    return found
