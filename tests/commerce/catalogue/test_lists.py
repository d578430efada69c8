"""Lists of products: what is found, in which order, and facets that tell the truth."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from commerce import stock
from commerce.catalogue import words
from tests.commerce.catalogue.conftest import Shelf

LIST = "/api/v1/products"


async def titles(shelf: Shelf, **params: str) -> list[str]:
    """Return the titles that a list shows."""
    return [item["title"] for item in (await shelf.get(LIST, params=params | {"size": "100"}))["items"]]


async def test_a_list_shows_cards_and_counts(shelf: Shelf) -> None:
    found = await shelf.get(LIST, params={"size": "7", "page": "2"})
    assert (found["total"], found["page"], found["size"], len(found["items"])) == (60, 2, 7, 7)
    card = found["items"][0]
    assert {"id", "title", "price", "image", "shop"} <= card.keys()
    assert card["id"].isdigit()
    assert card["shop"].keys() == {"id", "slug", "name"}
    assert isinstance(card["price"], int)
    detail = await shelf.get(f"{LIST}/{card['id']}")
    assert card["price"] == min(sku["price"] for sku in detail["skus"]) == detail["price"]
    assert card["available"] == sum(sku["available"] for sku in detail["skus"])


async def test_every_product_is_on_exactly_one_page(shelf: Shelf) -> None:
    for sort in ("relevance", "sales", "newest", "price_asc", "price_desc"):
        ids = [
            item["id"]
            for page in range(1, 5)
            for item in (await shelf.get(LIST, params={"sort": sort, "size": "16", "page": str(page)}))["items"]
        ]
        assert len(ids) == len(set(ids)) == 60, sort


async def test_orders_are_orders(shelf: Shelf) -> None:
    async def prices(sort: str) -> list[int]:
        found = await shelf.get(LIST, params={"sort": sort, "size": "100"})
        return [item["price"] for item in found["items"]]

    assert await prices("price_asc") == sorted(await prices("price_asc"))
    assert await prices("price_desc") == sorted(await prices("price_desc"), reverse=True)
    tent = await shelf.product("tent")
    await shelf.change("UPDATE products SET sales = 7 WHERE id = $1", tent)
    assert (await shelf.get(LIST, params={"sort": "sales"}))["items"][0]["id"] == str(tent)
    await shelf.change("UPDATE products SET created_at = now() + interval '1 s' WHERE slug = 'knife'")
    newest = await shelf.get(LIST, params={"sort": "newest"})
    assert newest["items"][0]["id"] == str(await shelf.product("knife"))


async def test_words_find_products(shelf: Shelf) -> None:
    for query, slug in (
        ("保温杯", "bottle"),
        ("温杯", "bottle"),  # no word of Chinese, but a part of one
        ("双肩包", "backpack"),
        ("踏野 跑鞋", "shoe"),
        ("跑鞋 踏野", "shoe"),
        ("316", "bottle"),
        ("雾蓝 双肩包", "backpack"),  # a colour is a word of its SKUs
        ("  保温杯\t\n", "bottle"),
    ):
        found = await shelf.get(LIST, params={"q": query})
        assert str(await shelf.product(slug)) in [item["id"] for item in found["items"]], query
    assert await titles(shelf, q="BACKPACK 双肩包") == []


async def test_signs_are_only_signs(shelf: Shelf) -> None:
    signs = ("%", "_", "\\", "'", "''", "a'b:*&|!()<->", "😀", "  ", "'; DROP TABLE skus", "保 & 温")
    for query in signs:
        await shelf.get(LIST, params={"q": query})
        await shelf.page(f"/search?q={quote(query)}")
    async with shelf.client.get(LIST, params={"q": "\x00保温杯"}) as response:
        assert response.status == 422
        assert (await response.json())["error"]["field"] == "q"


async def test_a_percent_sign_is_looked_for_as_it_is(shelf: Shelf) -> None:
    assert await titles(shelf, q="%") == []
    await shelf.change("UPDATE products SET title = '棉 100% 毛巾' WHERE slug = 'towels'")
    found = await titles(shelf, q="100%")
    assert found[0] == "棉 100% 毛巾"
    assert await titles(shelf, q="100") != found  # the sign is part of what is looked for


def test_a_pattern_holds_signs_as_they_are() -> None:
    assert words.pattern("50%_\\") == "%50\\%\\_\\\\%"


async def test_filters_narrow(shelf: Shelf) -> None:
    everything = (await shelf.get(LIST, params={"size": "100"}))["items"]
    cheap = await shelf.get(LIST, params={"price_min": "5000", "price_max": "9900", "size": "100"})
    assert {item["id"] for item in cheap["items"]} == {
        item["id"] for item in everything if 5000 <= item["price"] <= 9900
    }
    assert {item["shop"]["slug"] for item in (await shelf.get(LIST, params={"shop": "huisheng"}))["items"]} == {
        "huisheng"
    }
    by_id = await shelf.get(LIST, params={"shop": everything[0]["shop"]["id"]})
    assert {item["shop"]["id"] for item in by_id["items"]} == {everything[0]["shop"]["id"]}
    for nothing in ({"category": "no-such"}, {"brand": "no-such"}, {"tag": "no such"}, {"shop": "no-such"}):
        assert (await shelf.get(LIST, params=nothing))["total"] == 0
    both = await shelf.client.get(f"{LIST}?brand=taye&brand=xiliu,taye")
    one = [await shelf.get(LIST, params={"brand": brand}) for brand in ("taye", "xiliu")]
    assert (await both.json())["total"] == sum(found["total"] for found in one)


async def test_a_category_holds_those_under_it(shelf: Shelf) -> None:
    home = await shelf.get(LIST, params={"category": "home", "size": "100"})
    parts = [await shelf.get(LIST, params={"category": slug}) for slug in ("bottles", "bedding", "lighting")]
    assert home["total"] == sum(part["total"] for part in parts) > 0


async def test_stock_decides_what_is_in_stock(shelf: Shelf) -> None:
    knife = await shelf.product("knife")
    async with shelf.app.database.transaction() as connection:
        for row in await connection.fetch("SELECT id FROM skus WHERE product_id = $1 ORDER BY id", knife):
            free = (await stock.free(connection, [row["id"]]))[row["id"]]
            assert await stock.allocate(connection, row["id"], free, "test", "system")
    found = await shelf.get(LIST, params={"in_stock": "1", "size": "100"})
    assert found["total"] == found["facets"]["in_stock"] == 59
    assert str(knife) not in [item["id"] for item in found["items"]]
    everything = await shelf.get(LIST, params={"size": "100"})
    assert (everything["total"], everything["facets"]["in_stock"]) == (60, 59)
    assert next(item for item in everything["items"] if item["id"] == str(knife))["available"] == 0
    assert everything["items"][-1]["id"] == str(knife)  # what cannot be bought comes last


async def test_what_is_off_the_shelf_is_nowhere(shelf: Shelf) -> None:
    bottle = await shelf.product("bottle")
    await shelf.change("UPDATE products SET status = 'off' WHERE id = $1", bottle)
    assert str(bottle) not in [item["id"] for item in (await shelf.get(LIST, params={"size": "100"}))["items"]]
    for path in (f"{LIST}/{bottle}", f"/products/{bottle}"):
        assert (await shelf.client.get(path)).status == 404
    assert f'"/products/{bottle}"' not in await shelf.page("/")
    # A product without anything to sell is as good as none.
    tent = await shelf.product("tent")
    await shelf.change("UPDATE skus SET status = 'off' WHERE product_id = $1", tent)
    assert (await shelf.get(LIST))["total"] == 58
    assert (await shelf.client.get(f"/products/{tent}")).status == 404


BASES: list[dict[str, str]] = [
    {},
    {"q": "山"},
    {"category": "outdoor"},
    {"brand": "xingzhi"},
    {"brand": "xingzhi,taye"},
    {"tag": "轻"},
    {"price_min": "10000", "price_max": "30000"},
    {"in_stock": "1"},
    {"category": "home", "price_max": "20000", "in_stock": "true"},
    {"shop": "banmu", "brand": "xiliu"},
]


async def test_a_facet_counts_what_choosing_it_gives(shelf: Shelf) -> None:
    await shelf.change("UPDATE products SET tags = '{轻,新}' WHERE id % 3 = 0")
    await shelf.change("UPDATE products SET tags = '{重,新}' WHERE id % 5 = 0")
    await shelf.change("UPDATE stock SET on_hand = 0 WHERE sku_id IN (SELECT id FROM skus WHERE product_id % 7 = 0)")
    for base in BASES:
        await facets_agree(shelf, base)


async def facets_agree(shelf: Shelf, base: dict[str, str]) -> None:
    """Assert that each facet of a list gives as many products as it says."""
    facets = (await shelf.get(LIST, params=base))["facets"]
    choices: list[tuple[dict[str, str], int]] = [({"in_stock": "1"}, facets["in_stock"])]
    for name, key in (("categories", "category"), ("brands", "brand"), ("tags", "tag")):
        choices += [({key: facet["slug"]}, facet["count"]) for facet in facets[name]]
    assert len(choices) > 3
    for choice, count in choices:
        found = await shelf.get(LIST, params=base | choice)
        assert found["total"] == count, (base, choice)
    unpriced = {name: value for name, value in base.items() if not name.startswith("price")}
    prices = [item["price"] for item in (await shelf.get(LIST, params=unpriced | {"size": "100"}))["items"]]
    assert (facets["price"]["low"], facets["price"]["high"]) == (min(prices), max(prices)), base


NONSENSE: list[tuple[dict[str, str], str]] = [
    ({"page": "0"}, "page"),
    ({"page": "-1"}, "page"),
    ({"page": "x"}, "page"),
    ({"page": "1" + "0" * 30}, "page"),
    ({"size": "101"}, "size"),
    ({"size": "0"}, "size"),
    ({"price_min": "-1"}, "price_min"),
    ({"price_min": "1.5"}, "price_min"),
    ({"price_max": "9" * 40}, "price_max"),
    ({"price_min": "2", "price_max": "1"}, "price_max"),
    ({"sort": "best"}, "sort"),
    ({"in_stock": "maybe"}, "in_stock"),
    ({"category": "Home'"}, "category"),
    ({"brand": "x" * 700}, "brand"),
    ({"q": "x" * 101}, "q"),
    ({"colour": "red"}, "colour"),
]


async def test_nonsense_is_refused_by_name(client: Any) -> None:
    for params, field in NONSENSE:
        async with client.get(LIST, params=params) as response:
            assert response.status == 422, params
            error = (await response.json())["error"]
            assert (error["code"], error["field"]) == ("invalid", field)


async def test_empty_parameters_are_none(shelf: Shelf) -> None:
    empty = "q=&category=&brand=&price_min=&price_max=&tag=&in_stock=&sort="
    assert (await shelf.get(f"{LIST}?{empty}"))["total"] == 60
