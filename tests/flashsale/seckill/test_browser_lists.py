"""The list of sales, home and the back office in a real browser, which go along with the sale."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.async_api import Browser, BrowserContext, expect

from server.clock import now
from tests.flashsale.seckill.conftest import Stage
from tests.flashsale.seckill.screen import enter, fits, online, shot, working

pytestmark = pytest.mark.browser


async def test_the_list_on_a_phone_reminds_and_moves_by_itself(browser: BrowserContext, stage: Stage) -> None:
    at = now().replace(microsecond=0)
    item = await stage.sale(title="看得见的杯")
    await stage.sale(starts_at=at + timedelta(hours=1), ends_at=at + timedelta(hours=2), sku_id=str(await stage.sku()))
    member = await stage.member()
    await browser.add_cookies([{"name": "lf_member", "value": member.token, "url": stage.app.settings.base_url}])
    page = await browser.new_page()
    async with working(stage):
        await page.goto("/flash-sales")
        lot = page.locator(f'[data-item="{item}"]')
        await expect(lot.get_by_role("link", name="马上抢")).to_be_visible()
        await fits(page)
        await stage.won(item, await stage.member())
        await stage.staff_call("POST", f"/{item}/pause")
        await expect(lot).to_contain_text("暂停中", timeout=20_000)
        await page.get_by_role("button", name="看一周的场次").click()
        await expect(page.locator("#week")).to_be_visible()
        await shot(page, "sales-week")
        await page.goto(f"/flash-sales?at={int((at + timedelta(hours=1)).timestamp())}")
        await page.get_by_role("button", name="提醒我").click()
        await expect(page.get_by_role("button", name="已设提醒")).to_be_visible()
        await expect(page.get_by_text("给你发消息，开着的秒杀页也会弹出")).to_be_visible()


async def test_a_reminder_pops_up_where_its_button_says(browser: BrowserContext, stage: Stage) -> None:
    on = await stage.sale(title="正在抢的杯")
    soon = await stage.sale(title="快开抢的杯", starts_at=now() + timedelta(minutes=20), sku_id=str(await stage.sku()))
    member = await stage.member()
    async with working(stage):
        page = await enter(browser, stage, member, f"/flash-sales/{soon}")
        await page.get_by_role("button", name="开抢前提醒我").click()
        await expect(page.get_by_role("button", name="已设提醒，开抢前 5 分钟告诉你")).to_be_visible()
        await expect(page.get_by_text("给你发消息，开着的秒杀页也会弹出")).to_be_visible()
        await shot(page, "sale-reminder")
        # Any open page of flash sales, not only this one.
        await page.goto(f"/flash-sales/{on}")
        await online(page)
        await stage.db.execute("UPDATE fs_items SET starts_at = now() + interval '295 seconds' WHERE id = $1", soon)
        await expect(page.get_by_text("《快开抢的杯》快开抢了")).to_be_visible(timeout=60_000)
        await page.get_by_role("button", name="去看看").click()
        await page.wait_for_url(f"**/flash-sales/{soon}")
        await expect(page.get_by_role("button", name="马上开抢，别走开")).to_be_visible()


async def test_home_turns_between_sessions_without_script(chromium: Browser, stage: Stage) -> None:
    at = now().replace(microsecond=0)
    for n in (1, 2):
        await stage.sale(title=f"第{n}个杯", starts_at=at - timedelta(minutes=n), sku_id=str(await stage.sku()))
    for locale, width in (("zh-CN", 390), ("en-GB", 390), ("en-GB", 1280)):
        still = await chromium.new_context(
            java_script_enabled=False, viewport={"width": width, "height": 844}, locale=locale
        )
        try:
            page = await still.new_page()
            await page.goto(f"{stage.app.settings.base_url}/")
            first, second = page.get_by_text("第1个杯"), page.get_by_text("第2个杯")
            await expect(first).to_be_visible()
            await expect(second).to_be_hidden()
            await page.locator(".hour-tabs label").nth(1).click()
            await expect(second).to_be_visible()
            await expect(first).to_be_hidden()
            # The head stays on one line in either language.
            head = await page.locator(".now .head").bounding_box()
            assert head is not None
            assert head["height"] < 40
        finally:
            await still.close()


async def test_the_board_goes_along_from_the_countdown_to_the_end(browser: BrowserContext, stage: Stage) -> None:
    item = await stage.sale(starts_at=now() + timedelta(seconds=4), ends_at=now() + timedelta(minutes=2))
    await browser.add_cookies([{"name": "lf_staff", "value": stage.staff.token, "url": stage.app.settings.base_url}])
    page = await browser.new_page()
    await page.goto(f"/backoffice/flash-sales/{item}?done=publish")
    strip = page.locator(".strip")
    await expect(strip).to_contain_text("待开始")
    await expect(page.get_by_text("已发布，到点自动开抢")).to_be_visible()
    await page.evaluate("window.sameDocument = true")
    await expect(strip).to_contain_text("进行中", timeout=15_000)
    await expect(strip.get_by_role("timer", name="距结束")).to_contain_text("01")
    await expect(page.get_by_text("已发布，到点自动开抢")).to_have_count(0)
    await shot(page, "desk-board-on")
    # Colleagues pause it and end it; nobody touches this page.
    assert (await stage.staff_call("POST", f"/{item}/pause")).status == 200
    await expect(strip).to_contain_text("暂停中")
    await expect(strip.get_by_role("button", name="恢复")).to_be_visible()
    await expect(strip.get_by_role("button", name="暂停")).to_have_count(0)
    assert (await stage.staff_call("POST", f"/{item}/end")).status == 200
    await expect(strip).to_contain_text("已结束")
    await expect(strip.get_by_role("button", name="结束")).to_have_count(0)
    await expect(strip.get_by_role("timer")).to_have_count(0)
    await expect(page.locator("#pulse")).to_contain_text("实时")
    assert await page.evaluate("window.sameDocument")


async def test_staff_plan_and_watch_a_sale_in_the_browser(browser: BrowserContext, stage: Stage) -> None:
    await browser.add_cookies([{"name": "lf_staff", "value": stage.staff.token, "url": stage.app.settings.base_url}])
    page = await browser.new_page()
    await page.goto("/backoffice/flash-sales/new")
    await fits(page)
    await page.get_by_label("标题").fill("后台排的杯")
    await page.get_by_label("抢购价（元）").fill("19.9")
    await page.reload()
    await expect(page.get_by_label("标题")).to_have_value("后台排的杯")
    await page.get_by_role("searchbox", name="名称、货号").fill("没有这样的货")
    await expect(page.get_by_text("没有找到")).to_be_visible()
    await page.get_by_role("searchbox", name="名称、货号").fill("杯")
    await page.get_by_role("radio").first.check()
    await page.get_by_role("button", name="存为草稿").click()
    await expect(page.get_by_text("草稿存好了")).to_be_visible()
    await page.get_by_role("button", name="发布", exact=True).click()
    await page.locator("#publish").get_by_role("button", name="发布").click()
    await expect(page.get_by_text("已发布，到点自动开抢")).to_be_visible()
    item = await stage.sale(sku_id=str(await stage.sku()))
    await page.goto(f"/backoffice/flash-sales/{item}")
    await fits(page)
    await expect(page.locator("#books")).to_contain_text("余 10 + 在手 0 + 已卖 0 = 分配 10")
    # The chart's figures are as large on a phone as any note.
    for part in (page.locator(".chart .scale li").first, page.locator(".chart .times li").last):
        await expect(part).to_be_visible()
        assert await part.evaluate("part => parseFloat(getComputedStyle(part).fontSize)") >= 12
    await shot(page, "desk-board")
    await stage.won(item, await stage.member())
    # Nobody touches the page.
    await expect(page.locator("#live")).to_contain_text("待付 1 件")
    await expect(page.locator("#books")).to_contain_text("余 9 + 在手 1 + 已卖 0 = 分配 10")
    await page.get_by_role("button", name="结束", exact=True).click()
    await expect(page.get_by_text("结束后不能重开")).to_be_visible()
    await page.get_by_role("button", name="结束这一场").click()
    await expect(page.get_by_text(re.compile("没卖出的货退回了普通库存"))).to_be_visible()
