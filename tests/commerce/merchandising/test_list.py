"""Products in the back office: who sees which, and what taking one off the shelf does."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from commerce import stock
from commerce.merchandising import listing_store
from commerce.merchandising.listing import Filter, Sort
from server.settings import Settings
from tests.commerce.catalogue.conftest import Shelf

Staff = dict[str, dict[str, str]]
API = "/api/v1/backoffice/products"


async def test_doors_are_closed_to_others(shelf: Shelf, staff: Staff) -> None:
    bottle = await shelf.product("bottle")
    for headers, status in (({}, 401), (staff["finance"], 403)):
        async with shelf.client.get(API, headers=headers) as response:
            assert response.status == status
        async with shelf.client.patch(f"{API}/{bottle}", json={"status": "off"}, headers=headers) as response:
            assert response.status == status
        for path in ("/backoffice/products", f"/backoffice/products/{bottle}"):
            async with shelf.client.get(path, headers=headers, allow_redirects=False) as response:
                assert response.status in (303, status)
    assert (await shelf.client.get(f"/products/{bottle}")).status == 200


async def test_staff_of_a_shop_see_their_shop_only(shelf: Shelf, staff: Staff) -> None:
    everything = await shelf.get(API, headers=staff["admin"])
    own = await shelf.get(API, headers=staff["shop2"], params={"size": "100"})
    assert everything["total"] == 60
    assert {item["shop"] for item in own["items"]} == {"回声数码"}
    bottle, phone = await shelf.product("bottle"), await shelf.product("phone")
    page = await shelf.page("/backoffice/products", headers=staff["shop2"])
    assert f'"/backoffice/products/{bottle}"' not in page
    assert f"{own['total']} 件商品" in page
    await shelf.page(f"/backoffice/products/{phone}", headers=staff["shop2"])
    async with shelf.client.get(f"/backoffice/products/{bottle}", headers=staff["shop2"]) as response:
        assert response.status == 404
    async with shelf.client.patch(f"{API}/{bottle}", json={"status": "off"}, headers=staff["shop2"]) as response:
        assert response.status == 404
    assert (await shelf.client.get(f"/products/{bottle}")).status == 200


async def test_off_the_shelf_and_on_again(shelf: Shelf, staff: Staff) -> None:
    bottle = await shelf.product("bottle")
    for status, seen in (("off", 404), ("off", 404), ("on", 200)):
        async with shelf.client.patch(f"{API}/{bottle}", json={"status": status}, headers=staff["admin"]) as response:
            told = await response.json()
            assert (response.status, told["id"], told["status"]) == (200, str(bottle), status)
        assert (await shelf.client.get(f"/products/{bottle}")).status == seen
    async with shelf.app.database.connection() as connection:
        told = await connection.fetch("SELECT payload FROM events WHERE kind = 'catalogue.product_put' ORDER BY id")
    assert [row["payload"]["status"] for row in told] == ["off", "on"]  # what changes nothing is no event
    assert (await shelf.get(API, headers=staff["admin"], params={"status": "off"}))["total"] == 0


async def test_nonsense_is_refused(shelf: Shelf, staff: Staff) -> None:
    bottle = await shelf.product("bottle")
    bodies: tuple[Any, ...] = (
        {"status": "gone"},
        {"status": None},
        {"status": "off", "price": 1},
        {"title": ""},
        {"skus": []},
        [],
        "off",
    )
    for body in bodies:
        async with shelf.client.patch(f"{API}/{bottle}", json=body, headers=staff["admin"]) as response:
            assert response.status == 422, body
    async with shelf.client.patch(f"{API}/{bottle}", data=b"{", headers=staff["admin"]) as response:
        assert response.status in (400, 415)
    for wrong in ("0", "9" * 18, "x", "-1"):
        async with shelf.client.patch(f"{API}/{wrong}", json={"status": "on"}, headers=staff["admin"]) as response:
            assert response.status == 404
    for query in ("status=gone", "page=0", "size=1000", "colour=red"):
        async with shelf.client.get(f"{API}?{query}", headers=staff["admin"]) as response:
            assert response.status == 422, query
    for query in ("show=gone", "page=0", "page=x", "page=" + "9" * 30, "page=001000" + "0" * 20):
        async with shelf.client.get(f"/backoffice/products?{query}", headers=staff["admin"]) as response:
            assert response.status == 404, query


async def test_the_list_finds_by_name_and_code(shelf: Shelf, staff: Staff) -> None:
    for query, count in (("保温杯", 1), ("LF-BT-", 1), ("lf-bt-ink-500", 1), ("100%", 0), ("'\\", 0), ("", 60)):
        found = await shelf.get(API, headers=staff["admin"], params={"q": query})
        assert found["total"] == count, query
        assert f"{count} 件商品" in await shelf.page(
            "/backoffice/products", headers=staff["admin"], params={"q": query}
        )


async def test_figures_of_stock_are_those_of_stock(shelf: Shelf, staff: Staff) -> None:
    sku = await shelf.sku("LF-BT-INK-500")
    async with shelf.app.database.transaction() as connection:
        assert await stock.allocate(connection, sku, 123, "flash-sale:7", "staff:1")
        assert await stock.hold(connection, sku, 45, "checkout", "cart:1", 600)
    found = await shelf.get(API, headers=staff["admin"], params={"q": "LF-BT-INK-500"})
    row = found["items"][0]
    assert row["allocated"] == 123
    assert row["on_hand"] - row["allocated"] - row["free"] == 45
    page = await shelf.page(f"/backoffice/products/{row['id']}", headers=staff["admin"])
    cells = re.search(r'value="LF-BT-INK-500"(.*?)</tr>', page, re.S)
    assert cells is not None
    assert re.findall(r">([\d,]+)</td>", cells[1]) == ["168", "7,832"]
    history = await shelf.page(f"/backoffice/products/{row['id']}/history?show=stock", headers=staff["admin"])
    assert "秒杀 #7" in history
    short = await shelf.page("/backoffice/products?show=short", headers=staff["admin"])
    assert "没有符合条件的商品" in short


async def test_by_form_as_a_browser_does(shelf: Shelf, staff: Staff, settings: Settings) -> None:
    bottle = await shelf.product("bottle")
    token = staff["admin"]["Authorization"].removeprefix("Bearer ")
    cookies = {"Cookie": f"lf_staff={token}"}
    page = await shelf.page(f"/backoffice/products/{bottle}", headers=cookies)
    csrf = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert csrf is not None
    path = f"/backoffice/products/{bottle}/status"
    form: dict[str, Any] = {"status": "off"}
    async with shelf.client.post(path, data=form, headers=cookies, allow_redirects=False) as response:
        assert response.status == 403
    form["csrf_token"] = csrf[1]
    async with shelf.client.post(path, data=form, headers=cookies, allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (303, f"/backoffice/products/{bottle}")
    assert (await shelf.client.get(f"/products/{bottle}")).status == 404
    assert "已下架" in await shelf.page(f"/backoffice/products/{bottle}", headers=cookies)
    async with shelf.client.post(path, data=form | {"status": "x"}, headers=cookies, allow_redirects=False) as response:
        assert response.status == 422


async def test_every_order_and_choice_is_that_of_the_products(shelf: Shelf, staff: Staff) -> None:
    await shelf.change("UPDATE skus SET list_price = NULL, price = 100 + id * 37 % 500")
    await shelf.change("UPDATE skus SET status = CASE WHEN id % 3 = 0 THEN 'off' ELSE 'on' END")
    await shelf.change("UPDATE products SET sales = id % 5, status = CASE WHEN id % 4 = 0 THEN 'off' ELSE 'on' END")
    await shelf.change("UPDATE stock SET on_hand = allocated + sku_id % 9")
    async with shelf.app.database.connection() as connection:
        rows, total = await listing_store.listed(connection, Filter(), 0, 100)
        by_id = {row.id: row for row in rows}
        for row in rows:
            skus = await connection.fetch(
                "SELECT k.price, k.status, coalesce(f.free, 0) AS free FROM skus AS k"
                " LEFT JOIN stock_free AS f ON f.sku_id = k.id"
                " WHERE product_id = $1",
                row.id,
            )
            on = [sku["price"] for sku in skus if sku["status"] == "on"]
            assert (row.price, row.dearest, row.skus) == (min(on, default=None), max(on, default=None), len(on))
            assert row.free == sum(sku["free"] for sku in skus)
        keys: dict[Sort, Callable[[listing_store.Listed], tuple[int, int]]] = {
            Sort.NEWEST: lambda row: (0, row.id),
            Sort.PRICE_UP: lambda row: (10**12 if row.price is None else row.price, row.id),
            Sort.PRICE_DOWN: lambda row: (10**12 if row.price is None else -row.price, row.id),
            Sort.FREE_UP: lambda row: (row.free, row.id),
            Sort.FREE_DOWN: lambda row: (-row.free, row.id),
            Sort.SALES: lambda row: (-row.sales, row.id),
        }
        assert total == len(rows) == 60
        for sort, key in keys.items():
            for short in (None, 20):
                expected = sorted((one for one in rows if short is None or one.free <= short), key=key)
                asked = Filter(sort=sort, short=short)
                found, count = await listing_store.listed(connection, asked, 5, 20)
                assert [one.id for one in found] == [one.id for one in expected][5:25], sort
                assert (count, {one.id: one for one in found}.items() <= by_id.items()) == (len(expected), True)
                assert await listing_store.ids(connection, asked, 7, 3) == sorted(one.id for one in expected)[3:10]
