"""Accepted attempts a second with ``appendfsync always``: batched ÷ one EVALSHA each.

Both sides have two calls in flight, which is what the gate allows itself on one item; only the calls' size differs.
Redis syncs once for all calls that it finds waiting, so many single attempts waiting at once share a sync as well:
``ratio_same_waiting`` lets 256 connections wait with one attempt each against two calls of 128.
"""

from __future__ import annotations

from statistics import median
from typing import Any

from loadtest.bench.store import Store, store

ROUNDS = 5
SIZE = 128
IN_FLIGHT = 2
BAR = 8.0


def run() -> dict[str, Any]:
    """Return the ratios and the rates behind them; under 60 s."""
    with store(appendfsync="always") as running:
        single, crowd, batched = [], [], []
        # The first round warms up and is thrown away.
        for number in range(ROUNDS + 1):
            one = _rate(running, calls=1_000, size=1, connections=IN_FLIGHT)
            many = _rate(running, calls=5_000, size=1, connections=IN_FLIGHT * SIZE)
            batch = _rate(running, calls=160, size=SIZE, connections=IN_FLIGHT)
            if number:
                single.append(one)
                crowd.append(many)
                batched.append(batch)
    ratio = median(batched) / median(single)
    return {
        "bench": "durable",
        "batch": SIZE,
        "filesystem": running.filesystem,
        "bars": {"accepted": BAR},
        "ratios": {"accepted": round(ratio, 2)},
        "ok": ratio >= BAR,
        "details": {
            "ratio_same_waiting": round(median(batched) / median(crowd), 2),
            "single_per_s": round(median(single)),
            "single_256_waiting_per_s": round(median(crowd)),
            "batched_per_s": round(median(batched)),
        },
    }


def _rate(running: Store, *, calls: int, size: int, connections: int) -> float:
    stamp = running.open(accept=True)
    return running.apart(running.pack(stamp, calls, size), size, connections=connections).per_s


if __name__ == "__main__":
    import json

    print(json.dumps(run(), indent=2))
