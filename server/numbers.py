"""The numbers that people see on orders, payments, refunds and tickets."""

from __future__ import annotations

import secrets
import time

_EPOCH = 1_262_304_000  # 2010-01-01 UTC: eleven digits of 10 ms from 2013 until 2041
_SPACE = 10_000_000
_last = 0
_given: set[int] = set()


def new_number() -> str:
    """Return 18 digits: ordered by time to 10 ms, the last seven random so that the next one cannot be guessed.

    Unique within a process; between processes a unique index has the last word (the odds are about one in a
    hundred thousand a second at a thousand numbers a second).
    """
    global _last
    tick = int((time.time() - _EPOCH) * 100)
    if tick != _last:
        _last = tick
        _given.clear()
    while (tail := secrets.randbelow(_SPACE)) in _given:
        pass
    _given.add(tail)
    return f"{tick:011d}{tail:07d}"
