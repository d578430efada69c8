"""What was changed is found as it is now: texts, prices, stock, names that products share."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from commerce import stock
from commerce.search import feed
from commerce.search.feed import Follower
from commerce.search.types import Wish
from commerce.staff.demo import create_staff
from server.http.session import Kind
from tests.commerce.search.conftest import COUNT, Mall

LIST = "/api/v1/products"


async def total(mall: Mall, **params: str) -> int:
    """Return how many products a list has."""
    found: int = (await mall.get(LIST, params=params))["total"]
    return found


@pytest.fixture
async def headers(mall: Mall) -> dict[str, str]:
    """Headers of staff who may do everything."""
    async with mall.app.database.transaction() as connection:
        await create_staff(connection, {"admin": "a password of tests"}, [])
        staff_id = await connection.fetchval("SELECT id FROM staff WHERE account = 'admin'")
        issued = await mall.app.sessions.issue(connection, Kind.STAFF, staff_id, "127.0.0.1", "test")
    return {"Authorization": f"Bearer {issued.token}"}


async def test_a_product_put_off_the_shelf_by_staff_is_gone_within_a_second(
    mall: Mall, headers: dict[str, str]
) -> None:
    picture = f"/media/p/ab/{'a' * 64}.webp"  # nothing without one is put on the shelf
    await mall.change("UPDATE products SET pictures = $1", [picture])
    worst = 0.0
    first = await mall.get(LIST, params={"size": "5"})
    for item in first["items"]:
        for status, shown in (("off", COUNT - 1), ("on", COUNT)):
            began = time.monotonic()
            path = f"/api/v1/backoffice/products/{item['id']}"
            async with mall.client.patch(path, json={"status": status}, headers=headers) as response:
                assert response.status == 200, await response.text()
            assert await total(mall) == shown  # at the first look
            worst = max(worst, time.monotonic() - began)
    assert worst < 1


async def test_a_new_title_is_found_at_once_and_the_old_one_no_more(mall: Mall) -> None:
    product = await mall.value("SELECT id FROM products ORDER BY id LIMIT 1")
    assert await total(mall, q="翡翠鹦鹉螺") == 0
    await mall.change("UPDATE products SET title = '翡翠鹦鹉螺摆件' WHERE id = $1", product)
    assert await mall.titles(q="翡翠鹦鹉螺") == ["翡翠鹦鹉螺摆件"]
    assert await mall.titles(q="feicuiyingwuluo") == ["翡翠鹦鹉螺摆件"]
    await mall.change("UPDATE products SET title = '摆件' WHERE id = $1", product)
    assert await total(mall, q="翡翠鹦鹉螺") == 0


async def test_a_process_finds_what_another_wrote(mall: Mall) -> None:
    other = Follower(mall.app.database)
    await other.fresh()
    product = await mall.value("SELECT id FROM products ORDER BY id LIMIT 1")
    await mall.change("UPDATE products SET sales = 10000000 WHERE id = $1", product)
    await mall.get(LIST)  # this process made the row
    found = (await other.fresh()).columns
    assert found.sales[found.slots[product]] == 10_000_000
    assert other.index.revision == mall.app.resource(Follower).index.revision


async def test_who_gives_up_leaves_the_look_for_news_to_others(mall: Mall) -> None:
    for wait in (0.0, 0.002, 0.01, 0.03):
        other = Follower(mall.app.database)
        leaving = [asyncio.create_task(other.fresh()) for _ in range(3)]
        await asyncio.sleep(wait)
        for task in leaving:
            task.cancel()
        indexes = await asyncio.gather(*(other.fresh() for _ in range(5)))
        assert {index.search(Wish(), 0, 1).total for index in indexes} == {COUNT}
        assert len(other.index.columns.slots) == other.index.columns.size == COUNT


async def test_prices_and_skus_change_lists(mall: Mall) -> None:
    product = await mall.value("SELECT id FROM products ORDER BY id LIMIT 1")
    await mall.change("UPDATE skus SET price = 1, list_price = NULL WHERE product_id = $1", product)
    cheapest = (await mall.get(LIST, params={"sort": "price_asc", "size": "1"}))["items"][0]
    assert (cheapest["id"], cheapest["price"]) == (str(product), 1)
    await mall.change("UPDATE skus SET status = 'off' WHERE product_id = $1", product)
    assert await total(mall) == COUNT - 1


async def test_stock_that_orders_holds_and_time_move_shows_at_once(mall: Mall) -> None:
    sku = await mall.value(
        """
        SELECT min(k.id) FROM skus AS k JOIN stock AS s ON s.sku_id = k.id
        GROUP BY k.product_id HAVING count(*) = 1 ORDER BY 1 LIMIT 1
        """
    )
    product = await mall.value("SELECT product_id FROM skus WHERE id = $1", sku)
    await mall.change("UPDATE skus SET status = 'off' WHERE product_id = $1 AND id <> $2", product, sku)
    before = await total(mall, in_stock="1")
    async with mall.app.database.transaction() as connection:
        free = (await stock.free(connection, [sku]))[sku]
        assert await stock.allocate(connection, sku, free - 2, "test", "system")
    assert await total(mall, in_stock="1") == before
    async with mall.app.database.transaction() as connection:
        held = await stock.hold(connection, sku, 2, "test", "test", 0.5)
    assert held is not None
    assert await total(mall, in_stock="1") == before - 1
    await asyncio.sleep(0.6)
    await feed.work(mall.app)  # what the worker does all the time
    assert await total(mall, in_stock="1") == before  # the hold ran out; nothing was written for it
    async with mall.app.database.transaction() as connection:
        assert await stock.allocate(connection, sku, 2, "test", "system")
    assert await total(mall, in_stock="1") == before - 1
    async with mall.app.database.transaction() as connection:
        await stock.release(connection, sku, 1, "test", "system")
    assert await total(mall, in_stock="1") == before


async def test_names_that_products_share_change_what_finds_them(mall: Mall) -> None:
    brand = await mall.value("SELECT brand_id FROM products GROUP BY brand_id ORDER BY count(*) DESC LIMIT 1")
    name = await mall.value("SELECT name FROM brands WHERE id = $1", brand)
    many = await mall.value("SELECT count(*) FROM products WHERE brand_id = $1", brand)
    await mall.change("UPDATE products SET title = replace(title, $2, '') WHERE brand_id = $1", brand, name)
    assert await total(mall, q=name) == many
    await mall.change("UPDATE brands SET name = '金乌龟甲' WHERE id = $1", brand)
    assert await total(mall, q="金乌龟甲") == many
    facets = (await mall.get(LIST, params={"q": "金乌龟甲"}))["facets"]
    assert [(one["name"], one["count"]) for one in facets["brands"]] == [("金乌龟甲", many)]
    category = await mall.value("SELECT id FROM categories WHERE parent_id IS NOT NULL ORDER BY id LIMIT 1")
    slug, parent = await mall.value("SELECT row(slug, parent_id) FROM categories WHERE id = $1", category)
    inside = await total(mall, category=slug)
    top = await mall.value("SELECT slug FROM categories WHERE id = $1", parent)
    under = await total(mall, category=top)
    await mall.change("UPDATE categories SET parent_id = NULL WHERE id = $1", category)
    assert (await total(mall, category=slug), await total(mall, category=top)) == (inside, under - inside)


async def test_attributes_change_lists(mall: Mall) -> None:
    base = {"category": "g-thermos"}
    facets = (await mall.get(LIST, params=base))["facets"]["attributes"]
    assert [one["name"] for one in facets] == ["容量", "材质", "颜色"]
    value = facets[1]["values"][0]
    found = await mall.get(LIST, params=base | {"attr": value["slug"]})
    assert found["total"] == value["count"] > 0
    shown = await mall.get(f"{LIST}/{found['items'][0]['id']}")
    assert ["材质", value["name"]] in shown["attributes"]
    await mall.change("DELETE FROM attribute_values WHERE id = $1", int(value["slug"].partition(":")[2]))
    again = (await mall.get(LIST, params=base))["facets"]["attributes"][1]["values"]
    assert value["slug"] not in [one["slug"] for one in again]
    assert await total(mall, **base, attr=value["slug"]) == 0


async def test_marks_of_many_writers_are_all_seen_to(mall: Mall) -> None:
    async def write(product: int) -> None:
        await mall.change("UPDATE products SET sales = sales + 1000000 WHERE id = $1", product)
        await mall.get(LIST, params={"size": "1"})

    async with mall.app.database.connection() as connection:
        ids = [row["id"] for row in await connection.fetch("SELECT id FROM products ORDER BY id LIMIT 40")]
    await asyncio.gather(*(write(product) for product in ids), *(feed.work(mall.app) for _ in range(3)))
    best: Any = await mall.get(LIST, params={"sort": "sales", "size": "40"})
    assert {int(one["id"]) for one in best["items"]} == set(ids)
    assert await mall.value("SELECT count(*) FROM search_marks") == 0
