"""What the editor of products refuses: by field, all at once, and nothing typed is lost."""

from __future__ import annotations

import re

import pytest

from tests.commerce.catalogue.conftest import Shelf
from tests.commerce.merchandising.browser import Browser, fields, row_of

Staff = dict[str, dict[str, str]]
API = "/api/v1/backoffice/products"
HOME = "/backoffice/products"


async def test_all_faults_at_once_and_the_draft_stays(shelf: Shelf, staff: Staff) -> None:
    product_id = await shelf.product("bottle")
    browser = Browser(shelf, staff["admin"])
    form = await browser.open(f"{HOME}/{product_id}")
    at = row_of(form, "LF-BT-INK-500")
    form |= {
        "title": "",
        "subtitle": "草稿还在",
        f"skus.{at}.price": "便宜",
        f"skus.{at}.code": "LF BT",
        "category_id": "",
        "parameters": "材质：帆布\n没有冒号",
    }
    status, _, text = await browser.post(f"{HOME}/{product_id}", form)
    assert status == 422
    for shown in ("草稿还在", "有 5 处要改", "写成 49.90 这样的金额", "请选择最下一级分类", "：第 2 行"):
        assert shown in text, shown
    listed = re.findall(r'<li><a class="link" href="#[a-z]+">([^<]+)</a> ([^<]+)</li>', text)
    row = f"第 {at + 1} 行"
    assert [name for name, _ in listed] == ["名称", "分类", f"{row} 货号", f"{row} 售价", "参数"], "as on the page"
    assert listed[2][1] == "1 到 40 个字符，不含空格", "the field is named once"
    assert fields(text)[f"skus.{at}.price"] == ["便宜"]
    other = await shelf.sku("LF-BT-INK-500")
    async with shelf.client.patch(
        f"{API}/{await shelf.product('phone')}",
        json={"title": "x" * 119, "tags": ["标" * 30], "pictures": ["https://evil.example/x.png", "/media/../x"]},
        headers=staff["admin"],
    ) as response:
        body = await response.json()
        assert (response.status, set(body["error"]["details"])) == (422, {"tags", "pictures"}), body
    assert other


async def test_nothing_goes_on_the_shelf_without_a_picture(shelf: Shelf, staff: Staff) -> None:
    """What stands there without one since before may be changed otherwise, and its page has a drawing instead."""
    product_id = await shelf.product("bottle")
    await shelf.change("UPDATE products SET pictures = '[]' WHERE id = $1", product_id)
    await shelf.change("UPDATE skus SET picture = '' WHERE product_id = $1", product_id)
    path = f"{API}/{product_id}"
    async with shelf.client.patch(path, json={"subtitle": "还没拍"}, headers=staff["admin"]) as response:
        assert response.status == 200, await response.text()
    page = await shelf.page(f"/products/{product_id}")
    assert re.search(r'class="slides".*?<img src="/static/catalogue/no-picture.svg[^>]*alt="还没有图片"', page)
    browser = Browser(shelf, staff["admin"])
    csrf = (await browser.open(f"{HOME}/{product_id}"))["csrf_token"][0]
    assert (await browser.post(f"{HOME}/{product_id}/status", {"csrf_token": csrf, "status": "off"}))[0] == 303
    status, _, text = await browser.post(f"{HOME}/{product_id}/status", {"csrf_token": csrf, "status": "on"})
    assert (status, "上架前至少放一张图片" in text, 'id="editor"' in text) == (422, True, True)
    assert (await shelf.get(path, headers=staff["admin"]))["status"] == "off"


