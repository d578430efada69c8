"""What browser tests of flash sales share: a worker at hand, a member's page, pictures."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

from playwright.async_api import BrowserContext, Page, expect

from server import worker
from server.application import build
from tests.flashsale.seckill.conftest import Member, Stage

SHOTS = os.environ.get("LINGFENG_TEST_SHOTS")


@contextlib.asynccontextmanager
async def working(stage: Stage) -> AsyncIterator[None]:
    """Keep a worker going: it expires, restocks, pushes and takes payments on."""
    app, stop = build(stage.app.settings), asyncio.Event()
    task = asyncio.create_task(worker.run(app, stop))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(task, 15)


async def enter(browser: BrowserContext, stage: Stage, member: Member, path: str) -> Page:
    """Return a page on which ``member`` is logged in."""
    await browser.add_cookies([{"name": "lf_member", "value": member.token, "url": stage.app.settings.base_url}])
    page = await browser.new_page()
    await page.goto(path)
    await expect(page.locator("#sale[data-awake]")).to_be_visible()
    return page


async def online(page: Page) -> None:
    """Return when the page's own connection is up, so that it hears what is pushed."""
    async with asyncio.timeout(20):
        while await page.evaluate("import('lingfeng/member').then((member) => member.state.value)") != "online":
            await asyncio.sleep(0.05)


async def shot(page: Page, name: str) -> None:
    """Keep a picture for whoever wants to look."""
    if SHOTS:
        await page.screenshot(path=str(Path(SHOTS) / f"{name}.png"))


async def fits(page: Page) -> None:
    """No page is wider than the phone."""
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def orders_of(stage: Stage, member: Member) -> int:
    """Return how many orders a member has."""
    count: int = await stage.db.fetchval("SELECT count(*) FROM orders WHERE member_id = $1", member.id)
    return count
