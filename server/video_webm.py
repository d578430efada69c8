"""WebM (RFC 8794, RFC 9559): a file of elements, each with an id and a size, both of as many bytes as they say."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator

import msgspec

from server.video import BROKEN, CODING, NO_PICTURE, NO_VIDEO, Looked, Refused, Video, hold_length

_EBML, _DOCTYPE = 0x1A45DFA3, 0x4282
_SEGMENT, _INFO, _TRACKS, _CLUSTER, _TAGS = 0x18538067, 0x1549A966, 0x1654AE6B, 0x1F43B675, 0x1254C367
_VOID, _CRC, _SEEK_HEAD, _CUES = 0xEC, 0xBF, 0x114D9B74, 0x1C53BB6B
_OF_SEGMENT = {_INFO, _TRACKS, _CLUSTER, _TAGS, _VOID, _CRC, _SEEK_HEAD, _CUES}
_OF_CLUSTER = {0xE7, 0xA7, 0xAB, 0xA3, 0xA0, _VOID, _CRC}
_SCALE, _DURATION, _TITLE, _MUXER, _WRITER = 0x2AD7B1, 0x4489, 0x7BA9, 0x4D80, 0x5741
_TRACK, _KIND, _CODING = 0xAE, 0x83, 0x86
_PICTURES = {b"V_VP8", b"V_VP9", b"V_AV1"}
_SOUNDS = {b"A_OPUS", b"A_VORBIS"}


class _Element(msgspec.Struct, frozen=True):
    name: int
    begin: int
    inside: int
    end: int
    open: bool
    """Its size is not known: it ends where something that is no part of it begins."""


def read(raw: bytes) -> Video:
    """Return a WebM with its padding and its tags wiped. Blocks. Raises Refused."""
    body = Looked(raw)
    head = _at(body, 0, len(body))
    types = [body[one.inside : one.end] for one in _elements(body, head.inside, head.end) if one.name == _DOCTYPE]
    if head.name != _EBML or [bytes(one).rstrip(b"\0") for one in types] != [b"webm"]:
        raise Refused(NO_VIDEO)
    segment = _at(body, head.end, len(body))
    if segment.name != _SEGMENT or segment.end != len(body):
        raise Refused(BROKEN)
    milliseconds, pictures, clusters, within = 0, 0, 0, False
    for one in _elements(body, segment.inside, segment.end):
        if one.name in _OF_SEGMENT and one.name not in _OF_CLUSTER:
            within = False
        elif not (one.name in (_VOID, _CRC) or (within and one.name in _OF_CLUSTER)):
            raise Refused(BROKEN)
        if one.name in (_VOID, _TAGS, _CRC):
            _wipe(body, one)
        elif one.name == _INFO:
            milliseconds = _length(body, one)
        elif one.name == _TRACKS:
            pictures += _tracks(body, one)
        elif one.name == _CLUSTER:
            clusters, within = clusters + 1, one.open
    if not pictures or not clusters:
        raise Refused(NO_PICTURE)
    return Video(body=bytes(body), suffix="webm", milliseconds=milliseconds)


def _elements(body: Looked, begin: int, end: int) -> Iterator[_Element]:
    """Yield the elements that fill a stretch without a gap, those of a cluster of unknown size beside it."""
    while begin < end:
        body.another()
        one = _at(body, begin, end)
        yield one
        begin = one.inside if one.open and one.name == _CLUSTER else one.end


def _at(body: Looked, begin: int, end: int) -> _Element:
    """Return the element at a place. Raises Refused for one that reaches beyond ``end``."""
    name_length = _length_of(body, begin, end, 4)
    name = int.from_bytes(body[begin : begin + name_length], "big")
    at = begin + name_length
    size_length = _length_of(body, at, end, 8)
    size = int.from_bytes(body[at : at + size_length], "big") & ((1 << (7 * size_length)) - 1)
    inside = at + size_length
    if size == (1 << (7 * size_length)) - 1:
        if name not in (_SEGMENT, _CLUSTER):
            raise Refused(BROKEN)
        return _Element(name, begin, inside, end, True)
    if inside + size > end:
        raise Refused(BROKEN if begin else NO_VIDEO)
    return _Element(name, begin, inside, inside + size, False)


def _length_of(body: Looked, at: int, end: int, most: int) -> int:
    """Return of how many bytes a number is: as many as there are zeros before its first one, and that one."""
    length = 9 - body[at].bit_length() if at < end else 9
    if length > most or at + length > end:
        raise Refused(BROKEN if at else NO_VIDEO)
    return length


def _wipe(body: Looked, one: _Element) -> None:
    """Make an element one of nothing, as long as it was."""
    length = one.end - one.begin
    size_length = 8 if length > 9 else 1
    size = length - 1 - size_length
    body[one.begin : one.end] = (
        bytes([_VOID]) + (size | 1 << (7 * size_length)).to_bytes(size_length, "big") + bytes(size)
    )


def _length(body: Looked, info: _Element) -> int:
    scale, duration = 1_000_000, 0.0
    for one in _elements(body, info.inside, info.end):
        value = bytes(body[one.inside : one.end])
        if one.name == _SCALE:
            scale = int.from_bytes(value, "big")
        elif one.name == _DURATION and len(value) in (4, 8):
            [duration] = struct.unpack(">f" if len(value) == 4 else ">d", value)
        elif one.name in (_VOID, _CRC):
            _wipe(body, one)
        elif one.name in (_TITLE, _MUXER, _WRITER):
            body[one.inside : one.end] = bytes(len(value))
    if not math.isfinite(duration) or scale >= 2**64:
        raise Refused(BROKEN)
    return hold_length(duration * scale / 1_000_000)


def _tracks(body: Looked, tracks: _Element) -> int:
    """Return how many tracks of pictures there are. Raises Refused for a coding that browsers do not play."""
    pictures = 0
    for track in _elements(body, tracks.inside, tracks.end):
        if track.name in (_VOID, _CRC):
            _wipe(body, track)
        if track.name != _TRACK:
            continue
        parts = {one.name: bytes(body[one.inside : one.end]) for one in _elements(body, track.inside, track.end)}
        kind, coding = parts.get(_KIND, b"").lstrip(b"\0"), parts.get(_CODING, b"").rstrip(b"\0")
        if (kind == b"\x01" and coding not in _PICTURES) or (kind == b"\x02" and coding not in _SOUNDS):
            raise Refused(CODING)
        pictures += kind == b"\x01"
    return pictures
