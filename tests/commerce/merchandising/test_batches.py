"""Batches: what the preview promises is done, row by row, and taken back within a day."""

from __future__ import annotations

import asyncio
import itertools
import re
from datetime import timedelta
from typing import Any

import pytest

from commerce.merchandising import batch_run, batch_store, batches
from commerce.merchandising.batch import Amount, How, Round, reckoned
from commerce.merchandising.batch_run import BatchJob, work
from commerce.merchandising.schedule import run_due
from server.clock import now, wire
from tests.commerce.catalogue.conftest import Shelf
from tests.commerce.merchandising.browser import Browser

Staff = dict[str, dict[str, str]]
PRODUCTS, BATCHES = "/api/v1/backoffice/products", "/api/v1/backoffice/batches"
DUES = "/api/v1/backoffice/shelf-changes"
_keys = itertools.count(1)


async def post(shelf: Shelf, path: str, body: Any, headers: dict[str, str], status: int = 201) -> Any:
    """Return the JSON of an answer of that status."""
    headers = {"Idempotency-Key": f"batch-{next(_keys)}", **headers}
    async with shelf.client.post(path, json=body, headers=headers) as response:
        told = await response.json()
        assert response.status == status, told
        return told


async def worked(shelf: Shelf, batch_id: str, headers: dict[str, str]) -> Any:
    """Have the worker do a batch, and return its report."""
    await work(shelf.app, BatchJob(int(batch_id)))
    return await shelf.get(f"{BATCHES}/{batch_id}", headers=headers, params={"size": "100"})


@pytest.mark.parametrize(
    ("before", "amount", "after"),
    [
        (7990, Amount(how=How.PERCENT, value=9500), 7591),
        (7990, Amount(how=How.PERCENT, value=9500, round=Round.NINETY), 7590),
        (7990, Amount(how=How.PERCENT, value=9500, round=Round.YUAN), 7600),
        (7990, Amount(how=How.ADD, value=-1000), 6990),
        (7990, Amount(how=How.SET, value=100), 100),
        (10, Amount(how=How.SET, value=20, round=Round.NINETY), 90),
        (801, Amount(how=How.ADD, round=Round.NINETY), 890),
        (900, Amount(how=How.ADD, round=Round.NINETY), 890),
        (901, Amount(how=How.ADD, round=Round.NINETY), 990),
    ],
)
def test_prices_are_reckoned(before: int, amount: Amount, after: int) -> None:
    assert reckoned(before, amount) == after


async def test_every_field_at_once_and_back(shelf: Shelf, staff: Staff) -> None:
    ids = [str(await shelf.product(slug)) for slug in ("bottle", "phone")]
    before = {one: await shelf.get(f"{PRODUCTS}/{one}", headers=staff["admin"]) for one in ids}
    brand = await shelf.get(f"{PRODUCTS}/{ids[1]}", headers=staff["admin"])
    edit = {
        "price": {"how": "percent", "value": 9000, "round": "ninety"},
        "list_price": {"how": "remove"},
        "stock": {"how": "add", "value": 3},
        "category_id": brand["category_id"],
        "brand_id": "0",
        "tags_add": ["双十一"],
        "text": {"find": " ", "replace": "_", "where": ["title", "subtitle", "description"]},
        "status": "off",
    }
    drawn = await post(shelf, BATCHES, {"product_ids": ids, "edit": edit}, staff["admin"])
    assert (drawn["state"], drawn["waiting"]) == ("running", 2)
    report = await worked(shelf, drawn["id"], staff["admin"])
    assert (report["state"], report["done"], report["refused"]) == ("done", 2, 0), report
    for one in ids:
        after = await shelf.get(f"{PRODUCTS}/{one}", headers=staff["admin"])
        assert (after["status"], after["brand_id"], after["tags"][-1]) == ("off", None, "双十一")
        assert " " not in after["title"]
        for was, sku in zip(before[one]["skus"], after["skus"], strict=True):
            assert (sku["on_hand"], sku["list_price"], sku["price"] % 100) == (was["on_hand"] + 3, None, 90)
    undoing = await post(shelf, f"{BATCHES}/{drawn['id']}/undo", None, staff["admin"])
    report = await worked(shelf, undoing["id"], staff["admin"])
    assert (report["done"], report["refused"]) == (2, 0), report
    for one in ids:
        after = await shelf.get(f"{PRODUCTS}/{one}", headers=staff["admin"])
        assert {**after, "version": 1} == {**before[one], "version": 1}
    again = await post(shelf, f"{BATCHES}/{drawn['id']}/undo", None, staff["admin"], 409)
    assert again["error"]["code"] == "batch_not_undoable"


