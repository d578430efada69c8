"""Watched words: found however they are spaced, in full or half width, in either case."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence


def squeezed(text: str) -> str:
    """Return the letters and digits of ``text`` alone, in one width and case."""
    return "".join(sign for sign in unicodedata.normalize("NFKC", text).casefold() if sign.isalnum())


def met(text: str, words: Sequence[str]) -> list[str]:
    """Return which of ``words`` (as stored) stand in ``text``.

    Latin words must stand by themselves: "ass" is not in "glass". Others are found across spaces and punctuation.
    """
    whole = unicodedata.normalize("NFKC", text).casefold()
    close = squeezed(text)
    return [word for word in words if (_alone(word, whole) if word.isascii() else word in close)]


def _alone(word: str, text: str) -> bool:
    return re.search(rf"(?<![a-z0-9]){re.escape(word)}(?![a-z0-9])", text) is not None
