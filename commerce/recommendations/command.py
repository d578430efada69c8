"""`lingfeng recommendations`: work neighbours out now, and measure lists on made-up worlds."""

from __future__ import annotations

import argparse
import asyncio
import math
import sys
import time

from commerce.recommendations import run_store
from commerce.recommendations.evaluation.score import Result, evaluate
from commerce.recommendations.evaluation.world import Size, make
from commerce.recommendations.run import run
from server.application import Application, Command

GROUP = "what shoppers are shown, and how good it is"
BAR = 1.5
"""How many times the hit rate of what is popular recommendations are to reach."""


async def compute(app: Application, arguments: argparse.Namespace) -> int:
    """Run ``lingfeng recommendations compute``."""
    began = time.monotonic()
    if not await run(app):
        sys.stderr.write("lingfeng recommendations: another process is at it\n")
        return 1
    async with app.database.connection() as connection:
        found = await run_store.current(connection)
    assert found is not None  # it has just been served
    sys.stdout.write(
        f"{found.products} products, {found.deeds} events, {found.orders} orders: "
        f"{found.covered} have neighbours by behaviour, {time.monotonic() - began:.1f} s\n"
    )
    return 0


async def measure(app: Application, arguments: argparse.Namespace) -> int:
    """Run ``lingfeng recommendations evaluate``; 1 when a world falls short of the bar."""
    size = Size(members=arguments.members, products=arguments.products, noise=arguments.noise)
    ratios = []
    for seed in range(arguments.seed, arguments.seed + arguments.seeds):
        result = await asyncio.to_thread(_measured, size, seed)
        _say(seed, result)
        ratios.append(result.ratio)
    low = min(ratios)
    sys.stdout.write(f"hit rate over that of what is popular: {low:.2f} to {max(ratios):.2f}, bar {BAR}\n")
    return 0 if low >= BAR else 1


def _measured(size: Size, seed: int) -> Result:
    return evaluate(make(size, seed))


def _say(seed: int, result: Result) -> None:
    sys.stdout.write(
        f"seed {seed}: {result.people} people with held-back orders, {result.products} products, {result.deeds} deeds\n"
        f"  {'':26}{'hit@10':>9}{'recall':>9}{'MRR':>9}{'unseen':>9}{'coverage':>10}\n"
    )
    for name, one in result.scores.items():
        sys.stdout.write(
            f"  {name:26}{one.hits:9.3f}{one.recall:9.3f}{one.rank:9.3f}{one.fresh:9.3f}{one.coverage:10.3f}\n"
        )
    sys.stdout.write(f"  recommended / popular {result.ratio:.2f}\n")
    sys.stdout.flush()


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 6 or not 1 <= int(text) <= 100_000:
        raise argparse.ArgumentTypeError(f"{text!r}: use 1 to 100000")
    return int(text)


def _share(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not 0.0 <= found <= 1.0:
        raise argparse.ArgumentTypeError(f"{text!r}: use 0 to 1")
    return found


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--members", type=_whole, default=2000, metavar="N", help="people (2000)")
    parser.add_argument("--products", type=_whole, default=1200, metavar="N", help="products (1200)")
    parser.add_argument("--noise", type=_share, default=0.15, metavar="SHARE", help="pages opened by chance (0.15)")
    parser.add_argument("--seed", type=_whole, default=1, metavar="N", help="the first world (1)")
    parser.add_argument("--seeds", type=_whole, default=3, metavar="N", help="how many worlds (3)")


COMPUTE = Command(
    path=("recommendations", "compute"),
    group=GROUP,
    help="work out anew what is near what, and serve it",
    run=compute,
)
EVALUATE = Command(
    path=("recommendations", "evaluate"),
    help="measure recommendations on held-back orders of made-up people",
    description=(
        "Make worlds of people with tastes, hold back the orders of their last two weeks, and see how many of them\n"
        "lists of ten foresee: of what is popular, of what was seen last or most, of what is alike, and as they are\n"
        "served. 'unseen' counts purchases of what somebody had never opened; two of the lists name nothing else.\n"
        "docs/recommendations.md describes the worlds. Ends with 1 when a world falls short of the bar."
    ),
    run=measure,
    arguments=_arguments,
)