async def test_what_cannot_be_done_is_refused_row_by_row(shelf: Shelf, staff: Staff) -> None:
    bottle, phone = [str(await shelf.product(slug)) for slug in ("bottle", "phone")]
    cheap = await shelf.get(f"{PRODUCTS}/{bottle}", headers=staff["admin"])
    assert max(sku["price"] for sku in cheap["skus"]) < 20000
    edit = {"price": {"how": "add", "value": -20000}}
    drawn = await post(shelf, BATCHES, {"product_ids": [bottle, phone], "edit": edit}, staff["admin"])
    report = await worked(shelf, drawn["id"], staff["admin"])
    rows = {row["product_id"]: row for row in report["rows"]}
    assert (rows[bottle]["state"], rows[bottle]["reason"]) == ("refused", "售价要大于 0")
    assert rows[phone]["state"] == "done"
    assert await shelf.get(f"{PRODUCTS}/{bottle}", headers=staff["admin"]) == cheap
    async with shelf.client.patch(f"{PRODUCTS}/{phone}", json={"title": "别的"}, headers=staff["admin"]) as response:
        sku = (await response.json())["skus"][0]
    async with shelf.client.patch(
        f"{PRODUCTS}/{phone}",
        json={"skus": [sku | {"price": sku["price"] + 100, "list_price": None}]},
        headers=staff["admin"],
    ) as response:
        assert response.status == 200, await response.text()
    undoing = await post(shelf, f"{BATCHES}/{drawn['id']}/undo", None, staff["admin"])
    report = await worked(shelf, undoing["id"], staff["admin"])
    assert [row["reason"] for row in report["rows"]] == ["之后又改过，不撤销"]


async def test_nobody_touches_another_shop(shelf: Shelf, staff: Staff) -> None:
    bottle = str(await shelf.product("bottle"))
    body = {"product_ids": [bottle], "edit": {"price": {"how": "set", "value": 1}}, "checked": True}
    told = await post(shelf, BATCHES, body, staff["shop2"], 422)
    assert told["error"]["field"] == "product_ids"
    drawn = await post(shelf, BATCHES, body, staff["admin"])
    async with shelf.client.get(f"{BATCHES}/{drawn['id']}", headers=staff["shop2"]) as response:
        assert response.status == 404
    body = {"product_id": bottle, "status": "off", "at": wire(now() + timedelta(hours=1))}
    await post(shelf, DUES, body, staff["shop2"], 404)
    due = await post(shelf, DUES, body, staff["admin"])
    async with shelf.client.delete(f"{DUES}/{due['id']}", headers=staff["shop2"]) as response:
        assert response.status == 404
    assert (await shelf.get(DUES, headers=staff["shop2"]))["total"] == 0


async def test_two_workers_do_each_row_once(shelf: Shelf, staff: Staff) -> None:
    listed = await shelf.get(PRODUCTS, headers=staff["admin"], params={"size": "100"})
    ids = [item["id"] for item in listed["items"]]
    body = {"product_ids": ids, "edit": {"stock": {"how": "add", "value": 1}}}
    drawn = await post(shelf, BATCHES, body, staff["admin"])
    await asyncio.gather(*(work(shelf.app, BatchJob(int(drawn["id"]))) for _ in range(3)))
    report = await worked(shelf, drawn["id"], staff["admin"])
    assert (report["done"], report["state"]) == (60, "done")
    after = await shelf.get(PRODUCTS, headers=staff["admin"], params={"size": "100"})
    for was, item in zip(listed["items"], after["items"], strict=True):
        assert item["on_hand"] == was["on_hand"] + was["skus"]


