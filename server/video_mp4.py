"""MP4 (ISO/IEC 14496-12): a file of boxes, each with its size and a name of four letters."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from server.video import BROKEN, CODING, NO_PICTURE, NO_VIDEO, Looked, Refused, Video, hold_length

_BRANDS = {b"isom", b"iso2", b"iso3", b"iso4", b"iso5", b"iso6", b"iso7", b"iso8", b"iso9", b"mp41", b"mp42", b"avc1",
           b"M4V ", b"M4VH", b"M4VP", b"MSNV", b"dash", b"cmfc", b"av01", b"XAVC", b"f4v "}  # fmt: skip
_MOST_FTYP = 128
_TOP = {b"moov", b"mdat", b"moof", b"sidx", b"styp", b"mfra", b"pdin", b"prft", b"ssix"}
_WIPED = {b"free", b"skip", b"wide", b"uuid", b"meta", b"udta", b"emsg"}
"""Padding, and what is told about a video: none of it is needed to play it."""
_PICTURES = {b"avc1", b"avc3", b"vp09", b"av01"}
_SOUNDS = {b"mp4a", b"Opus"}


class _Box(msgspec.Struct, frozen=True):
    name: bytes
    begin: int
    inside: int
    end: int


def read(raw: bytes) -> Video:
    """Return an MP4 with its padding and its metadata wiped. Blocks. Raises Refused."""
    body = Looked(raw)
    boxes = list(_boxes(body, 0, len(body)))
    first = boxes[0] if boxes else None
    if first is None or first.name != b"ftyp" or not 16 <= first.end <= _MOST_FTYP:
        raise Refused(NO_VIDEO)
    if bytes(body[first.inside : first.inside + 4]) not in _BRANDS:
        raise Refused(NO_VIDEO)
    for box in boxes[1:]:
        if box.name in _WIPED:
            _wipe(body, box)
        elif box.name not in _TOP:
            raise Refused(BROKEN)
    movies = [box for box in boxes if box.name == b"moov"]
    if len(movies) != 1 or not any(box.name == b"mdat" for box in boxes):
        raise Refused(BROKEN)
    milliseconds = _movie(body, movies[0])
    return Video(body=bytes(body), suffix="mp4", milliseconds=milliseconds)


def _boxes(body: Looked, begin: int, end: int) -> Iterator[_Box]:
    """Yield the boxes that fill a stretch without a gap. Raises Refused."""
    while begin < end:
        body.another()
        if end - begin < 8:
            raise Refused(BROKEN if begin else NO_VIDEO)
        size, inside = int.from_bytes(body[begin : begin + 4], "big"), begin + 8
        if size == 1:
            size, inside = int.from_bytes(body[begin + 8 : begin + 16], "big"), begin + 16
        if size < inside - begin or begin + size > end:
            raise Refused(BROKEN if begin else NO_VIDEO)
        yield _Box(bytes(body[begin + 4 : begin + 8]), begin, inside, begin + size)
        begin += size


def _wipe(body: Looked, box: _Box) -> None:
    """Make a box one of nothing; everything else stays where the tables say it is."""
    body[box.begin + 4 : box.begin + 8] = b"free"
    body[box.inside : box.end] = bytes(box.end - box.inside)


def _movie(body: Looked, movie: _Box) -> int:
    """Wipe what is told about a movie, look at its tracks, and return how many milliseconds it lasts."""
    milliseconds, pictures = 0, 0
    for box in _boxes(body, movie.inside, movie.end):
        if box.name in _WIPED:
            _wipe(body, box)
        elif box.name == b"mvhd":
            milliseconds = _length(body, box)
        elif box.name == b"trak":
            pictures += _track(body, box)
    if not pictures:
        raise Refused(NO_PICTURE)
    return milliseconds


def _length(body: Looked, box: _Box) -> int:
    wide = body[box.inside : box.inside + 1] == b"\x01"
    at = box.inside + (20 if wide else 12)
    scale = int.from_bytes(body[at : at + 4], "big")
    length = int.from_bytes(body[at + 4 : at + (12 if wide else 8)], "big")
    if at + 12 > box.end or not scale:
        raise Refused(BROKEN)
    return hold_length(length * 1000 / scale)


def _track(body: Looked, track: _Box) -> int:
    """Return 1 for a track of pictures, 0 for one of sound or of something that is not played. Raises Refused."""
    kind, codings = b"", set()
    for box in _boxes(body, track.inside, track.end):
        if box.name in _WIPED:
            _wipe(body, box)
        elif box.name == b"mdia":
            for part in _boxes(body, box.inside, box.end):
                if part.name in _WIPED:
                    _wipe(body, part)
                elif part.name == b"hdlr":
                    kind = bytes(body[part.inside + 8 : part.inside + 12])
                    body[part.inside + 24 : part.end] = bytes(max(0, part.end - part.inside - 24))  # a name for people
                elif part.name == b"minf":
                    codings |= _codings(body, part)
    if (kind == b"vide" and not codings <= _PICTURES) or (kind == b"soun" and not codings <= _SOUNDS):
        raise Refused(CODING)
    return int(kind == b"vide" and bool(codings))


def _codings(body: Looked, media: _Box) -> set[bytes]:
    tables = [box for box in _boxes(body, media.inside, media.end) if box.name == b"stbl"]
    found: set[bytes] = set()
    for table in tables:
        for box in _boxes(body, table.inside, table.end):
            if box.name == b"stsd":
                found |= {entry.name for entry in _boxes(body, box.inside + 8, box.end)}
    return found
