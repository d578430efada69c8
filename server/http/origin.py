"""Where the work at hand comes from: the request that asked for it. Work that nobody asked for has no origin."""

from __future__ import annotations

from contextvars import ContextVar

import msgspec
import structlog


class Origin(msgspec.Struct, frozen=True):
    """A client's address, what its program says it is, and the id of its request; each empty where there is none."""

    address: str = ""
    agent: str = ""
    request_id: str = ""


_NOWHERE = Origin()
_origin: ContextVar[Origin | None] = ContextVar("origin", default=None)


def begin(address: str, agent: str) -> None:
    """Say where the work of the present task comes from."""
    number = structlog.contextvars.get_contextvars().get("request_id", "")
    _origin.set(Origin(address[:64], agent[:300], str(number)))


def origin() -> Origin:
    """Return where the work at hand comes from."""
    return _origin.get() or _NOWHERE
