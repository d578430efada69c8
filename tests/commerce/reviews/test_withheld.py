"""Pictures and videos that others do not see: who gets them, when they come back, and when unused ones go."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PIL import Image

from commerce.members import pictures
from commerce.reviews import videos, withheld
from server import media, uploads
from server.jobs import Envelope
from server.pictures import sized
from tests.commerce.orders.market import Market, Member
from tests.commerce.reviews.test_moderation import QUEUE, decide
from tests.commerce.reviews.test_reviews import ask, line_of, review
from tests.commerce.reviews.test_videos import send, status_of
from tests.server.test_videos import mp4, webm


def drawn(colour: str) -> bytes:
    """Return a picture that is large enough for a thumbnail."""
    out = io.BytesIO()
    Image.new("RGB", (300, 300), colour).save(out, "PNG")
    return out.getvalue()


async def picture(market: Market, member: Member, colour: str, status: int = 201) -> Any:
    """Upload a picture and return its address, or the error of a refusal."""
    told = await send(market, member, drawn(colour), status, "/api/v1/uploads")
    return told["url"] if status == 201 else told


async def work(market: Market) -> None:
    """Do what is to be done about files, as a worker does."""
    rows = await market.value(
        """
        WITH gone AS (
            DELETE FROM pgqueuer WHERE entrypoint IN ('reviews.media', 'uploads.remove') RETURNING entrypoint, payload
        ) SELECT array_agg(ROW(entrypoint, payload)) FROM gone
        """
    )
    for name, raw in rows or []:
        payload = msgspec.json.decode(raw, type=Envelope).payload
        if name == "reviews.media":
            await withheld.settle(market.app, msgspec.json.decode(payload, type=withheld.Moved))
        else:
            await uploads.remove(market.app, msgspec.json.decode(payload, type=uploads.Removal))


async def served(market: Market, *addresses: str, to: Mapping[str, str] | None = None) -> list[bool]:
    """Tell of each address whether a guest gets it, or who sends these headers."""
    found = []
    for each in addresses:
        status = await status_of(market, each, to)
        assert status in (200, 404)
        found.append(status == 200)
    return found


async def test_what_a_hidden_review_shows_its_writer_and_staff_see_alone(market: Market) -> None:
    member, staff = await market.member(), await market.staff(["reviews.moderate"])
    shot = await picture(market, member, "tan")
    film, later = [(await send(market, member, raw))["url"] for raw in (mp4(), webm())]
    made = await review(market, member, pictures=[shot], video=film)
    path = f"/api/v1/me/reviews/{made}/follow-up"
    await ask(market, "POST", path, member, {"text": "后来", "video": later}, 201)
    await work(market)
    everything = (shot, sized(shot, 160), film, later)
    assert await served(market, *everything) == [True] * 4
    await decide(market, staff, made, "hidden", "广告")
    await work(market)
    assert await served(market, *everything) == [False] * 4
    [mine] = (await ask(market, "GET", "/api/v1/me/reviews", member))["items"]
    [queued] = (await ask(market, "GET", f"{QUEUE}?show=decided", staff))["items"]
    for remark, reader, other in ((mine["remark"], member.headers, staff), (queued["remark"], staff, member.headers)):
        addresses = [*remark["images"], sized(remark["images"][0], 160), remark["video"]]
        assert await served(market, *addresses, to=reader) == [True] * 3
        for stranger in (other, None, {"Authorization": "Bearer x"}):
            assert await served(market, *addresses, to=stranger) == [False] * 3
    assert await served(market, mine["remark"]["follow_up"]["video"], to=member.headers) == [True]
    # A browser where somebody is logged in as both sends both cookies, and each page's addresses open.
    browser = {"Cookie": f"lf_member={member.token}; lf_staff={staff['Authorization'].removeprefix('Bearer ')}"}
    assert await served(market, mine["remark"]["video"], queued["remark"]["video"], to=browser) == [True, True]
    for who, page in ((member, "/me/reviews?show=written"), (staff, "/backoffice/reviews?show=decided")):
        headers = who.headers if isinstance(who, Member) else who
        async with market.client.get(page, headers=headers) as response:
            text = (await response.text()).replace("&amp;", "&")
        shown = [part.split('"')[0] for part in text.split('src="') if part.startswith("/media/")]
        assert {each.partition("?")[0] for each in shown} >= {sized(shot, 160), film}
        assert await served(market, *shown, to=headers) == [True] * len(shown)
    some = member.headers | {"Range": "bytes=4-7"}
    async with market.client.get(mine["remark"]["video"], headers=some) as response:
        assert (response.status, await response.read()) == (206, b"ftyp")
        assert response.headers["Cache-Control"] == "private, no-store"
    await decide(market, staff, made, "shown")
    await work(market)
    assert await served(market, *everything) == [True] * 4


async def test_no_seal_opens_another_file_or_lasts(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    member, staff = await market.member(), await market.staff(["reviews.moderate"])
    shots = [await picture(market, member, colour) for colour in ("tan", "teal")]
    made = await review(market, member, pictures=shots)
    await decide(market, staff, made, "hidden", "广告")
    await work(market)
    [one] = (await ask(market, "GET", "/api/v1/me/reviews", member))["items"]
    first, other = one["remark"]["images"]
    path, _, query = first.partition("?")
    until, seal = query.split("&seal=")
    wrong = (
        f"{other.partition('?')[0]}?{query}",
        f"{path}?until=9{until.removeprefix('until=')}&seal={seal}",
        f"{path}?{until}",
        f"{path}?{until}&seal=",
        f"{path}?seal={seal}",
        f"{path}?until=%00&seal=%ff",
        f"/media/withheld/u/{Path(path).parent.name}/{Path(path).name}",
    )
    assert await served(market, first, *wrong, to=member.headers) == [True] + [False] * len(wrong)
    monkeypatch.setattr("server.media.time.time", lambda: int(until.removeprefix("until=")) + 1.0)
    assert await served(market, first, to=member.headers) == [False]


async def test_what_waits_is_not_served_before_somebody_let_it_pass(market: Market) -> None:
    member, staff = await market.member(), await market.staff(["reviews.moderate"])
    await market.run("INSERT INTO watched_words (word) VALUES ('坏词')")
    shot = await picture(market, member, "tan")
    film = (await send(market, member, mp4()))["url"]
    made = await review(market, member, text="坏词", pictures=[shot], video=film)
    await work(market)
    assert await served(market, shot, film) == [False, False]
    [queued] = (await ask(market, "GET", QUEUE, staff))["items"]
    assert await served(market, *queued["remark"]["images"], queued["remark"]["video"], to=staff) == [True, True]
    await decide(market, staff, made, "shown")
    await work(market)
    assert await served(market, shot, film) == [True, True]


async def test_nobody_brings_back_what_was_hidden(market: Market) -> None:
    member, other = await market.member(), await market.member()
    staff, keeper = await market.staff(["reviews.moderate"]), await market.staff(["products.manage"])
    shot, film = await picture(market, member, "tan"), (await send(market, member, mp4()))["url"]
    assert (await send(market, other, mp4()))["url"] == film  # a copy of it, not shown yet
    made = await review(market, member, pictures=[shot], video=film)
    await decide(market, staff, made, "hidden", "违法")
    for body in ({"rating": 5, "pictures": [shot]}, {"rating": 5, "video": film}):
        line_id = await line_of(market, other)
        told = await ask(market, "POST", f"/api/v1/order-lines/{line_id}/review", other, body, 422)
        assert told["error"]["message"] == "填写有误：它没有通过审核，或者正在审核，不能再用"
    await work(market)
    assert (await picture(market, other, "tan", 422))["code"] == "withheld"
    assert (await send(market, other, mp4(), 422))["code"] == "withheld"
    assert await served(market, shot, film) == [False, False]
    await send(market, Member(id=0, token=keeper["Authorization"][7:], address_id=0), drawn("tan"), 201,
               "/api/v1/backoffice/pictures")  # fmt: skip
    await withheld.settle(market.app, withheld.Moved([shot]))
    assert await served(market, shot) == [True], "it is a product's by now"


async def test_what_another_review_or_a_face_shows_stays(market: Market) -> None:
    member, other, staff = await market.member(), await market.member(), await market.staff(["reviews.moderate"])
    shot = await picture(market, member, "tan")
    face = (await send(market, other, drawn("teal"), 200, "/api/v1/me/avatar"))["avatar"]
    assert await picture(market, member, "teal") == face
    made = await review(market, member, pictures=[shot, face])
    stands = await review(market, other, pictures=[shot])
    await decide(market, staff, made, "hidden", "广告")
    await work(market)
    assert await served(market, shot, face) == [True, True]
    await decide(market, staff, stands, "hidden", "广告")
    await decide(market, staff, made, "shown")
    await decide(market, staff, made, "hidden", "又是")
    await work(market)
    assert await served(market, shot, face) == [False, True]


async def test_of_decisions_and_their_jobs_the_last_holds_in_whatever_order_they_run(market: Market) -> None:
    member, staff = await market.member(), await market.staff(["reviews.moderate"])
    shot = await picture(market, member, "tan")
    made = await review(market, member, pictures=[shot])
    job = withheld.Moved([shot])
    for state in ("hidden", "shown", "hidden"):
        await decide(market, staff, made, state, "广告")
        await asyncio.gather(*(withheld.settle(market.app, job) for _ in range(4)))
        assert await served(market, shot) == [state == "shown"]
    home = market.app.settings.home
    media.path_of(home, sized(shot, 160)).write_bytes(b"half moved when its worker died")
    await withheld.settle(market.app, job)
    assert await served(market, shot, sized(shot, 160)) == [False, False]


async def test_what_was_taken_back_is_gone_wherever_it_lies(market: Market) -> None:
    member, staff = await market.member(), await market.staff(["reviews.moderate"])
    shot, film = await picture(market, member, "tan"), (await send(market, member, mp4()))["url"]
    made = await review(market, member, pictures=[shot], video=film)
    await decide(market, staff, made, "hidden", "广告")
    await work(market)
    await ask(market, "DELETE", f"/api/v1/me/remarks/{made}", member, None, 204)
    await pictures.tidy(market.app)
    await videos.tidy(market.app)
    await work(market)
    assert [path for path in (market.app.settings.home / "media").rglob("*") if path.is_file()] == []
    assert await market.value("SELECT count(*) FROM uploads") == 0


async def test_pictures_that_nothing_shows_for_a_day_go(market: Market) -> None:
    member, keeper = await market.member(), await market.staff(["products.manage"])
    unused, shown, fresh = [await picture(market, member, colour) for colour in ("tan", "teal", "navy")]
    face = (await send(market, member, drawn("plum"), 200, "/api/v1/me/avatar"))["avatar"]
    by_staff = Member(id=0, token=keeper["Authorization"][7:], address_id=0)
    product = (await send(market, by_staff, drawn("gold"), 201, "/api/v1/backoffice/pictures"))["url"]
    assert await picture(market, member, "gold") == product
    made = await review(market, member, pictures=[shown])
    await pictures.tidy(market.app)
    await work(market)
    everything = (unused, shown, fresh, face, product)
    assert await served(market, *everything) == [True] * 5
    await market.run("UPDATE uploads SET kept_until = now() WHERE kept_until IS NOT NULL AND id <> 3")
    await pictures.tidy(market.app)
    await work(market)
    assert await served(market, *everything) == [False, True, True, True, True]
    assert await market.value("SELECT array_agg(id ORDER BY id) FROM uploads WHERE kept_until IS NOT NULL") == [3]
    line_id = await line_of(market, member)
    body = {"rating": 5, "pictures": [unused]}
    told = await ask(market, "POST", f"/api/v1/order-lines/{line_id}/review", member, body, 422)
    assert told["error"]["message"] == "填写有误：图片不在了，请重新上传"
    await ask(market, "DELETE", f"/api/v1/me/remarks/{made}", member, None, 204)
    await work(market)
    assert await served(market, shown) == [False], "nobody sees it from the moment that it is taken back"


async def test_a_picture_that_is_taken_up_while_others_are_tidied_stays(market: Market) -> None:
    member = await market.member()
    shot = await picture(market, member, "tan")
    await market.run("UPDATE uploads SET kept_until = now()")
    async with market.app.database.transaction() as connection:
        await connection.fetch("SELECT FROM uploads FOR KEY SHARE")  # as who is writing a review does
        await asyncio.wait_for(pictures.tidy(market.app), 5)
        assert await market.value("SELECT count(*) FROM uploads") == 1
    assert await served(market, shot) == [True]


async def test_what_lies_open_though_it_is_hidden_is_found(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(withheld, "_AT_ONCE", 1)
    member, staff = await market.member(), await market.staff(["reviews.moderate"])
    shots = [await picture(market, member, colour) for colour in ("tan", "teal", "navy")]
    film = (await send(market, member, mp4()))["url"]
    made = [await review(market, member, pictures=[each]) for each in shots]
    path = f"/api/v1/me/reviews/{made[0]}/follow-up"
    await ask(market, "POST", path, member, {"text": "后来", "video": film}, 201)
    for each in made[:2]:
        await decide(market, staff, each, "hidden", "广告")
    await market.run("DELETE FROM pgqueuer")  # as if they had been given up
    await withheld.sweep(market.app)
    assert await served(market, *shots, film) == [False, False, True, False]
    await withheld.sweep(market.app)
    assert await served(market, *shots, film) == [False, False, True, False]
