"""``python -m loadtest.drain``: a web process is drained under its clients; nobody may lose or double an event."""

from __future__ import annotations

import argparse
import socket
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import uvloop

from loadtest.drain.run import WITHIN, Plan, Result, drill
from server.engines import Engines


def tell(result: Result) -> None:
    """Print the figures and the verdict."""

    def at(share: float) -> float:
        return result.gaps[min(len(result.gaps) - 1, int(share * len(result.gaps)))] if result.gaps else 0.0

    print(f"  events told            {result.told}, taken {result.deliveries} times by {result.clients} clients")
    print(
        f"  clients that moved     {result.moved}, all elsewhere after {result.elsewhere:.1f} s (at most {WITHIN:.0f})"
    )
    print(f"  away for               {at(0.5):.2f} s (half), {at(0.99):.2f} s (99 of 100), {at(1):.2f} s (the last)")
    print(f"  asked for afterwards   {result.fetched} events; {result.repeated} came twice and were dropped by place")
    print(f"  attempts refused       {result.refused}")
    print(f"  the process ended      after {result.ended:.1f} s, exit code {result.code}")
    for fault in result.faults[:20]:
        print(f"  BROKEN  {fault}")
    if len(result.faults) > 20:
        print(f"  BROKEN  … and {len(result.faults) - 20} more")
    print("held: every client's log equals what was told, event by event" if result.held else "BROKEN")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the drill on engines of its own and return 0 when it held, 1 when it did not."""
    parser = argparse.ArgumentParser(prog="python -m loadtest.drain", description=__doc__.replace("``", "`"))
    parser.add_argument("--clients", type=int, default=2000, metavar="N", help="connections, at most 8000 (2000)")
    parser.add_argument("--rate", type=float, default=50.0, metavar="N", help="reliable events a second (50)")
    parser.add_argument("--members", type=int, default=40, metavar="N", help="members whose pages they are (40)")
    arguments = parser.parse_args(argv)
    if not (1 <= arguments.members <= arguments.clients <= 8000 and 0 < arguments.rate <= 500):
        parser.error("1 to 8000 clients, at least one a member, up to 500 events a second")
    plan = Plan(clients=arguments.clients, rate=arguments.rate, members=arguments.members)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="lf-drain-") as folder, Engines(Path(folder)) as engines:
        engines.start()
        environ = {
            "DATABASE_URL": engines.database_url,
            "REDIS_URL": engines.redis_url,
            "LINGFENG_HOST": "127.0.0.1",
            "LINGFENG_PORT": str(port),
        }
        result = uvloop.run(drill(plan, Path(folder) / "home", environ))
    tell(result)
    return 0 if result.held else 1


if __name__ == "__main__":
    sys.exit(main())
