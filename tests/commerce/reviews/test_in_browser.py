"""Reviews in a real browser: stars, pictures, votes, and pictures in full."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.async_api import BrowserContext, expect

from tests.commerce.orders.market import Market, Member
from tests.commerce.reviews.test_reviews import line_of, review
from tests.server.test_videos import mp4, webm

pytestmark = pytest.mark.browser


async def enter(browser: BrowserContext, market: Market, member: Member) -> None:
    """Log a member in."""
    base = str(market.client.make_url("/"))
    await browser.add_cookies([{"name": "lf_member", "value": member.token, "url": base}])


def photo(folder: Path, name: str, colour: str, **more: Any) -> Path:
    """Return a JPEG that says where it was taken."""
    out, exif = io.BytesIO(), Image.Exif()
    exif[0x010E] = "taken at home"
    Image.new("RGB", (900, 700), colour).save(out, "JPEG", exif=exif)
    (folder / name).write_bytes(out.getvalue())
    return folder / name


async def test_a_review_with_pictures(market: Market, browser: BrowserContext, tmp_path: Path) -> None:
    member, voter = await market.member(), await market.member()
    line_id = await line_of(market, member)
    await enter(browser, market, member)
    page = await browser.new_page()
    await page.goto("/me/reviews")
    await page.get_by_role("link", name="评价", exact=True).click()
    assert page.url.endswith(f"/me/order-lines/{line_id}/review")
    await page.locator('label[for="star-4"]').click()
    await page.get_by_label("用下来怎么样").fill("第一行\n第二行")
    liar = tmp_path / "liar.png"
    liar.write_bytes(b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")
    chosen = [photo(tmp_path, "a.jpg", "tan"), liar, photo(tmp_path, "b.jpg", "teal"), photo(tmp_path, "c.jpg", "tan")]
    await page.locator("[data-upload] input[type=file]").set_input_files([str(one) for one in chosen])
    await expect(page.get_by_text("只支持 JPEG、PNG、WebP、GIF 图片")).to_be_visible()
    await expect(page.locator('input[name="pictures"]')).to_have_count(2)  # the same one twice is one
    await expect(page.locator('[data-upload] [aria-busy="true"]')).to_have_count(0)
    await expect(page.locator("[data-count]")).to_have_text("2/9")
    await page.get_by_role("button", name="发布").click()
    await expect(page.get_by_text("写好了，谢谢")).to_be_visible()
    pictures = await market.value("SELECT pictures FROM remarks")
    assert len(pictures) == 2
    body = await (await market.client.get(pictures[0])).read()
    assert b"taken at home" not in body
    assert Image.open(io.BytesIO(body)).format == "WEBP"

    await enter(browser, market, voter)
    await page.goto(f"/products/{market.product_id}")
    await expect(page.locator("#reviews .mean > b")).to_have_text("4.0")
    await expect(page.locator("#reviews .said")).to_have_text("第一行\n第二行", use_inner_text=True)
    button = page.locator("#reviews .useful")
    await button.click()
    await expect(button).to_have_attribute("aria-pressed", "true")
    await expect(button.locator("b")).to_have_text("1")
    assert await market.value("SELECT useful FROM remarks") == 1
    await button.click()
    await expect(button).to_have_attribute("aria-pressed", "false")
    assert await market.value("SELECT useful FROM remarks") == 0
    await page.locator("#reviews .remark .shots a").first.click()
    await expect(page.locator("dialog.viewer output")).to_have_text("1 / 2")
    await page.keyboard.press("ArrowRight")
    await expect(page.locator("dialog.viewer output")).to_have_text("2 / 2")
    await page.keyboard.press("Escape")
    await expect(page.locator("dialog.viewer")).to_be_hidden()


async def test_a_review_with_a_video(market: Market, browser: BrowserContext, tmp_path: Path) -> None:
    member = await market.member()
    line_id = await line_of(market, member)
    await enter(browser, market, member)
    page = await browser.new_page()
    await page.goto(f"/me/order-lines/{line_id}/review")
    await page.locator('label[for="star-5"]').click()
    (tmp_path / "liar.mp4").write_bytes(mp4(end=b"<script>"))
    (tmp_path / "good.webm").write_bytes(webm())
    chooser = page.locator("[data-film] input[type=file]")
    await chooser.set_input_files(str(tmp_path / "liar.mp4"))
    await expect(page.get_by_text("视频不完整，或者后面还接着别的东西")).to_be_visible()
    await chooser.set_input_files(str(tmp_path / "good.webm"))
    await expect(page.locator('input[name="video"]')).to_have_count(1)
    await expect(page.locator("[data-film] label")).to_be_hidden()
    await page.get_by_role("button", name="删除这段视频").click()
    await expect(page.locator("[data-film] label")).to_be_visible()
    await chooser.set_input_files(str(tmp_path / "good.webm"))
    await page.locator("[data-upload] input[type=file]").set_input_files(str(photo(tmp_path, "a.jpg", "tan")))
    await expect(page.locator('input[name="pictures"]')).to_have_count(1)
    await page.get_by_role("button", name="发布").click()
    await expect(page.get_by_text("写好了，谢谢")).to_be_visible()
    url = await market.value("SELECT video FROM remarks")

    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(f"/products/{market.product_id}", wait_until="networkidle")
    await expect(page.locator("#reviews video")).to_have_attribute("src", url)
    assert not [one for one in asked if "/media/w/" in one]  # nothing is loaded before somebody plays it
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await page.get_by_role("link", name="买家视频 1").click()
    await expect(page.locator("dialog.viewer video")).to_have_attribute("src", re.compile(url))
    await page.locator("dialog.viewer .after").click()
    await expect(page.locator("dialog.viewer img")).to_be_visible()
    await expect(page.locator("dialog.viewer output")).to_have_text("2 / 2")
    await page.keyboard.press("Escape")
    await expect(page.locator("dialog.viewer")).to_be_hidden()


async def test_nothing_is_wider_than_the_phone(market: Market, browser: BrowserContext) -> None:
    member, other = await market.member(), await market.member()
    await review(market, other, text="长" * 300 + "w" * 400 + "\n" * 3 + "https://example.com/" + "x" * 200)
    await line_of(market, member)
    await enter(browser, market, member)
    page = await browser.new_page()
    for path in (
        f"/products/{market.product_id}",
        f"/products/{market.product_id}/reviews",
        f"/products/{market.product_id}/questions",
        "/me/reviews",
        "/me/questions",
    ):
        await page.goto(path)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
