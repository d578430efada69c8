"""What lists are narrowed to by attributes, as addresses write it: ``ID:VALUE``, the value's id for a choice and the
number itself for a number; for numbers also ``ID:LOW~HIGH``, either end of which may be left open.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal

_NUMBER = r"-?[0-9]{1,18}(?:\.[0-9]{1,4})?"
_TOKEN = re.compile(rf"([1-9][0-9]{{0,17}}):(?:({_NUMBER})|({_NUMBER})?~({_NUMBER})?)")

Bounds = tuple[Decimal | None, Decimal | None]


def number(text: str) -> str | None:
    """Return a number as tokens write it, without zeros that say nothing; None for what is none."""
    if re.fullmatch(_NUMBER, text) is None:
        return None
    plain = f"{Decimal(text):f}"
    plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    return "0" if plain == "-0" else plain


def token(text: str) -> str | None:
    """Return a token as the index has it; None for what is none."""
    match = _TOKEN.fullmatch(text)
    if match is None or text.endswith(":~"):
        return None
    attribute_id, value, low, high = match.groups()
    if value is not None:
        return f"{attribute_id}:{number(value)}"
    return span(attribute_id, low or "", high or "")


def span(attribute_id: str, low: str, high: str) -> str | None:
    """Return the token of what lies between two numbers, either of which may be empty; None for two empty ones."""
    ends = [number(text) if text else "" for text in (low, high)]
    if None in ends or not any(ends):
        return None
    first, last = (end or "" for end in ends)
    if first and last and Decimal(first) > Decimal(last):
        first, last = last, first
    return f"{attribute_id}:{first}~{last}"


def bounds(text: str) -> Bounds | None:
    """Return the ends of a token that is a span; None for another."""
    low, found, high = text.partition(":")[2].partition("~")
    return (Decimal(low) if low else None, Decimal(high) if high else None) if found else None


def within(span_: str, tokens: Iterable[str]) -> list[str]:
    """Return those tokens of the same attribute whose numbers lie in a span."""
    ends = bounds(span_)
    assert ends is not None
    low, high = ends
    start = span_.partition(":")[0] + ":"
    return [
        one
        for one in tokens
        if one.startswith(start)
        and (low is None or Decimal(one[len(start) :]) >= low)
        and (high is None or Decimal(one[len(start) :]) <= high)
    ]


def one_span_each(tokens: Sequence[str]) -> tuple[str, ...]:
    """Return the tokens with one span for each attribute, the last: two would let everything through."""
    spans = {one.partition(":")[0]: one for one in tokens if "~" in one}
    return tuple(one for one in dict.fromkeys(tokens) if "~" not in one or spans[one.partition(":")[0]] == one)
