"""A refused refund from the tester's button to the buyer's money, in a real browser."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Page, Route, expect

from tests.commerce.orders.market import Market, working

pytestmark = pytest.mark.browser
SHOTS = os.environ.get("LINGFENG_TEST_SHOTS")


async def shot(page: Page, name: str) -> None:
    """Keep pictures for whoever wants to look, and hold the page to a phone's width."""
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    if SHOTS:
        for width, height in ((390, 844), (1280, 900)):
            await page.set_viewport_size({"width": width, "height": height})
            await page.screenshot(path=str(Path(SHOTS) / f"{name}-{width}.png"), full_page=True)
        await page.set_viewport_size({"width": 390, "height": 844})


async def test_from_the_refusal_to_the_money_without_a_reload(browser: BrowserContext, market: Market) -> None:
    member = await market.member()
    order = await market.order(member)
    staff = await market.staff(["orders.view", "payments.view", "payments.refund"])
    base = market.app.settings.base_url
    await browser.add_cookies(
        [
            {"name": "lf_member", "value": member.token, "url": base},
            {"name": "lf_staff", "value": staff["Authorization"].removeprefix("Bearer "), "url": base},
        ]
    )
    tester, buyer, desk = [await browser.new_page() for _ in range(3)]
    await desk.goto("/backoffice/refunds")
    await expect(desk.get_by_text("还没有退款")).to_be_visible()
    await shot(desk, "refunds-empty")
    await tester.goto("/sandbox/alipay")
    await tester.get_by_role("button", name="拒绝一次").first.click()
    await expect(tester.get_by_text("接下来要拒绝 1 次退款")).to_be_visible()
    await tester.get_by_role("button", name="不拒绝了").click()
    await expect(tester.get_by_text("接下来要拒绝")).to_have_count(0)
    for waiting in (1, 2):
        await tester.get_by_role("button", name="拒绝一次").first.click()
        await expect(tester.get_by_text(f"接下来要拒绝 {waiting} 次退款")).to_be_visible()
    await shot(tester, "sandbox")
    async with working(market.app.settings):
        await buyer.goto(f"/orders/{order.order_no}/pay")
        await buyer.get_by_role("button", name="去付款").locator("visible=true").click()
        await buyer.get_by_role("button", name="付这个数").click()
        await expect(buyer.get_by_text("退款遇到问题，工作人员正在处理")).to_be_visible()
        await buyer.goto(f"/orders/{order.order_no}")
        await expect(buyer.get_by_role("heading", name="付款金额不对，退款遇到问题")).to_be_visible()
        await shot(buyer, "order-failed")

        await desk.goto("/backoffice")
        await shot(desk, "home")
        await desk.get_by_role("link", name=re.compile("失败的退款 *1")).click()
        await expect(desk.get_by_role("navigation", name="状态").get_by_role("link").first).to_have_text("退款失败 1")
        await expect(desk.get_by_text("当前交易不允许退款")).to_be_visible()
        await shot(desk, "refunds-failed")
        # The list of those that failed is left by one that is tried again; the list of all shows how it goes on.
        await desk.get_by_role("navigation", name="状态").get_by_role("link", name=re.compile("全部")).click()
        await desk.get_by_role("button", name="再退一次").first.click()
        await expect(desk.get_by_role("alertdialog")).to_be_visible()
        await shot(desk, "refunds-ask")
        await desk.get_by_role("alertdialog").get_by_role("button", name="再退一次").click()
        # The second refusal: the attempt was begun, and its end shows by itself.
        await expect(desk.get_by_text("第 2 次")).to_be_visible()
        await expect(desk.get_by_role("button", name="再退一次").first).to_be_visible(timeout=15_000)

        await desk.get_by_role("link", name=order.order_no).click()
        await expect(desk.get_by_role("heading", name="退款")).to_be_visible()
        await shot(desk, "order-desk-failed")
        # The gateway cannot for now, and the site is away for a moment: the page asks on until the money has gone.
        await tester.get_by_role("button", name="拒绝一次").nth(1).click()
        await expect(tester.get_by_text("接下来要拒绝 1 次退款")).to_be_visible()
        shut: list[str] = []

        async def away(route: Route) -> None:
            if route.request.resource_type == "fetch" and len(shut) < 2:
                shut.append(route.request.url)
                await route.fulfill(status=503)
            else:
                await route.continue_()

        await desk.route(f"**/{order.order_no}", away)
        await desk.get_by_role("button", name="再退一次").first.click()
        await desk.get_by_role("alertdialog").get_by_role("button", name="再退一次").click()
        await expect(desk.get_by_text("退款成功")).to_be_visible(timeout=30_000)
        assert len(shut) == 2
        await expect(desk.get_by_text("工作人员重新发起了退款").first).to_be_visible()
        await expect(desk.get_by_text("退款已原路退回")).to_be_visible()
        await shot(desk, "order-desk-done")
        # The buyer's window was never touched.
        await expect(buyer.get_by_role("heading", name="付款金额不对，钱已原路退回")).to_be_visible(timeout=15_000)
        await shot(buyer, "order-done")
        await desk.goto("/backoffice/refunds")
        await expect(desk.get_by_text("退款成功").last).to_be_visible()
        await shot(desk, "refunds-done")
        await desk.goto("/backoffice/refunds?status=failed")
        await expect(desk.get_by_text("没有失败的退款")).to_be_visible()
        await desk.goto("/language/en")
        await desk.goto("/backoffice/refunds")
        await shot(desk, "refunds-english")
    assert await market.value("SELECT attempt FROM refunds WHERE status = 'done'") == 3
