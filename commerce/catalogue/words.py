"""Words of Chinese and Latin text, segmented here because PostgreSQL cannot.

Both sides are written as PostgreSQL's own literals of tsvector and tsquery, so that no text-search parser or locale of
the server has a say in what a word is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import rjieba

LONGEST_QUERY = 100
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]+")
_WORD = re.compile(r"\w+")
_MOST_POSITIONS = 16_000
_LONGEST = 40


def cleaned(text: str) -> str:
    """Return what somebody typed without control characters and needless spaces, cut to a sane length."""
    return " ".join(_CONTROL.sub(" ", text).split())[:LONGEST_QUERY]


def listed(texts: Sequence[str]) -> tuple[str, ...]:
    """Return the values of a filter given once, several times, or with commas between."""
    values = (value.strip() for text in texts for value in _CONTROL.sub(" ", text).split(","))
    return tuple(dict.fromkeys(value for value in values if value))[:50]


def words(text: str) -> list[str]:
    """Return the words of ``text`` as an index keeps them: lower case, the parts of long words too."""
    return [word for word in _clean(rjieba.cut_for_search(text.lower())) if _WORD.fullmatch(word)]


def vector(texts: Mapping[str, str]) -> str:
    """Return a tsvector's literal of ``texts``, keyed by their weight (A, B, C or D)."""
    entries: list[str] = []
    position = 0
    for weight, text in texts.items():
        for word in words(text):
            position += 1
            if position > _MOST_POSITIONS:
                return " ".join(entries)
            entries.append(f"{_quoted(word)}:{position}{weight}")
    return " ".join(entries)


def query(text: str) -> str:
    """Return a tsquery's literal that asks for all words of ``text``, the last one as a beginning; empty for none."""
    found = [word for word in _clean(rjieba.cut(text.lower())) if _WORD.fullmatch(word)][:12]
    return " & ".join(f"{_quoted(word)}:*" if at == len(found) - 1 else _quoted(word) for at, word in enumerate(found))


def pattern(text: str) -> str:
    """Return the ILIKE pattern of texts that hold ``text`` as it is."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _clean(parts: Iterable[str]) -> list[str]:
    return [word[:_LONGEST] for part in parts if (word := part.strip())]


def _quoted(word: str) -> str:
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"
