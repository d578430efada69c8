"""The editor: what is saved, what is refused, and what history tells of it."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

import asyncpg
import pytest

from commerce import stock
from commerce.catalogue.types import Status
from server.clock import now
from tests.commerce.catalogue.conftest import Shelf
from tests.commerce.merchandising.browser import Browser, fields, row_of

Staff = dict[str, dict[str, str]]
API = "/api/v1/backoffice/products"
HOME = "/backoffice/products"


async def test_saved_as_it_stands_nothing_changes(shelf: Shelf, staff: Staff) -> None:
    product_id = await shelf.product("bottle")
    browser = Browser(shelf, staff["admin"])
    before = await shelf.get(f"{API}/{product_id}", headers=staff["admin"])
    form = await browser.open(f"{HOME}/{product_id}")
    status, place, text = await browser.post(f"{HOME}/{product_id}", form)
    assert (status, place) == (303, f"{HOME}/{product_id}?saved=0"), text
    assert await shelf.get(f"{API}/{product_id}", headers=staff["admin"]) == before


async def test_every_change_is_in_the_history(shelf: Shelf, staff: Staff) -> None:
    product_id, sku_id = await shelf.product("bottle"), await shelf.sku("LF-BT-INK-500")
    browser = Browser(shelf, staff["admin"])
    form = await browser.open(f"{HOME}/{product_id}")
    at = row_of(form, "LF-BT-INK-500")
    price = form[f"skus.{at}.price"][0]
    form |= {"title": "山行保温杯 新款", "tags": "新品、送礼", f"skus.{at}.price": "66.60", f"skus.{at}.stock": "8001"}
    status, place, text = await browser.post(f"{HOME}/{product_id}", form)
    assert (status, place) == (303, f"{HOME}/{product_id}?saved=4"), text
    kept = await shelf.get(f"{API}/{product_id}", headers=staff["admin"])
    assert (kept["title"], kept["tags"], kept["version"]) == ("山行保温杯 新款", ["新品", "送礼"], 2)
    sku = next(sku for sku in kept["skus"] if sku["id"] == str(sku_id))
    assert (sku["price"], sku["on_hand"]) == (6660, 8001)
    prices = await shelf.get(f"{API}/{product_id}/prices", headers=staff["admin"])
    assert [(one["price_before"], one["price_after"]) for one in prices] == [(round(float(price) * 100), 6660)]
    async with shelf.app.database.connection() as connection:
        [move] = await stock.movements(connection, [sku_id], 1)
        assert (move.kind, move.quantity, move.ref) == (stock.Kind.CORRECT, 1, f"product:{product_id}")
        audit = await connection.fetchrow("SELECT before, after FROM staff_audit WHERE kind = 'product_changed'")
        assert audit["before"]["title"] == "凌峰 山行保温杯 316 不锈钢 保冷保热"
        assert audit["after"]["title"] == "山行保温杯 新款"
        told = await connection.fetchrow("SELECT payload FROM events WHERE kind = 'catalogue.product_changed'")
        assert set(told["payload"]["what"]) == {"title", "tags", "price", "on_hand"}
    for show, shown in (("edits", "山行保温杯 新款"), ("prices", "¥66.60"), ("stock", "8,001")):
        page = await shelf.page(f"{HOME}/{product_id}/history?show={show}", headers=staff["admin"])
        assert shown in page, show
        assert re.search(r"(staff|product):[0-9]", page) is None, "people and things are called by their names"


async def test_history_cannot_be_changed(shelf: Shelf, staff: Staff) -> None:
    product_id = await shelf.product("bottle")
    async with shelf.client.patch(f"{API}/{product_id}", json={"title": "甲"}, headers=staff["admin"]) as response:
        assert response.status == 200
    for query in ("DELETE FROM product_edits", "UPDATE product_edits SET staff_id = staff_id"):
        with pytest.raises(asyncpg.RestrictViolationError, match="only ever added"):
            await shelf.change(query)


async def test_the_second_of_two_writers_is_told_what_the_first_did(shelf: Shelf, staff: Staff) -> None:
    product_id = await shelf.product("bottle")
    one, two = Browser(shelf, staff["admin"]), Browser(shelf, staff["shop1"])
    first, second = await one.open(f"{HOME}/{product_id}"), await two.open(f"{HOME}/{product_id}")
    assert (await one.post(f"{HOME}/{product_id}", first | {"title": "第一个人的"}))[0] == 303
    status, _, text = await two.post(f"{HOME}/{product_id}", second | {"subtitle": "第二个人的"})
    assert status == 409
    assert "第一个人的" in text
    assert "第二个人的" in text
    assert (await shelf.get(f"{API}/{product_id}", headers=staff["admin"]))["title"] == "第一个人的"
    answers = await asyncio.gather(
        *(
            shelf.client.patch(
                f"{API}/{product_id}", json={"version": 2, "title": f"同时 {at}"}, headers=staff["admin"]
            )
            for at in range(5)
        )
    )
    assert sorted(answer.status for answer in answers) == [200, 409, 409, 409, 409]
    refusal = next(answer for answer in answers if answer.status == 409)
    assert (await refusal.json())["error"]["code"] == "product_stale"
    status, _, _ = await two.post(f"{HOME}/{product_id}", fields(text))
    assert status == 409  # a third change came between


async def test_units_sold_while_the_form_was_open_stay_sold(shelf: Shelf, staff: Staff) -> None:
    product_id, sku_id = await shelf.product("bottle"), await shelf.sku("LF-BT-INK-500")
    browser = Browser(shelf, staff["admin"])
    form = await browser.open(f"{HOME}/{product_id}")
    async with shelf.app.database.transaction() as connection:
        assert await stock.allocate(connection, sku_id, 10, "order:1", "system")
        await stock.ship(connection, sku_id, 10, "order:1", "system")
    at = row_of(form, "LF-BT-INK-500")
    form |= {f"skus.{at}.stock": "8005"}
    assert (await browser.post(f"{HOME}/{product_id}", form))[0] == 303
    async with shelf.app.database.connection() as connection:
        [level] = await stock.levels(connection, [sku_id])
    assert level.on_hand == 7995
    async with shelf.app.database.transaction() as connection:
        assert await stock.allocate(connection, sku_id, 7990, "order:2", "system")
    form = await browser.open(f"{HOME}/{product_id}")
    status, _, text = await browser.post(f"{HOME}/{product_id}", form | {f"skus.{at}.stock": "5"})
    assert (status, "已有订单占用" in text) == (422, True)


async def test_the_matrix_keeps_ids_and_takes_off_what_is_gone(shelf: Shelf, staff: Staff) -> None:
    product_id = await shelf.product("bottle")
    before = await shelf.get(f"{API}/{product_id}", headers=staff["admin"])
    browser = Browser(shelf, staff["admin"])
    form = await browser.open(f"{HOME}/{product_id}")
    names, values = before["spec_names"], form["axes.0.values"][0].split("、")
    gone, renamed = values[-1], "曜石黑"
    form |= {"axes.0.values": "、".join([renamed, *values[1:]]), "do": "combine"}
    status, _, text = await browser.post(f"{HOME}/{product_id}", form)
    assert status == 200
    form = fields(text)
    form |= {"axes.0.values": "、".join([renamed, *values[1:-1], "新色"]), "do": "combine"}
    form = fields((await browser.post(f"{HOME}/{product_id}", form))[2])
    form |= {"fill.price": "88", "fill.list_price": "99", "fill.code": "NEW", "do": "fill"}
    form = fields((await browser.post(f"{HOME}/{product_id}", form))[2])
    status, _, text = await browser.post(f"{HOME}/{product_id}", form)
    assert status == 303, text[text.index("faults") :][:2000]
    after = await shelf.get(f"{API}/{product_id}", headers=staff["admin"])
    ids = {sku["id"]: sku for sku in after["skus"]}
    for sku in before["skus"]:
        now, value = ids[sku["id"]], sku["specs"][names[0]]
        if value in (gone,):
            # the last value and the new one stand in the same place: it was renamed
            assert now["specs"][names[0]] == "新色"
        else:
            assert now["specs"][names[0]] == (renamed if value == values[0] else value)
        assert (now["price"], now["list_price"], now["on_hand"]) == (8800, 9900, sku["on_hand"])
    form = await browser.open(f"{HOME}/{product_id}")
    form |= {"axes.0.values": "、".join([renamed, *values[1:-1]]), "do": "combine"}
    form = fields((await browser.post(f"{HOME}/{product_id}", form))[2])
    assert (await browser.post(f"{HOME}/{product_id}", form))[0] == 303
    kept = await shelf.get(f"{API}/{product_id}", headers=staff["admin"])
    assert {sku["id"] for sku in kept["skus"]} == set(ids)
    off = {sku["specs"][names[0]] for sku in kept["skus"] if sku["status"] == Status.OFF}
    assert off == {"新色"}
    page = await shelf.page(f"/products/{product_id}")
    assert "新色" not in page
    assert renamed in page


async def test_a_new_product_and_its_copy(shelf: Shelf, staff: Staff) -> None:
    browser = Browser(shelf, staff["shop1"])
    form = await browser.open(f"{HOME}/new")
    bottle = await shelf.get(f"{API}/{await shelf.product('bottle')}", headers=staff["admin"])
    assert form["shop_id"] == [bottle["shop_id"]]
    form |= {"title": "手冲壶 细口", "category_id": bottle["category_id"], "parameters": "容量：600 毫升\n材质: 不锈钢"}
    form |= {"axes.0.name": "颜色", "axes.0.values": "墨，砂", "axes.1.name": "容量", "axes.1.values": "大、小"}
    status, _, text = await browser.post(f"{HOME}/new", form | {"do": "combine"})
    assert status == 200
    form = fields(text) | {"fill.price": "128", "fill.stock": "7", "fill.code": "SC", "do": "fill"}
    status, _, text = await browser.post(f"{HOME}/new", form)
    form = fields(text) | {"on": "1"}
    status, place, text = await browser.post(f"{HOME}/new", form)
    assert (status, "上架前至少放一张图片" in text) == (422, True)
    form = fields(text) | {"pictures.0.url": bottle["pictures"][0]}
    status, place, text = await browser.post(f"{HOME}/new", form)
    assert status == 303, text
    product_id = place.split("/")[-1].partition("?")[0]
    made = await shelf.get(f"{API}/{product_id}", headers=staff["shop1"])
    assert [sku["code"] for sku in made["skus"]] == ["SC-01", "SC-02", "SC-03", "SC-04"]
    assert made["parameters"] == [["容量", "600 毫升"], ["材质", "不锈钢"]]
    assert {sku["on_hand"] for sku in made["skus"]} == {7}
    assert re.fullmatch(r"shou-chong-hu-xi-kou-[0-9a-f]{6}", made["slug"])
    assert "手冲壶 细口" in await shelf.page(f"/products/{product_id}")
    copy = await browser.open(f"{HOME}/new?copy={product_id}")
    assert (copy["title"], copy["slug"], copy["skus.0.code"], copy["skus.0.stock"]) == (
        ["手冲壶 细口"],
        [""],
        [""],
        ["0"],
    )
    async with shelf.client.get(f"{HOME}/{product_id}", headers=staff["shop2"]) as response:
        assert response.status == 404
    async with shelf.client.get(f"{HOME}/new?copy={product_id}", headers=staff["shop2"]) as response:
        assert response.status == 404
    status, _, _ = await Browser(shelf, staff["shop2"]).post(f"{HOME}/new", form | {"csrf_token": "x"})
    assert status == 403


async def test_what_a_client_leaves_out_stays(shelf: Shelf, staff: Staff) -> None:
    path = f"{API}/{await shelf.product('bottle')}"
    before = await shelf.get(path, headers=staff["admin"])
    skus = [{"id": sku["id"], "code": sku["code"], "price": sku["price"]} for sku in before["skus"]]
    for body in ({"skus": skus}, {"tags": before["tags"]}, {}):
        async with shelf.client.patch(path, json=body, headers=staff["admin"]) as response:
            assert (response.status, await response.json()) == (200, before)
    for wrong in ({"id": "999999"}, {"id": skus[1]["id"]}, {"code": skus[1]["code"]}, {"specs": {"没有": "这种"}}):
        async with shelf.client.patch(
            path, json={"skus": [skus[0] | wrong, *skus[1:]]}, headers=staff["admin"]
        ) as response:
            told = await response.json()
            assert (response.status, told["error"]["field"].partition(".")[0]) == (422, "skus"), told


async def test_who_may_only_look_in_a_shop_is_offered_nothing_that_changes_it(shelf: Shelf, staff: Staff) -> None:
    """Somebody who manages one shop and sees the products of another: what they post there is refused."""
    async with shelf.app.database.transaction() as connection:
        here, there = [row["id"] for row in await connection.fetch("SELECT id FROM shops ORDER BY id LIMIT 2")]
        who = await connection.fetchval("SELECT id FROM staff WHERE account = 'shop2'")
        looking = await connection.fetchval(
            "INSERT INTO roles (code, name, permissions) VALUES ('look', '看', '{products.view}') RETURNING id"
        )
        await connection.execute(
            "INSERT INTO staff_roles (staff_id, role_id, shop_id) VALUES ($1, $2, $3)", who, looking, here
        )
        other, own = [
            await connection.fetchval("SELECT min(id) FROM products WHERE shop_id = $1", shop) for shop in (here, there)
        ]
    both = Browser(shelf, staff["shop2"])
    at = (now() + timedelta(days=2)).isoformat()
    for product_id in (other, own):
        due = {"product_id": str(product_id), "status": "off", "at": at}
        headers = {**staff["admin"], "Idempotency-Key": f"due-{product_id}"}
        async with shelf.client.post("/api/v1/backoffice/shelf-changes", json=due, headers=headers) as answer:
            assert answer.status == 201, await answer.text()
    save = 'form="editor" name="do" value="save"'
    for product_id, may in ((other, False), (own, True)):
        page = await shelf.page(f"{HOME}/{product_id}", headers=both.cookies)
        assert (save in page) is may
        assert ("/cancel" in page) is may
        assert ('id="editor"' in page, "只能查看" in page) == (may, not may)
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert token
        form = {"csrf_token": token[1], "status": "on"}
        assert (await both.post(f"{HOME}/{product_id}/status", form))[0] == (303 if may else 404)
    dues = await shelf.page("/backoffice/shelf-changes", headers=both.cookies)
    assert dues.count("/cancel") == 1
    assert f"{HOME}/{other}" in dues
    for shop, may in ((here, False), (there, True)):
        rows = await shelf.page(f"{HOME}?shop={shop}", headers=both.cookies)
        assert f'"{HOME}/' in rows
        assert (" data-one" in rows) is may
