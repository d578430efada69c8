"""The message centre on a phone: the bell counts by itself, nothing is wider than the screen."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import BrowserContext, expect

from tests.commerce.messages.conftest import PAID, SALE, Centre

pytestmark = pytest.mark.browser


async def enter(browser: BrowserContext, centre: Centre) -> None:
    url = str(centre.client.make_url("/"))
    await browser.add_cookies([{"name": "lf_member", "value": centre.token, "url": url}])


async def test_the_bell_counts_what_comes_while_the_page_is_open(browser: BrowserContext, centre: Centre) -> None:
    await centre.tell(PAID, {"order_no": "1"})
    await enter(browser, centre)
    page = await browser.new_page()
    await page.goto("/me")
    count = page.locator("[data-bell] .count")
    await expect(count).to_have_text("1")
    tile = page.locator(".quick a[href='/me/messages'] .count")
    await expect(tile).to_have_text("1")
    await expect(page.locator(".tabbar a[href='/me'] .count")).to_have_text("1")
    await centre.tell(PAID, {"order_no": "2"}, link="/orders")
    await expect(count).to_have_text("2")  # by the push, or as the connection comes about
    await centre.tell(PAID, {"order_no": "3"}, link="/orders")
    await expect(count).to_have_text("3")  # by the push
    await expect(tile).to_have_text("3")
    await page.locator("[data-bell]").click()
    await expect(page.locator(".letters .new")).to_have_count(3)
    await page.locator(".letters a").first.click()
    await expect(page).to_have_url(re.compile("/orders$"))
    await page.goto("/me/messages")
    await expect(page.locator(".letters .new")).to_have_count(2)
    await page.get_by_role("button", name="全部已读").click()
    await expect(page.locator(".letters .new")).to_have_count(0)
    await page.goto("/")
    await expect(count).to_be_hidden()


async def test_several_are_chosen_and_gone_at_once(browser: BrowserContext, centre: Centre) -> None:
    for number in range(3):
        await centre.tell(PAID, {"order_no": str(number)})
    await enter(browser, centre)
    page = await browser.new_page()
    await page.goto("/me/messages")
    boxes = page.locator(".letters .check")
    await expect(boxes.first).to_be_hidden()
    await page.get_by_text("管理").click()
    delete = page.get_by_role("button", name="删除选中的")
    await expect(delete).to_be_disabled()
    await boxes.first.check()
    await page.get_by_role("button", name="标为已读").click()
    await expect(page.locator(".letters .new")).to_have_count(2)
    await page.get_by_text("管理").click()
    await page.get_by_label("全选").check()
    await boxes.nth(1).uncheck()
    await expect(page.get_by_label("全选")).not_to_be_checked()
    await delete.click()
    await expect(page.locator(".letters > li")).to_have_count(1)


async def test_choices_are_made_with_a_thumb(browser: BrowserContext, centre: Centre) -> None:
    await enter(browser, centre)
    page = await browser.new_page()
    await page.goto("/me/messages")
    await page.get_by_role("link", name="设置", exact=True).click()
    await page.get_by_label("优惠 · 短信").check()
    await page.get_by_label("开抢提醒", exact=True).uncheck()
    await expect(page.get_by_label("系统与安全 · 短信")).to_be_disabled()
    await page.get_by_role("button", name="保存设置").click()
    await expect(page.get_by_text("消息设置已保存")).to_be_visible()
    await expect(page.get_by_label("优惠 · 短信")).to_be_checked()
    await expect(page.get_by_label("开抢提醒", exact=True)).not_to_be_checked()


@pytest.mark.parametrize("path", ["/me", "/me/messages", "/me/messages/settings", "/me/favourites", "/me/footprints"])
async def test_no_page_is_wider_than_a_phone(browser: BrowserContext, centre: Centre, path: str) -> None:
    await centre.tell(PAID, {"order_no": "9" * 60})
    await centre.tell(SALE, {"title": "一个很长的名字" * 8})
    await enter(browser, centre)
    page = await browser.new_page()
    await page.goto(path)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
