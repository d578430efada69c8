"""Searching and narrowing in a real browser, by keyboard and by thumb."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.async_api import expect

from tests.commerce.search.conftest import Mall


@pytest.mark.browser
async def test_suggestions_by_keyboard(mall: Mall, browser: Any) -> None:
    page = await browser.new_page()
    await page.goto("/")
    field = page.locator(".seek input")
    await field.fill("baowen")
    options = page.locator("#hints [role=option]")
    await expect(options.first).to_contain_text("保温杯")
    await expect(field).to_have_attribute("aria-expanded", "true")
    await field.press("ArrowDown")
    await expect(field).to_have_value("保温杯")
    await expect(options.first).to_have_attribute("aria-selected", "true")
    await field.press("ArrowUp")
    await expect(field).to_have_value("baowen")  # back at what was typed
    await field.press("ArrowDown")
    await field.press("Enter")
    await page.wait_for_url("**/search?q=*")
    found = await mall.get("/api/v1/products", params={"q": "保温杯"})
    await expect(page.locator("#results .card")).to_have_count(min(20, found["total"]))
    await page.goto("/search")  # a guest's past searches are in the browser
    await expect(page.locator("#past .chip")).to_have_text(["保温杯"])
    await page.click("[data-clear-searches]")
    await expect(page.locator("#past")).to_be_hidden()
    await field.focus()
    await field.press("Escape")
    await expect(page.locator("#hints")).to_be_hidden()


@pytest.mark.browser
async def test_attributes_narrow_in_place(mall: Mall, browser: Any) -> None:
    page = await browser.new_page()
    await page.goto("/categories/g-thermos")
    facets = (await mall.get("/api/v1/products", params={"category": "g-thermos"}))["facets"]["attributes"]
    value = next(one for one in facets if one["name"] == "材质")["values"][0]
    await page.click(".sortbar button")
    await page.evaluate("window.kept = true")
    await page.check(f"#attr-{value['slug'].replace(':', '-')}")
    await page.wait_for_url("**attr=*")
    await expect(page.locator("#results .card")).to_have_count(min(20, value["count"]))
    assert await page.evaluate("window.kept")  # no reload
    assert await page.is_visible("#facets")  # and the sheet stays
    await page.click("#facets header button")
    chip = page.locator("#results .chip[aria-current]").filter(has_text=value["name"])
    await chip.click()
    await page.wait_for_url("**/categories/g-thermos")


@pytest.mark.browser
async def test_prices_are_taken_as_they_are_typed(mall: Mall, browser: Any) -> None:
    page = await browser.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    await page.goto("/categories/g-thermos")
    await page.evaluate("window.kept = true")
    await page.click(".sortbar button")
    await page.click("#low")
    await page.keyboard.type("500", delay=60)
    await page.keyboard.press("Tab")
    await page.keyboard.type("20", delay=150)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**low=500&high=20*")
    await expect(page.locator("#results .chip[aria-current]")).to_contain_text("¥20 – ¥500")
    await expect(page.locator("#low")).to_have_value("20")
    await expect(page.locator("#high")).to_be_focused()
    await page.fill("#low", "abc")
    await page.keyboard.press("Enter")
    await expect(page.locator("#wrong-low")).to_be_visible()
    await expect(page.locator("#low")).to_have_value("abc")
    await expect(page.locator("#results .card").first).to_be_visible()
    await page.click("#facet-foot button")  # the sheet stays where something is wrong
    await expect(page.locator("#wrong-low")).to_be_visible()
    assert await page.evaluate("window.kept")
    assert [one for one in said if "422" not in one] == []
    said.clear()
    before = await page.inner_text("#facet-foot button")
    assert before == "按这些筛选"
    await page.fill("#low", "20")
    await expect(page.locator("#facet-foot button")).to_have_text(re.compile(r"看 [1-9]\d* 件"))
    counted = await page.inner_text("#facet-foot button")
    await page.fill("#high", "60")
    await expect(page.locator("#facet-foot button")).to_have_text("按这些筛选")  # no number while it is not known
    await expect(page.locator("#facet-foot button")).to_have_text(re.compile(r"看 \d+ 件"))
    fewer = await page.inner_text("#facet-foot button")
    assert fewer != counted
    await page.locator("#facet-foot button").tap()
    await page.wait_for_url("**low=20&high=60*")
    await expect(page.locator("#facets")).to_be_hidden()
    await expect(page.locator("#results h1 .aside")).to_have_text(fewer.removeprefix("看 "))
    await page.wait_for_load_state("networkidle")
    assert [one for one in said if "422" not in one] == [], "one press sends one request"
