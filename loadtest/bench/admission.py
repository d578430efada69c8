"""Attempts per second of Redis CPU: our batch ÷ the same script with one attempt in each EVALSHA.

CPU is that of Valkey's main thread, from the kernel, so reading, parsing, the script, the reply and the append-only
file (``everysec``, on a disk) all count. The single attempts come pipelined, 32 in one write, the cheapest way to
send them; on connections of their own, as a pool sends them, they cost more, and that ratio is printed beside it.
"""

from __future__ import annotations

from statistics import median
from typing import Any

from loadtest.bench.store import Store, store

ROUNDS = 5
SIZE = 128
ATTEMPTS = {"single": 6_400, "batch": 25_600}
BARS = {"accepted": 4.0, "refused": 7.0}


def run() -> dict[str, Any]:
    """Return the ratios and the µs behind them; under 30 s."""
    with store(appendfsync="everysec") as running:
        kinds = {kind: _measure(running, accept=kind == "accepted") for kind in BARS}
    return {
        "bench": "admission",
        "batch": SIZE,
        "filesystem": running.filesystem,
        "bars": BARS,
        "ratios": {kind: figures["ratio"] for kind, figures in kinds.items()},
        "ok": all(figures["ratio"] >= BARS[kind] for kind, figures in kinds.items()),
        "details": kinds,
    }


def _measure(running: Store, *, accept: bool) -> dict[str, float]:
    singles, pooled, batched = [], [], []
    # The first round warms up and is thrown away.
    for number in range(ROUNDS + 1):
        stamp = running.open(accept=accept)
        calls = running.pack(stamp, ATTEMPTS["single"], 1)
        single = running.together(calls, 1, depth=32)
        stamp = running.open(accept=accept)
        pool = running.apart(running.pack(stamp, ATTEMPTS["single"], 1), 1, connections=32)
        stamp = running.open(accept=accept)
        batch = running.together(running.pack(stamp, ATTEMPTS["batch"] // SIZE, SIZE), SIZE, depth=1)
        if number:
            singles.append(single.cpu_us)
            pooled.append(pool.cpu_us)
            batched.append(batch.cpu_us)
    return {
        "ratio": round(median(singles) / median(batched), 2),
        "ratio_to_pooled": round(median(pooled) / median(batched), 2),
        "single_us": round(median(singles), 2),
        "pooled_us": round(median(pooled), 2),
        "batched_us": round(median(batched), 2),
    }


if __name__ == "__main__":
    import json

    print(json.dumps(run(), indent=2))
