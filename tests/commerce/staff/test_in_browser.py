"""Rights in a real browser: somebody is invited, sees just their part, and loses it at the next click."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from playwright.async_api import BrowserContext, expect

from server.application import Application
from tests.commerce.staff.conftest import Office

pytestmark = pytest.mark.browser


async def put_goods(office: Office) -> list[int]:
    """Put a cup on each shop's shelf and return their ids."""
    async with office.app.database.transaction() as connection:
        category = await connection.fetchval("INSERT INTO categories (slug, name) VALUES ('c', '杯') RETURNING id")
        return [
            await connection.fetchval(
                """
                INSERT INTO products (shop_id, category_id, slug, title, status) VALUES ($1, $2, $3, $3, 'on')
                RETURNING id
                """,
                shop,
                category,
                title,
            )
            for shop, title in zip(office.shops, ("甲的杯子", "乙的杯子"), strict=True)
        ]


async def test_from_an_invitation_to_a_role_that_is_taken(
    app: Application, client: TestClient[Any, Any], browser: BrowserContext
) -> None:
    office = Office(app, client)
    await office.open()
    goods = await put_goods(office)
    base = str(client.make_url("/"))
    await browser.add_cookies([{"name": "lf_staff", "value": office.tokens["owner"], "url": base}])
    page = await browser.new_page()
    await page.goto("/backoffice/staff/new")
    await page.locator("[name=account]").fill("newcomer")
    await page.locator("[name=name]").fill("新人")
    await page.locator("[name=shop_id]").select_option(label="a")
    await page.get_by_role("button", name="添加", exact=True).click()
    password = await page.locator(".hand-over code").inner_text()
    await page.reload()  # neither loses the password nor adds somebody again
    assert await page.locator(".hand-over code").inner_text() == password
    place = page.locator("form", has=page.get_by_role("heading", name="在「a」的角色"))
    await place.get_by_role("checkbox", name="仓库").check()
    await place.get_by_role("button", name="保存角色").click()
    await expect(page.get_by_text("角色已保存")).to_be_visible()

    await browser.clear_cookies()
    await page.goto("/backoffice/login")
    await page.locator("[name=account]").fill("newcomer")
    await page.locator("[name=password]").fill(password)
    await page.get_by_role("button", name="登录").click()
    await expect(page).to_have_url(f"{base}backoffice/security")  # nothing else before a password of their own
    await expect(page.get_by_text("你的密码是别人设的")).to_be_visible()
    change = page.locator('form[action="/backoffice/security/password"]')
    await change.locator("[name=old]").fill(password)
    await change.locator("[name=new]").fill("a password of my own")
    await change.locator("[name=again]").fill("a password of my own")
    await change.get_by_role("button").click()
    await expect(page.get_by_text("密码已改好")).to_be_visible()

    await page.goto("/backoffice")
    rail = page.locator("#menu > a[title] > span")
    assert set(await rail.all_text_contents()) == {"看板", "订单", "商品", "发货承诺", "看商城"}
    figures = page.locator(".figures a span")
    assert set(await figures.all_text_contents()) == {"快卖完的商品", "待发货", "今日支付"}
    await page.goto("/backoffice/products")
    await expect(page.get_by_role("link", name="甲的杯子")).to_be_visible()
    await expect(page.get_by_text("乙的杯子")).to_have_count(0)
    for path, status in ((f"/backoffice/products/{goods[1]}", 404), ("/backoffice/members", 403)):
        answer = await page.goto(path)
        assert answer is not None
        assert answer.status == status

    staff_id = await office.value("SELECT id FROM staff WHERE account = 'newcomer'")
    await page.goto("/backoffice/products")
    office.ids["newcomer"] = staff_id
    assert (await office.give("boss", "newcomer", office.shops[0]))[0] == 200
    await page.get_by_role("link", name="甲的杯子").click()
    await expect(page.get_by_text("没有权限这样做")).to_be_visible()
    await page.goto("/backoffice")
    await expect(page.get_by_text("这里还没有给你的入口")).to_be_visible()
