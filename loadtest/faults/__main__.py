"""``make faults``: every fault, seeded, judged by a history that is kept outside the platform."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

from loadtest.faults.cases import CASES
from loadtest.faults.run import Result, run
from loadtest.faults.stand import Stand


async def suite(
    cases: Sequence[int], *, first_seed: int, buyers: int, stock: int, home: Path, results: Path
) -> list[Result]:
    """Run the numbered cases one after the other on one data folder; write and return the results."""
    stand = Stand(home)
    done: list[Result] = []
    for number, at in enumerate(cases):
        case, seed = CASES[at], first_seed + number
        result = await run(stand, case, seed, buyers=buyers, stock=stock, folder=results / f"{number:03d}-{seed}")
        done.append(result)
        tell(result)
        (results / "results.json").write_bytes(msgspec.json.format(msgspec.json.encode(done)))
    return done


def tell(result: Result) -> None:
    """Print one run."""
    word = "held  " if result.held else "BROKEN"
    print(
        f"{word} {result.case} (seed {result.seed}): {result.orders} orders, won {result.won}, refused "
        f"{result.refused}, unknown {result.unknown}; {result.in_flight} in flight; {result.seconds:.0f} s",
        flush=True,
    )
    if not result.struck:
        print("         the fault did not strike", flush=True)
    for finding in result.findings:
        if not finding.held:
            print(f"         {finding.invariant}: {finding.detail}", flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the faults and return 0 when every run held."""
    parser = argparse.ArgumentParser(prog="python -m loadtest.faults", description=__doc__)
    parser.add_argument("--runs", type=int, default=50, help="how many runs; the cases take turns (50)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the first run; each has the next (1)")
    parser.add_argument("--buyers", type=int, default=2000)
    parser.add_argument("--stock", type=int, default=100)
    parser.add_argument("--only", default="", metavar="WORDS", help="only cases whose name contains these words")
    parser.add_argument("--list", action="store_true", help="name the cases and end")
    parser.add_argument("--results", type=Path, help="where histories and results go (a temporary folder)")
    arguments = parser.parse_args(argv)
    chosen = [at for at, case in enumerate(CASES) if arguments.only in case.name]
    if arguments.list or not chosen:
        print("\n".join(case.name for case in CASES))
        return 0 if arguments.list else 2
    results = arguments.results or Path(tempfile.mkdtemp(prefix="lingfeng-faults-"))
    home = Path(tempfile.mkdtemp(prefix="lf-stand-"))
    order = [chosen[number % len(chosen)] for number in range(arguments.runs)]
    try:
        done = asyncio.run(
            suite(
                order,
                first_seed=arguments.seed,
                buyers=arguments.buyers,
                stock=arguments.stock,
                home=home,
                results=results,
            )
        )
    except KeyboardInterrupt:
        return 130
    broken = [result for result in done if not result.held]
    print(f"\n{len(done) - len(broken)} of {len(done)} runs held; histories and results in {results}")
    if not broken:
        shutil.rmtree(home, ignore_errors=True)
    else:
        print(f"the platform's data and logs of the last run: {home}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
