"""docs/events.md, written from what features declare: ``python -m realtime.reference > docs/events.md``."""

from __future__ import annotations

import inspect
import sys
import types
import typing
from collections.abc import Iterator
from enum import Enum
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec
from msgspec import UnsetType

from realtime.declared import RoomType, Says
from realtime.hub import Hub
from realtime.joining import Joining

HEAD = """# Events

Written by `python -m realtime.reference` from what the features declare; a test holds it against them.

Socket.IO v5 at `/socket.io/`, with the msgpack parser or the usual one. A client fetches a token (`POST
/api/v1/realtime/tokens`) and connects to a namespace with `auth: {token}`; it opens one connection, once. Every event a
client sends is acknowledged with `{"ok": true, …}` or `{"ok": false, "code", "message", "field"?, "retry_after"?}`.
After the event `closed {"code"}` and a DISCONNECT the server does not want the client back.

On /member, reliable events are the member's notices: each has `epoch`, `seq` and `kind` beside its own fields; seq
rises by one. After a reconnection `ready {"epoch", "seq"}` tells where they stand, and `sync` gives what is missing.

An event of a reliable lane has a second argument, its place `{"epoch", "seq"}`; seq rises by one. A client keeps the
place of the last one, and after a reconnection emits `join` with it: the answer either goes on from there (`reset`
false) or gives a new `state`. The event `room {"room", "epoch", "seq", "state"}` gives a new state at any time.
Payloads tell the state after the event. Lossy events may be missed; merged ones come in one frame a tick.
"""


def text(hub: Hub) -> str:
    """Return the page."""
    return "\n".join((HEAD, *_namespaces(hub)))


def _namespaces(hub: Hub) -> Iterator[str]:
    for path, namespace in sorted(hub.declared().items()):
        yield f"## {path}\n"
        yield f"For: {', '.join(sorted(namespace.kinds))}.\n"
        rooms: list[RoomType] = []
        for name, event in sorted(namespace.events.items()):
            yield from _event(name, event.handler, event.body)
            owner = getattr(event.handler, "__self__", None)
            if isinstance(owner, Joining) and not rooms:
                rooms = sorted(owner.kinds.values(), key=lambda kind: kind.name)
        for says in sorted(namespace.says, key=lambda says: says.event):
            yield from _said(says, "###")
        for kind in rooms:
            yield from _room(kind)


def _event(name: str, handler: Any, body: Any) -> Iterator[str]:
    yield f"### → `{name}`\n"
    yield f"{_doc(handler)}\n"
    if body is not None:
        yield from _fields(body)
    result = get_type_hints(handler).get("return")
    if isinstance(result, type) and issubclass(result, msgspec.Struct):
        yield "Answer:\n"
        yield from _fields(result)


def _room(kind: RoomType) -> Iterator[str]:
    yield f"### Room `{kind.name}:…`\n"
    yield f"{kind.about} A socket may be in {kind.most} at once.\n"
    for says in kind.says:
        yield from _said(says, "####")


def _said(says: Says, level: str) -> Iterator[str]:
    yield f"{level} ← `{says.event}` ({says.lane})\n"
    yield f"{_doc(says.payload)}\n"
    yield from _fields(says.payload)


def _doc(of: Any) -> str:
    return inspect.cleandoc(of.__doc__ or "").replace("``", "`")


def _fields(struct: type[msgspec.Struct]) -> Iterator[str]:
    hints = get_type_hints(struct, include_extras=True)
    for field in msgspec.structs.fields(struct):
        optional = "" if field.required else ", may be left out"
        yield f"- `{field.encode_name}`: {_named(hints[field.name])}{optional}"
    yield ""


def _named(kind: Any) -> str:
    """Return what people call a type."""
    if get_origin(kind) is Annotated:
        inner, *notes = get_args(kind)
        limits = [_limits(note) for note in notes if isinstance(note, msgspec.Meta)]
        return ", ".join((_named(inner), *(limit for limit in limits if limit)))
    if get_origin(kind) in (types.UnionType, typing.Union):
        kinds = [one for one in get_args(kind) if one is not UnsetType]
        return " or ".join("null" if one is type(None) else _named(one) for one in kinds)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return "one of " + ", ".join(f"`{one.value}`" for one in kind)
    if get_origin(kind) in (list, tuple):
        inner_kinds = [one for one in get_args(kind) if one is not ...]
        return f"list of {_named(inner_kinds[0])}" if inner_kinds else "list"
    if get_origin(kind) is dict:
        return f"object of {_named(get_args(kind)[1])}"
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        inside = get_type_hints(kind, include_extras=True)
        return "{" + ", ".join(f"{f.encode_name}: {_named(inside[f.name])}" for f in msgspec.structs.fields(kind)) + "}"
    return {str: "text", int: "integer", bool: "true or false", float: "number", Any: "anything"}.get(
        kind, getattr(kind, "__name__", str(kind))
    )


def _limits(note: msgspec.Meta) -> str:
    said = []
    for name, words in (
        ("ge", "at least {}"), ("le", "at most {}"), ("gt", "over {}"), ("lt", "under {}"),
        ("min_length", "{} characters or more"), ("max_length", "{} characters or fewer"), ("pattern", "like `{}`"),
    ):  # fmt: skip
        if (value := getattr(note, name)) is not None:
            said.append(words.format(value))
    return ", ".join(said)


def main() -> None:
    """Write the page to standard output."""
    from pathlib import Path

    from server.application import Application
    from server.features import FEATURES
    from server.settings import Settings

    blank = Settings(home=Path("var"), database_url="", database_direct_url="", redis_url="redis://x", secret=b"")
    sys.stdout.write(text(Application(blank, FEATURES).resource(Hub)))


if __name__ == "__main__":
    main()
