"""Text from strangers, to be shown as text: without signs that nobody sees and that turn what others see."""

from __future__ import annotations

import re
import unicodedata

from server.errors import Invalid

_BREAK = re.compile("\r\n?|[\u0085\u2028\u2029\v\f]")
_JOINED = re.compile("(?<=[\u2600-\u27bf\U0001f000-\U0001faff\ufe0f])\u200d(?=[\u2600-\u27bf\U0001f000-\U0001faff])")
_BLANKS = re.compile("[ \t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_BLANK_LETTERS = str.maketrans("", "", "\u115f\u1160\u3164\uffa0\u2800\u034f\u17b4\u17b5")
_MARKS = re.compile("([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{2})"
                    "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+")  # fmt: skip
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def plain(text: str) -> str:
    """Return ``text`` without controls, marks of direction, signs of no width and heaps of accents; newlines stay.

    Emoji that are joined out of several stay whole. At most one empty line stands between others.
    """
    text = _JOINED.sub("\ue000", _BREAK.sub("\n", text.replace("\ue000", "")))
    kept = "".join(
        sign for sign in text if sign in "\n\t\ue000" or unicodedata.category(sign) not in _UNSEEN
    ).translate(_BLANK_LETTERS)
    kept = _MARKS.sub(r"\1", kept).replace("\ue000", "\u200d")
    lines = [_BLANKS.sub(" ", line).strip() for line in kept.split("\n")]
    return re.sub("\n{3,}", "\n\n", "\n".join(lines)).strip()


def said(text: str, field: str, most: int, *, required: bool = True) -> str:
    """Return ``text`` made plain. Raises Invalid when nothing is left of it, or more than ``most`` characters are."""
    found = plain(text)
    if required and not found:
        raise Invalid(field, "必填")
    if len(found) > most:
        raise Invalid(field, "最多 {most} 个字", most=most)
    return found
