"""Videos of products: uploaded by staff, shown in ranges, removed once no product shows them."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from commerce.merchandising import videos
from server.video import NO_VIDEO
from tests.commerce.catalogue.conftest import Shelf
from tests.commerce.merchandising.browser import Browser
from tests.server.test_videos import HTML, element, mp4, webm

Staff = dict[str, dict[str, str]]
VIDEOS, PRODUCTS = "/api/v1/backoffice/videos", "/api/v1/backoffice/products"


async def send(shelf: Shelf, raw: bytes, headers: dict[str, str], status: int = 201) -> Any:
    """Upload a video and return the answer."""
    form = aiohttp.FormData()
    form.add_field("file", raw, filename="clip.mp4", content_type="video/mp4")
    async with shelf.client.post(VIDEOS, data=form, headers=headers) as response:
        told = await response.json()
        assert response.status == status, told
        return told


async def test_a_video_is_shown_in_ranges_and_taken_out(shelf: Shelf, staff: Staff) -> None:
    bottle = await shelf.product("bottle")
    url = (await send(shelf, webm(), staff["shop1"]))["url"]
    assert (await send(shelf, webm(), staff["shop1"]))["url"] == url
    browser = Browser(shelf, staff["shop1"])
    form = await browser.open(f"/backoffice/products/{bottle}")
    status, _, text = await browser.post(f"/backoffice/products/{bottle}", form | {"video": url})
    assert status == 303, text[:500]
    page = await shelf.page(f"/products/{bottle}")
    [tag] = [part for part in page.split("<") if part.startswith("video")]
    for said in (f'src="{url}"', 'preload="none"', 'poster="/media/', "controls", "playsinline"):
        assert said in tag, said
    assert (await shelf.get(f"/api/v1/products/{bottle}"))["video"] == url
    async with shelf.client.get(url, headers={"Range": "bytes=0-3"}) as response:
        assert (response.status, await response.read()) == (206, b"\x1a\x45\xdf\xa3")
        assert response.headers["Content-Type"] == "video/webm"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in response.headers["Content-Security-Policy"]
    for wrong in (url.replace("webm", "mp4"), url.replace("/v/", "/v/../v/"), f"{url}x"):
        async with shelf.client.get(wrong) as response:
            assert response.status == 404 or str(response.url).endswith(url)
    assert "视频" in await shelf.page(f"/backoffice/products/{bottle}/history", headers=staff["admin"])
    form = await browser.open(f"/backoffice/products/{bottle}")
    assert form["video"] == [url]
    assert (await browser.post(f"/backoffice/products/{bottle}", form | {"video": ""}))[0] == 303
    assert "<video" not in await shelf.page(f"/products/{bottle}")


async def test_no_product_shows_what_nobody_uploaded(shelf: Shelf, staff: Staff) -> None:
    bottle = await shelf.product("bottle")
    for wrong in (f"/media/v/aa/{'a' * 64}.mp4", "https://evil.example/x.mp4", "x"):
        async with shelf.client.patch(
            f"{PRODUCTS}/{bottle}", json={"video": wrong}, headers=staff["shop1"]
        ) as response:
            told = await response.json()
            assert (response.status, told["error"]["field"]) == (422, "video"), told


async def test_what_is_no_video_is_refused(shelf: Shelf, staff: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    told = await send(shelf, HTML, staff["shop1"], 422)
    assert told["error"]["message"] == f"视频不能用：{NO_VIDEO}"
    monkeypatch.setattr(videos.SHELF.__class__, "most_bytes", 1000)
    told = await send(shelf, webm(more=element(b"\xec", bytes(2000))), staff["shop1"], 413)
    assert told["error"]["code"] == "video_too_large"
    async with shelf.client.post(VIDEOS, json={}, headers=staff["shop1"]) as response:
        assert response.status == 415


async def test_what_no_product_shows_is_gone_after_a_week(shelf: Shelf, staff: Staff) -> None:
    bottle = await shelf.product("bottle")
    shown = (await send(shelf, webm(), staff["shop1"]))["url"]
    unused = (await send(shelf, mp4(), staff["shop1"]))["url"]
    async with shelf.client.patch(f"{PRODUCTS}/{bottle}", json={"video": shown}, headers=staff["shop1"]) as response:
        assert response.status == 200
    await videos.tidy(shelf.app)
    assert (await shelf.client.get(unused)).status == 200
    await shelf.change("UPDATE product_videos SET created_at = now() - interval '8 days'")
    await videos.tidy(shelf.app)
    assert [(await shelf.client.get(url)).status for url in (shown, unused)] == [200, 404]
    async with shelf.client.patch(f"{PRODUCTS}/{bottle}", json={"video": ""}, headers=staff["shop1"]) as response:
        assert response.status == 200
    await videos.tidy(shelf.app)
    assert (await shelf.client.get(shown)).status == 200  # it was shown until now
