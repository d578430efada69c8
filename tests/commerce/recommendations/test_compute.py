"""Neighbours: what people's doings and the nature of products say of each other."""

from __future__ import annotations

import itertools
import math
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.recommendations import compute
from commerce.recommendations.compute import Deeds, Goods, Neighbours, Purchases, alike, build
from commerce.recommendations.rank import OF_BRAND, OF_CATEGORY, WINDOW, Deed, Near, Seed, candidates, mixed


def goods(count: int, categories: int = 1) -> Goods:
    return Goods(
        np.arange(count) % categories,
        np.full(count, -1),
        np.full(count, 100.0),
        [[] for _ in range(count)],
    )


def deeds(*rows: tuple[int, int, float, float]) -> Deeds:
    people, products, ages, weights = (list(column) for column in zip(*rows, strict=True)) if rows else ([],) * 4
    return Deeds(np.array(people, int), np.array(products, int), np.array(ages, float), np.array(weights, float))


def purchases(*rows: tuple[int, int, int, float]) -> Purchases:
    people, orders, products, ages = (list(column) for column in zip(*rows, strict=True)) if rows else ([],) * 4
    return Purchases(np.array(people, int), np.array(orders, int), np.array(products, int), np.array(ages, float))


def ids(found: Neighbours, product: int) -> list[int]:
    return [int(one) for one in found.ids[product] if one >= 0]


def test_nothing_done_leaves_what_products_are() -> None:
    model = build(goods(4, 2), deeds(), purchases())
    assert ids(model.related, 0) == [2]
    assert ids(model.together, 0) == ids(model.also, 0) == []
    assert model.covered == 0
    assert build(goods(0), deeds(), purchases()).covered == 0


def test_what_the_same_people_look_at_is_near_before_what_is_alike() -> None:
    rows = [(person, product, 1.0, 1.0) for person in range(5) for product in (0, 3)]
    rows += [(person, 1, 1.0, 1.0) for person in range(5, 9)]
    model = build(goods(6, 2), deeds(*rows), purchases())
    assert ids(model.related, 0)[0] == 3
    assert set(ids(model.related, 0)) == {3, 2, 4}, "3 by people, the others by their category"
    assert model.covered == 2


def test_what_one_person_did_is_told_to_nobody() -> None:
    model = build(goods(4, 4), deeds((0, 0, 1.0, 1.0), (0, 1, 1.0, 1.0)), purchases((0, 0, 2, 1.0), (0, 0, 3, 1.0)))
    assert [ids(model.related, one) + ids(model.together, one) for one in range(4)] == [[], [], [], []]


def test_what_one_person_did_again_and_again_is_told_to_nobody() -> None:
    """However often: two orders of one person are still one person's."""
    together = [(0, at, product, 9.0 - at) for at in range(3) for product in (0, 1)]
    later = [(1, 10 + at, product, 9.0 - at) for at, product in enumerate((2, 3, 3, 3))]
    back = [(2, 20 + at, product, 9.0 - at) for at, product in enumerate((4, 5, 4, 5))]
    model = build(goods(6, 6), deeds(), purchases(*together, *later, *back))
    assert [ids(model.together, one) + ids(model.also, one) for one in range(6)] == [[], [], [], [], [], []]


def test_in_one_order_goes_both_ways_and_later_on_one() -> None:
    together = [(person, person, product, 9.0) for person in range(4) for product in (0, 1)]
    later = [
        (person, 10 * person + at, product, 9.0 - at) for person in range(4, 9) for at, product in enumerate((2, 3))
    ]
    model = build(goods(5, 5), deeds(), purchases(*together, *later))
    assert (ids(model.together, 0), ids(model.together, 1), ids(model.together, 2)) == ([1], [0], [])
    assert (ids(model.also, 2), ids(model.also, 3), ids(model.also, 0)) == ([3], [], [])


