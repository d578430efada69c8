"""The banner, a list that grows, a card that is sent away and what the log hears of it, on a phone."""

from __future__ import annotations

import pytest
from playwright.async_api import BrowserContext, expect

from commerce.behaviour import Log
from commerce.recommendations.run import run
from server.application import Application
from tests.commerce.orders.market import Market
from tests.commerce.recommendations.crowd import looked, stocked

pytestmark = pytest.mark.browser
SHIFTS = """
window.shifted = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""


async def test_the_banner_moves_nothing_and_stays_away_once_answered(browser: BrowserContext, market: Market) -> None:
    page = await browser.new_page()
    await page.add_init_script(SHIFTS)
    await page.goto("/")
    banner = page.get_by_role("region", name="要不要记住你看过什么？")
    await expect(banner).to_be_visible()
    yes, no = banner.get_by_role("button", name="同意"), banner.get_by_role("button", name="只用必要的")
    one, other = await yes.bounding_box(), await no.bounding_box()
    assert one is not None
    assert other is not None
    assert (one["width"], one["height"], one["y"]) == (other["width"], other["height"], other["y"])
    assert one["height"] >= 32
    assert await page.evaluate("window.shifted") == 0
    await no.click()
    await page.wait_for_url("**/")
    await expect(page.get_by_role("region", name="要不要记住你看过什么？")).to_have_count(0)
    assert {cookie["name"] for cookie in await browser.cookies()} == {"lf_visitor", "lf_consent"}


async def test_a_list_grows_is_clicked_and_loses_what_nobody_wants(
    browser: BrowserContext, market: Market, app: Application
) -> None:
    made = await stocked(market, 24)
    await looked(market, *made[:4])
    await run(app)
    page = await browser.new_page()
    await page.goto("/")
    await page.get_by_role("button", name="同意").click()
    await page.wait_for_url("**/")
    await page.goto(f"/products/{made[0]}")
    await market.app.resource(Log).flush()
    await page.goto("/recommendations")
    await expect(page.get_by_text("你看过这件").first).to_be_visible()
    cards = page.locator("#guessed .card")
    for count in (20, 25):
        await page.get_by_role("link", name="看更多").scroll_into_view_if_needed()
        await expect(cards).to_have_count(count)
    gone = page.locator(f"#guessed .card:has(a[href='/products/{made[1]}'])")
    await gone.get_by_role("button", name="不感兴趣").click()
    await expect(gone).to_have_count(0)
    await page.reload()
    await expect(cards.first).to_be_visible()
    await expect(gone).to_have_count(0)
    third = cards.nth(2).locator("a")
    href = await third.get_attribute("href")
    async with page.expect_request("**/api/v1/behaviour/events"):
        await third.click()
    await page.wait_for_url(f"**{href}")
    await market.app.resource(Log).flush()
    clicked = await market.value(
        "SELECT jsonb_build_array(product_id, details) FROM behaviour_events WHERE kind = 'click'"
    )
    assert href is not None
    assert clicked == [
        int(href.rpartition("/")[2]),
        {"source": "recommendation", "position": 3, "shown_as": "guess"},
    ]
    assert await market.value("SELECT count(*) FROM behaviour_events WHERE kind = 'dismiss'") == 1
    assert await market.value("SELECT sum(products) FROM behaviour_days WHERE kind = 'impression'") >= 2
