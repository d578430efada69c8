"""``lingfeng loadtest SCENARIO``."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path

from loadtest.site import SiteError

NEEDED = ("locust", "matplotlib", "requests", "websocket")
"""What a run needs beyond the platform itself; the extra ``load`` brings it."""

EPILOG = """\
examples:
  lingfeng loadtest seckill                              2,000 buyers on 100 units
  lingfeng loadtest seckill --buyers 5000 --stock 50 --processes 2
  lingfeng loadtest seckill --web                        with locust's own page, started by hand there

The site must be running (`lingfeng run`); its data folder names the address and the demo accounts.

exit codes:
  0  every invariant held     1  one was broken     2  wrong use     3  the site cannot be reached
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one scenario and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="lingfeng loadtest",
        description="A rush of simulated people on a running site, then the books, then a report.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    scenarios = parser.add_subparsers(title="scenarios", metavar="SCENARIO", required=True)
    one = scenarios.add_parser("seckill", help="a flash sale: buyers over HTTP, watchers over Socket.IO")
    one.add_argument("--buyers", type=_whole(1, 100_000), default=2000, metavar="N", help="members who try (2000)")
    one.add_argument("--stock", type=_whole(1, 100_000), default=100, metavar="N", help="units on sale (100)")
    one.add_argument("--watchers", type=_whole(0, 20_000), default=100, metavar="N", help="people who watch (100)")
    one.add_argument("--processes", type=_whole(1, 16), default=1, metavar="N", help="locust processes (1)")
    one.add_argument("--spread", type=float, default=1.5, metavar="S", help="seconds in which most of them click (1.5)")
    one.add_argument("--pay", type=float, default=0.5, metavar="P", help="share of the winners who pay (0.5)")
    one.add_argument("--double", type=float, default=0.1, metavar="P", help="share who click twice at once (0.1)")
    one.add_argument("--seed", type=int, default=1, metavar="N", help="makes the crowd repeatable (1)")
    one.add_argument("--lead", type=float, default=0.0, metavar="S", help="seconds until the start (0: what they need)")
    one.add_argument("--web", action="store_true", help="with locust's web page instead of headless")
    one.add_argument("--report", type=Path, metavar="DIR", help="where the report goes (loadtest/ in the data folder)")
    one.add_argument("--home", type=Path, metavar="DIR", help="data folder of the site (LINGFENG_HOME)")
    one.set_defaults(scenario="loadtest.seckill")
    arguments = parser.parse_args(argv)
    if missing := [name for name in NEEDED if importlib.util.find_spec(name) is None]:
        print(
            f"lingfeng loadtest: a run needs more packages ({', '.join(missing)} not found): "
            "pip install 'lingfeng[load]', or `make dev` in a checkout",
            file=sys.stderr,
        )
        return 2
    try:
        code: int = asyncio.run(importlib.import_module(arguments.scenario).run(arguments))
    except SiteError as error:
        print(f"lingfeng loadtest: {error}", file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        return 130
    return code


def _whole(least: int, most: int) -> type[int]:
    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r}: use {least} to {most}")
        return int(text)

    return read  # type: ignore[return-value]  # argparse takes any callable


if __name__ == "__main__":
    sys.exit(main())
