"""The pages of the address book as a browser without a script posts them."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest

from commerce.members.demo import demo_buyers
from server.application import Application
from tests.commerce.members.browser import PHONE, Browser, Client


@pytest.fixture
def browser(client: Client) -> Browser:
    return Browser(client)


async def test_an_address_is_added_without_a_script(browser: Browser) -> None:
    await browser.log_in()
    await browser.open("/me/addresses/new?next=/me")
    filled = {"name": "林小满", "phone": PHONE, "detail": "龙腾大道 2350 号", "next": "/me"}
    await browser.post("/me/addresses", **filled, province="330000", refresh="1")
    assert (browser.status, browser.path) == (200, "/me/addresses")
    assert '<option value="330100">杭州市</option>' in browser.text
    assert 'value="林小满"' in browser.text
    await browser.post("/me/addresses", **filled, province="330000", city="330100", refresh="1")
    assert '<option value="330106">西湖区</option>' in browser.text
    await browser.post("/me/addresses", **filled, province="330000", city="330100")
    assert browser.status == 422
    assert "请选择到区县" in browser.text
    # Whatever is wrong is told at once, by the server: a browser would stop at the first, in words of its own.
    assert re.search(r'<form[^>]* action="/me/addresses"[^>]* novalidate>', browser.text)
    await browser.post("/me/addresses", **(filled | {"phone": "12", "name": " "}))
    assert browser.status == 422
    for fault in ("请选择到区县", "请填写能联系到收货人的电话", "必填"):
        assert browser.text.count(fault) == 1, fault
    await browser.post("/me/addresses", **filled, province="330000", city="330100", region_code="330106")
    assert (browser.status, browser.path) == (200, "/me")
    await browser.open("/me/addresses")
    assert "浙江省 杭州市 西湖区 龙腾大道 2350 号" in browser.text


async def test_an_address_is_changed_removed_and_brought_back(browser: Browser, app: Application) -> None:
    await browser.log_in()
    await browser.open("/me/addresses/new")
    for name in ("第一位", "第二位"):
        await browser.post("/me/addresses", name=name, phone=PHONE, detail="某路 1 号", region_code="310104")
    async with app.database.connection() as connection:
        first, second = [row["id"] for row in await connection.fetch("SELECT id FROM addresses ORDER BY id")]
    await browser.open(f"/me/addresses/{second}")
    await browser.post(f"/me/addresses/{second}", name="改过的", phone="12", detail="某路 2 号", region_code="")
    assert browser.status == 422
    assert "请填写能联系到收货人的电话" in browser.text
    assert "请选择到区县" in browser.text
    await browser.open(f"/me/addresses/{second}")
    assert '<option value="310104" selected>徐汇区</option>' in browser.text
    await browser.post(f"/me/addresses/{second}", name="改过的", phone=PHONE, detail="某路 2 号", region_code="310104")
    assert "改过的" in browser.text
    await browser.post(f"/me/addresses/{second}/default")
    assert browser.text.index("改过的") < browser.text.index("第一位")
    await browser.post(f"/me/addresses/{second}/remove")
    assert browser.path == f"/me/addresses?removed={second}"
    assert "已删除 改过的 的地址" in browser.text
    await browser.post(f"/me/addresses/{second}/restore")
    assert browser.text.index("改过的") < browser.text.index("第一位")
    async with app.database.connection() as connection:
        held = await connection.fetch("SELECT id, is_default FROM addresses WHERE deleted_at IS NULL ORDER BY id")
    assert [tuple(row) for row in held] == [(first, False), (second, True)]


async def test_the_book_leads_back_to_where_its_reader_came_from(browser: Browser, app: Application) -> None:
    await browser.log_in()
    await browser.open("/me/addresses?next=/orders/1")
    back = 'href="/orders/1">'
    assert back in browser.text
    assert "回到订单" in browser.text
    here = "/me/addresses?next=%2Forders%2F1"
    assert f'href="/me/addresses/new?next={quote(here)}"' in browser.text
    for name in ("第一位", "第二位"):
        await browser.post("/me/addresses", name=name, phone=PHONE, detail="某路 1 号", region_code="310104", next=here)
        assert browser.path == here.replace("%2F", "/")
    async with app.database.connection() as connection:
        second = await connection.fetchval("SELECT max(id) FROM addresses")
    for act in ("default", "remove", "restore"):
        await browser.post(f"/me/addresses/{second}/{act}", next="/orders/1")
        assert browser.path.startswith("/me/addresses?"), act
        assert back in browser.text, act
    for elsewhere in ("//evil.example", "https://evil.example/", "/me/addresses"):
        await browser.open(f"/me/addresses?next={elsewhere}")
        assert browser.status == 200
        assert "回到" not in browser.text


async def test_an_address_of_somebody_else_has_no_page(browser: Browser, app: Application) -> None:
    [other] = await demo_buyers(app, 1)
    async with app.database.connection() as connection:
        theirs = await connection.fetchval("SELECT id FROM addresses WHERE member_id = $1", int(other.member_id))
    await browser.log_in()
    page = browser.text
    for path in (f"/me/addresses/{theirs}", "/me/addresses/999999"):
        await browser.open(path)
        assert browser.status == 404
    for act in ("", "/default", "/remove", "/restore"):
        browser.text = page
        await browser.post(
            f"/me/addresses/{theirs}{act}", name="我的", phone=PHONE, detail="某路", region_code="310104"
        )
        assert browser.status == 404
    async with app.database.connection() as connection:
        row = await connection.fetchrow("SELECT * FROM addresses WHERE id = $1", theirs)
    assert row["is_default"]
    assert row["deleted_at"] is None
    assert row["name"].startswith("演示买家")


async def test_a_pasted_text_fills_the_form_and_saves_nothing(browser: Browser) -> None:
    await browser.log_in()
    await browser.open("/me/addresses/new")
    await browser.post("/me/addresses", read="1", pasted="王强 18600001111 浙江省杭州市西湖区文三路90号")
    assert browser.status == 200
    for text in ('value="王强"', 'value="18600001111"', 'value="文三路90号"', 'value="330106" selected'):
        assert text in browser.text, text
    await browser.open("/api/v1/addresses")
    assert '"total":0' in browser.text
