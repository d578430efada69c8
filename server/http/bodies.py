"""What requests and answers are made of."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from msgspec import Meta

from server.errors import BadJson, Invalid
from server.http.reasons import reason

T = TypeVar("T")

Id = Annotated[str, Meta(pattern="^[0-9]{1,18}$", description="An id: a string of digits.")]
Instant = Annotated[str, Meta(extra_json_schema={"format": "date-time"}, description="RFC 3339, UTC, milliseconds.")]
"""Made by server.clock.wire."""


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a client sends. Unknown fields are refused, so that a typing mistake is heard."""


class View(msgspec.Struct, frozen=True, kw_only=True):
    """What a client gets. Fields may be added, none taken away."""


class Paging(Body, frozen=True):
    """The page of a list that a client asks for."""

    page: Annotated[int, Meta(ge=1, le=10_000)] = 1
    size: Annotated[int, Meta(ge=1, le=100)] = 20

    @property
    def offset(self) -> int:
        """Return how many items lie before the page."""
        return (self.page - 1) * self.size


class Listing(View, Generic[T], frozen=True):
    """One page of a list."""

    items: list[T]
    total: int
    page: int
    size: int


class Reply(msgspec.Struct, frozen=True):
    """An answer with another status or headers than the route's usual ones."""

    body: Any
    status: int = 200
    headers: dict[str, str] = {}


_MISSING = re.compile(r"missing required field `([^`]+)`")
_UNKNOWN = re.compile(r"unknown field `([^`]+)`")
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")
_PATH = re.compile(r" - at `\$\.?([^`]*)`$")


def decode_json(raw: bytes, kind: type[T]) -> T:
    """Return ``raw`` as a ``kind``. Raises BadJson, or Invalid with the field at fault, also for one given twice.

    What comes twice is read differently by whoever stands between: the first by some, the last by others. msgspec
    does not look, so a second parse does, for some microseconds; the purchase path decodes for itself and goes without.
    """
    try:
        made = msgspec.json.decode(raw, type=kind)
        json.loads(raw, object_pairs_hook=_each_once)
        return made
    except msgspec.ValidationError as error:
        raise invalid(error) from None
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise BadJson() from None


def _each_once(pairs: list[tuple[str, Any]]) -> None:
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise Invalid(next(name for name in names if names.count(name) > 1), "这个字段给了两次")


def convert(values: dict[str, Any], kind: type[T]) -> T:
    """Return texts of a form or a query as a ``kind``. Raises Invalid with the field at fault."""
    try:
        return msgspec.convert(values, kind, strict=False, str_keys=True)
    except msgspec.ValidationError as error:
        raise invalid(error) from None


def hold_text(values: Iterable[tuple[str, Any]]) -> None:
    """Raise Invalid for a text of a form or a query with a NUL or half a character, which PostgreSQL refuses.

    No text of people has either; the halves come with odd charsets.
    """
    for name, value in values:
        texts = value if isinstance(value, list) else (value,)
        if any(isinstance(text, str) and _NO_TEXT.search(text) for text in (name, *texts)):
            raise Invalid(_NO_TEXT.sub("", name) or "query")


def invalid(error: msgspec.ValidationError) -> Invalid:
    """Return msgspec's complaint as ours: the field's path and a reason that people can read; its own are details."""
    text = str(error)
    path = match[1] if (match := _PATH.search(text)) else ""
    text = _PATH.sub("", text)
    if missing := _MISSING.search(text):
        return Invalid(_join(path, missing[1]), "必填")
    if unknown := _UNKNOWN.search(text):
        return Invalid(_join(path, unknown[1]), "没有这个字段")
    told, values = reason(text)
    return Invalid(path, told, details=text, **values)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