async def test_by_form_with_a_preview(shelf: Shelf, staff: Staff) -> None:
    bottle = await shelf.product("bottle")
    browser = Browser(shelf, staff["shop1"])
    csrf = (await browser.open(f"/backoffice/products/{bottle}"))["csrf_token"][0]
    status, place, _ = await browser.post("/backoffice/batches", {"ids": str(bottle), "csrf_token": csrf})
    assert status == 303
    form = {"csrf_token": csrf, "price_how": "percent", "price": "-1O"}
    status, _, text = await browser.post(place, form)
    assert (status, "填 -5 这样的百分数" in text) == (422, True)
    assert (await browser.post(place, {"csrf_token": csrf}))[0] == 422
    status, shown, _ = await browser.post(place, form | {"price": "-10"})
    assert (status, shown) == (303, f"{place}#preview")
    page = await shelf.page(place, headers=browser.cookies)
    assert "确认，改 1 件" in page
    assert "¥79.90</data> → " in page
    assert "¥71.91" in page
    kept = await shelf.get(f"{PRODUCTS}/{bottle}", headers=staff["admin"])
    assert 7991 not in {sku["price"] for sku in kept["skus"]}
    status, shown, _ = await browser.post(f"{place}/apply", {"csrf_token": csrf} | seen_in(page))
    assert (status, shown) == (303, place)
    kept = await shelf.get(f"{PRODUCTS}/{bottle}", headers=staff["admin"])
    assert 7191 in {sku["price"] for sku in kept["skus"]}
    assert "改了 1 件" in await shelf.page(place, headers=browser.cookies)
    assert "批量修改" in await shelf.page("/backoffice/batches", headers=browser.cookies)
    status, undoing, _ = await browser.post(f"{place}/undo", {"csrf_token": csrf})
    assert "会改" in await shelf.page(undoing, headers=browser.cookies)
    assert (await browser.post(f"{undoing}/apply", {"csrf_token": csrf}))[0] == 303
    kept = await shelf.get(f"{PRODUCTS}/{bottle}", headers=staff["admin"])
    assert 7990 in {sku["price"] for sku in kept["skus"]}
    status, place, _ = await browser.post("/backoffice/batches", {"all": "1", "csrf_token": csrf})
    count = (await shelf.get(PRODUCTS, headers=staff["shop1"]))["total"]
    assert f"对选中的 {count} 件商品" in await shelf.page(place, headers=browser.cookies)


async def test_on_and_off_when_it_is_due(shelf: Shelf, staff: Staff) -> None:
    bottle, phone = [str(await shelf.product(slug)) for slug in ("bottle", "phone")]
    later = wire(now() + timedelta(hours=1))
    for at, status in (("2020-01-01T00:00:00Z", 422), (wire(now() + timedelta(days=400)), 422)):
        await post(shelf, DUES, {"product_id": bottle, "status": "off", "at": at}, staff["admin"], status)
    due = await post(shelf, DUES, {"product_id": bottle, "status": "off", "at": later}, staff["admin"])
    edit = {"status": "off", "at": later}
    drawn = await post(shelf, BATCHES, {"product_ids": [phone], "edit": edit}, staff["admin"])
    assert (await worked(shelf, drawn["id"], staff["admin"]))["done"] == 1
    listed = await shelf.get(DUES, headers=staff["admin"], params={"state": "waiting"})
    assert {item["product_id"] for item in listed["items"]} == {bottle, phone}
    await run_due(shelf.app)
    assert (await shelf.client.get(f"/products/{bottle}")).status == 200
    assert "定时上下架" in await shelf.page(f"/backoffice/products/{bottle}", headers=staff["admin"])
    assert "等待" in await shelf.page("/backoffice/shelf-changes", headers=staff["admin"])
    async with shelf.client.delete(f"{DUES}/{due['id']}", headers=staff["admin"]) as response:
        assert (response.status, (await response.json())["state"]) == (200, "cancelled")
    async with shelf.client.delete(f"{DUES}/{due['id']}", headers=staff["admin"]) as response:
        assert response.status == 404
    await shelf.change("UPDATE shelf_changes SET due_at = now() - interval '1 second' WHERE state = 'waiting'")
    await asyncio.gather(*(run_due(shelf.app) for _ in range(3)))
    assert (await shelf.client.get(f"/products/{bottle}")).status == 200
    assert (await shelf.client.get(f"/products/{phone}")).status == 404
    listed = await shelf.get(DUES, headers=staff["admin"])
    assert {item["product_id"]: item["state"] for item in listed["items"]} == {bottle: "cancelled", phone: "done"}


