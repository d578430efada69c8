"""The editor and the list in a real browser, by keyboard where people have no mouse."""

from __future__ import annotations

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
