"""Videos: what is shown is a video from its first byte to its last, and says nothing about where it was."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server import video
from server.video import BROKEN, CODING, NO_PICTURE, NO_VIDEO, TOO_LONG, TOO_MANY
from server.videos import VideoRefused, read

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


@pytest.mark.parametrize(
    "raw", [mp4(end=box(b"free") * 60, inside=box(b"udta") * 60), webm(more=element(b"\xec", b"") * 120)]
)
def test_a_video_of_crumbs_is_not_walked_to_its_end(raw: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(raw).milliseconds == 5000
    monkeypatch.setattr(video, "MOST_PARTS", 100)
    with pytest.raises(VideoRefused) as refused:
        read(raw)
    assert refused.value.values["reason"] == TOO_MANY
