"""The seconds in which a sale changes under a member's eyes: panel, note and button say one thing at every moment."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import BrowserContext, Page, expect

from commerce.orders import Actor, ActorKind, cancel
from server.clock import now
from tests.flashsale.seckill.conftest import Stage
from tests.flashsale.seckill.screen import enter, fits, online, orders_of, shot, working

pytestmark = pytest.mark.browser

# Every picture that the island draws, in words: what its panel says, and the buttons that can be pressed.
RECORD = """() => {
  const moment = document.querySelector("#moment"), act = document.querySelector("#act");
  window.drawn = [];
  const see = () => {
    const buttons = [...act.querySelectorAll("button:not(:disabled)")].map((one) => one.textContent);
    window.drawn.push(`${moment.textContent} | ${buttons}`);
  };
  const all = { subtree: true, childList: true, characterData: true, attributes: true };
  for (const box of [moment, act]) new MutationObserver(see).observe(box, all);
}"""


async def drawn(page: Page) -> list[str]:
    """Return what was drawn since RECORD ran."""
    seen: list[str] = await page.evaluate("window.drawn")
    assert seen
    return seen


async def test_whoever_comes_too_late_is_offered_no_button_beside_the_news(
    browser: BrowserContext, stage: Stage
) -> None:
    item = await stage.sale(quantity=1)
    early, late = await stage.members(2)
    page = await enter(browser, stage, late, f"/flash-sales/{item}")
    moment, act = page.locator("#moment"), page.locator("#act")
    buy = act.get_by_role("button", name="立即抢")
    await expect(buy).to_be_enabled()
    # No worker pushes yet and the page's own looks fail: the refusal is the first that it hears.
    look = f"**/api/v1/flash-sales/{item}"
    await browser.route(look, lambda route: route.abort())
    await stage.won(item, early)
    await page.evaluate(RECORD)
    await buy.click()
    await expect(moment).to_contain_text("刚才这一下没抢到")
    await expect(act).to_contain_text("已抢光，等回流")
    await shot(page, "moment-missed")
    await browser.unroute(look)
    async with working(stage):
        await expect(moment).to_contain_text("1 件还没付款，可能回流")
        await stage.overdue(early)
        await expect(moment).to_contain_text("回流了！", timeout=30_000)
        await shot(page, "moment-restocked")
        for said in await drawn(page):
            panel, _, buttons = said.partition(" | ")
            assert not ("没抢到" in panel and "立即抢" in buttons), said
            assert not ("没抢到" in panel and "回流了！" in panel), said
            assert not ("已抢光" in panel and "立即抢" in buttons), said
        await expect(buy).to_be_enabled()
    assert await orders_of(stage, late) == 0


async def test_whoever_asks_for_more_than_is_left_hears_that_fewer_may_do(
    browser: BrowserContext, stage: Stage
) -> None:
    item = await stage.sale(quantity=3, limit_per_member=2)
    early, late = await stage.members(2)
    page = await enter(browser, stage, late, f"/flash-sales/{item}")
    moment, act = page.locator("#moment"), page.locator("#act")
    await moment.get_by_role("button", name="加一").click()
    await expect(act.get_by_role("button", name="立即抢 ¥19.80")).to_be_enabled()
    await stage.won(item, early, quantity=2)
    await act.get_by_role("button", name="立即抢").click()
    await expect(moment).to_contain_text("剩下的不够 2 件，没有下单")
    await expect(moment).not_to_contain_text("拿完")
    await shot(page, "moment-fewer")
    await moment.get_by_role("button", name="减一").click()
    await act.get_by_role("button", name="立即抢 ¥9.90").click()
    await expect(moment).to_contain_text("已为你留住 1 件")


async def test_a_limit_that_was_reached_elsewhere_leaves_no_button(browser: BrowserContext, stage: Stage) -> None:
    item = await stage.sale()
    member = await stage.member()
    page = await enter(browser, stage, member, f"/flash-sales/{item}")
    act = page.locator("#act")
    await expect(act.get_by_role("button", name="立即抢")).to_be_enabled()
    won = await stage.won(item, member)  # on another device; no worker tells this page of it
    await stage.paid(won.body["order_no"])
    await page.evaluate(RECORD)
    await act.get_by_role("button", name="立即抢").click()
    await expect(act).to_contain_text("已达到每人限购数量")
    for said in await drawn(page):
        assert not ("你已经拿满" in said and "立即抢 ¥" in said), said


async def test_an_order_that_is_still_being_written_is_told_as_a_queue(browser: BrowserContext, stage: Stage) -> None:
    item = await stage.sale(title="排队的杯")
    member = await stage.member()
    async with working(stage):
        page = await enter(browser, stage, member, f"/flash-sales/{item}")
        moment, act = page.locator("#moment"), page.locator("#act")
        buy = act.get_by_role("button", name="立即抢")
        await expect(buy).to_be_enabled()
        # Redis has said yes, and PostgreSQL cannot write the order while this row is locked.
        async with stage.db.transaction():
            await stage.db.execute("SELECT FROM fs_items WHERE id = $1 FOR UPDATE", item)
            async with page.expect_response(re.compile(r"/attempts$")) as answered:
                await buy.click()
            assert (await answered.value).status == 202
            await expect(moment.get_by_role("heading", name="排队中")).to_be_visible()
            await expect(moment).to_contain_text("已经进来了，正在写订单")
            await expect(act.get_by_role("button", name="排队中，轮到会自动下单")).to_have_attribute(
                "aria-busy", "true"
            )
            await expect(moment).not_to_contain_text("抢到了")
            await fits(page)
            await shot(page, "moment-queued")
            await browser.add_cookies([{"name": "lf_locale", "value": "en", "url": stage.app.settings.base_url}])
            assert await orders_of(stage, member) == 0
            # A reload in the middle asks on under the same key.
            await page.reload()
            await expect(moment.get_by_role("heading", name="Queued")).to_be_visible()
            await fits(page)
            await shot(page, "moment-queued-en")
            began = now()
        await expect(moment.get_by_role("heading", name="Got it")).to_be_visible()
        assert (now() - began).total_seconds() < 10
        await shot(page, "moment-queued-got")
    assert await orders_of(stage, member) == 1
    await stage.balanced(item)


async def test_who_cancels_is_told_so_and_who_was_cancelled_too(browser: BrowserContext, stage: Stage) -> None:
    item = await stage.sale(quantity=5, limit_per_member=2)
    member = await stage.member()
    async with working(stage):
        won = await stage.won(item, member, quantity=2)
        page = await enter(browser, stage, member, f"/flash-sales/{item}")
        moment = page.locator("#moment")
        await expect(moment.get_by_role("heading", name="抢到了")).to_be_visible()
        await expect(moment.get_by_text("商品小计 ¥9.90 × 2")).to_be_visible()
        await online(page)
        # In another tab.
        path = f"/api/v1/orders/{won.body['order_no']}/cancel"
        gone = await stage.call("POST", path, member, {"reason": ""}, headers={"Idempotency-Key": "gone"})
        assert gone.status == 200, gone
        await expect(moment).to_contain_text("你取消了订单，货已放回。名额还给你了")
        await shot(page, "moment-cancelled")
        await page.reload()
        await expect(moment).to_contain_text("你取消了订单，货已放回")
        await expect(moment).not_to_contain_text("没有在时限内付款")
        keys = (f"again-{number}" for number in range(200))
        key = next(keys)
        while (await stage.attempt(item, member, key=key)).status == 409:  # until the cancelled units are given back
            await asyncio.sleep(0.1)
            key = next(keys)
        again = await stage.won(item, member, key=key)
        number = await stage.db.fetchval("SELECT id FROM orders WHERE order_no = $1", again.body["order_no"])
        async with stage.app.database.transaction() as connection:
            await cancel(stage.app, connection, number, "缺货", Actor(ActorKind.STAFF, stage.staff.id))
        await browser.add_cookies([{"name": "lf_locale", "value": "en", "url": stage.app.settings.base_url}])
        await page.reload()
        await expect(moment).to_contain_text("The order was cancelled, so it went back.")


async def test_who_logs_out_elsewhere_is_offered_the_way_in(browser: BrowserContext, stage: Stage) -> None:
    item = await stage.sale()
    member = await stage.member()
    async with working(stage):
        page = await enter(browser, stage, member, f"/flash-sales/{item}")
        act = page.locator("#act")
        await expect(act.get_by_role("button", name="立即抢")).to_be_enabled()
        await online(page)
        left = await stage.call("DELETE", "/api/v1/auth/sessions/current", member)
        assert left.status == 204
        await expect(act.get_by_role("link", name="登录后抢")).to_be_visible(timeout=10_000)
        await expect(act.get_by_role("button", name="立即抢")).to_have_count(0)
