"""The SKU matrix: greyed is what cannot be had, and no choice leads into a dead end."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from commerce.catalogue.matrix import Can, axes, chosen
from commerce.catalogue.types import Sku, Status
from tests.commerce.catalogue.conftest import Shelf

NAMES = ["颜色", "容量", "盖子"]
VALUES = ["甲", "乙", "丙"]


def sku(number: int, specs: dict[str, str], free: int, picture: str = "") -> Sku:
    """Return a SKU."""
    return Sku(
        id=number,
        code=str(number),
        specs=specs,
        price=100,
        list_price=None,
        picture=picture,
        status=Status.ON,
        free=free,
    )


def test_impossible_and_sold_out_are_told_apart() -> None:
    skus = [
        sku(1, {"颜色": "墨", "容量": "500"}, 5),
        sku(2, {"颜色": "墨", "容量": "1000"}, 0),
        sku(3, {"颜色": "沙", "容量": "750"}, 2),
    ]
    colour, size = axes(skus, skus[0], NAMES[:2])
    assert [(o.value, o.can, o.chosen, o.sku_id) for o in colour.options] == [
        ("墨", Can.BUY, True, 1),
        ("沙", Can.BUY, False, 3),
    ]
    assert [(o.value, o.can, o.chosen, o.sku_id) for o in size.options] == [
        ("500", Can.BUY, True, 1),
        ("1000", Can.SOLD_OUT, False, 2),
        ("750", Can.IMPOSSIBLE, False, None),
    ]


def test_a_colour_keeps_the_size_where_it_can() -> None:
    skus = [sku(at, {"颜色": c, "容量": s}, 1) for at, (c, s) in enumerate([(c, s) for c in "墨沙" for s in "小大"], 1)]
    colour, _ = axes(skus, skus[1], NAMES[:2])
    assert colour.options[1].sku_id == 4  # 沙 大, as 墨 大 was chosen


def test_pictures_are_shown_where_each_value_has_its_own() -> None:
    skus = [sku(1, {"颜色": "墨", "容量": "小"}, 1, "a"), sku(2, {"颜色": "沙", "容量": "小"}, 1, "b")]
    colour, size = axes(skus, skus[0], NAMES[:2])
    assert (colour.pictured, size.pictured) == (True, False)


def test_the_first_that_can_be_bought_is_chosen() -> None:
    skus = [sku(1, {"颜色": "墨"}, 0), sku(2, {"颜色": "沙"}, 1)]
    assert chosen(skus, None) == skus[1]
    assert chosen(skus, 1) == skus[0]
    assert chosen(skus, 99) == skus[1]
    assert chosen(skus[:1], None) == skus[0]
    assert chosen([], None) is None


SKUS = st.dictionaries(
    st.tuples(*(st.sampled_from(VALUES) for _ in NAMES)), st.integers(0, 2), min_size=1, max_size=27
).map(
    lambda made: [
        sku(at, dict(zip(NAMES, specs, strict=True)), free) for at, (specs, free) in enumerate(made.items(), 1)
    ]
)


@given(skus=SKUS, at=st.integers(0, 26))
def test_every_option_leads_to_what_it_says(skus: list[Sku], at: int) -> None:
    current = skus[at % len(skus)]
    by_id = {entry.id: entry for entry in skus}
    for number, axis in enumerate(axes(skus, current, NAMES)):
        assert sum(option.chosen for option in axis.options) == 1
        for option in axis.options:
            within = [
                entry
                for entry in skus
                if entry.specs[axis.name] == option.value
                and all(entry.specs[name] == current.specs[name] for name in NAMES[:number])
            ]
            assert (option.can is Can.IMPOSSIBLE) == (not within)
            assert (option.can is Can.BUY) == any(entry.free for entry in within)
            assert (option.sku_id is None) == (option.can is Can.IMPOSSIBLE)
            if option.sku_id is not None:
                target = by_id[option.sku_id]
                assert target in within
                assert (target.free > 0) == (option.can is Can.BUY)


@given(skus=SKUS)
def test_everything_can_be_reached(skus: list[Sku]) -> None:
    start = chosen(skus, None)
    assert start is not None
    seen, todo = set(), [start]
    by_id = {entry.id: entry for entry in skus}
    while todo:
        current = todo.pop()
        if current.id in seen:
            continue
        seen.add(current.id)
        todo += [
            by_id[option.sku_id] for axis in axes(skus, current, NAMES) for option in axis.options if option.sku_id
        ]
    assert {entry.id for entry in skus} == seen


async def test_what_is_no_sku_chooses_none(shelf: Shelf) -> None:
    bottle = await shelf.product("bottle")
    for wanted in ("x", "0", "9" * 18, "1" * 5000, "%EF%BC%91"):
        await shelf.page(f"/products/{bottle}?sku={wanted}")
