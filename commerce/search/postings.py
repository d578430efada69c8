"""Which products hold which words: a sealed part made of arrays, and what has changed since beside it.

Slots are the places of products in the columns (columns.py).
"""

from __future__ import annotations

from array import array
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Slots = npt.NDArray[np.int32]
Weights = npt.NDArray[np.uint8]
_NO_SLOTS: Slots = np.empty(0, np.int32)
_NO_WEIGHTS: Weights = np.empty(0, np.uint8)


class Sealed(NamedTuple):
    """Words by number: where each begins in the slots, the slots, and the weights there."""

    starts: npt.NDArray[np.int64]
    slots: Slots
    weights: Weights


class Postings:
    """The products of each word, with the weight that the word has there.

    ``numbers`` gives a word's number; ``strength`` the most it ever weighed, by number.
    """

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.words: list[str] = []
        self.strength = array("B")
        self._starts = np.zeros(1, np.int64)
        self._slots = _NO_SLOTS
        self._weights = _NO_WEIGHTS
        self._stale = np.zeros(0, bool)
        self._any_stale = False
        self._fresh: dict[int, dict[int, int]] = {}
        self._by_slot: dict[int, list[int]] = {}
        self._raw: tuple[array[int], array[int], array[int]] | None = (array("i"), array("i"), array("B"))

    @property
    def changed(self) -> int:
        """Return how many slots changed since the last seal."""
        return len(self._by_slot)

    def number(self, word: str, weight: int) -> int:
        """Return the number of a word, a new one if it is new."""
        known = self.numbers.get(word)
        if known is None:
            known = self.numbers[word] = len(self.words)
            self.words.append(word)
            self.strength.append(0)
        self.strength[known] = max(self.strength[known], weight)
        return known

    def put(self, slot: int, weighed: dict[str, int]) -> None:
        """Say which words a slot holds, instead of those it held."""
        if self._raw is not None:  # the first filling: all slots are new, and there are many
            known, strength = self.numbers, self.strength
            held, slots, weights = self._raw
            for word, weight in weighed.items():
                number = known.get(word)
                if number is None:
                    number = self.number(word, weight)
                elif weight > strength[number]:
                    strength[number] = weight
                held.append(number)
                weights.append(weight)
            slots.extend([slot] * len(weighed))
            return
        if slot < len(self._stale):
            self._stale[slot] = self._any_stale = True
        for number in self._by_slot.pop(slot, ()):
            del self._fresh[number][slot]
        numbers = self._by_slot[slot] = [self.number(word, weight) for word, weight in weighed.items()]
        for number, weight in zip(numbers, weighed.values(), strict=True):
            self._fresh.setdefault(number, {})[slot] = weight

    def find(self, number: int) -> tuple[Slots, Weights]:
        """Return the slots that hold a word, each once, and its weights there."""
        slots, weights = _NO_SLOTS, _NO_WEIGHTS
        if number < len(self._starts) - 1:
            begin, end = self._starts[number], self._starts[number + 1]
            slots, weights = self._slots[begin:end], self._weights[begin:end]
            if self._any_stale:
                good = ~self._stale[slots]
                slots, weights = slots[good], weights[good]
        if fresh := self._fresh.get(number):
            slots = np.concatenate([slots, np.fromiter(fresh.keys(), np.int32, len(fresh))])
            weights = np.concatenate([weights, np.fromiter(fresh.values(), np.uint8, len(fresh))])
        return slots, weights

    def count(self, number: int) -> int:
        """Return about how many products hold a word; what went stale since the last seal is still in it."""
        sealed = 0
        if number < len(self._starts) - 1:
            sealed = int(self._starts[number + 1] - self._starts[number])
        return sealed + len(self._fresh.get(number, ()))

    def sealed(self) -> Sealed:
        """Return the sealed part made anew of all there is. Nothing may be put meanwhile; reading may go on."""
        if self._raw is not None:
            raw = self._raw
            numbers = np.array(raw[0], np.int32)
            held = np.array(raw[1], np.int32)
            weights = np.array(raw[2], np.uint8)
        else:
            sizes = np.diff(self._starts)
            old = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
            good = ~self._stale[self._slots]
            triples = [(number, slot, w) for number, found in self._fresh.items() for slot, w in found.items()]
            new = np.array(triples, np.int32).reshape(-1, 3)
            numbers = np.concatenate([old[good], new[:, 0]])
            held = np.concatenate([self._slots[good], new[:, 1]])
            weights = np.concatenate([self._weights[good], new[:, 2].astype(np.uint8)])
        order = np.argsort(numbers, kind="stable")
        starts = np.zeros(len(self.words) + 1, np.int64)
        np.cumsum(np.bincount(numbers, minlength=len(self.words)), out=starts[1:])
        return Sealed(starts, held[order], weights[order])

    def adopt(self, sealed: Sealed, slots: int) -> None:
        """Read what was sealed from now on; columns have room for so many slots."""
        self._starts, self._slots, self._weights = sealed
        self._stale, self._any_stale = np.zeros(slots, bool), False
        self._fresh, self._by_slot, self._raw = {}, {}, None
