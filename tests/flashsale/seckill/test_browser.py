"""A flash sale on a phone, in a real browser: what a person reads from the countdown to the payment and the restock."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

import pytest
from playwright.async_api import Browser, BrowserContext, Route, expect

from flashsale.seckill import captcha
from flashsale.seckill.types import Challenge
from server.clock import now
from tests.flashsale.seckill.conftest import Stage
from tests.flashsale.seckill.screen import enter, fits, orders_of, shot, working
from tests.waiting import until

pytestmark = pytest.mark.browser


async def test_from_the_countdown_to_the_payment(browser: BrowserContext, stage: Stage) -> None:
    item = await stage.sale(starts_at=now() + timedelta(seconds=6), challenge=Challenge.POW, quantity=2, title="秒杀杯")
    member = await stage.member()
    async with working(stage):
        page = await enter(browser, stage, member, f"/flash-sales/{item}")
        moment, act = page.locator("#moment"), page.locator("#act")
        await expect(moment).to_contain_text("开抢，还有")
        await expect(moment).to_contain_text(re.compile(r"送到 .+ 1\d\d\*{4}\d{4} "))
        # The ticket and its proof of work are done before the start.
        await expect(moment).to_contain_text("已登记，到点就能抢")
        await expect(moment).to_contain_text("安全验证已做好")
        await expect(act.locator(".primary")).to_have_count(0)
        await shot(page, "sale-countdown")
        await fits(page)
        buy = act.get_by_role("button", name="立即抢 ¥9.90")
        await expect(buy).to_be_enabled()
        await expect(moment).to_contain_text("距结束")
        await expect(moment.locator(".to")).to_contain_text("****")
        await shot(page, "sale-running")
        await buy.dblclick()
        await expect(moment.get_by_role("heading", name="抢到了")).to_be_visible()
        await expect(moment).to_contain_text("已为你留住 1 件")
        await expect(moment.get_by_role("link", name="更换")).to_have_attribute("href", re.compile("^/orders/"))
        pay = act.get_by_role("link", name="去付款 ¥9.90")
        # The whole moment is on the first screen: check, clock, sum, pay.
        for part in (moment.locator(".seal"), moment.locator(".clock"), moment.locator(".sums .total").last, pay):
            box = await part.bounding_box()
            assert box is not None
            assert box["y"] >= 0
            assert box["y"] + box["height"] <= 844
        await shot(page, "sale-got")
        await page.reload()
        await expect(moment.get_by_role("heading", name="抢到了")).to_be_visible()
        assert await orders_of(stage, member) == 1
        await pay.click()
        await page.get_by_role("button", name="去付款").locator("visible=true").click()
        await page.wait_for_url("**/sandbox/alipay/cashier/*")
        await page.get_by_role("button", name="付款 ¥9.90").click()
        await page.wait_for_url("**/payments/*/result*")
        await expect(page.get_by_role("heading", name="已付款")).to_be_visible()
        await page.goto(f"/flash-sales/{item}")
        await expect(moment).to_contain_text("你抢到的 1 件已付款")
        await expect(act).to_contain_text("已达到每人限购数量")
        await shot(page, "sale-paid")
    await stage.balanced(item)


async def test_a_win_that_nobody_pays_comes_back_for_who_is_waiting(browser: BrowserContext, stage: Stage) -> None:
    item = await stage.sale(quantity=1, pay_within_s=9)
    early, late = await stage.members(2)
    async with working(stage):
        await stage.won(item, early)
        page = await enter(browser, stage, late, f"/flash-sales/{item}")
        moment, act = page.locator("#moment"), page.locator("#act")
        await expect(moment).to_contain_text("已抢光")
        await expect(moment).to_contain_text("1 件还没付款，可能回流")
        await shot(page, "sale-sold-out")
        # Nobody touches the page from here on.
        await stage.overdue(early)
        await expect(moment).to_contain_text("回流了！", timeout=20_000)
        await shot(page, "sale-restocked")
        await act.get_by_role("button", name="立即抢 ¥9.90").click()
        await expect(moment.get_by_role("heading", name="抢到了")).to_be_visible()
        # And now it is theirs to lose.
        await expect(moment).to_contain_text("没有在时限内付款，货已放回", timeout=20_000)
        await expect(moment).to_contain_text("名额还给你了，可以再抢")
        await shot(page, "sale-expired")
        await expect(act.get_by_role("button", name="立即抢 ¥9.90")).to_be_enabled()
    assert await orders_of(stage, late) == 1


async def test_a_captcha_is_asked_for_and_a_wrong_one_is_told(
    browser: BrowserContext, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = iter(["ACDEF", "HJKMN", "PRTUV", "WXY34"])
    monkeypatch.setattr(captcha, "word", lambda: next(words))
    item = await stage.sale(challenge=Challenge.CAPTCHA, limit_per_member=2)
    member = await stage.member()
    page = await enter(browser, stage, member, f"/flash-sales/{item}")
    moment, act = page.locator("#moment"), page.locator("#act")
    await expect(moment.get_by_role("img", name="验证码图片")).to_be_visible()
    await act.get_by_role("button", name="立即抢").click()
    await expect(moment).to_contain_text("先输入图里的五个字符")
    typed = moment.get_by_label("图里的五个字母或数字")
    await typed.fill("AAAAA")
    await act.get_by_role("button", name="立即抢").click()
    await expect(moment).to_contain_text("没有对上，换了一张，再来一次")
    await expect(typed).to_have_value("")
    await shot(page, "sale-captcha")
    await moment.get_by_role("button", name="加一").click()
    await expect(act.get_by_role("button", name="立即抢 ¥19.80")).to_be_visible()
    await typed.fill("hjkmn")
    await act.get_by_role("button", name="立即抢").click()
    await expect(moment).to_contain_text("已为你留住 2 件")
    # Both states in the longer language, on the same narrow screen.
    await browser.add_cookies([{"name": "lf_locale", "value": "en", "url": stage.app.settings.base_url}])
    await page.reload()
    await expect(moment).to_contain_text("2 kept for you. Please pay in time.")
    await fits(page)
    other = await enter(browser, stage, await stage.member(), f"/flash-sales/{item}")
    await expect(other.locator("#act").get_by_role("button", name="Buy now ¥9.90")).to_be_visible()
    await expect(other.locator("#moment").get_by_role("img", name="Captcha")).to_be_visible()
    await fits(other)


async def test_an_unknown_outcome_is_asked_for_again_under_the_same_key(browser: BrowserContext, stage: Stage) -> None:
    item = await stage.sale()
    member = await stage.member()
    page = await enter(browser, stage, member, f"/flash-sales/{item}")
    keys: list[str] = []
    anew = asyncio.Event()

    async def lose(route: Route) -> None:
        """The attempt arrives, and its answer does not."""
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) == 1:
            await route.fetch()
            await route.abort()
        elif len(keys) == 2:
            await route.fulfill(status=503, headers={"Retry-After": "1"}, json={"error": {"code": "unavailable"}})
        elif len(keys) == 3:
            await anew.wait()  # no answer until the page is loaded anew
            await route.abort()
        else:
            await route.continue_()

    await browser.route("**/attempts", lose)
    moment, act = page.locator("#moment"), page.locator("#act")
    await act.get_by_role("button", name="立即抢").click()
    await expect(moment).to_contain_text("正在用同一个号再问")
    await expect(moment).to_contain_text("不会重复下单")
    await shot(page, "sale-asking")
    await until(lambda: len(keys) >= 3, 20)
    await page.reload()
    anew.set()
    await expect(moment.get_by_role("heading", name="抢到了")).to_be_visible()
    assert len(set(keys)) == 1
    assert await orders_of(stage, member) == 1


async def test_refusals_are_told_in_words_with_a_way_on(browser: BrowserContext, stage: Stage) -> None:
    item = await stage.sale(quantity=1)
    member = await stage.member(address=False)
    page = await enter(browser, stage, member, f"/flash-sales/{item}")
    moment, act = page.locator("#moment"), page.locator("#act")
    await expect(moment).to_contain_text("还没有默认收货地址")
    here = f"/me/addresses/new?next=%2Fflash-sales%2F{item}"
    assert await act.get_by_role("link", name="先添加收货地址").get_attribute("href") == here
    await stage.address(member.id)
    await page.reload()
    # The address that this page counts on has been taken away by another one.
    gone = {"error": {"code": "address_missing", "message": "请先添加默认收货地址"}}
    await page.route("**/attempts", lambda route: route.fulfill(status=409, json=gone), times=1)
    await act.get_by_role("button", name="立即抢").click()
    await expect(moment).to_contain_text("还缺一个默认收货地址，没有下单")
    way = moment.get_by_role("link", name="添加后回到这里")
    assert await way.get_attribute("href") == here
    await shot(page, "sale-address")
    # Somebody else is faster, and the page does not know yet.
    await browser.route(f"**/api/v1/flash-sales/{item}", lambda route: route.abort())
    await stage.won(item, await stage.member())
    await act.get_by_role("button", name="立即抢").click()
    await expect(moment).to_contain_text("刚才这一下没抢到")
    await shot(page, "sale-missed")
    assert await orders_of(stage, member) == 0


async def test_offline_paused_and_ended(browser: BrowserContext, stage: Stage) -> None:
    item = await stage.sale()
    member = await stage.member()
    async with working(stage):
        page = await enter(browser, stage, member, f"/flash-sales/{item}")
        moment, act = page.locator("#moment"), page.locator("#act")
        await browser.set_offline(True)
        await expect(act.get_by_role("button", name="离线了，连上才能抢")).to_be_disabled()
        await browser.set_offline(False)
        await expect(act.get_by_role("button", name="立即抢")).to_be_enabled()
        # A push says so at once; the page's own look makes sure within twelve seconds should the push be missed.
        await stage.staff_call("POST", f"/{item}/pause")
        await expect(moment).to_contain_text("店家暂停了这场抢购", timeout=20_000)
        await expect(act.get_by_role("button", name="暂停中")).to_be_disabled()
        await stage.staff_call("POST", f"/{item}/resume")
        await expect(act.get_by_role("button", name="立即抢")).to_be_enabled(timeout=20_000)
        await stage.staff_call("POST", f"/{item}/end")
        await expect(moment).to_contain_text("这场已结束", timeout=20_000)
        await expect(act.get_by_role("link", name="看别的场次")).to_be_visible()


async def test_the_page_is_readable_without_script_and_moves_nothing_when_it_wakes(
    browser: BrowserContext, chromium: Browser, stage: Stage
) -> None:
    item = await stage.sale(starts_at=now() + timedelta(minutes=8), limit_per_member=2)
    member = await stage.member()
    still = await chromium.new_context(
        java_script_enabled=False, viewport={"width": 390, "height": 844}, locale="zh-CN", is_mobile=True
    )
    try:
        await still.add_cookies([{"name": "lf_member", "value": member.token, "url": stage.app.settings.base_url}])
        page = await still.new_page()
        await page.goto(f"{stage.app.settings.base_url}/flash-sales/{item}")
        await expect(page.locator("#moment")).to_contain_text("开抢，还有")
        await expect(page.get_by_text("¥9.90").first).to_be_visible()
        await page.get_by_role("button", name="提醒我").click()
        await expect(page.get_by_role("button", name="已设提醒")).to_be_visible()
        before = await page.locator(".panel.offer").bounding_box()
    finally:
        await still.close()
    awake = await enter(browser, stage, member, f"/flash-sales/{item}")
    await expect(awake.locator("#moment")).to_contain_text("已登记，到点就能抢")
    after = await awake.locator(".panel.offer").bounding_box()
    assert before is not None
    assert after is not None
    assert abs(before["y"] - after["y"]) < 1