@pytest.mark.parametrize(
    ("name", "typed", "told"),
    [
        ("price", "1000000000000", "售价最高 1,000,000,000 元"),
        ("price", "0", "售价要大于 0"),
        ("list_price", "1000000000000", "划线价最高 1,000,000,000 元"),
        ("stock", "1000000000000", "库存最多 1,000,000,000 件"),
        ("stock", "1000000001", "库存最多 1,000,000,000 件"),
        ("stock", "-1", "库存要是 0 或更多的整数"),
    ],
)
async def test_a_figure_that_is_too_large_is_told_how_large_it_may_be(
    shelf: Shelf, staff: Staff, name: str, typed: str, told: str
) -> None:
    browser, place = Browser(shelf, staff["admin"]), f"{HOME}/{await shelf.product('bottle')}"
    form = await browser.open(place)
    status, _, text = await browser.post(place, form | {f"skus.0.{name}": typed})
    assert (status, told in text) == (422, True)


async def test_a_shop_cannot_add_to_another(shelf: Shelf, staff: Staff) -> None:
    bottle = await shelf.get(f"{API}/{await shelf.product('bottle')}", headers=staff["admin"])
    body = {
        **{name: bottle[name] for name in ("shop_id", "category_id")},
        "title": "偷放的",
        "skus": [{"code": "T-1", "price": 100}],
    }
    headers = {"Idempotency-Key": "steal", **staff["shop2"]}
    async with shelf.client.post(API, json=body, headers=headers) as response:
        assert (response.status, (await response.json())["error"]["field"]) == (422, "shop_id")


async def test_what_a_struck_through_price_must_have_been(shelf: Shelf, staff: Staff) -> None:
    product_id = await shelf.product("bottle")
    await shelf.change("UPDATE skus SET price = 7990, list_price = 12900 WHERE product_id = $1", product_id)
    warning = "划线价须是近 30 天内真实标过的售价"
    assert warning in await shelf.page(f"{HOME}/{product_id}", headers=staff["admin"])
    kept = await shelf.get(f"{API}/{product_id}", headers=staff["admin"])
    for price, list_price in ((12900, None), (7990, 12900)):
        skus = [sku | {"price": price, "list_price": list_price} for sku in kept["skus"]]
        async with shelf.client.patch(f"{API}/{product_id}", json={"skus": skus}, headers=staff["admin"]) as response:
            assert response.status == 200, await response.text()
    assert warning not in await shelf.page(f"{HOME}/{product_id}", headers=staff["admin"])
    await shelf.change("ALTER TABLE price_changes DISABLE TRIGGER price_changes_stay")
    await shelf.change("UPDATE price_changes SET at = at - interval '31 days'")
    await shelf.change("ALTER TABLE price_changes ENABLE TRIGGER price_changes_stay")
    assert warning in await shelf.page(f"{HOME}/{product_id}", headers=staff["admin"])


async def test_no_form_has_more_rows_than_are_read(shelf: Shelf, staff: Staff) -> None:
    product_id = await shelf.product("bottle")
    browser = Browser(shelf, staff["admin"])
    form = await browser.open(f"{HOME}/{product_id}")
    form |= {f"skus.{at}.code": f"X-{at}" for at in range(200, 800)}
    for doing, status, told in (("combine", 200, ""), ("save", 422, "规格组合最多 200 个")):
        got, _, text = await browser.post(f"{HOME}/{product_id}", form | {"do": doing})
        assert (got, told in text) == (status, True)
        assert text.count("<tr") < 500


async def test_a_moment_that_is_past_is_mended_in_place(shelf: Shelf, staff: Staff) -> None:
    place = f"{HOME}/{await shelf.product('bottle')}"
    browser = Browser(shelf, staff["admin"])
    csrf = (await browser.open(place))["csrf_token"][0]
    for at, told in (("2020-01-02T03:04", "时间要在将来一年之内"), ("", "请填时间")):
        status, _, text = await browser.post(f"{place}/schedule", {"csrf_token": csrf, "status": "on", "at": at})
        assert (status, told in text, 'id="editor"' in text) == (422, True, True)
        assert f'type="datetime-local" value="{at}"' in text
        assert '<option value="on" selected>' in text
