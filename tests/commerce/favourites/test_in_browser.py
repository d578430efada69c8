"""Hearts on a phone, with their script."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import BrowserContext, expect

from tests.commerce.favourites.test_favourites import more
from tests.commerce.orders.market import Market, Member

pytestmark = pytest.mark.browser


async def enter(browser: BrowserContext, market: Market, member: Member) -> None:
    url = str(market.client.make_url("/"))
    await browser.add_cookies([{"name": "lf_member", "value": member.token, "url": url}])


async def test_a_heart_is_turned_in_place_and_back(browser: BrowserContext, market: Market) -> None:
    member = await market.member()
    await more(market, 2)
    await enter(browser, market, member)
    page = await browser.new_page()
    await page.goto("/")
    heart = page.locator(f".card .heart[value='{market.product_id}']").first  # it may be recommended too
    await heart.click()
    await expect(heart).to_have_attribute("aria-pressed", "true")
    await expect(page.get_by_text("已收藏")).to_be_visible()
    await expect(page).to_have_url(re.compile("/$"))
    await page.goto("/")
    await expect(heart).to_have_attribute("aria-pressed", "true")
    others = page.locator(f".card .heart[aria-pressed='true']:not([value='{market.product_id}'])")
    await expect(others).to_have_count(0)
    await page.goto(f"/products/{market.product_id}")
    own = page.locator(".panel.offer .heart")
    await expect(own).to_have_text("已收藏", use_inner_text=True)
    await own.click()
    await expect(own).to_have_text("收藏", use_inner_text=True)
    async with page.expect_response("**/api/v1/me/favourites**"):  # the heart turns before the answer is there
        await page.get_by_role("button", name="撤销").click()
    await expect(own).to_have_attribute("aria-pressed", "true")
    await page.goto("/me/favourites")
    await expect(page.get_by_role("heading", name="山行保温杯")).to_be_visible()
    await page.get_by_label("选择《山行保温杯》").check()
    await page.get_by_role("button", name="删除选中的").click()
    await expect(page.get_by_text("还没有收藏")).to_be_visible()
    await page.goto(f"/products/{market.product_id}")
    await browser.clear_cookies(name="lf_member")  # logged out in another tab
    await own.click()
    await page.get_by_role("button", name="去登录").click()
    await expect(page).to_have_url(re.compile(rf"/login\?next=%2Fproducts%2F{market.product_id}$"))


async def test_what_was_looked_at_is_found_again_and_forgotten(browser: BrowserContext, market: Market) -> None:
    member = await market.member()
    await enter(browser, market, member)
    page = await browser.new_page()
    await page.goto(f"/products/{market.product_id}")
    await page.wait_for_timeout(2500)  # the trail is written every two seconds
    await page.goto("/me/footprints")
    await expect(page.get_by_role("heading", name="今天")).to_be_visible()
    await page.get_by_role("button", name="删除《山行保温杯》的足迹").click()
    await expect(page.get_by_text("还没有足迹")).to_be_visible()
    await page.get_by_role("button", name="不再记录").click()
    await page.locator("#stop").get_by_role("button", name="不再记录").click()
    await expect(page.get_by_text("足迹已关闭")).to_be_visible()
