"""Texts made into words: Chinese segmented, Latin and figures as they are written, each with the weight of its place.

The same cuts are made of what products say and of what people type, or nothing would be found.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

import rjieba

WEIGHTS = (10, 14, 4, 1)
"""Of a product's lines of words: names (brand, kind), title, what describes it, small print."""
TITLED = 10
"""What is in a name or a title weighs so much at least."""
PAIR = "\x02"
"""Marks two characters that stand beside each other in a title, whatever words they belong to."""
PAIR_WEIGHT = 6
WAY = "3"
"""How words are made: another number has those of all products made again."""
LONGEST = 40
_CHINESE = r"[\u3400-\u9fff\uf900-\ufaff]"
_OTHER = r"[^\W\u3400-\u9fff\uf900-\ufaff_]"
_PARTS = re.compile(rf"{_CHINESE}+|{_OTHER}+(?:[.\-+/]{_OTHER}+)*%?")
_LATIN = re.compile(r"[^\W\d_]+|\d+(?:\.\d+)?")
_UNITS = re.compile(r"(?<=\d)\s+(?=(?:ml|l|kg|g|w|mah|cm|mm|m|hz|gb|tb|k)(?![a-z0-9]))")
_HAN = re.compile(_CHINESE)


def plain(text: str) -> str:
    """Return ``text`` as words are compared: full-width forms narrowed, lower case, figures joined to their units."""
    return _UNITS.sub("", unicodedata.normalize("NFKC", text).lower())


def is_han(word: str) -> bool:
    """Return whether ``word`` begins with a Chinese character; words never mix them with others."""
    return _HAN.match(word) is not None


def runs(text: str) -> list[str]:
    """Return the stretches of Chinese and of Latin letters and figures in a plain text."""
    return [run[:LONGEST] if not is_han(run) else run for run in _PARTS.findall(text)]


def parts(run: str) -> list[str]:
    """Return the letters and figures that a Latin stretch is made of: ``mate60pro`` → mate, 60, pro."""
    return _LATIN.findall(run)


def stem(text: str) -> str:
    """Return a plain text as words of the same meaning are looked up: spaces made one, English plurals as singulars."""
    return " ".join(_singular(word) for word in text.split())


def _singular(word: str) -> str:
    if len(word) < 4 or not word.isascii() or not word.endswith("s") or word.endswith("ss"):
        return word
    return word[:-2] if word.endswith(("sses", "xes", "ches", "shes")) else word[:-1]


def words(text: str) -> list[str]:
    """Return the words of ``text`` as an index keeps them: long ones with the shorter ones inside."""
    found: list[str] = []
    for run in runs(plain(text)):
        if is_han(run):
            found += (word[:LONGEST] for word in rjieba.cut_for_search(run))
        else:
            found.append(run)
            inside = parts(run)
            if len(inside) > 1:
                found += inside
    return found


def pairs(text: str) -> list[str]:
    """Return each two characters that stand together in the Chinese of ``text``, marked."""
    return [PAIR + run[at : at + 2] for run in runs(plain(text)) if is_han(run) for at in range(len(run) - 1)]


def lines(texts: Mapping[str, str]) -> str:
    """Return a product's words, a line for each of WEIGHTS, and a last one with its pairs."""
    names, title = texts["names"].split("\n"), texts["title"]
    whole = _whole(names)
    found = (
        whole or words(" ".join(names)),
        words(title),
        [*_whole(texts["above"].split("\n")), *words(texts["about"])],
        # A part of a name says little: a phone case is no phone, a kind of lamps and baskets holds baskets too.
        [*words(" ".join(names)), *words(texts["rest"][:1500])],
        pairs(title),
    )
    return "\n".join(" ".join(dict.fromkeys(line)) for line in found)


def weighed(stored: str) -> dict[str, int]:
    """Return the words of ``lines`` with their weights summed."""
    found: dict[str, int] = {}
    *kinds, close = stored.split("\n")
    for weight, line in zip(WEIGHTS, kinds, strict=True):
        for word in line.split():
            found[word] = found.get(word, 0) + weight
    for pair in close.split(" ") if close else ():
        found[pair] = PAIR_WEIGHT
    return found


def _whole(names: Iterable[str]) -> list[str]:
    """Return names as one word each where they are one stretch of Chinese."""
    return [run for name in names if (run := plain(name).strip()) and len(runs(run)) == 1 and len(run) <= LONGEST]
