"""What people may mean while they type: names of kinds and brands, words of titles, what others look for."""

from __future__ import annotations

import math
import time
from bisect import bisect_left
from collections.abc import Collection, Iterator
from functools import lru_cache

import msgspec

from commerce.catalogue.store import cards
from commerce.catalogue.words import cleaned
from commerce.search import analysis
from commerce.search.index import Index
from commerce.search.lexicon import spelled
from server.database import Connection

MOST = 10
FEW = 5
"""Where words give fewer, names of products follow."""
_AGAIN_AFTER = 30.0
_LOOKED_AT = 400
_VALUES = 4


class Suggestion(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody may mean, and how many products it finds."""

    text: str
    count: int


class _Entry(msgspec.Struct, frozen=True):
    text: str
    worth: float


class Suggester:
    """Suggestions from an index. They are made anew when it has changed, at most every half a minute."""

    def __init__(self) -> None:
        self._made_at = -_AGAIN_AFTER
        self._made_of: tuple[int, int, tuple[str, ...]] | None = None
        self._keys: list[tuple[str, int]] = []
        self._entries: list[_Entry] = []
        self._counts: dict[str, int] = {}

    def suggest(self, index: Index, typed: str, hot: list[str]) -> list[Suggestion]:
        """Return what begins as ``typed`` does, in its letters, in pinyin or in first letters; the likeliest first."""
        self._follow(index, hot)
        start = analysis.plain(typed).strip()
        if not start:
            return []
        found: dict[int, float] = {}
        for key in dict.fromkeys((start, start.replace(" ", ""))):
            at = bisect_left(self._keys, (key, -1))
            for begin, number in self._keys[at : at + _LOOKED_AT]:
                if not begin.startswith(key):
                    break
                exact = 1.0 if begin == key else 0.0
                found[number] = max(found.get(number, 0.0), self._entries[number].worth + exact)
        best = sorted(found, key=lambda number: (-found[number], self._entries[number].text))
        shown: list[Suggestion] = []
        for number in best[: 3 * MOST]:
            text = self._entries[number].text
            if count := self._count(index, text):
                shown.append(Suggestion(text=text, count=count))
            if len(shown) == MOST:
                break
        return shown

    def _count(self, index: Index, text: str) -> int:
        if text not in self._counts:
            self._counts[text] = index.finds(text)
        return self._counts[text]

    def _follow(self, index: Index, hot: list[str]) -> None:
        made_of = (index.revision, index.shared.revision, tuple(hot))
        if made_of == self._made_of or time.monotonic() - self._made_at < _AGAIN_AFTER:
            return
        self._made_of, self._made_at = made_of, time.monotonic()
        worth: dict[str, float] = {}
        for text, value in (*_names(index), *((words, 14.0) for words in hot)):
            worth[text] = max(worth.get(text, 0.0), value)
        self._entries = [_Entry(text, value) for text, value in worth.items()]
        self._keys = sorted((key, number) for number, one in enumerate(self._entries) for key in _keys(one.text))
        self._counts = {}


def _names(index: Index) -> Iterator[tuple[str, float]]:
    """Yield texts with their worth: kinds above brands above words, each by how many products it finds."""
    for text, count in index.lexicon.terms():
        # Letters and figures of one product are a model's number: its whole name is offered instead.
        if count > 1 or analysis.is_han(text):
            yield text, math.log1p(count) / 2
    for text in index.shared.alike:
        yield text, 6.5
    for brand in index.shared.brands.values():
        yield brand.name, 7.0
    for category in index.shared.categories.values():
        yield category.name, 10.0
    for attribute in index.shared.attributes.values():
        kind = index.shared.categories.get(attribute.category_id)
        values = [one for one in index.shared.values.values() if one.attribute_id == attribute.id]
        if kind is not None and kind.parent_id is not None and attribute.filterable:
            for one in sorted(values, key=lambda one: one.position)[:_VALUES]:
                yield f"{kind.name} {one.value}", 6.0


async def named(
    connection: Connection, index: Index, typed: str, most: int, known: Collection[str]
) -> list[Suggestion]:
    """Return names of the products that fit what is typed best; nothing while no word of theirs is complete."""
    ids = index.best(typed, most)
    found = [cleaned(card.title) for card in await cards(connection, ids)] if ids else []
    counted = ((text, index.finds(text)) for text in dict.fromkeys(found) if text not in known)
    return [Suggestion(text=text, count=count) for text, count in counted if count]


@lru_cache(100_000)
def _keys(text: str) -> tuple[str, ...]:
    """Return what somebody may begin to type for ``text``."""
    whole = analysis.plain(text)
    close = whole.replace(" ", "")
    if not analysis.is_han(close):
        return tuple(dict.fromkeys((whole, close)))
    full, first = spelled(close)
    return tuple(dict.fromkeys((whole, close, full, *((first,) if len(first) > 1 else ()))))
