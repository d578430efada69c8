"""The editor and the list in a real browser, by keyboard where people have no mouse."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext, Page, expect

from tests.commerce.catalogue.conftest import Shelf
from tests.commerce.merchandising.test_pictures import photo

Staff = dict[str, dict[str, str]]
UPLOADED = re.compile("^/media/u/")


async def entered(shelf: Shelf, browser: BrowserContext, headers: dict[str, str]) -> Page:
    """Return a page whose cookie is that of staff."""
    token = headers["Authorization"].removeprefix("Bearer ")
    base = str(shelf.client.make_url("/"))
    await browser.add_cookies([{"name": "lf_staff", "value": token, "url": base}])
    return await browser.new_page()


async def test_pictures_specs_and_preview(shelf: Shelf, staff: Staff, browser: BrowserContext, tmp_path: Path) -> None:
    page = await entered(shelf, browser, staff["admin"])
    bottle = await shelf.product("bottle")
    await page.goto(f"/backoffice/products/{bottle}")
    file = tmp_path / "photo.jpg"
    file.write_bytes(photo(300, 200))
    figures = page.locator("[data-shots] figure")
    before = await figures.count()
    await page.set_input_files("[data-add]", str(file))
    await expect(figures).to_have_count(before + 1)
    new = figures.nth(before).locator("[data-part=url]")
    await expect(new).to_have_value(UPLOADED)
    await expect(page.locator('[name="skus.0.picture"] option')).to_have_count(before + 2)
    (tmp_path / "fake.jpg").write_bytes(b"no picture")
    await page.set_input_files("[data-add]", str(tmp_path / "fake.jpg"))
    await expect(page.locator("[data-shots-fault]")).to_contain_text("fake.jpg")
    back = figures.nth(before).locator('[data-move="-1"]')
    await back.focus()
    for _ in range(before):
        await page.keyboard.press("Enter")
    await expect(page.locator('[name="pictures.0.url"]')).to_have_value(UPLOADED)
    values = page.locator('[name="axes.0.values"]')
    await values.fill(f"{await values.input_value()}、极光")
    await page.locator('[value="combine"]').click()
    await expect(page.locator(".matrix.skus tbody tr")).to_have_count(21)
    await page.locator('[name="description"]').fill("## 新的\n\n<b onclick=alert(1)>粗</b>")
    await page.locator('[value="preview"]').click()
    await expect(page.locator("#preview h2")).to_have_text("新的")
    assert await page.locator("#preview b").count() == 0
    rows = page.locator('[name^="skus."][name$=".code"]')
    for at in range(await rows.count()):
        if not await rows.nth(at).input_value():
            await rows.nth(at).fill(f"AURORA-{at}")
    await page.locator('.strip [value="save"]').click()
    await expect(page.locator(".note.good")).to_be_visible()
    kept: Any = await shelf.get(f"/api/v1/backoffice/products/{bottle}", headers=staff["admin"])
    assert kept["pictures"][0].startswith("/media/u/")
    assert len(kept["skus"]) == 21


async def test_the_choice_outlives_a_page_of_the_list(shelf: Shelf, staff: Staff, browser: BrowserContext) -> None:
    page = await entered(shelf, browser, staff["admin"])
    await page.goto("/backoffice/products")
    await page.locator("[data-one]").nth(0).check()
    await page.locator("[data-one]").nth(1).check()
    await page.goto("/backoffice/products?page=2")
    await page.locator("[data-one]").nth(0).check()
    await expect(page.locator("[data-count]")).to_have_text("选了 3 件")
    await page.locator("#chosen button:not([type=button])").click()
    await page.wait_for_url("**/backoffice/batches/*")
    await expect(page.locator(".batch-form .soft")).to_contain_text("3 件商品")
    await page.select_option("[name=stock_how]", "add")
    await page.fill("[name=stock]", "+2")
    await page.locator(".batch-form .button.ink").click()
    await page.locator(".strip .button.ink").click()
    await expect(page.locator("#preview")).to_contain_text("改了 3 件")
    await page.locator('.strip form[action$="/undo"] button').click()
    await page.locator(".strip .button.ink").click()
    await expect(page.locator("#preview")).to_contain_text("改了 3 件")


RECORD = """
async (type) => {
  if (!MediaRecorder.isTypeSupported(type)) return null;
  const canvas = Object.assign(document.createElement("canvas"), { width: 160, height: 120 });
  const brush = canvas.getContext("2d");
  const recorder = new MediaRecorder(canvas.captureStream(20), { mimeType: type });
  const parts = [];
  recorder.ondataavailable = (event) => parts.push(event.data);
  const stopped = new Promise((resolve) => (recorder.onstop = resolve));
  recorder.start(300);
  for (let at = 0; at < 20; at++) {
    brush.fillStyle = `hsl(${at * 18} 60% 50%)`;
    brush.fillRect(0, 0, 160, 120);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  recorder.stop();
  await stopped;
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
"""
PLAYED = """
async (video) => {
  video.muted = true;
  await video.play();
  await new Promise((resolve) => video.addEventListener("timeupdate", resolve, { once: true }));
  return [video.videoWidth, video.videoHeight, video.error];
}
"""


async def test_a_video_that_was_just_taken_is_shown(
    shelf: Shelf, staff: Staff, browser: BrowserContext, tmp_path: Path
) -> None:
    page = await entered(shelf, browser, staff["admin"])
    bottle = await shelf.product("bottle")
    await page.goto(f"/backoffice/products/{bottle}")
    recorded, asked = 0, list[str]()
    for type_ in ("video/webm;codecs=vp8", "video/webm;codecs=vp9", "video/mp4;codecs=vp09.00.10.08", "video/mp4"):
        made = await page.evaluate(RECORD, type_)
        if made is None:
            continue
        recorded += 1
        file = tmp_path / f"taken-{recorded}.bin"
        file.write_bytes(base64.b64decode(made))
        await page.set_input_files("[data-add-video]", str(file))
        field = page.locator("[name=video]")
        await expect(field).to_have_value(re.compile(r"^/media/v/.*\." + type_[6:].partition(";")[0]))
        await page.locator('.strip [value="save"]').click()
        await expect(page.locator(".note.good")).to_be_visible()
        shop = await browser.new_page()
        asked.clear()
        shop.on("request", lambda request: asked.append(request.url))
        await shop.goto(f"/products/{bottle}")
        await expect(shop.locator("video")).to_have_attribute("preload", "none")
        assert not [url for url in asked if "/media/v/" in url]
        assert await shop.locator("video").evaluate(PLAYED) == [160, 120, None], type_
        await shop.close()
        await page.locator("[data-drop-video]").click()
        await page.locator('.strip [value="save"]').click()
        await expect(page.locator("[data-clip] video")).to_have_count(0)
    assert recorded >= 2
    file = tmp_path / "page.mp4"
    file.write_text("<script>alert(1)</script>")
    await page.set_input_files("[data-add-video]", str(file))
    await expect(page.get_by_text("只支持 MP4 和 WebM 视频")).to_be_visible()
