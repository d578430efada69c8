"""CPU of the web process: a no-op HTML page ÷ a product page, for guests, warm, on the same server in the same run.

The no-op is a bare aiohttp handler that answers with HTML of a product page's size. The product pages are those of the
demo, in turns, with their SKUs, sales, reviews and what else the platform's features put there; the home page, a
category and the list of sales stand beside them. 64 kept connections, the whole process' CPU from the kernel; what
PostgreSQL and Redis spend is not in it.
"""

from __future__ import annotations

import re
import subprocess
import sys
import urllib.request
from statistics import median
from typing import Any

from loadtest.bench.site import Site, fire, site
from loadtest.bench.site_server import BARE_PAGE

ROUNDS = 5
SENT = {"bare": 2_000, "product": 1_000, "home": 400, "category": 400, "sales": 400}
PRODUCTS = 20
BARS = {"product": 0.25}


def run() -> dict[str, Any]:
    """Return the ratios and the µs behind them."""
    with site() as (running, _):
        subprocess.run(
            [sys.executable, "-m", "server.cli", "demo"], env=running.env, check=True, stdout=subprocess.DEVNULL
        )
        pages = _pages(running)
        sizes = {kind: len(_read(running, paths[0])) for kind, paths in pages.items()}
        pages["bare"] = [f"{BARE_PAGE}?size={sizes['product']}"]
        spent: dict[str, list[float]] = {kind: [] for kind in SENT}
        # The first round warms up and is thrown away.
        for number in range(ROUNDS + 1):
            for kind, count in SENT.items():
                requests = [_get(pages[kind][at % len(pages[kind])]) for at in range(count)]
                before = running.cpu()
                statuses = fire(running.port, requests)
                cpu = (running.cpu() - before) / count * 1e6
                assert statuses == {200: count}, (kind, statuses)
                if number:
                    spent[kind].append(cpu)
        kind_of_disk = running.filesystem
    us = {kind: round(median(values), 1) for kind, values in spent.items()}
    ratios = {kind: round(us["bare"] / value, 3) for kind, value in us.items() if kind != "bare"}
    return {
        "bench": "pages",
        "filesystem": kind_of_disk,
        "bars": BARS,
        "ratios": ratios,
        "ok": all(ratios[kind] >= bar for kind, bar in BARS.items()),
        "details": {"us": us, "bytes": sizes},
    }


def _pages(running: Site) -> dict[str, list[str]]:
    found = dict.fromkeys(re.findall(r'href="(/products/[0-9]+)"', _read(running, "/").decode()))
    return {
        "product": list(found)[:PRODUCTS],
        "home": ["/"],
        "category": ["/products"],
        "sales": ["/flash-sales"],
    }


def _read(running: Site, path: str) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{running.port}{path}", timeout=20) as response:
        body: bytes = response.read()
        return body


def _get(path: str) -> bytes:
    lines = [
        f"GET {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "User-Agent: Mozilla/5.0 (bench)",
        "Accept: text/html",
        "Accept-Language: zh-CN,zh;q=0.9",
        "Cookie: lf_visitor=bench-visitor-0123456789",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


if __name__ == "__main__":
    import json

    print(json.dumps(run(), indent=2))
