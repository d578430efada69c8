"""Who is connected, and what goes over the wire in both directions."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from server.http import Body, Instant, View


class VisitorKind(StrEnum):
    """Who somebody is to a namespace."""

    GUEST = "guest"
    MEMBER = "member"
    STAFF = "staff"


class Visitor(msgspec.Struct, frozen=True, kw_only=True):
    """Who is behind a socket. ``id`` is 0 for guests; ``session`` is the digest of the session that it hangs on."""

    kind: VisitorKind
    id: int = 0
    session: bytes = b""
    session_ends: float = 0.0
    """Unix seconds; 0 for guests."""
    auth: dict[str, Any] = {}
    """What else the client said of itself, where the door keeps it. Nobody has checked it."""


class TokenView(View, frozen=True):
    """A token that opens one connection, once."""

    token: str
    expires_at: Instant


class Head(msgspec.Struct, frozen=True):
    """Where a member's notices stand."""

    epoch: str
    seq: int


class Ready(msgspec.Struct, frozen=True):
    """Where the member's notices stand, after connecting: ask with `sync` for what is missing. Guests have none."""

    epoch: str
    seq: int


class Closed(msgspec.Struct, frozen=True):
    """The server ends the connection for good, for the reason in `code`: `session_ended`, …"""

    code: str


class Notice(msgspec.Struct, frozen=True):
    """One notice as stored."""

    seq: int
    kind: str
    payload: dict[str, Any]


class Sync(Body, frozen=True):
    """What a client saw last: nothing at all is epoch ``""`` and seq 0."""

    epoch: Annotated[str, Meta(max_length=64)] | None = None
    seq: Annotated[int, Meta(ge=0, le=2**62)] = 0


class Synced(msgspec.Struct, frozen=True):
    """The notices after what a client saw. ``seq`` is where it stands when it has read them.

    ``reset`` says that they do not follow on what it saw (another epoch, or too long ago): forget and load afresh.
    """

    epoch: str
    seq: int
    events: list[dict[str, Any]]
    more: bool
    reset: bool
