"""How often somebody may do something: token buckets by key, each kept as one number."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

_MOST = 200_000
"""Keys kept before those that owe nothing are dropped."""
Key = TypeVar("Key", bound=Hashable)


class Buckets(Generic[Key]):
    """``rate`` a second, ``burst`` at once, for each key. Kept in this process."""

    def __init__(self, rate: float, burst: float) -> None:
        self._step = 1.0 / rate
        self._slack = burst / rate
        self._due: dict[Key, float] = {}

    def wait(self, key: Key, at: float) -> float:
        """Take a token at ``at`` (monotonic seconds) and return 0, or return the seconds until there is one."""
        due = self._due.get(key, 0.0)
        if due < at:
            due = at
        if due - at > self._slack:
            return due - at - self._slack
        self._due[key] = due + self._step
        if len(self._due) > _MOST:
            self._due = {one: moment for one, moment in self._due.items() if moment > at}
        return 0.0
