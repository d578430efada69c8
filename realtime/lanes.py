"""The reliable lane of rooms: events numbered ``{epoch, seq}`` without gaps, kept in a Redis stream of bounded length.

An event is numbered, kept and published by one script, so that whoever hears a number knows that all before it are in
the log. An epoch ends when the log can no longer be trusted: Redis was started again, or lost the room.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Awaitable, Callable, Mapping
from hashlib import sha1
from importlib.resources import files
from typing import Any, cast

import msgspec
from redis.exceptions import NoScriptError

from realtime.bus import tag
from server.redis import DOWN, Cluster, Redis, cluster, clustered, connect

KEEP = 1000
"""Events of a room that a client may have missed and still be brought up to date event by event."""
KEEP_SECONDS = 86_400
KEEP_SILENT_SECONDS = 600
"""The same for a room where nothing was said yet, which may be none at all. Who is in one that is forgotten gets its
state with the first event."""
REPLAY = 131_072
"""Bytes of missed events that are told one by one. More would pile up before those who are to read them until they
are cut off as slow readers, and again when they have come back; a new state is shorter."""
_AT_ONCE = 100
"""Events in one answer of Redis."""
_FOLDER = files(__package__) / "lua"
_pack = msgspec.msgpack.Encoder().encode


class Place(msgspec.Struct, frozen=True):
    """Where a room, or somebody who hears it, stands."""

    epoch: str
    seq: int


class _Numbered(msgspec.Struct, frozen=True, array_like=True):
    event: str
    payload: msgspec.Raw
    place: Place


_read = msgspec.msgpack.Decoder(_Numbered).decode


def numbered(message: bytes) -> bool:
    """Tell whether a message of the bus is an event of a reliable lane."""
    return message[:1] == b"\x93"


def place_of(message: bytes) -> Place:
    """Return the place of a numbered message. Raises MsgspecError."""
    return _read(message).place


def few(messages: list[bytes]) -> bool:
    """Tell whether missed events are few enough to be told one by one."""
    return sum(map(len, messages)) <= REPLAY


def led(found: list[bytes], at: Place, until: Place, messages: list[bytes]) -> Place | None:
    """Add to ``messages`` those found that lead from ``at`` towards ``until`` and return how far; None when they do
    not lead there, or have become too many."""
    began = at.seq
    for message in found:
        place = place_of(message)
        if place.seq > until.seq:
            break
        if place.epoch != at.epoch or place.seq != at.seq + 1:
            return None
        messages.append(message)
        at = place
    return at if (at.seq >= until.seq or at.seq > began) and few(messages) else None


class _Script:
    def __init__(self, name: str) -> None:
        self.source = (_FOLDER / f"{name}.lua").read_bytes()
        self.sha = sha1(self.source, usedforsecurity=False).hexdigest()


_SAY, _HEAD = _Script("say"), _Script("head")


class Lanes:
    """Every command of the reliable lane. All of it raises what the Redis client raises (server.redis.DOWN)."""

    def __init__(self, url: str) -> None:
        self._redis: Redis | Cluster = cluster(url) if clustered(url) else connect(url, size=20)
        self._tag = tag(url, "~").replace("~", "{room}")
        self._publish = "SPUBLISH" if clustered(url) else "PUBLISH"

    async def close(self) -> None:
        """Close the connections."""
        with contextlib.suppress(*DOWN):  # who does not take what is on its way is not waited for
            await self._redis.aclose()

    async def say(self, room: str, event: str, payload: Mapping[str, Any] | msgspec.Struct, channel: str) -> Place:
        """Number an event, keep it and publish it; returns its place."""
        message = b"\x93" + _pack(event) + _pack(payload)
        answer = await self._run(_SAY, room, secrets.token_hex(6), KEEP, KEEP_SECONDS, channel, message, self._publish)
        return _place(answer)

    async def head(self, room: str) -> Place:
        """Return where a room stands."""
        return _place(await self._run(_HEAD, room, secrets.token_hex(6), KEEP_SECONDS, KEEP_SILENT_SECONDS))

    async def after(self, room: str, seq: int) -> list[bytes]:
        """Return the messages of the room's log after ``seq``, oldest first; the first may be a later one.

        Of more than a ``few`` bytes not all are read: nobody is told them one by one.
        """
        found: list[bytes] = []
        while True:
            rows: Any = await self._redis.xrange(self._key(room, "log"), min=f"{seq + 1}-0", count=_AT_ONCE)
            found += [fields[b"m"] for _, fields in rows]
            if len(rows) < _AT_ONCE or not few(found):
                return found
            seq = int(rows[-1][0].partition(b"-")[0])

    def _key(self, room: str, part: str) -> str:
        return f"{self._tag.replace('{room}', room, 1)}:{part}"

    async def _run(self, script: _Script, room: str, *arguments: Any) -> Any:
        keys = (self._key(room, "head"), self._key(room, "log"))
        evalsha = cast("Callable[..., Awaitable[Any]]", self._redis.evalsha)
        try:
            return await evalsha(script.sha, 2, *keys, *arguments)
        except NoScriptError:
            return await cast("Callable[..., Awaitable[Any]]", self._redis.eval)(script.source, 2, *keys, *arguments)


def _place(answer: Any) -> Place:
    epoch, seq = answer
    return Place(epoch.decode(), int(seq))
