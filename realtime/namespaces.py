"""What features declare of a namespace: who may come in, what answers which event, what is said there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from realtime.declared import Says
from realtime.sockets import Socket
from realtime.types import VisitorKind

Handler = Callable[..., Any]
Hook = Callable[[Any, Socket], Awaitable[None] | None]


class Reply(msgspec.Struct, frozen=True):
    """An acknowledgement that is not the platform's usual one: its arguments as they are."""

    arguments: tuple[Any, ...] = ()


class Event(msgspec.Struct, frozen=True):
    """What is declared of one event that clients send."""

    handler: Handler
    body: Any
    bare: bool
    """Whether the handler takes every argument as it came (``args``) and no ``body``."""


class Namespace(msgspec.Struct):
    """What is declared of one namespace."""

    kinds: frozenset[VisitorKind]
    events: dict[str, Event]
    opened: list[Hook]
    closed: list[Hook]
    says: list[Says]
    """What is sent to its sockets beside what rooms say."""