def seen_in(page: str) -> dict[str, str]:
    """Return what a draft's page sends along when it is confirmed."""
    return {"seen": re.findall(r'name="seen" value="([0-9a-f]+)"', page)[0]}


async def drawn_by_form(shelf: Shelf, browser: Browser, **fields: str) -> tuple[str, str]:
    """Return the address of a draft for the bottle that a browser drew up, and the CSRF token."""
    bottle = await shelf.product("bottle")
    csrf = (await browser.open(f"/backoffice/products/{bottle}"))["csrf_token"][0]
    _, place, _ = await browser.post("/backoffice/batches", {"ids": str(bottle), "csrf_token": csrf} | fields)
    return place, csrf


async def test_what_was_to_happen_later_is_taken_back(shelf: Shelf, staff: Staff) -> None:
    phone = str(await shelf.product("phone"))
    later = wire(now() + timedelta(hours=1))
    for due in ("waiting", "done"):
        edit = {"status": "off", "at": later}
        drawn = await post(shelf, BATCHES, {"product_ids": [phone], "edit": edit}, staff["admin"])
        assert (await worked(shelf, drawn["id"], staff["admin"]))["done"] == 1
        if due == "done":
            await shelf.change("UPDATE shelf_changes SET due_at = now() WHERE state = 'waiting'")
            await run_due(shelf.app)
        undoing = await post(shelf, f"{BATCHES}/{drawn['id']}/undo", None, staff["admin"])
        page = await shelf.page(f"/backoffice/batches/{undoing['id']}", headers=staff["admin"])
        report = await worked(shelf, undoing["id"], staff["admin"])
        [row] = report["rows"]
        expected = ("done", "", ["scheduled"]) if due == "waiting" else ("refused", "之后又改过，不撤销", [])
        assert (row["state"], row["reason"], [change["what"] for change in row["changes"]]) == expected, due
        assert "取消定时" in page
        assert (await shelf.get(DUES, headers=staff["admin"], params={"state": "waiting"}))["total"] == 0


async def test_units_are_set_or_added(shelf: Shelf, staff: Staff) -> None:
    phone = str(await shelf.product("phone"))
    for how in ("percent", "remove"):
        body = {"product_ids": [phone], "edit": {"stock": {"how": how, "value": 9500}}}
        told = await post(shelf, BATCHES, body, staff["admin"], 422)
        assert told["error"]["field"] == "edit.stock.how"


