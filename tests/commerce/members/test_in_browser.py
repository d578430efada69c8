"""The member's pages on a phone, with their scripts: the code's countdown, the region picker, the undo."""

from __future__ import annotations

import re
from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from playwright.async_api import BrowserContext, Page, expect

from commerce.members.demo import demo_buyers
from server.application import Application

pytestmark = pytest.mark.browser
Client = TestClient[Any, Any]
PHONE = "13812345678"


async def code_of(client: Client) -> str:
    response = await client.get("/sandbox/inbox", params={"to": PHONE}, headers={"Accept": "application/json"})
    return str((await response.json())[0]["code"])


async def ask(page: Page) -> None:
    await page.get_by_label("手机号或邮箱").fill(PHONE)
    await page.get_by_role("button", name="获取验证码").click()
    await expect(page.locator("#ask")).to_be_disabled()
    await expect(page.locator("#ask")).to_have_text(re.compile(r"^(5\d|60) 秒后重发$"))


async def test_a_code_is_asked_for_counted_down_and_taken(browser: BrowserContext, client: Client) -> None:
    page = await browser.new_page()
    await page.goto("/login?next=/me/addresses")
    await page.get_by_label("手机号或邮箱").fill("12345")
    await page.get_by_role("button", name="获取验证码").click()
    await expect(page.get_by_text("请填写 11 位手机号")).to_be_visible()
    await page.get_by_label("手机号或邮箱").fill("abc")
    await page.get_by_role("button", name="获取验证码").click()
    await expect(page.get_by_text("请填写手机号或邮箱")).to_be_visible()
    # What was wrong with one code says nothing of the next.
    await page.get_by_label("手机号或邮箱").fill(PHONE)
    await page.get_by_label("验证码", exact=True).fill("000000")
    await page.get_by_role("button", name="登录", exact=True).click()
    await expect(page.get_by_text("验证码不对或已过期")).to_be_visible()
    await ask(page)
    await expect(page.get_by_text("验证码不对或已过期")).to_have_count(0)
    await expect(page.get_by_label("验证码", exact=True)).to_be_focused()
    await page.get_by_label("手机号或邮箱").fill(PHONE)  # whom to wait for is open again
    await expect(page.locator("#ask")).to_have_text("获取验证码")
    await expect(page.locator("#ask")).to_be_enabled()
    await page.get_by_label("验证码", exact=True).fill(await code_of(client))
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("/me/addresses$"))
    await expect(page.get_by_text("还没有收货地址")).to_be_visible()


async def test_the_region_is_picked_level_by_level(browser: BrowserContext, client: Client, app: Application) -> None:
    [buyer] = await demo_buyers(app, 1)
    await browser.add_cookies([{"name": "lf_member", "value": buyer.token, "url": str(client.make_url("/"))}])
    page = await browser.new_page()
    await page.goto("/me/addresses/new")
    await expect(page.get_by_role("button", name="列出下一级")).to_be_hidden()
    await page.get_by_label("收货人").fill("周野")
    await page.get_by_label("手机号").fill(PHONE)
    await page.get_by_label("省份").select_option(label="浙江省")
    await page.get_by_label("城市").select_option(label="杭州市")
    await page.get_by_label("区县").select_option(label="西湖区")
    await page.get_by_label("省份").select_option(label="香港特别行政区")
    await expect(page.get_by_label("区县")).to_have_value("810000")
    await page.get_by_label("省份").select_option(label="上海市")
    await page.get_by_label("区县").select_option(label="徐汇区")
    await page.get_by_label("详细地址").fill("龙腾大道 2350 号")
    await page.get_by_role("button", name="保存").click()
    await expect(page.get_by_text("上海市 徐汇区 龙腾大道 2350 号")).to_be_visible()
    await page.locator("article", has_text="周野").get_by_role("button", name="删除").click()
    await expect(page.get_by_text("已删除 周野 的地址")).to_be_visible()
    await expect(page.locator("article", has_text="周野")).to_have_count(0)
    await page.get_by_role("button", name="撤销").click()
    await expect(page.locator("article", has_text="周野")).to_have_count(1)


@pytest.mark.parametrize(
    "path",
    ["/login", "/login?by=password", "/me", "/me/addresses", "/me/addresses/new", "/me/security", "/sandbox/inbox"],
)
async def test_no_page_is_wider_than_a_phone(
    browser: BrowserContext, client: Client, app: Application, path: str
) -> None:
    [buyer] = await demo_buyers(app, 1)
    if not path.startswith("/login"):
        await browser.add_cookies([{"name": "lf_member", "value": buyer.token, "url": str(client.make_url("/"))}])
    page = await browser.new_page()
    await page.goto(path)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    assert await page.evaluate("[...document.images].every(image => image.naturalWidth > 0)")