def test_likeness_is_traits_brand_and_price_within_the_category() -> None:
    made = Goods(
        np.array([1, 1, 1, 1, 2]),
        np.array([7, 7, 8, 8, 7]),
        np.array([100.0, 110.0, 100.0, 9000.0, 100.0]),
        [[1, 2], [1, 2], [1], [], [1, 2]],
    )
    found = alike(made, 3)
    assert ids(found, 0) == [1, 2, 3]
    assert ids(found, 4) == [0, 1], "nothing else is of its category: its brand is"
    assert np.all(np.diff(found.scores[0]) <= 0)


def test_what_is_alone_in_its_category_reaches_out_to_the_family_the_brand_and_the_title() -> None:
    made = Goods(
        np.array([1, 2, 3, 4, 5]),
        np.array([7, 8, 7, 8, -1]),
        np.array([100.0] * 5),
        [[]] * 5,
        family=np.array([10, 10, 11, 12, 13]),
        words=[frozenset({"umbrella", "red"}), frozenset(), frozenset(), frozenset(), frozenset({"umbrella"})],
    )
    found = alike(made, 4)
    assert ids(found, 0) == [1, 2, 4]
    assert ids(found, 3) == [1]
    assert np.all(np.diff(found.scores[0][:3]) < 0)


def test_words_fill_up_with_others_than_those_that_are_there() -> None:
    titles = [frozenset({"umbrella", "red"}), frozenset({"umbrella", "red"}), *[frozenset({"umbrella"})] * 3]
    made = Goods(np.array([1, 1, 2, 3, 4]), np.full(5, -1), np.full(5, 100.0), [[]] * 5, words=titles)
    assert ids(alike(made, 2), 0) == [1, 2]
    assert ids(alike(made, 9), 2) == [0, 1, 3, 4]


def test_who_reaches_out_looks_only_as_far_as_needed() -> None:
    """Twice the products of one family and brand are about twice the work, not four times."""

    def work(count: int) -> int:
        price = np.random.default_rng(1).uniform(1, 1e6, count)
        kin = np.zeros(count, dtype=np.int64)
        made = Goods(np.arange(count) // 5, kin, price, [[]] * count, family=kin)
        called = itertools.count()
        sys.setprofile(lambda *_: next(called) and None)
        try:
            found = alike(made, 6)
        finally:
            sys.setprofile(None)
        far = np.abs(np.log(price) - np.log(price[0]))
        assert ids(found, 0)[4:] == [int(one) for one in np.argsort(far) if one >= 5][:2]
        return next(called)

    assert work(400) < 3 * work(200)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=12))
def test_what_is_reached_out_to_is_nearest_in_price_and_then_the_first(prices: list[int]) -> None:
    many = len(prices)
    kin = np.zeros(many, dtype=np.int64)
    found = alike(Goods(np.arange(many), kin - 1, np.array(prices, float), [[]] * many, family=kin), 9)
    for one in range(many):
        others = sorted(
            set(range(many)) - {one}, key=lambda each: (abs(math.log(prices[each]) - math.log(prices[one])), each)
        )
        assert ids(found, one) == others[: compute.KIN]


def test_a_crowded_category_takes_bounded_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose products all have a value of their own, such as a model's number."""
    monkeypatch.setattr(compute, "CROWD", 40)
    widths: list[tuple[int, int]] = []
    traits = compute._traits

    def seen(*values: Any) -> Any:
        made = traits(*values)
        widths.append(made.shape)
        return made

    monkeypatch.setattr(compute, "_traits", seen)
    made = Goods(
        np.ones(100, int), np.full(100, -1), np.arange(50.0, 150.0), [[at % 2, 1000 + at] for at in range(100)]
    )
    found = alike(made, 5)
    assert widths == [(34, 2), (33, 2), (33, 2)]
    assert ids(found, 0) == [2, 4, 6, 8, 10], "the same value, and the nearest price"
    assert all(len(ids(found, one)) == 5 for one in range(100))
    assert math.isclose(float(found.scores[0][0]), 0.5 * 0.5 + 0.3 * 50 / 52, rel_tol=1e-6)


