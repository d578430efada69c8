"""Videos of reviews: who may show which, who looks at them, and when their files go."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from PIL import Image

from commerce.members import pictures as faces
from commerce.members.belongings import Belongings
from commerce.reviews import belonging_store, videos
from server import uploads
from server.video import BROKEN, NO_VIDEO
from tests.commerce.orders.market import Market, Member
from tests.commerce.reviews.test_reviews import ask, line_of, review
from tests.server.test_videos import HTML, element, mp4, webm

UPLOAD = "/api/v1/me/review-videos"


async def send(market: Market, member: Member | None, raw: bytes, status: int = 201, path: str = UPLOAD) -> Any:
    """Upload something and return the answer, the error of a refusal."""
    form = aiohttp.FormData()
    form.add_field("file", raw, filename="clip.mp4", content_type="video/mp4")
    headers = {} if member is None else member.headers
    async with market.client.post(path, data=form, headers=headers) as response:
        told = await response.json()
        assert response.status == status, told
        return told["error"] if status >= 400 else told


async def status_of(market: Market, url: str, headers: Mapping[str, str] | None = None) -> int:
    """Return what a file is answered with, to a guest or to who sends these headers."""
    async with market.client.get(url, headers=headers) as response:
        return response.status


async def due(market: Market) -> None:
    """Let what waits have waited long enough, and tidy up."""
    async with market.app.database.transaction() as connection:
        await connection.execute("UPDATE review_videos SET kept_until = now() WHERE kept_until IS NOT NULL")
    await videos.tidy(market.app)


async def test_a_video_is_shown_in_the_review_and_in_the_strip(market: Market) -> None:
    member = await market.member()
    url = (await send(market, member, mp4()))["url"]
    made = await review(market, member, video=url)
    added = webm()
    later = (await send(market, member, added))["url"]
    body = {"text": "后来", "video": later}
    await ask(market, "POST", f"/api/v1/me/reviews/{made}/follow-up", member, body, 201)
    [listed] = (await ask(market, "GET", f"/api/v1/products/{market.product_id}/reviews?show=pictured"))["items"]
    assert (listed["video"], listed["follow_up"]["video"]) == (url, later)
    for path in (f"/products/{market.product_id}", f"/products/{market.product_id}/reviews"):
        async with market.client.get(path) as response:
            page = await response.text()
        tags = [part for part in page.split("<") if part.startswith("video ")]
        assert [f'src="{one}"' in tag for one, tag in zip((url, later), tags, strict=True)] == [True, True]
        assert all('preload="none"' in tag and "controls" in tag and "playsinline" in tag for tag in tags)
        assert f'<a href="{url}" class="film" data-film' in page
    async with market.client.get(later, headers={"Range": "bytes=4-9"}) as response:
        assert (response.status, await response.read()) == (206, added[4:10])
        assert response.headers["Content-Type"] == "video/webm"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize(
    ("raw", "code", "reason"),
    [
        (HTML, "video_refused", NO_VIDEO),
        (b"GIF89a" + mp4(), "video_refused", NO_VIDEO),
        (mp4(end=b"PK\x03\x04" + bytes(40)), "video_refused", BROKEN),
        (mp4(seconds=61), "video_refused", "视频最长 1 分钟"),
        (webm(seconds=61), "video_refused", "视频最长 1 分钟"),
    ],
)
async def test_what_is_no_short_video_is_refused(market: Market, raw: bytes, code: str, reason: str) -> None:
    told = await send(market, await market.member(), raw, 422)
    assert (told["code"], told["field"]) == (code, "file")
    assert reason in told["message"]
    assert await market.value("SELECT count(*) FROM review_videos") == 0


async def test_a_video_has_no_more_than_its_bytes(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(videos.SHELF.__class__, "most_bytes", 1000)
    told = await send(market, await market.member(), webm(more=element(b"\xec", bytes(2000))), 413)
    assert told["code"] == "video_too_large"
    await send(market, None, mp4(), 401)


async def test_one_shows_only_what_one_uploaded_and_once(market: Market) -> None:
    member, other = await market.member(), await market.member()
    url = (await send(market, member, mp4()))["url"]
    line_id = await line_of(market, other)
    for wrong in (url, "https://evil.example/x.mp4", f"/media/w/aa/{'a' * 64}.mp4", "/media/v/x"):
        told = await ask(
            market, "POST", f"/api/v1/order-lines/{line_id}/review", other, {"rating": 5, "video": wrong}, 422
        )
        assert told["error"]["field"] == "video"
    lines = [await line_of(market, member) for _ in range(4)]
    answers = await asyncio.gather(
        *(
            market.call("POST", f"/api/v1/order-lines/{one}/review", member, {"rating": 5, "video": url})
            for one in lines
        )
    )
    assert sorted(one.status for one in answers) == [201, 422, 422, 422]
    assert await market.value("SELECT count(*) FROM remarks WHERE video = $1", url) == 1
    assert (await send(market, member, mp4()))["url"] == url  # again, it is still the one that is shown
    left = lines[[one.status for one in answers].index(422)]
    told = await ask(market, "POST", f"/api/v1/order-lines/{left}/review", member, {"rating": 5, "video": url}, 422)
    assert told["error"]["message"] == "填写有误：这段视频已经用过了"
    assert (await send(market, other, mp4()))["url"] == url
    await ask(market, "POST", f"/api/v1/order-lines/{line_id}/review", other, {"rating": 5, "video": url}, 201)


async def test_somebody_looks_at_every_video(market: Market) -> None:
    member = await market.member()
    made = await review(market, member, video=(await send(market, member, mp4()))["url"])
    staff: Any = await market.staff(["reviews.moderate"])
    [queued] = (await ask(market, "GET", "/api/v1/backoffice/remarks/queue?show=pictures", staff))["items"]
    assert queued["remark"]["id"] == str(made)
    async with market.client.get("/backoffice/reviews?show=pictures", headers=staff) as response:
        assert '<video class="film"' in await response.text()
    decision = f"/api/v1/backoffice/remarks/queue/{made}/decision"
    await ask(market, "POST", decision, staff, {"state": "shown"})
    assert (await ask(market, "GET", "/api/v1/backoffice/remarks/queue?show=pictures", staff))["items"] == []


async def test_files_of_what_was_taken_back_go(market: Market) -> None:
    member, other = await market.member(), await market.member()
    url = (await send(market, member, mp4()))["url"]
    shared = (await send(market, member, webm()))["url"]
    assert (await send(market, other, webm()))["url"] == shared
    pictures = []
    for colour in ("tan", "teal"):
        out = io.BytesIO()
        Image.new("RGB", (300, 300), colour).save(out, "PNG")
        pictures.append((await send(market, member, out.getvalue(), path="/api/v1/uploads"))["url"])
    made = await review(market, member, video=url, pictures=pictures)
    body = {"text": "后来", "video": shared}
    await ask(market, "POST", f"/api/v1/me/reviews/{made}/follow-up", member, body, 201)
    await review(market, other, video=shared, pictures=pictures[:1])
    await due(market)
    assert [await status_of(market, one) for one in (url, shared, *pictures)] == [200, 200, 200, 200]
    await ask(market, "DELETE", f"/api/v1/me/remarks/{made}", member, None, 204)
    await due(market)
    await faces.tidy(market.app)
    await uploads.remove(market.app, uploads.Removal(Path(pictures[1]).stem))
    assert [await status_of(market, one) for one in (url, shared, *pictures)] == [404, 200, 200, 404]
    assert await market.value("SELECT count(*) FROM uploads") == 1


async def test_what_no_review_shows_goes_after_a_day(market: Market) -> None:
    member = await market.member()
    urls = [(await send(market, member, mp4(seconds=one)))["url"] for one in range(1, 6)]
    async with market.app.database.connection() as connection:
        told = await belonging_store.tell(connection, member.id)
    assert [one["address"] for one in told["review_videos"]] == urls, "what is kept of a member is told to them"
    await videos.tidy(market.app)
    assert [await status_of(market, one) for one in urls] == [404, 404, 200, 200, 200]  # no more than three wait
    await due(market)
    assert [await status_of(market, one) for one in urls] == [404] * 5
    line_id = await line_of(market, member)
    body = {"rating": 5, "video": urls[-1]}
    told = await ask(market, "POST", f"/api/v1/order-lines/{line_id}/review", member, body, 422)
    assert told["error"]["message"] == "填写有误：视频不在了，请重新上传"


async def test_a_video_stays_when_its_member_leaves(market: Market) -> None:
    member = await market.member()
    shown, unused = [(await send(market, member, mp4(seconds=one)))["url"] for one in (1, 2)]
    await review(market, member, video=shown)
    async with market.app.database.transaction() as connection:
        for one in market.app.resource(Belongings).all:
            if one.name == "reviews" and one.erase is not None:
                await one.erase(connection, member.id)
    await videos.tidy(market.app)
    assert [await status_of(market, one) for one in (shown, unused)] == [200, 404]


async def test_of_the_same_video_of_two_merged_members_one_stays_until_it_is_taken_back(market: Market) -> None:
    keeper, other = await market.member(), await market.member()
    url = (await send(market, keeper, mp4()))["url"]
    unused = (await send(market, other, webm()))["url"]
    assert (await send(market, other, mp4()))["url"] == url
    made = await review(market, other, video=url)
    async with market.app.database.transaction() as connection:
        await market.app.resource(Belongings).move(connection, keeper.id, other.id)
    assert await market.value("SELECT count(*) FROM review_videos WHERE member_id = $1", keeper.id) == 2
    line_id = await line_of(market, keeper)
    told = await ask(market, "POST", f"/api/v1/order-lines/{line_id}/review", keeper, {"rating": 5, "video": url}, 422)
    assert told["error"]["message"] == "填写有误：这段视频已经用过了"
    await due(market)
    assert [await status_of(market, one) for one in (url, unused)] == [200, 404]
    await ask(market, "DELETE", f"/api/v1/me/remarks/{made}", keeper, None, 204)
    await videos.tidy(market.app)
    assert await status_of(market, url) == 404


async def test_a_member_uploads_only_so_many_a_day(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(videos, "PER_MEMBER", "2/day")
    counted = msgspec.structs.replace(market.app.settings, limits=True)
    monkeypatch.setattr(market.app.limits, "_settings", counted)
    member = await market.member()
    for seconds in (1, 2):
        await send(market, member, mp4(seconds=seconds))
    assert (await send(market, member, mp4(seconds=3), 429))["code"] == "rate_limited"
    await send(market, await market.member(), mp4(seconds=3))
