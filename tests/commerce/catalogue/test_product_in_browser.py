"""A product's page on a phone and with a mouse: large pictures, sharing, and waiting for what is sold out."""

from __future__ import annotations

import asyncio
import contextlib
import io
import re
from typing import Any

import playwright.async_api as playwright
import pytest
from PIL import Image
from playwright.async_api import BrowserContext, Page, Route, expect

from commerce import stock
from tests.commerce.favourites.test_in_browser import enter
from tests.commerce.orders.market import Market
from tests.waiting import until

pytestmark = pytest.mark.browser
PICTURES = [f"/media/u/{name * 32}.webp" for name in "abc"]


def drawn(colour: str, side: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (side, side), colour).save(out, "WEBP")
    return out.getvalue()


class Photographed:
    """A product with three uploaded pictures, and which of these were asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    @property
    def whole(self) -> list[str]:
        """Return the pictures that were asked for at full size."""
        return [one for one in self.asked if one in PICTURES]

    async def answer(self, route: Route) -> None:
        path = "/" + route.request.url.split("/", 3)[3]
        self.asked.append(path)
        await route.fulfill(body=drawn("teal", 1600 if path in PICTURES else 800), content_type="image/webp")


@pytest.fixture
async def photographed(browser: BrowserContext, market: Market) -> Photographed:
    found = Photographed()
    await market.run("UPDATE products SET pictures = $1", PICTURES)
    await browser.route("**/media/u/*.webp", found.answer)
    return found


async def scale(page: Page) -> float:
    """Return how much the picture in sight is zoomed."""
    await page.wait_for_timeout(300)
    found: float = await page.evaluate(
        """() => {
          const at = Number(document.querySelector(".viewer output").textContent.split("/")[0]) - 1;
          const picture = document.querySelectorAll(".viewer img")[at];
          return picture.getBoundingClientRect().width / picture.offsetWidth;
        }"""
    )
    return round(found, 2)


async def test_large_pictures_are_swiped_pinched_and_tapped(
    browser: BrowserContext, market: Market, photographed: Photographed
) -> None:
    page = await browser.new_page()
    await page.goto(f"/products/{market.product_id}")
    await page.wait_for_load_state("networkidle")
    assert photographed.whole == [], "the page itself asks for none of full size"
    before = await page.locator(".gallery").bounding_box()
    await page.locator(".gallery .slides img").first.tap()
    viewer, count = page.locator("dialog.viewer"), page.locator("dialog.viewer output")
    await expect(viewer).to_be_visible()
    await expect(count).to_have_text("1 / 3")
    await until(lambda: set(photographed.whole) >= set(PICTURES[:2]), 10)
    await page.wait_for_load_state("networkidle")
    assert set(photographed.whole) == set(PICTURES[:2]), "this one and the next, not all"
    assert await page.locator(".gallery").bounding_box() == before, "nothing moves underneath"
    hand = await browser.new_cdp_session(page)

    async def touch(kind: str, *points: tuple[float, float]) -> None:
        given = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        await hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": given})

    async def swipe(start: float, end: float) -> None:
        await touch("touchStart", (start, 420))
        for step in range(1, 6):
            await touch("touchMove", (start + (end - start) * step / 5, 420))
        await touch("touchEnd")

    await swipe(330, 60)
    await expect(count).to_have_text("2 / 3")
    await swipe(60, 330)
    await swipe(60, 330)
    await expect(count).to_have_text("1 / 3")
    await touch("touchStart", (150, 420), (240, 420))
    for step in range(1, 6):
        await touch("touchMove", (150 - 16 * step, 420), (240 + 16 * step, 420))
    await touch("touchEnd")
    assert await scale(page) == pytest.approx(250 / 90, abs=0.3)
    await swipe(330, 60)
    await expect(count).to_have_text("1 / 3")  # a picture that is zoomed is moved, not left
    down = ("touchStart", (195.0, 420.0))
    for wanted in (1, 2.5):
        # All at once, in this order: taps that a busy machine draws apart are two single ones.
        await asyncio.gather(*(touch(*each) for each in (down, ("touchEnd",)) * 2))
        assert await scale(page) == wanted
    address = page.url
    await viewer.get_by_role("button", name="关闭").tap()
    await expect(viewer).to_be_hidden()
    while await page.evaluate("Boolean(history.state?.viewer)"):  # it leaves no step in the way back
        await page.wait_for_timeout(50)
    await page.locator(".gallery .slides img").first.tap()
    await expect(viewer).to_be_visible()
    await page.go_back()
    await expect(viewer).to_be_hidden()
    assert page.url == address, "going back closes the pictures, not the page"


async def test_large_pictures_go_by_mouse_and_keys(
    chromium: playwright.Browser, browser: BrowserContext, market: Market, photographed: Photographed
) -> None:
    url = str(market.client.make_url("/"))
    desk = await chromium.new_context(base_url=url, viewport={"width": 1280, "height": 860}, locale="zh-CN")
    await desk.route("**/media/u/*.webp", photographed.answer)
    page = await desk.new_page()
    await page.goto(f"/products/{market.product_id}")
    look = page.get_by_role("button", name="看大图")
    await look.focus()
    await page.keyboard.press("Enter")
    viewer, count = page.locator("dialog.viewer"), page.locator("dialog.viewer output")
    await expect(viewer.get_by_role("button", name="关闭")).to_be_focused()
    for key, where in (("ArrowRight", 2), ("End", 3), ("ArrowRight", 3), ("ArrowLeft", 2), ("Home", 1)):
        await page.keyboard.press(key)
        await expect(count).to_have_text(f"{where} / 3")
    for _ in range(8):
        await page.keyboard.press("Tab")
        inside = "document.activeElement === document.body || !!document.activeElement.closest('dialog.viewer')"
        assert await page.evaluate(inside), "the focus stays inside"
    await page.keyboard.press("+")
    assert await scale(page) == 1.5
    await page.keyboard.press("0")
    await page.mouse.click(500, 300)
    assert await scale(page) == 2.5
    await page.mouse.click(500, 300)
    assert await scale(page) == 1
    await page.mouse.move(640, 430)
    await page.mouse.wheel(0, -300)
    assert await scale(page) > 1.5
    await page.keyboard.press("ArrowRight")
    await expect(count).to_have_text("2 / 3")
    await page.keyboard.press("Escape")
    await expect(viewer).to_be_hidden()
    await expect(look).to_be_focused()
    await expect(page.locator(".thumbs a").nth(1)).to_have_attribute("aria-current", "true")
    await desk.close()


async def test_a_video_stays_to_be_played(browser: BrowserContext, market: Market, photographed: Photographed) -> None:
    address = f"/media/v/aa/{'a' * 64}.mp4"
    await market.run("INSERT INTO product_videos (address, size, milliseconds) VALUES ($1, 1, 1000)", address)
    await market.run("UPDATE products SET video = $1", address)
    page = await browser.new_page()
    await page.goto(f"/products/{market.product_id}")
    await page.locator(".gallery .slides").evaluate("slides => slides.scrollTo(slides.clientWidth, 0)")
    await page.locator("#video").click(position={"x": 100, "y": 100})
    await expect(page.locator("dialog.viewer")).to_have_count(0)
    await page.get_by_role("button", name="看大图").tap()
    await expect(page.locator("dialog.viewer output")).to_have_text("1 / 3")


async def test_sharing_takes_the_device_s_own_way_or_ours(browser: BrowserContext, market: Market) -> None:
    await browser.add_init_script(
        "window.shared = []; Navigator.prototype.share = async (what) => { window.shared.push(what); }"
    )
    page = await browser.new_page()
    await page.goto(f"/products/{market.product_id}")
    wanted = f"{market.app.settings.base_url}/products/{market.product_id}?sku={market.sku_id}"
    button, sheet = page.locator(".marks .share"), page.locator("#share")
    await button.click()
    assert await page.evaluate("window.shared") == [{"title": "山行保温杯", "url": wanted}]
    await expect(sheet).to_be_hidden()
    await page.evaluate(
        "() => { Navigator.prototype.share = async () => { throw new DOMException('', 'AbortError'); }; }"
    )
    await button.click()
    await expect(sheet).to_be_hidden()
    await page.evaluate("delete Navigator.prototype.share")
    await button.click()
    await expect(sheet).to_be_visible()
    picture = sheet.get_by_role("img", name="这件商品地址的二维码")
    await expect(picture).to_have_js_property("complete", True)
    assert await picture.evaluate("image => image.naturalWidth > 0"), "the picture is there"
    await page.evaluate(
        "window.copied = ''; document.addEventListener('copy', () => window.copied = getSelection() + '')"
    )
    await page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    await sheet.get_by_role("button", name="复制链接").click()
    await expect(sheet.locator("[data-copy-link]")).to_have_text("已复制")
    assert await page.evaluate("document.activeElement.value") == wanted


async def test_choices_add_up_while_their_answers_are_under_way(browser: BrowserContext, market: Market) -> None:
    price, wanted = 10000, 0
    async with market.app.database.transaction() as connection:
        await connection.execute("UPDATE products SET spec_names = '{颜色,容量}'")
        await connection.execute("UPDATE skus SET specs = $1", {"颜色": "墨", "容量": "350 ml"})
        for colour, size in (("墨", "750 ml"), ("松", "350 ml"), ("松", "750 ml")):
            price += 100
            wanted = await connection.fetchval(
                "INSERT INTO skus (product_id, code, specs, price) VALUES ($1, $2, $3, $4) RETURNING id",
                market.product_id,
                f"P-{price}",
                {"颜色": colour, "容量": size},
                price,
            )
            await stock.receive(connection, wanted, 5, "test", "test")
    page = await browser.new_page()
    held: list[Route] = []
    both = asyncio.Event()

    async def hold(route: Route) -> None:
        held.append(route)
        if len(held) == 2:
            both.set()

    await page.goto(f"/products/{market.product_id}")
    await page.locator(".facts button", has_text="已选").click()
    await page.route("**/products/*?sku=*", hold)
    matrix = page.locator("#matrix")
    await matrix.get_by_role("link", name="松").click()
    await matrix.get_by_role("link", name="750 ml").click()
    await asyncio.wait_for(both.wait(), 10)
    await expect(page.locator("#sku-head")).to_contain_text("墨·350 ml")  # what is marked is what is named
    await expect(matrix.locator("[aria-current]")).to_have_text(["墨", "350 ml"])
    for route in reversed(held):  # the second answer overtakes the first, which nobody waits for any more
        with contextlib.suppress(playwright.Error):
            await route.continue_()
    await expect(page.locator("#sku-head")).to_contain_text("松·750 ml")
    await expect(page.locator("#chosen")).to_have_text("松·750 ml")
    await expect(matrix.locator("[aria-current]")).to_have_text(["松", "750 ml"])
    await expect(page.locator("#figures")).to_contain_text("103")
    await expect(page).to_have_url(re.compile(rf"\?sku={wanted}$"))
    await page.wait_for_load_state("networkidle")
    await expect(page.locator("#sku-head")).to_contain_text("松·750 ml")
    await expect(matrix.locator("[aria-busy]")).to_have_count(0)


async def test_what_is_sold_out_is_chosen_in_place_and_waited_for_with_one_press(
    browser: BrowserContext, market: Market
) -> None:
    async with market.app.database.transaction() as connection:
        await connection.execute("UPDATE products SET spec_names = '{颜色}'")
        other = await connection.fetchval(
            "INSERT INTO skus (product_id, code, specs, price) VALUES ($1, 'P-2', $2, 100) RETURNING id",
            market.product_id,
            {"颜色": "墨"},
        )
    member = await market.member()
    await enter(browser, market, member)
    page = await browser.new_page()
    await page.goto(f"/products/{market.product_id}")
    await expect(page.locator(".remind")).to_have_count(0)
    await page.locator(".facts button", has_text="已选").click()
    await page.locator("#matrix").get_by_role("link", name="墨").click()
    wait = page.locator("#out .again")
    await expect(wait).to_be_visible()
    assert page.url.endswith(f"?sku={other}")
    async with page.expect_response("**/api/v1/me/restock"):
        await wait.click()
    await expect(wait).to_have_attribute("aria-pressed", "true")
    await expect(page.locator("#left .again")).to_have_attribute("aria-pressed", "true")
    await expect(page.locator("#share-of")).to_have_attribute("data-url", f"{_base(market)}?sku={other}")
    waiting = "SELECT count(*) FROM restock_reminders WHERE sku_id = $1 AND told_at IS NULL"
    assert await market.value(waiting, other) == 1
    await page.reload()
    async with page.expect_response("**/api/v1/me/restock/*"):
        await page.locator("#left .again").click()
    await expect(page.locator("#left .again")).to_have_attribute("aria-pressed", "false")
    assert await market.value(waiting, other) == 0
    async with market.app.database.transaction() as connection:
        await stock.receive(connection, other, 1, "test", "test")
    await page.locator("#left .again").click()
    await expect(page.get_by_text("现在有货，可以直接买")).to_be_visible()


def _base(market: Market) -> Any:
    return f"{market.app.settings.base_url}/products/{market.product_id}"