async def test_a_batch_is_taken_back_once(shelf: Shelf, staff: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    body = {"product_ids": [str(await shelf.product("phone"))], "edit": {"tags_add": ["甲"]}}
    drawn = await post(shelf, BATCHES, body, staff["admin"])
    await worked(shelf, drawn["id"], staff["admin"])
    add, together = batch_store.add, asyncio.Barrier(2)

    async def added(*given: Any) -> int:
        await together.wait()  # both have seen that nobody took it back
        return await add(*given)

    monkeypatch.setattr(batch_store, "add", added)
    path = f"{BATCHES}/{drawn['id']}/undo"
    answers = await asyncio.gather(
        *(shelf.client.post(path, headers=staff["admin"] | {"Idempotency-Key": f"undo-{at}"}) for at in range(2))
    )
    assert sorted(answer.status for answer in answers) == [201, 409]


async def test_no_percent_is_too_strange(shelf: Shelf, staff: Staff) -> None:
    browser = Browser(shelf, staff["shop1"])
    place, csrf = await drawn_by_form(shelf, browser)
    for text in ("1e999999", "1e99999", "NaN", "Infinity", "1_0", "5.555", "-100"):
        form = {"csrf_token": csrf, "price_how": "percent", "price": text}
        assert (await browser.post(place, form))[0] == 422, text
    form = {"csrf_token": csrf, "price_how": "set", "price": "0000000000004990.55"}
    assert (await browser.post(place, form))[0] == 303
    assert "¥4990.55" in (await shelf.page(place, headers=browser.cookies)).replace(",", "")


async def test_a_batch_goes_on_where_a_process_died(
    shelf: Shelf, staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = Browser(shelf, staff["shop1"])
    place, csrf = await drawn_by_form(shelf, browser)
    await browser.post(place, {"csrf_token": csrf, "tags_add": "甲"})

    async def killed(*_: Any) -> None:
        raise OSError("killed")

    monkeypatch.setattr(batches, "work", killed)
    seen = seen_in(await shelf.page(place, headers=browser.cookies))
    assert (await browser.post(f"{place}/apply", {"csrf_token": csrf} | seen))[0] == 503
    page = await shelf.page(place, headers=browser.cookies)
    assert ('hx-select-oob="#batch-acts"' in page, 'id="batch-acts"' in page) == (True, True), "buttons come live too"
    async with shelf.app.database.connection() as connection:
        waiting = "SELECT count(*) FROM pgqueuer WHERE entrypoint = $1"
        assert await connection.fetchval(waiting, batch_run.JOB.name) == 1


async def test_no_product_is_left_out_without_a_word(
    shelf: Shelf, staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (batches, batch_run):
        monkeypatch.setattr(module, "MOST_PRODUCTS", 5)
    browser = Browser(shelf, staff["shop1"])
    csrf = shelf.app.sessions.csrf(staff["shop1"]["Authorization"].removeprefix("Bearer "))
    status, _, text = await browser.post("/backoffice/batches", {"all": "1", "csrf_token": csrf})
    assert (status, "一批最多" in text) == (422, True)


async def test_what_is_done_is_what_was_looked_at(shelf: Shelf, staff: Staff) -> None:
    one, other = Browser(shelf, staff["shop1"]), Browser(shelf, staff["admin"])
    place, csrf = await drawn_by_form(shelf, one)
    await one.post(place, {"csrf_token": csrf, "tags_add": "甲"})
    seen = seen_in(await shelf.page(place, headers=one.cookies))
    theirs = shelf.app.sessions.csrf(staff["admin"]["Authorization"].removeprefix("Bearer "))
    assert (await other.post(place, {"csrf_token": theirs, "price_how": "set", "price": "1"}))[0] == 303
    for given in (seen, {}):
        status, _, text = await one.post(f"{place}/apply", {"csrf_token": csrf} | given)
        assert (status, "刚被别人改过" in text) == (409, True)
    page = await shelf.page(place, headers=one.cookies)
    assert "18 个规格的售价会降到一半以下" in page
    assert page.count("→") >= 18, "every SKU is there to be looked at"
    status, _, text = await one.post(f"{place}/apply", {"csrf_token": csrf} | seen_in(page))
    assert (status, "核对后勾选" in text) == (422, True)
    assert (await one.post(f"{place}/apply", {"csrf_token": csrf, "checked": "1"} | seen_in(page)))[0] == 303
    body = {"product_ids": [str(await shelf.product("phone"))], "edit": {"price": {"how": "percent", "value": 500}}}
    told = await post(shelf, BATCHES, body, staff["admin"], 422)
    assert told["error"]["field"] == "checked"


async def test_what_was_never_begun_can_be_removed(shelf: Shelf, staff: Staff) -> None:
    browser = Browser(shelf, staff["shop1"])
    place, csrf = await drawn_by_form(shelf, browser)
    assert "没填要改什么" in await shelf.page("/backoffice/batches", headers=browser.cookies)
    theirs = Browser(shelf, staff["shop2"])
    token = shelf.app.sessions.csrf(staff["shop2"]["Authorization"].removeprefix("Bearer "))
    assert (await theirs.post(f"{place}/discard", {"csrf_token": token}))[0] == 404
    assert (await browser.post(f"{place}/discard", {"csrf_token": csrf}))[:2] == (303, "/backoffice/batches")
    assert (await browser.post(f"{place}/discard", {"csrf_token": csrf}))[0] == 404
    place, csrf = await drawn_by_form(shelf, browser)
    await browser.post(place, {"csrf_token": csrf, "tags_add": "甲"})
    seen = seen_in(await shelf.page(place, headers=browser.cookies))
    await browser.post(f"{place}/apply", {"csrf_token": csrf} | seen)
    assert (await browser.post(f"{place}/discard", {"csrf_token": csrf}))[0] == 409
