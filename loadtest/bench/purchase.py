"""CPU of the web process: a no-op JSON POST ÷ a purchase attempt, on the same server in the same run.

The no-op is a bare aiohttp handler beside the platform's routes: it parses the body and answers with JSON. Both get
the same headers over 64 kept connections, in turns, and the CPU is the whole process' (all threads) from the kernel;
what Redis and PostgreSQL spend is not in it (bench `admission` and `settle` have those). Redis writes its append-only
file on a disk before it answers (``appendfsync always``). Nearly every attempt of a rush is refused by Redis, so that
is the ratio held to the bar; accepted ones, which end in PostgreSQL, and those refused in process stand beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from typing import Any

from loadtest.bench.site import Site, fire, request, site
from loadtest.bench.site_server import BARE

ROUNDS = 5
SENT = {"bare": 4_000, "refused_by_redis": 4_000, "refused_in_process": 4_000, "accepted": 500}
BUYERS = 500
BARS = {"refused_by_redis": 0.8}


def run() -> dict[str, Any]:
    """Return the ratios and the µs behind them; under 60 s."""
    with site() as (running, sku_id):
        tokens = running.buyers(BUYERS)
        kinds = _requests(running, sku_id, tokens)
        spent: dict[str, list[float]] = {kind: [] for kind in kinds}
        # The first round warms up and is thrown away.
        for number in range(ROUNDS + 1):
            for kind, (make, status) in kinds.items():
                requests = make(number)
                before = running.cpu()
                statuses = fire(running.port, requests)
                cpu = (running.cpu() - before) / len(requests) * 1e6
                assert statuses.get(status, 0) >= len(requests) * 0.99, (kind, statuses)
                if number:
                    spent[kind].append(cpu)
        kind_of_disk = running.filesystem
    us = {kind: round(median(values), 1) for kind, values in spent.items()}
    ratios = {kind: round(us["bare"] / value, 3) for kind, value in us.items() if kind != "bare"}
    return {
        "bench": "purchase",
        "filesystem": kind_of_disk,
        "appendfsync": "always",
        "bars": BARS,
        "ratios": ratios,
        "ok": all(ratios[kind] >= bar for kind, bar in BARS.items()),
        "details": {"us": us},
    }


def _requests(running: Site, sku_id: int, tokens: list[str]) -> dict[str, tuple[Callable[[int], list[bytes]], int]]:
    def tickets(item_id: int, buyers: list[str]) -> list[str]:
        path = f"/api/v1/flash-sales/{item_id}/tickets"
        return [str(running.call("POST", path, token)["ticket"]) for token in buyers]

    def attempts(item_id: int, buyers: list[str], given: list[str], count: int, number: int) -> list[bytes]:
        path = f"/api/v1/flash-sales/{item_id}/attempts"
        return [
            request(
                path,
                buyers[at % len(buyers)],
                {"ticket": given[at % len(buyers)], "quantity": 1},
                f"{number}-{at}-0123456789abcdef",
            )
            for at in range(count)
        ]

    some = tokens[:BUYERS]
    sold_out = running.sale(sku_id, 1)
    sold_tickets = tickets(sold_out, some)
    # The only unit goes to somebody who is not measured.
    fire(running.port, attempts(sold_out, some[:1], sold_tickets[:1], 1, 99))
    early = running.sale(sku_id, 1, starts_in=500)
    early_tickets = tickets(early, some)

    def bare(number: int) -> list[bytes]:
        body = {"ticket": sold_tickets[0], "quantity": 1}
        return [request(BARE, some[at % BUYERS], body, f"{number}-{at}-0123456789abcdef") for at in range(SENT["bare"])]

    def refused(number: int) -> list[bytes]:
        return attempts(sold_out, some[1:], sold_tickets[1:], SENT["refused_by_redis"], number)

    def in_process(number: int) -> list[bytes]:
        return attempts(early, some, early_tickets, SENT["refused_in_process"], number)

    def accepted(number: int) -> list[bytes]:
        open_ = running.sale(sku_id, SENT["accepted"])
        buyers = tokens[: SENT["accepted"]]
        return attempts(open_, buyers, tickets(open_, buyers), SENT["accepted"], number)

    return {
        "bare": (bare, 409),
        "refused_by_redis": (refused, 409),
        "refused_in_process": (in_process, 409),
        "accepted": (accepted, 201),
    }


if __name__ == "__main__":
    import json

    print(json.dumps(run(), indent=2))
