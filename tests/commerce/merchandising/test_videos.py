"""Videos of products: what is shown is a video from its first byte to its last, and says nothing about where it was."""

from __future__ import annotations

import struct
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.merchandising import videos
from commerce.merchandising.video import BROKEN, CODING, NO_PICTURE, NO_VIDEO, TOO_LONG
from commerce.merchandising.videos import VideoRefused, read
from tests.commerce.catalogue.conftest import Shelf
from tests.commerce.merchandising.test_editor import Browser

Staff = dict[str, dict[str, str]]
VIDEOS, PRODUCTS = "/api/v1/backoffice/videos", "/api/v1/backoffice/products"
HTML = b"<!doctype html><script>alert(1)</script>"
UNKNOWN = b"\x01\xff\xff\xff\xff\xff\xff\xff"


def box(name: bytes, *inside: bytes) -> bytes:
    """Return a box of an MP4."""
    body = b"".join(inside)
    return struct.pack(">I4s", 8 + len(body), name) + body


def track(kind: bytes, coding: bytes, *more: bytes) -> bytes:
    """Return a track of one coding."""
    entry = box(b"stsd", bytes(4), struct.pack(">I", 1), box(coding, bytes(70)))
    handler = box(b"hdlr", bytes(8), kind, bytes(12), b"Core Media Video\0")
    return box(b"trak", *more, box(b"mdia", handler, box(b"minf", box(b"stbl", entry))))


def mp4(
    *tracks: bytes,
    brand: bytes = b"isom",
    seconds: float = 5,
    inside: bytes = b"",
    before: bytes = b"",
    end: bytes = b"",
) -> bytes:
    """Return an MP4 of tracks with nothing to show in them."""
    length = box(b"mvhd", bytes(12), struct.pack(">II", 1000, int(seconds * 1000)), bytes(80))
    movie = box(b"moov", length, *(tracks or (track(b"vide", b"avc1"), track(b"soun", b"mp4a"))), inside)
    return box(b"ftyp", brand, bytes(4), b"mp42") + before + movie + box(b"mdat", bytes(100)) + end


def element(name: bytes, inside: bytes, size: bytes | None = None) -> bytes:
    """Return an element of a WebM; its size in eight bytes unless given."""
    return name + (size or (len(inside) | 1 << 56).to_bytes(8, "big")) + inside


def webm(
    *codings: tuple[int, bytes], kind: bytes = b"webm", seconds: float = 5, more: bytes = b"", end: bytes = b"",
    live: bool = False,
) -> bytes:  # fmt: skip
    """Return a WebM; a live one says of nothing how long it is."""
    entries = b"".join(
        element(b"\xae", element(b"\x83", bytes([number])) + element(b"\x86", coding))
        for number, coding in codings or ((1, b"V_VP9"), (2, b"A_OPUS"))
    )
    told = element(b"\x2a\xd7\xb1", b"\x0f\x42\x40") + element(b"\x44\x89", struct.pack(">d", seconds * 1000))
    told += element(b"\x57\x41", b"Pixel 9 of Li Lei")
    size = UNKNOWN if live else None
    blocks = element(b"\xe7", b"\0") + element(b"\xa3", b"\x81\0\0\x80frame")
    clusters = element(b"\x1f\x43\xb6\x75", blocks, size) * 2
    inside = element(b"\x15\x49\xa9\x66", told) + element(b"\x16\x54\xae\x6b", entries) + more + clusters
    return element(b"\x1a\x45\xdf\xa3", element(b"\x42\x82", kind)) + element(b"\x18\x53\x80\x67", inside, size) + end


