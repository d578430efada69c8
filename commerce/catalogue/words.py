"""What people type, made fit to be looked for; words and their segmentation are search's (commerce/search)."""

from __future__ import annotations

import re
from collections.abc import Sequence

LONGEST_QUERY = 100
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]+")


def cleaned(text: str) -> str:
    """Return what somebody typed without control characters and needless spaces, cut to a sane length."""
    return " ".join(_CONTROL.sub(" ", text).split())[:LONGEST_QUERY]


def listed(texts: Sequence[str]) -> tuple[str, ...]:
    """Return the values of a filter given once, several times, or with commas between."""
    values = (value.strip() for text in texts for value in _CONTROL.sub(" ", text).split(","))
    return tuple(dict.fromkeys(value for value in values if value))[:50]


def pattern(text: str) -> str:
    """Return the ILIKE pattern of texts that hold ``text`` as it is."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
