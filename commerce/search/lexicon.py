"""The words that products are called by, as people might type them: a beginning, pinyin, first letters, a slip."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator

from pypinyin import Style, lazy_pinyin

from commerce.search.analysis import PAIR, TITLED, is_han, pairs
from commerce.search.postings import Postings

STRONG = 4
"""Words that nowhere weigh as much are small print: nobody is led to them."""
_MOST = 40
_SHORTEST_NEAR = {True: 3, False: 4}


def spelled(word: str) -> tuple[str, str]:
    """Return the pinyin of a Chinese word without tones, and the first letters of it."""
    syllables = lazy_pinyin(word, style=Style.NORMAL)
    return "".join(syllables), "".join(syllable[0] for syllable in syllables if syllable)


class Lexicon:
    """Made of the words of some postings; ``follow`` takes in those that were added since."""

    def __init__(self, postings: Postings) -> None:
        self._postings = postings
        self._known = 0
        self._sorted: list[str] = []
        self._spellings: list[str] = []
        self._pinyin: dict[str, list[int]] = {}
        self._initials: dict[str, list[int]] = {}
        self._characters: dict[str, list[int]] = {}
        self._nearby: dict[str, list[str]] = {}

    def follow(self) -> None:
        """Take in the words that were added. Pinyin costs some 20 µs a word."""
        words = self._postings.words
        if self._known == len(words):
            return
        for number in range(self._known, len(words)):
            word = words[number]
            if word.startswith(PAIR):
                continue
            self._sorted.append(word)
            if is_han(word):
                for character in set(word):
                    self._characters.setdefault(character, []).append(number)
                full, first = spelled(word)
                self._pinyin.setdefault(full, []).append(number)
                if len(first) > 1:
                    self._initials.setdefault(first, []).append(number)
                if len(word) > 1:
                    self._nearby_put(full)
            self._nearby_put(word)
        self._known = len(words)
        self._sorted.sort()
        self._spellings = sorted(self._pinyin)

    def _nearby_put(self, word: str) -> None:
        shortest = _SHORTEST_NEAR[is_han(word)]
        if shortest <= len(word) <= 20 and not word.isdigit():
            for key in _less(word):
                self._nearby.setdefault(key, []).append(word)

    def number(self, word: str) -> int | None:
        """Return a word's number if anything holds it."""
        number = self._postings.numbers.get(word)
        return number if number is not None and self._postings.count(number) else None

    def word(self, number: int) -> str:
        """Return the word of a number."""
        return self._postings.words[number]

    def count(self, number: int) -> int:
        """Return about how many products hold a word."""
        return self._postings.count(number)

    def beginning(self, start: str) -> list[int]:
        """Return the words that begin so, the commonest first."""
        return self._best(self._postings.numbers[word] for word in _from(self._sorted, start))

    def holding(self, character: str) -> list[int]:
        """Return the words that a Chinese character is in, the commonest first."""
        return self._best(self._characters.get(character, ()))

    def sounding(self, letters: str) -> list[int]:
        """Return the Chinese words whose pinyin this is, the commonest first."""
        return self._best(self._pinyin.get(letters, ()))

    def initialled(self, letters: str) -> list[int]:
        """Return the Chinese words whose first letters these are, the commonest first."""
        return self._best(self._initials.get(letters, ()))

    def sounding_from(self, letters: str) -> list[int]:
        """Return the Chinese words whose pinyin begins so, the commonest first."""
        return self._best(number for full in _from(self._spellings, letters) for number in self._pinyin[full])

    def spelled_out(self, letters: str) -> list[list[int]]:
        """Return words, alternatives at each place, whose pinyin together these letters are; empty if there are none.

        The fewest words win.
        """
        ways: list[list[list[int]] | None] = [None] * (len(letters) + 1)
        ways[0] = []
        for end in range(1, len(letters) + 1):
            for begin in range(max(0, end - 24), end):
                before = ways[begin]
                if before is None:
                    continue
                found = self.sounding(letters[begin:end]) if end - begin > 1 else []
                known = ways[end]
                if found and (known is None or len(before) + 1 < len(known)):
                    ways[end] = [*before, found]
        return ways[-1] or []

    def cover(self, run: str) -> list[str]:
        """Return words, of two characters or more, that a stretch of Chinese is made of one after the other; empty if
        there are none. The fewest win, and among as many the commoner."""
        ways: list[tuple[int, float, list[str]] | None] = [None] * (len(run) + 1)
        ways[0] = (0, 0.0, [])
        for end in range(2, len(run) + 1):
            for begin in range(max(0, end - 8), end - 1):
                before = ways[begin]
                number = self.number(run[begin:end]) if before is not None else None
                if before is not None and number is not None and self._strong(number):
                    way = (before[0] + 1, before[1] - math.log1p(self.count(number)), [*before[2], run[begin:end]])
                    known = ways[end]
                    ways[end] = way if known is None else min(known, way)
        found = ways[-1]
        return found[2] if found is not None else []

    def near(self, word: str) -> list[str]:
        """Return words that differ from one by a slip: a character more, less, another, or two swapped; best first."""
        found: dict[str, float] = {}
        keys = {word, *_less(word)}
        for key in keys:
            for other in self._nearby.get(key, ()):
                if other != word and other not in found and _one_slip(word, other):
                    found[other] = self._fame(other)
        if is_han(word) and len(word) > 1:
            for number in self.sounding(spelled(word)[0]):
                other = self._postings.words[number]
                if other != word and len(other) == len(word):
                    found[other] = found.get(other, 0.0) + 2 * self._fame(other)
        return sorted((other for other in found if found[other] > 0), key=lambda other: (-found[other], other))[:5]

    def pieces(self, run: str) -> list[list[int]]:
        """Return the numbers of the pairs that a stretch of Chinese is made of; empty if one of them is nowhere."""
        numbers = [self.number(pair) for pair in pairs(run)]
        return [[number] for number in numbers if number is not None] if None not in numbers else []

    def _fame(self, word: str) -> float:
        numbers = [self._postings.numbers[word]] if word in self._postings.numbers else self.sounding(word)
        return max((math.log1p(self._postings.count(number)) for number in numbers if self._strong(number)), default=0)

    def _strong(self, number: int) -> bool:
        return self._postings.strength[number] >= STRONG

    def _best(self, numbers: Iterable[int]) -> list[int]:
        count = self._postings.count
        known = [(count(number), number) for number in numbers if self._strong(number)]
        return [number for found, number in sorted(known, reverse=True)[:_MOST] if found]

    def terms(self) -> Iterator[tuple[str, int]]:
        """Yield what people might be offered while they type, with how many products hold it."""
        for word in self._sorted:
            number = self._postings.numbers[word]
            if self._postings.strength[number] >= TITLED and len(word) > 1 and not word[0].isdigit():
                yield word, self._postings.count(number)


def _from(words: list[str], start: str) -> Iterator[str]:
    at = bisect_left(words, start)
    for word in words[at : at + 400]:
        if not word.startswith(start):
            return
        yield word


def _less(word: str) -> set[str]:
    """Return ``word`` with each one of its characters left out, and as it is."""
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}


def _one_slip(one: str, other: str) -> bool:
    if abs(len(one) - len(other)) > 1:
        return False
    at = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    left, right = one[at:], other[at:]
    return (
        left[1:] == right[1:]
        or left[1:] == right
        or left == right[1:]
        or (left[:2] == right[1::-1] and left[2:] == right[2:])
    )
