"""``python -m loadtest.bench [NAME …]``: run benches one after the other, print ratios against their bars, keep JSON.

A benchmark is no test: it ends with 0 whether a bar was reached or not, unless ``--strict`` is given.
"""

from __future__ import annotations

import argparse
import importlib
import json
import platform
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

NAMES = ("purchase", "admission", "durable", "settle", "fanout", "connections", "inbound", "search", "pages")
REACH: dict[str, dict[str, float]] = {
    "purchase": {"refused_by_redis": 0.95},
    "admission": {"accepted": 6, "refused": 10},
    "durable": {"accepted": 13},
    "settle": {"settle": 15},
    "fanout": {"raw": 0.95, "stock": 10, "node_json": 2, "node_msgpack": 2},
    "connections": {"memory": 2},
    "search": {"p95": 3},
    "pages": {"product": 0.5},
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the named benches, or all."""
    parser = argparse.ArgumentParser(prog="python -m loadtest.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)} (all)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the figures go as well")
    parser.add_argument("--strict", action="store_true", help="end with 1 when a bar was missed")
    arguments = parser.parse_args(argv)
    if unknown := set(arguments.names) - set(NAMES):
        parser.error(f"no bench is called {', '.join(sorted(unknown))}: choose of {', '.join(NAMES)}")
    done = []
    for name in arguments.names or NAMES:
        began = time.monotonic()
        result: dict[str, Any] = importlib.import_module(f"loadtest.bench.{name}").run()
        done.append(result)
        tell(result, time.monotonic() - began)
    if arguments.json is not None:
        about = {"at": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "python": platform.python_version(), "cpu": _cpu()}
        arguments.json.write_text(json.dumps(about | {"benches": done}, indent=1) + "\n")
    return 1 if arguments.strict and not all(result["ok"] for result in done) else 0


def tell(result: dict[str, Any], seconds: float) -> None:
    """Print the ratios of one bench beside their bars, and what is behind them."""
    name = result["bench"]
    print(f"{name}  ({seconds:.0f} s, {result.get('filesystem', 'no disk')})")
    for kind, ratio in result["ratios"].items():
        bar = result["bars"].get(kind)
        reach = REACH.get(name, {}).get(kind)
        words = f"bar {bar:g}" if bar is not None else "beside it"
        if reach is not None:
            words += f", reach for {reach:g}"
        met = "" if bar is None else "  met" if ratio >= bar else "  MISSED"
        print(f"  {kind:<12} {ratio:>7.2f}   {words}{met}")
    for kind, why in result.get("missing", {}).items():
        print(f"  {kind:<12} {'-':>7}   bar {result['bars'][kind]:g}  MISSED: {why}")
    print(f"  {json.dumps(result['details'])}\n", flush=True)


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


if __name__ == "__main__":
    sys.exit(main())
