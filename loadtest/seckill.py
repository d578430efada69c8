"""The seckill scenario: a sale is opened, a crowd rushes it, the books are checked, a report is written."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from pathlib import Path

import aiohttp

from loadtest import history, plan, report
from loadtest.history import Outcome
from loadtest.judge import Judgement, judge
from loadtest.plan import Plan
from loadtest.site import Site, SiteError

_SALE = 120.0
_PAY_WITHIN = 600
_FILE = Path(__file__).resolve().with_name("locustfile.py")
_ROOT = _FILE.parents[1]
_PREPARE = 0.004
"""Seconds a buyer needs to fetch a ticket, with locust on the same cores."""


async def run(arguments: argparse.Namespace) -> int:
    """Run the scenario and return the exit code: 0 when every invariant held, else 1."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
        site = Site.find(session, arguments.home)
        await site.log_in()
        folder = arguments.report or site.home / "loadtest" / time.strftime("seckill-%Y%m%d-%H%M%S")
        folder.mkdir(parents=True, exist_ok=False)
        _say(f"making {arguments.buyers} buyers")
        buyers = await site.buyers(arguments.buyers)
        lead = arguments.lead or 6 + arguments.buyers * _PREPARE + arguments.watchers * 0.02 + (
            20 if arguments.web else 0
        )
        starts_at = time.time() + lead
        item_id = await site.open_sale(arguments.stock, starts_at, starts_at + _SALE, _PAY_WITHIN)
        made = Plan(
            base_url=site.base_url,
            item_id=item_id,
            stock=arguments.stock,
            starts_at=starts_at,
            ends_at=starts_at + _SALE,
            stop_at=starts_at + 4 * arguments.spread + 60,
            spread=arguments.spread,
            pay=arguments.pay,
            double=arguments.double,
            seed=arguments.seed,
            folder=str(folder),
            watchers=arguments.watchers,
            pay_within=_PAY_WITHIN,
            buyers=buyers,
        )
        _say(f"item {item_id}: {arguments.stock} units, {len(buyers)} buyers, starts in {lead:.0f} s")
        await _crowd(made, arguments)
        found = history.verdicts(history.read(folder))
        _say("checking the books")
        books = await _settled_books(site, item_id)
        tried = [verdict for verdict in found if verdict.code != "no answer"]
        judgement = await judge(session, made, found, books, full=len(tried) >= arguments.stock)
        figures = await site.call("GET", f"/api/v1/backoffice/flash-sales/{item_id}")
        page = report.write(made, history.read(folder), found, judgement, figures)
        await site.call("POST", f"/api/v1/backoffice/flash-sales/{item_id}/end", {})
    _tell(found, judgement, page)
    return 0 if judgement.held else 1


async def _crowd(made: Plan, arguments: argparse.Namespace) -> None:
    """Run locust until every buyer is done, at the latest at the plan's end."""
    people = len(made.buyers) + made.watchers
    words = [
        sys.executable,
        "-m",
        "locust",
        "-f",
        str(Path(__file__).with_name("locustfile.py")),
        "--host",
        made.base_url,
    ]
    words += ["--users", str(people), "--spawn-rate", str(max(50, people // 4)), "--stop-timeout", "5"]
    if arguments.processes > 1:
        words += ["--processes", str(arguments.processes)]
    if arguments.web:
        words += ["--web-host", "127.0.0.1", "--autostart", "--autoquit", "5"]
        _say("locust's page: http://127.0.0.1:8089")
    else:
        words += ["--headless", "--only-summary"]
    words += ["--run-time", f"{max(10, int(made.stop_at - time.time()))}s", "--csv", f"{made.folder}/locust"]
    log = (Path(made.folder) / "locust.log").open("wb")
    process = await asyncio.create_subprocess_exec(
        *words,
        env=os.environ | {plan.VARIABLE: str(made.write()), "PYTHONPATH": str(_ROOT)},
        stdout=log,
        stderr=log,
    )
    done = -1
    try:
        while process.returncode is None and time.time() < made.stop_at + 20:
            await asyncio.sleep(0.5)
            lines = history.read(made.folder)
            now_done = sum(line.kind is history.Kind.DONE for line in lines)
            if now_done != done and time.time() > made.starts_at:
                done = now_done
                _say(f"{done} of {len(made.buyers)} buyers done")
                if arguments.web and done >= len(made.buyers):
                    until = time.strftime("%H:%M:%S", time.localtime(made.stop_at))
                    _say(f"the page stays until {until}; the books are checked after that")
            if done >= len(made.buyers) and not arguments.web:
                break
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 20)
            except TimeoutError:
                process.kill()
        log.close()
    if not history.read(made.folder):
        raise SiteError(f"the crowd did nothing: see {log.name}")


async def _settled_books(site: Site, item_id: str) -> dict[str, object]:
    """Return the platform's verify, asked until it is quiet or half a minute has gone."""
    deadline = time.monotonic() + 30
    while True:
        books = await site.call("GET", f"/api/v1/backoffice/flash-sales/{item_id}/verify")
        if books.get("ok") or time.monotonic() > deadline:
            return books
        await asyncio.sleep(1)


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')}  {text}", flush=True)


def _tell(found: list[history.Verdict], judgement: Judgement, page: Path) -> None:
    counts = {outcome: sum(verdict.outcome is outcome for verdict in found) for outcome in Outcome}
    print()
    print(f"  won {counts[Outcome.WON]}   refused {counts[Outcome.REFUSED]}   unknown {counts[Outcome.UNKNOWN]}")
    for finding in judgement.findings:
        print(f"  {'held  ' if finding.held else 'BROKEN'}  {finding.invariant} ({finding.detail})")
    print(f"\n  report: {page}")
