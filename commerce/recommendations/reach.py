"""What is near a product whose own category has few: its family, its brand and words of its title. No database.

A family or a brand may hold much of the shop, and many products may be alone. So each is put in order of price once,
and looked at from a product's own price outward, only until enough is found.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from heapq import merge

import msgspec
import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_FAMILY, _BRAND, _WORDS = 0.12, 0.08, 0.04
"""How near those are that another category of the family, the brand, or words of the title bring."""
COMMON = 200
"""A word that more titles have says nothing."""


class Line(msgspec.Struct, frozen=True):
    """Products by price, those of one price by number."""

    prices: list[float]
    products: list[int]


def reach_out(
    ids: Ints,
    scores: Floats,
    least: int,
    *,
    price: Floats,
    family: Ints,
    brand: Ints,
    words: Sequence[frozenset[str]],
) -> None:
    """Fill up the rows with fewer than ``least``: by the family, then the brand, then words; the nearest price first.

    ``family`` and ``words`` may be empty; a number below 0 is no group.
    """
    filled = (ids >= 0).sum(axis=1)
    alone: list[int] = np.flatnonzero(filled < least).tolist()
    if not alone:
        return
    scale = np.log(np.maximum(price, 1.0))
    prices: list[float] = scale.tolist()
    groups = [(group.tolist(), _lines(group, scale), near) for group, near in ((family, _FAMILY), (brand, _BRAND))]
    holders = _holders(words)

    def further(one: int, there: set[int]) -> Iterator[tuple[int, float]]:
        for group, lines, near in groups:
            line = lines.get(group[one]) if group else None
            if line is not None:
                yield from ((other, near) for other in _closest(line, prices[one]))
        # Asked for only here: by now it is known who is there already.
        sharing = _sharing(one, there, words, holders, least)
        sharing.sort(key=lambda each: (abs(prices[each] - prices[one]), each))
        yield from ((other, _WORDS) for other in sharing)

    for one in alone:
        at = int(filled[one])
        there = {one, *ids[one, :at].tolist()}
        for other, near in further(one, there):
            if other in there:
                continue
            ids[one, at], scores[one, at] = other, near
            there.add(other)
            at += 1
            if at >= least:
                break


def _lines(group: Ints, price: Floats) -> dict[int, Line]:
    """Return the products of each group by price."""
    if not len(group):
        return {}
    order = np.lexsort((price, group))
    order = order[group[order] >= 0]
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    return {
        int(group[members[0]]): Line(price[members].tolist(), members.tolist())
        for members in np.split(order, starts[1:])
        if len(members)
    }


def _closest(line: Line, price: float) -> Iterator[int]:
    """Yield the products of a line from the nearest price on, those that are as near by number."""
    middle = bisect_left(line.prices, price)

    def dearer() -> Iterator[tuple[float, int]]:
        for at in range(middle, len(line.prices)):
            yield line.prices[at] - price, line.products[at]

    def cheaper() -> Iterator[tuple[float, int]]:
        end = middle
        while end:
            begin = bisect_left(line.prices, line.prices[end - 1], hi=end)
            for at in range(begin, end):
                yield price - line.prices[at], line.products[at]
            end = begin

    yield from (product for _, product in merge(dearer(), cheaper()))


def _holders(words: Sequence[frozenset[str]]) -> dict[str, list[int]]:
    """Return whose titles have each word."""
    found: dict[str, list[int]] = {}
    for at, own in enumerate(words):
        for word in own:
            found.setdefault(word, []).append(at)
    return found


def _sharing(
    one: int, there: set[int], words: Sequence[frozenset[str]], holders: dict[str, list[int]], most: int
) -> list[int]:
    """Return the ``most`` who share most words with a title, those who share as many by number; none who is there."""
    rare = (holders[word] for word in (words[one] if words else ()) if len(holders[word]) <= COMMON)
    shared = Counter(other for own in rare for other in own if other not in there)
    return sorted(shared, key=lambda each: (-shared[each], each))[:most]
