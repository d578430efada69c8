"""The design system in a real browser: it fits a phone, clocks keep the server's time, modules keep their word."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page, Request, Route, expect

pytestmark = pytest.mark.browser


@pytest.fixture
async def page(browser: BrowserContext) -> Page:
    made = await browser.new_page()
    await made.goto("/styleguide")
    return made


async def test_it_fits_a_phone_in_both_languages(page: Page) -> None:
    for language in ("zh-CN", "en"):
        await page.locator(f"[data-locale='{language}']").click()
        await expect(page.locator("html")).to_have_attribute("lang", language)
        over = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert over <= 0, language


async def test_every_icon_and_picture_is_there(page: Page) -> None:
    icons = (
        "[...document.querySelectorAll('.guide .icons use')].filter(use => !use.getBoundingClientRect().width).length"
    )
    assert await page.evaluate(icons) == 0
    broken = "[...document.images].filter(image => image.complete && !image.naturalWidth).length"
    assert await page.evaluate(broken) == 0


async def test_a_countdown_runs_down_and_says_once_that_it_ended(page: Page) -> None:
    await page.evaluate("""async () => {
        const { serverNow } = await import("lingfeng/clock");
        const clock = document.querySelector(".clock");
        globalThis.ended = 0;
        document.addEventListener("clock:end", (event) => event.target === clock && (globalThis.ended += 1));
        clock.dataset.until = String(serverNow() + 2400);
    }""")
    clock = page.locator(".clock").first
    await expect(clock).to_have_class("clock last")
    await expect(clock).to_have_class("clock over")
    await expect(clock).to_have_text("00:00:00")
    await page.wait_for_timeout(1200)
    assert await page.evaluate("globalThis.ended") == 1


async def test_the_clock_learns_from_the_quickest_answer(page: Page) -> None:
    moved = await page.evaluate("""async () => {
        const { learn, serverNow } = await import("lingfeng/clock");
        const at = performance.now();
        const before = serverNow() - at;
        learn(new Date(before + at + 60_000).toISOString(), at - 5, at + 5);
        const after = serverNow() - performance.now();
        learn(new Date(before + at).toISOString(), at - 4000, at + 4000);
        return [after - before, serverNow() - performance.now() - after];
    }""")
    assert moved[0] == pytest.approx(60_000, abs=50)
    assert moved[1] == 0, "a slow answer knows less than the quick one before it"


async def test_the_theme_is_kept_over_a_reload(page: Page) -> None:
    dark = page.locator(".foot [data-theme-choice='dark']")
    await dark.click()
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await expect(dark).to_have_attribute("aria-pressed", "true")
    ground = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb(20, 18, 16)"
    await page.locator(".foot [data-theme-choice='']").click()
    assert await page.evaluate("document.documentElement.dataset.theme === undefined")


async def test_a_stepper_stops_at_its_ends(page: Page) -> None:
    stepper = page.locator(".stepper").first
    less, more = stepper.locator("button").first, stepper.locator("button").last
    await expect(less).to_be_disabled()
    for _ in range(4):
        await more.click()
    await expect(stepper.locator("input")).to_have_value("5")
    await expect(more).to_be_disabled()
    await less.click()
    await expect(stepper.locator("input")).to_have_value("4")


async def test_sheets_and_dialogs_open_without_script_and_close_by_escape(page: Page) -> None:
    for name in ("sheet-light", "ask-light"):
        box = page.locator(f"#{name}")
        await expect(box).to_be_hidden()
        await page.locator(f"[popovertarget='{name}']").first.click()
        await expect(box).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(box).to_be_hidden()


async def test_a_toast_is_read_aloud_and_offers_the_way_back(page: Page) -> None:
    await page.evaluate("""async () => {
        const { toast } = await import("lingfeng/toast");
        toast("gone", { action: { label: "undo", run: () => (globalThis.undone = true) } });
    }""")
    await expect(page.locator(".toasts[role='status']")).to_contain_text("gone")
    await page.get_by_role("button", name="undo").click()
    await expect(page.locator(".toasts .toast")).to_have_count(0)
    assert await page.evaluate("globalThis.undone")


CALL = """async ([method, path, body, options]) => {
    const { call, newKey } = await import("lingfeng/api");
    try {
        return { answer: await call(method, path, body ?? undefined, options), key: newKey() };
    } catch (error) {
        const { name, status, code, field, details, retryAfter, unknown } = error;
        return { name, status, code, field, details, retryAfter, unknown };
    }
}"""


async def test_a_call_carries_the_page_s_token_and_its_key(page: Page) -> None:
    seen: list[Request] = []

    async def answer(route: Route) -> None:
        seen.append(route.request)
        await route.fulfill(status=201, json={"id": "7", "server_time": "2026-01-01T00:00:00.000Z"})

    await page.route("**/api/v1/sample", answer)
    result: Any = await page.evaluate(CALL, ["POST", "/api/v1/sample", {"quantity": 1}, {"key": "k-1"}])
    assert result["answer"]["id"] == "7"
    assert len(result["key"]) == 32
    headers = seen[0].headers
    assert headers["idempotency-key"] == "k-1"
    assert headers["x-csrf-token"] == await page.locator("meta[name=csrf-token]").get_attribute("content")
    assert headers["accept-language"] == "zh-CN"
    assert seen[0].post_data_json == {"quantity": 1}


async def test_a_refusal_is_an_error_with_its_code(page: Page) -> None:
    async def refuse(route: Route) -> None:
        error = {"code": "limit_reached", "message": "-", "field": "quantity", "details": {"limit": 1}}
        await route.fulfill(status=409, json={"error": error}, headers={"Retry-After": "3"})

    await page.route("**/api/v1/sample", refuse)
    result: Any = await page.evaluate(CALL, ["POST", "/api/v1/sample", {}, {}])
    assert result == {
        "name": "ApiError",
        "status": 409,
        "code": "limit_reached",
        "field": "quantity",
        "details": {"limit": 1},
        "retryAfter": 3,
        "unknown": False,
    }


async def test_no_answer_and_a_proxy_s_page_are_unknown_outcomes(page: Page) -> None:
    await page.route("**/api/v1/lost", lambda route: route.abort())
    await page.route("**/api/v1/proxy", lambda route: route.fulfill(status=502, body="<html>"))

    given_up = asyncio.Event()

    async def late(route: Route) -> None:
        await given_up.wait()
        await route.abort()

    await page.route("**/api/v1/late", late)
    for path, status, code in (("lost", 0, "no_answer"), ("proxy", 502, "unreadable"), ("late", 0, "no_answer")):
        result: Any = await page.evaluate(CALL, ["POST", f"/api/v1/{path}", {}, {"timeout": 300}])
        assert (result["status"], result["code"], result["unknown"]) == (status, code, True)
    given_up.set()
    await page.unroute_all(behavior="wait")
