"""Logging in with WeChat on a phone, with scripts and under the site's policy."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from playwright.async_api import BrowserContext, Page, expect

pytestmark = pytest.mark.browser
Client = TestClient[Any, Any]
PHONE, MAIL = "13812345678", "lin@example.cn"


async def code_of(client: Client, to: str) -> str:
    response = await client.get("/sandbox/inbox", params={"to": to}, headers={"Accept": "application/json"})
    return str((await response.json())[0]["code"])


async def asked(page: Page, which: str) -> None:
    await page.locator(f"[data-ask={which}]").click()
    await expect(page.locator(f"[data-ask={which}]")).to_be_disabled()


async def test_from_the_button_to_the_member_centre_and_a_mail_address(browser: BrowserContext, client: Client) -> None:
    page = await browser.new_page()
    await page.goto("/login")
    await page.get_by_role("link", name="微信").click()
    await page.get_by_text("momo").click()
    await page.get_by_role("button", name="同意登录", exact=True).click()
    await expect(page.get_by_role("heading", name="绑定手机号")).to_be_visible()
    await page.get_by_label("手机号").fill(PHONE)
    await page.get_by_role("button", name="获取验证码").click()
    await expect(page.locator("#ask")).to_be_disabled()
    await page.get_by_label("验证码", exact=True).fill(await code_of(client, PHONE))
    await page.get_by_role("button", name="绑定并登录").click()
    await page.wait_for_url("**/me")
    await expect(page.get_by_role("heading", name="momo")).to_be_visible()
    await page.goto("/me/contact/email")
    await asked(page, "proof")
    await page.get_by_label("验证码", exact=True).fill(await code_of(client, PHONE))
    await page.get_by_label("新邮箱", exact=True).fill(MAIL)
    await asked(page, "new")
    await page.get_by_label("新邮箱收到的验证码").fill(await code_of(client, MAIL))
    await page.get_by_role("button", name="确定").click()
    await page.wait_for_url("**/me/security?done=email")
    await expect(page.get_by_text("li***@example.cn")).to_be_visible()
    await page.get_by_role("button", name="解绑").click()
    await page.get_by_role("alertdialog").get_by_role("button", name="解绑").click()
    await page.wait_for_url("**/me/security?done=unbound")
