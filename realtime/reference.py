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

Socket.IO v5 at `/socket.io/`, with the msgpack parser or the usual one. `POST /api/v1/realtime/tokens` answers 201
`{"token", "expires_at"}`: a token that opens one connection, once, within a minute. With the session of a member it is
the member's, without any it is a guest's; guests may connect wherever a namespace says so. A client connects to a
namespace with `auth: {token}`, each time with a new one.

A refused connection is `connect_error`, `{"message", "data": {"code", "retry_after"?}}`, the message in the language of
Accept-Language. `token_invalid`: the token is missing, empty, forged, used or expired, or its session has ended: fetch
another. `rate_limited`, `unavailable`: again after so many seconds.

Every event a client sends is acknowledged with `{"ok": true, …}` or
`{"ok": false, "code", "message", "field"?, "retry_after"?}`. Payloads tell the state after the event. Lossy events may
be missed; merged ones come in one frame a tick. After the event `closed {"code"}` and a DISCONNECT the server does not
want the client back.

On /member, reliable events are the member's notices: each has `epoch`, `seq` and `kind` beside its own fields; seq
rises by one. After a reconnection `ready {"epoch", "seq"}` tells where they stand, and `sync` gives what is missing.
Sales are watched there, with `watch`: its answer is the sale as it stands, and what follows tells all of it again, so
that nothing has to be caught up with.

Rooms that are listed under a namespace as *Room* are entered with `join`. An event of a reliable lane in one has a
second argument, its place `{"epoch", "seq"}`; seq rises by one. A client keeps the place of the last one, and after a
reconnection emits `join` with it: the answer either goes on from there (`reset` false) or gives a new `state`. The
event `room {"room", "epoch", "seq", "state"}` gives a new state at any time. A namespace without such a list has none.

## A client

With the stock client (`npm install socket.io-client`, version 4), in a browser or Node.js:

```js
import { io } from "socket.io-client";

const site = "http://127.0.0.1:8080";
const bearer = ""; // the token of POST /api/v1/auth/sessions; without it, a guest
const item = "1"; // a sale to watch
let seen = { epoch: "", seq: 0 }; // keep it where it outlives the page

async function auth(give) { // asked at each attempt
  const headers = bearer ? { Authorization: `Bearer ${bearer}` } : {};
  const answer = await fetch(`${site}/api/v1/realtime/tokens`, { method: "POST", headers }).catch(() => null);
  give({ token: answer?.ok ? (await answer.json()).token : "" }); // an empty one is refused, and tried again below
}

async function catchUp() {
  for (let page = { more: true }; page.more; ) {
    page = await socket.emitWithAck("sync", seen);
    if (!page.ok) return console.warn(page.code, page.message);
    for (const notice of page.events) console.log("missed", notice);
    seen = { epoch: page.epoch, seq: page.seq };
  }
}

const socket = io(`${site}/member`, { auth, transports: ["websocket"] });

socket.on("ready", async () => {
  await catchUp();
  const sale = await socket.emitWithAck("watch", { item_id: item });
  console.log(sale.ok ? sale : `${sale.code}: ${sale.message}`);
});
socket.on("flash_sale", (sale) => console.log(sale.phase, sale.stock_level, sale.taken_percent));
socket.onAny((event, notice) => {
  if (!notice?.kind) return; // not one of the member's
  if (notice.epoch !== seen.epoch || notice.seq > seen.seq + 1) return catchUp();
  if (notice.seq <= seen.seq) return; // seen already
  seen = { epoch: notice.epoch, seq: notice.seq };
  console.log(event, notice);
});
socket.on("drain", ({ reconnect_after }) => setTimeout(() => socket.disconnect().connect(), reconnect_after));
socket.on("connect_error", (error) => {
  console.warn(error.data?.code, error.message);
  if (!socket.active) setTimeout(() => socket.connect(), 1000 * (error.data?.retry_after ?? 5)); // refused
});
socket.on("closed", ({ code }) => console.warn("not wanted back:", code));
```
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
