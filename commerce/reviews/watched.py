"""Watched words: found however they are spaced, in full or half width, in either case."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_LATIN = re.compile("[a-z0-9]+")


def squeezed(text: str) -> str:
    """Return the letters and digits of ``text`` alone, in one width and case."""
    return "".join(sign for sign in unicodedata.normalize("NFKC", text).casefold() if sign.isalnum())


def met(text: str, words: Sequence[str]) -> list[str]:
    """Return which of ``words`` (as stored) stand in ``text``.

    Latin words begin and end where words of the text do: "ass" is not in "glass". Others are found anywhere.
    """
    latin = _runs(_LATIN.findall(unicodedata.normalize("NFKC", text).casefold()), max(map(len, words), default=0))
    close = squeezed(text)
    return [word for word in words if (word in latin if word.isascii() else word in close)]


def _runs(words: Sequence[str], most: int) -> set[str]:
    """Return what words that follow one another are when they are written together, up to ``most`` letters."""
    found = set()
    for at in range(len(words)):
        run = ""
        for word in words[at : at + most]:
            run += word
            if len(run) > most:
                break
            found.add(run)
    return found
