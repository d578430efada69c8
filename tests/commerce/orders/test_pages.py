"""Orders, cashier and result as people see them, in a real browser."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.commerce.orders.market import PRICE, Market, Member, working

pytestmark = pytest.mark.browser
SHOTS = os.environ.get("LINGFENG_TEST_SHOTS")


async def enter(browser: BrowserContext, market: Market, member: Member) -> Page:
    """Return a page on which ``member`` is logged in."""
    await browser.add_cookies([{"name": "lf_member", "value": member.token, "url": market.app.settings.base_url}])
    return await browser.new_page()


async def shot(page: Page, name: str) -> None:
    """Keep a picture for whoever wants to look."""
    if SHOTS:
        for width, height in ((390, 844), (1440, 900)):
            await page.set_viewport_size({"width": width, "height": height})
            await page.screenshot(path=str(Path(SHOTS) / f"{name}-{width}.png"), full_page=True)
        await page.set_viewport_size({"width": 390, "height": 844})


async def fits(page: Page) -> None:
    """No page is wider than the phone."""
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_from_the_order_to_the_gateway_and_back_without_a_reload(browser: BrowserContext, market: Market) -> None:
    member = await market.member()
    order = await market.order(member, quantity=2)
    async with working(market.app.settings):
        page = await enter(browser, market, member)
        await page.goto("/orders")
        await expect(page.get_by_text("山行保温杯")).to_be_visible()
        await fits(page)
        await shot(page, "orders")
        watching = await browser.new_page()
        await watching.goto(f"/orders/{order.order_no}")
        await expect(watching.get_by_role("heading", name="货给你留着，等你付款")).to_be_visible()
        await fits(watching)
        await shot(watching, "order-due")
        await page.get_by_role("link", name="去付款").first.click()
        await fits(page)
        await shot(page, "cashier")
        await page.get_by_role("button", name="去付款").locator("visible=true").click()
        await page.wait_for_url("**/sandbox/alipay/cashier/*")
        await expect(page.get_by_text("99.80").first).to_be_visible()
        await fits(page)
        await shot(page, "gateway")
        await page.get_by_role("button", name="付款 ¥99.80").click()
        await page.wait_for_url("**/payments/*/result*")
        await expect(page.get_by_role("heading", name="已付款")).to_be_visible()
        await fits(page)
        await shot(page, "result")
        # The other window was never touched.
        await expect(watching.get_by_role("heading", name="付好了，等商家发货")).to_be_visible()
        await shot(watching, "order-paid")
    assert (await market.show(member, order))["paid"] == PRICE * 2


async def test_a_wrong_sum_is_told_and_can_be_paid_again(browser: BrowserContext, market: Market) -> None:
    member = await market.member()
    order = await market.order(member)
    async with working(market.app.settings):
        page = await enter(browser, market, member)
        await page.goto(f"/orders/{order.order_no}/pay")
        await page.get_by_role("button", name="去付款").locator("visible=true").click()
        # What is no sum is told beside its field, and the cashier is still there.
        sum_of = page.get_by_label("实际扣款（元）")
        await sum_of.fill("abc")
        await page.get_by_role("button", name="付这个数").click()
        await expect(page.get_by_text("金额写成 12.34 这样")).to_be_visible()
        await expect(sum_of).to_have_value("abc")
        await expect(page.get_by_role("button", name="付款 ¥49.90")).to_be_visible()
        await shot(page, "gateway-no-sum")
        await sum_of.fill("1.00")
        await page.get_by_role("button", name="付这个数").click()
        await expect(page.get_by_role("heading", name="付款金额与订单不符")).to_be_visible()
        await expect(page.get_by_text("已原路退回")).to_be_visible()
        await shot(page, "result-wrong")
        await page.get_by_role("link", name="再付一次").click()
        await page.get_by_role("button", name="去付款").locator("visible=true").click()
        await page.get_by_role("button", name="让它失败").click()
        await expect(page.get_by_role("heading", name="没有付成")).to_be_visible()
    assert (await market.show(member, order))["status"] == "pending_payment"


async def test_cancelling_asks_once_and_changes_the_page(browser: BrowserContext, market: Market) -> None:
    member = await market.member()
    order = await market.order(member)
    page = await enter(browser, market, member)
    await page.goto(f"/orders/{order.order_no}")
    await page.get_by_role("button", name="取消订单").locator("visible=true").click()
    await shot(page, "order-cancel")
    await page.get_by_label("买多了").check()
    await page.get_by_role("alertdialog").get_by_role("button", name="取消订单").click()
    await expect(page.get_by_role("heading", name="订单已取消")).to_be_visible()
    await expect(page.get_by_text("买多了").first).to_be_visible()
    await expect(page.get_by_role("link", name="去付款")).to_have_count(0)
    await expect(page.get_by_text("订单金额")).to_be_visible()
    await expect(page.get_by_text("应付")).to_have_count(0)
    await shot(page, "order-cancelled")
    assert await market.allocated() == 0


async def test_an_expired_order_says_why_once(browser: BrowserContext, market: Market) -> None:
    member = await market.member()
    order = await market.order(member, pay_within=-1)
    async with working(market.app.settings):
        page = await enter(browser, market, member)
        await page.goto(f"/orders/{order.order_no}")
        await expect(page.get_by_role("heading", name="订单已取消")).to_be_visible()
        await expect(page.get_by_text("没有在时限内付款，货已放回给别人")).to_be_visible()
        await expect(page.get_by_text("超时未付款，订单已取消")).to_have_count(1)


async def test_the_list_of_orders_stands_in_the_member_centre(browser: BrowserContext, market: Market) -> None:
    member = await market.member()
    await market.order(member)
    page = await enter(browser, market, member)
    await page.set_viewport_size({"width": 1280, "height": 800})
    await page.goto("/orders")
    menu = page.get_by_role("navigation", name="会员中心")
    await expect(menu.get_by_role("link", name="我的订单")).to_have_attribute("aria-current", "page")
    width = await page.evaluate("document.querySelector('#orders').getBoundingClientRect().width")
    assert width > 800


async def test_the_address_changes_from_the_sheet(browser: BrowserContext, market: Market) -> None:
    member = await market.member()
    order = await market.order(member)
    await market.run(
        """
        INSERT INTO addresses (member_id, name, phone, region_code, region, detail)
        VALUES ($1, '林小满', '13900000000', '330106', '浙江省 杭州市 西湖区', '北山街 1 号')
        """,
        member.id,
    )
    page = await enter(browser, market, member)
    await page.goto(f"/orders/{order.order_no}")
    await page.get_by_role("button", name="修改").click()
    await shot(page, "order-address")
    await expect(page.get_by_text("139****0000")).to_be_visible()
    await expect(page.get_by_text("13900000000")).to_have_count(0)
    way = page.get_by_role("link", name="管理地址")
    await expect(way).to_have_attribute("href", f"/me/addresses?next=/orders/{order.order_no}")
    await page.get_by_role("button", name="送到这里").last.click()
    await expect(page.get_by_text("北山街 1 号").first).to_be_visible()
    assert (await market.show(member, order))["address"]["region_code"] == "330106"


async def test_nothing_here_yet_and_nobody_elses(browser: BrowserContext, market: Market) -> None:
    member, other = await market.member(), await market.member()
    order = await market.order(other)
    page = await enter(browser, market, member)
    await page.goto("/orders")
    await expect(page.get_by_text("还没有订单")).to_be_visible()
    await shot(page, "orders-empty")
    for path in (f"/orders/{order.order_no}", f"/orders/{order.order_no}/pay", "/payments/123456789012345678/result"):
        answer = await page.goto(path)
        assert answer is not None
        assert answer.status == 404


async def test_the_desk_lists_orders_and_the_books(browser: BrowserContext, market: Market) -> None:
    member = await market.member()
    order = await market.order(member)
    for status in ("pending_shipment", "pending_receipt", "completed", "cancelled"):
        await market.order(member, status=status)
    payment_no, _ = await market.begin(member, order)
    await market.robot(payment_no, amount=1)
    headers = await market.staff(["orders.view", "ledger.view"])
    token: Any = headers["Authorization"].removeprefix("Bearer ")
    await browser.add_cookies([{"name": "lf_staff", "value": token, "url": market.app.settings.base_url}])
    page = await browser.new_page()
    await page.goto("/backoffice/orders")
    await expect(page.get_by_text(order.order_no)).to_be_visible()
    await shot(page, "desk-orders")
    await page.get_by_role("link", name=order.order_no).click()
    await expect(page.get_by_text("林** 138****6021")).to_be_visible()  # who sends nothing reads no more of it
    await shot(page, "desk-order")
    await page.goto("/backoffice/ledger")
    await expect(page.get_by_text("账对得上")).to_be_visible()
    await shot(page, "desk-ledger")
    await page.goto("/sandbox/alipay")
    await shot(page, "gateway-trades")


async def test_paid_shipped_received_and_reviewed_on_a_phone(browser: BrowserContext, market: Market) -> None:
    member, headers = await market.member(), await market.staff(["orders.view", "orders.manage"], market.shop_id)
    order = await market.order(member)
    await browser.add_cookies(
        [
            {
                "name": "lf_staff",
                "value": headers["Authorization"].removeprefix("Bearer "),
                "url": market.app.settings.base_url,
            }
        ]
    )
    async with working(market.app.settings):
        page = await enter(browser, market, member)
        await page.set_viewport_size({"width": 390, "height": 844})
        await page.goto(f"/orders/{order.order_no}/pay")
        await page.get_by_role("button", name="去付款").locator("visible=true").click()
        await page.get_by_role("button", name="付款 ¥49.90").click()
        await expect(page.get_by_role("heading", name="已付款")).to_be_visible()
        await page.goto(f"/orders/{order.order_no}")
        await expect(page.get_by_role("heading", name="付好了，等商家发货")).to_be_visible()
        await expect(page.get_by_role("button", name="确认收货")).to_have_count(0)

        desk = await browser.new_page()
        await desk.set_viewport_size({"width": 390, "height": 844})
        await desk.goto("/backoffice/orders?status=pending_shipment")
        await desk.get_by_role("link", name=order.order_no).click()
        await desk.get_by_label("快递公司").select_option(label="中通 ZTO")
        await desk.get_by_role("textbox", name="运单号").fill("zto 73000")
        await shot(desk, "desk-order-to-ship")
        await desk.get_by_role("button", name="确认发货").click()
        await expect(desk.get_by_text("ZTO73000").first).to_be_visible()
        await fits(desk)
        await desk.get_by_text("更正快递信息").click()
        await desk.get_by_role("textbox", name="运单号").fill("ZTO7300000000001")
        await desk.get_by_role("button", name="更正", exact=True).click()
        await expect(desk.get_by_text("ZTO7300000000001").first).to_be_visible()
        await shot(desk, "desk-order-sent")

        # The member's window was never touched.
        await expect(page.get_by_role("heading", name="已发货，在路上")).to_be_visible()
        await expect(page.get_by_text("中通 ZTO ZTO7300000000001")).to_be_visible()
        await expect(page.get_by_text("还剩 10 天自动确认收货")).to_be_visible()
        await expect(page.get_by_role("button", name="复制运单号")).to_be_visible()
        await fits(page)
        await shot(page, "order-sent")
        await page.get_by_role("button", name="确认收货").locator("visible=true").click()
        await page.get_by_role("alertdialog").get_by_role("button", name="还没收到").click()
        await expect(page.get_by_role("alertdialog")).to_be_hidden()
        await page.get_by_role("button", name="确认收货").locator("visible=true").click()
        await page.get_by_role("alertdialog").get_by_role("button", name="确认收货").click()
        await expect(page.get_by_role("heading", name="订单完成")).to_be_visible()
        await page.get_by_role("link", name="写评价").click()
        await page.locator('label[for="star-5"]').click()
        await page.get_by_label("用下来怎么样").fill("保温一整天")
        await page.get_by_role("button", name="发布").click()
        await expect(page.get_by_text("写好了，谢谢")).to_be_visible()
    assert await market.value("SELECT text FROM remarks") == "保温一整天"
    assert (await market.show(member, order))["status"] == "completed"


async def test_receipt_is_confirmed_from_the_list(browser: BrowserContext, market: Market) -> None:
    member = await market.member()
    first, second = [await market.order(member, status="pending_receipt") for _ in range(2)]
    page = await enter(browser, market, member)
    await page.goto("/orders?status=pending_receipt")
    await page.locator(f"#order-{second.order_no}").get_by_role("button", name="确认收货").click()
    await page.get_by_role("alertdialog").get_by_role("button", name="确认收货").click()
    await expect(page.get_by_role("heading", name="订单完成")).to_be_visible()
    assert (await market.show(member, second))["status"] == "completed"
    assert (await market.show(member, first))["status"] == "pending_receipt"