@given(
    st.lists(
        st.tuples(st.integers(0, 6), st.integers(0, 5), st.floats(0, 90), st.sampled_from([1.0, 3.0])),
        min_size=1,
        max_size=60,
    )
)
def test_nearness_is_the_one_that_a_plain_sum_gives(rows: list[tuple[int, int, float, float]]) -> None:
    held: dict[int, dict[int, float]] = {}
    for person, product, age, weight in rows:
        own = held.setdefault(person, {})
        own[product] = max(own.get(product, 0.0), weight * 2 ** (-age / compute.HALF_LIFE_DAYS))
    for own in held.values():
        for product in own:
            own[product] /= math.log2(1 + len(own))
    norm = [math.sqrt(sum(own.get(one, 0.0) ** 2 for own in held.values())) for one in range(6)]
    expected = {}
    for one, other in itertools.combinations(range(6), 2):
        both = [own for own in held.values() if one in own and other in own]
        if len(both) >= 2:
            shared = sum(own[one] * own[other] for own in both)
            expected[one, other] = shared / (norm[one] * norm[other]) * (len(both) / (len(both) + 3.0)) ** 2
    first, second, scores = compute._both_ways(*compute._cosine(deeds(*rows), 6), 6)
    found = {(int(a), int(b)): float(c) for a, b, c in zip(first, second, scores, strict=True)}
    assert set(found) == {pair for one, other in expected for pair in ((one, other), (other, one))}
    for (one, other), score in expected.items():
        assert math.isclose(found[one, other], score, rel_tol=1e-6)
        assert math.isclose(found[other, one], score, rel_tol=1e-6)


def test_a_list_says_which_deed_weighed_most_and_brings_new_things() -> None:
    near = {
        1: Near(related=[(2, 0.9), (3, 0.5)]),
        4: Near(related=[(3, 0.9)], also=[(5, 0.8)]),
    }
    seeds = [Seed(product_id=1, deed=Deed.VIEWED, age=1.0), Seed(product_id=4, deed=Deed.BOUGHT, age=2.0)]
    found = candidates(seeds, near)
    because = {one.product_id: one.because for one in found}
    assert because[2] == seeds[0]
    assert because[5] == seeds[1]
    order = [one.product_id for one in found]
    assert order.index(2) < 3, "one of three is new"
    assert 4 not in order, "what was bought does not recommend itself"
    assert candidates([], near) == []


def test_what_somebody_comes_back_to_leads_but_a_page_loaded_anew_does_not() -> None:
    def first(*ages: tuple[int, float]) -> int:
        return candidates([Seed(product_id=one, deed=Deed.VIEWED, age=age) for one, age in ages], {})[0].product_id

    assert first((1, 1.0), (2, 3.0)) == 1
    assert first((1, 1.0), (2, 3.0), (2, 5.0), (2, 7.0)) == 2
    assert first((1, 1.0), (2, 3.0), (2, 3.001), (2, 3.002), (2, 3.003)) == 1


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=60))
def test_mixing_loses_nothing_and_crowds_nothing_that_could_be_spread(kinds: list[tuple[int, int]]) -> None:
    made = mixed(range(len(kinds)), lambda one: kinds[one][0], lambda one: kinds[one][1])
    assert sorted(made) == list(range(len(kinds)))
    for at, one in enumerate(made):
        recent = made[max(0, at - WINDOW + 1) : at]
        brand, category = kinds[one]
        crowded = (
            sum(kinds[each][0] == brand for each in recent) >= OF_BRAND
            or sum(kinds[each][1] == category for each in recent) >= OF_CATEGORY
        )
        if crowded:  # then everything that was left was as crowded, and the first of it was taken
            assert one == min(made[at:])
