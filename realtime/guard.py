"""How much one connection may do."""

from __future__ import annotations

import time


class Bucket:
    """A token bucket: ``rate`` a second, ``burst`` at once."""

    __slots__ = ("_at", "_burst", "_left", "_rate")

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._left = burst
        self._at = time.monotonic()

    def take(self) -> bool:
        """Count one; False beyond the rate. What is refused is owed too, so that ``debt`` grows with a flood."""
        now = time.monotonic()
        self._left = min(self._burst, self._left + (now - self._at) * self._rate) - 1
        self._at = now
        return self._left >= 0

    @property
    def debt(self) -> float:
        """How far beyond the rate it has gone."""
        return max(0.0, -self._left)

    @property
    def retry_after(self) -> int:
        """Whole seconds until one more is free."""
        return max(1, round(self.debt / self._rate))
