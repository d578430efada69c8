"""Lists narrowed by numbers, turned to their end, and ways on from one that is empty."""

from __future__ import annotations

import html
import re

import pytest

from commerce.search import listing, pages
from commerce.search.narrowing import number, token
from tests.commerce.search.conftest import Mall

LIST = "/api/v1/products"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("12:7", "12:7"),
        ("12:007.50", "12:7.5"),
        ("12:-20", "12:-20"),
        ("12:3~", "12:3~"),
        ("12:~3.0", "12:~3"),
        ("12:9~-1", "12:-1~9"),
        ("12:~", None),
        ("12:", None),
        ("0:1", None),
        ("12:１", None),
        ("12:1e3", None),
        ("12:1~2~3", None),
    ],
)
def test_tokens_are_read(text: str, meant: str | None) -> None:
    assert token(text) == meant
    assert meant is None or token(meant) == meant


def test_numbers_are_read() -> None:
    assert [number(text) for text in ("10", "0010.10", "-0", "", "x", "1.00001")] == [
        "10",
        "10.1",
        "0",
        None,
        None,
        None,
    ]


async def test_between_two_numbers(mall: Mall) -> None:
    attribute, count = await mall.numbers()
    values = sorted(count)
    low, high = values[1], values[-1]
    expected = sum(count[value] for value in values if low <= value <= high)
    for text in (f"{low:g}~{high:g}", f"{high:g}~{low:g}", f"{low:g}~"):
        found = await mall.get(LIST, params={"attr": f"{attribute}:{text}"})
        assert found["total"] == expected, text
        [facet] = [one for one in found["facets"]["attributes"] if one["id"] == attribute]
        assert max(one["count"] for one in facet["values"] if "~" in one["slug"]) == expected
    async with mall.client.get(LIST, params={"attr": f"{attribute}:~"}) as response:
        assert response.status == 422
    page = await mall.page("/products", params={f"min.{attribute}": f"{low:g}", f"max.{attribute}": f"{high:g}"})
    assert re.search(rf'name="min.{attribute}"[^>]* value="{low:g}"', page)
    assert f"attr={attribute}%3A{low:g}~{high:g}" in page
    assert await mall.page("/products", params={f"min.{attribute}": "", "attr": f"{attribute}:{low:g}~"})
    async with mall.client.get("/products", params={f"min.{attribute}": "viel"}) as response:
        assert response.status == 422


async def test_a_value_below_zero_can_be_chosen(mall: Mall) -> None:
    attribute, _ = await mall.numbers()
    await mall.change("UPDATE product_attributes SET number = -number WHERE attribute_id = $1", int(attribute))
    found = await mall.get(LIST, params={"attr": f"{attribute}:~0"})
    assert found["total"] > 0
    [facet] = [one for one in found["facets"]["attributes"] if one["id"] == attribute]
    for value in facet["values"]:
        assert (await mall.get(LIST, params={"attr": value["slug"]}))["total"] == value["count"]


async def test_no_link_leads_beyond_the_last_page(mall: Mall, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (listing, pages):
        monkeypatch.setattr(module, "DEEPEST", 3)
    page = await mall.page("/products?page=2")
    linked = {int(one) for one in re.findall(r"[?;&]page=([0-9]+)", page)}
    assert max(linked) == 3
    for one in linked:
        assert await mall.page(f"/products?page={one}")


async def test_an_empty_list_says_which_filter_is_in_the_way(mall: Mall) -> None:
    facets = (await mall.get(LIST))["facets"]
    brand = facets["brands"][0]
    page = await mall.page("/search", params={"brand": brand["slug"], "low": "1", "high": "1"})
    assert "没有同时符合这些条件的商品" in page
    chips = re.findall(r'<a class="chip" href="([^"]+)">不限 ([^<]+)<small>([0-9]+)</small>', page)
    assert [(name, count) for _, name, count in chips] == [("¥1 – 1", str(brand["count"]))]
    assert f"{brand['count']} 件" in await mall.page(html.unescape(chips[0][0]))
    nothing = await mall.page("/search", params={"q": "zzqqxx没有这种东西"})
    assert "没有找到" in nothing


async def test_a_wrong_price_leaves_the_list_and_is_told_beside_its_field(mall: Mall) -> None:
    for low, high, left in (
        ("abc", "300", "high=300"),
        ("abc<b>", "", ""),
        ("", "1" + "0" * 12, ""),
        ("-5", "300", "high=300"),
        ("9" * 500, "300", "high=300"),
    ):
        async with mall.client.get("/search", params={"q": "保温杯", "low": low, "high": high}) as response:
            assert response.status == 422
            page = await response.text()
        wrong, text = ("low", low) if low else ("high", high)
        assert re.search(rf'name="{wrong}"[^>]* aria-invalid="true" aria-describedby="wrong-low"', page)
        assert re.search(r'id="wrong-low" role="alert">\S', page)
        assert f'value="{html.escape(text[:100])}"' in page
        assert 'name="q" value="保温杯"' in page
        expected = await mall.page(f"/search?q=保温杯&{left}")
        cards = [re.findall(r'<article class="card">.*?</article>', whole, re.DOTALL) for whole in (page, expected)]
        assert cards[0] == cards[1] != []
    async with mall.client.get(LIST, params={"q": "保温杯", "price_min": "abc"}) as response:
        assert response.status == 422
        assert (await response.json())["error"]["field"] == "price_min"


async def test_figures_of_any_width_and_in_any_order_are_prices(mall: Mall) -> None:
    page = await mall.page("/search?q=保温杯&low=５００&high=￥20")
    assert "¥20 – ¥500" in page
    assert 'id="low"' in page
    assert re.search(r'id="low"[^>]* value="20"', page)