def test_what_a_phone_wrote_down_is_wiped() -> None:
    place = b"+31.2304+121.4737/"
    raw = mp4(
        track(b"vide", b"avc1", box(b"udta", place)),
        inside=box(b"udta", box(b"\xa9xyz", place)) + box(b"meta", place),
        before=box(b"free", HTML) + box(b"uuid", HTML),
    )
    made = read(raw)
    assert (made.suffix, made.milliseconds, len(made.body)) == ("mp4", 5000, len(raw))
    for hidden in (place, HTML, b"Core Media"):
        assert hidden in raw
        assert hidden not in made.body
    assert made.body.count(b"free") == 5
    assert read(made.body) == made
    for live in (False, True):
        raw = webm(more=element(b"\xec", HTML) + element(b"\x12\x54\xc3\x67", place), live=live)
        made = read(raw)
        assert (made.suffix, made.milliseconds, len(made.body)) == ("webm", 5000, len(raw))
        for hidden in (place, HTML, b"Pixel 9"):
            assert hidden in raw
            assert hidden not in made.body
        assert read(made.body) == made


GOOD = [mp4(), mp4(track(b"vide", b"av01")), mp4(brand=b"mp42"), webm(), webm((1, b"V_AV1")), webm(live=True)]
HOSTILE = [
    (HTML, NO_VIDEO),
    (b"", NO_VIDEO),
    (b"GIF89a" + mp4(), NO_VIDEO),
    (b"\x00\x00\x00\x18ftypisom", NO_VIDEO),
    (mp4(brand=b"qt  "), NO_VIDEO),
    (mp4(brand=b"<htm"), NO_VIDEO),
    (box(b"ftyp", b"isom", bytes(4), HTML * 10) + mp4(), NO_VIDEO),
    (mp4(end=HTML), BROKEN),
    (mp4(end=b"PK\x03\x04" + bytes(40)), BROKEN),
    (mp4(end=box(b"evil", HTML)), BROKEN),
    (mp4()[:-1], BROKEN),
    (mp4() + mp4(), BROKEN),
    (mp4(before=struct.pack(">I4sQ", 1, b"mdat", 2**63)), BROKEN),
    (box(b"ftyp", b"isom", bytes(8)) + box(b"mdat", bytes(9)), BROKEN),
    (mp4(track(b"soun", b"mp4a")), NO_PICTURE),
    (mp4(track(b"vide", b"hvc1")), CODING),
    (mp4(track(b"vide", b"avc1"), track(b"soun", b"ac-3")), CODING),
    (mp4(seconds=181), TOO_LONG),
    (webm(kind=b"matroska"), NO_VIDEO),
    (b"\x1a\x45\xdf\xa3" + HTML, NO_VIDEO),
    (webm(end=HTML), BROKEN),
    (webm()[:-1], BROKEN),
    (webm(live=True, end=HTML), BROKEN),
    (webm(more=element(b"\x19\x41\xa4\x69", HTML)), BROKEN),
    (webm((1, b"V_MPEG4/ISO/AVC")), CODING),
    (webm((1, b"V_VP8"), (2, b"A_AC3")), CODING),
    (webm((2, b"A_OPUS")), NO_PICTURE),
    (webm(seconds=181), TOO_LONG),
    (webm(seconds=float("nan")), BROKEN),
]


@pytest.mark.parametrize("raw", GOOD)
def test_what_is_shown(raw: bytes) -> None:
    assert read(raw).milliseconds == 5000


@pytest.mark.parametrize(("raw", "reason"), HOSTILE)
def test_what_is_refused_and_why(raw: bytes, reason: str) -> None:
    with pytest.raises(VideoRefused) as refused:
        read(raw)
    assert refused.value.values["reason"] == reason


@given(st.sampled_from(GOOD), st.lists(st.tuples(st.integers(0, 700), st.integers(0, 255)), max_size=4), st.integers(0))
def test_bytes_that_lie_are_refused_and_nothing_else(raw: bytes, changes: list[tuple[int, int]], cut: int) -> None:
    made = bytearray(raw)
    for at, value in changes:
        made[at % len(made)] = value
    if cut % 3 == 0:
        del made[cut % len(made) :]
    try:
        kept = read(bytes(made))
    except VideoRefused:
        return
    assert len(kept.body) == len(made)
    assert read(kept.body) == kept


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
    monkeypatch.setattr(videos, "MOST_BYTES", 1000)
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
