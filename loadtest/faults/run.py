"""One run: a sale, a crowd, a fault in the middle of it, and the judgement."""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from loadtest import history
from loadtest.faults.cases import Case, wait_for
from loadtest.faults.crowd import EAGER, Crowd
from loadtest.faults.stand import Stand
from loadtest.history import Kind, Line, Outcome
from loadtest.judge import Finding, judge
from loadtest.plan import Buyer, Plan
from loadtest.site import Site, SiteError

_SALE = 300.0
_QUIET = 60.0
AWAY = 0.1
"""Seconds that a part which died is away at the least (server/processes.py)."""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one run. ``in_flight`` is how many attempts were open as the fault struck."""

    case: str
    seed: int
    struck: bool
    in_flight: int
    won: int
    refused: int
    unknown: int
    orders: int
    seconds: float
    findings: list[Finding]

    @property
    def held(self) -> bool:
        """Tell whether the fault struck in the rush and every invariant held nevertheless."""
        return self.struck and self.in_flight > 0 and all(finding.held for finding in self.findings)


async def run(stand: Stand, case: Case, seed: int, *, buyers: int, stock: int, folder: Path) -> Result:
    """Start the platform with the case's fault points, rush a sale, break it, and judge.

    Raises SiteError, StandError.
    """
    began = time.monotonic()
    folder.mkdir(parents=True)
    mark = folder / "armed" / "struck"
    await stand.start(arming(case, seed, mark))
    try:
        async with reaching() as session:
            site = Site.find(session, stand.home, base_url=stand.base_url)
            people = await site.buyers(buyers)
            result = await rush(stand, case, seed, people=people, stock=stock, folder=folder, mark=mark)
            return msgspec.structs.replace(result, seconds=time.monotonic() - began)
    finally:
        await stand.stop()


def reaching() -> aiohttp.ClientSession:
    """Return a session with room for a crowd; close it."""
    connector = aiohttp.TCPConnector(limit=400)
    return aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=12))


def arming(case: Case, seed: int, mark: Path) -> dict[str, str]:
    """Return what a platform is started with so that the case's point, if it has one, is armed.

    It counts from the moment at which the folder of ``mark`` is there; the strike writes ``mark``.
    """
    return {"LINGFENG_FAULT_POINTS": f"{case.point}:{_drawn(case, seed)[1]}@{mark}"} if case.point else {}


def _drawn(case: Case, seed: int) -> tuple[random.Random, int]:
    """Return the run's dice, and which passing of the case's point is fatal."""
    chance = random.Random(f"{case.name}:{seed}")
    return chance, chance.randint(*case.nth) if case.point else 0


async def rush(
    stand: Stand, case: Case, seed: int, *, people: list[Buyer], stock: int, folder: Path, mark: Path
) -> Result:
    """Rush a sale on a platform that runs, and was started with the case's `arming`; break it, and judge.

    ``people`` have bought nothing yet. Raises SiteError, StandError.
    """
    async with reaching() as session:
        return await _rush(stand, session, case, seed, people, stock, folder, mark)


async def _rush(
    stand: Stand,
    session: aiohttp.ClientSession,
    case: Case,
    seed: int,
    people: list[Buyer],
    stock: int,
    folder: Path,
    mark: Path,
) -> Result:
    began = time.monotonic()
    chance, _ = _drawn(case, seed)
    folder.mkdir(parents=True, exist_ok=True)
    site = Site.find(session, stand.home, base_url=stand.base_url)
    await site.log_in()
    starts_at = time.time() + EAGER + len(people) * 0.004
    pay_within = 4 if case.expires else 600
    item_id = await site.open_sale(stock, starts_at, starts_at + _SALE, pay_within)
    plan = Plan(
        base_url=stand.base_url,
        item_id=item_id,
        stock=stock,
        starts_at=starts_at,
        ends_at=starts_at + _SALE,
        stop_at=starts_at + _SALE,
        spread=0.7,
        pay=0.3 if case.expires else 0.6,
        double=0.1,
        seed=seed,
        folder=str(folder),
        watchers=0,
        pay_within=pay_within,
        late=0.5 if case.late else 0.0,
        buyers=people,
    )
    crowd = Crowd(session, plan, impatient=min(40, len(people) // 5))
    await crowd.fetch_tickets()
    rushing = asyncio.create_task(crowd.rush())
    struck_at = 0.0
    if case.point:
        # From now on it counts: an earlier sale that is rebuilt or drained before anybody presses is not this run's.
        await asyncio.sleep(max(0.0, starts_at - time.time()))
        mark.parent.mkdir()
    if case.prepare is not None:
        await asyncio.sleep(max(0.0, starts_at + 0.15 - time.time()))
        await case.prepare(stand, chance)
    if case.action is not None:
        await wait_for(case.moment, plan, crowd, chance)
        struck_at = await case.action(stand, chance)
    give_up = starts_at + (pay_within + 20 if case.expires else 20)
    while case.point and not mark.exists() and time.time() < give_up:
        await asyncio.sleep(0.05)
    crowd.until = max(time.time() + 2, starts_at + (pay_within + 6 if case.expires else 4))
    await rushing
    if case.point and mark.exists():
        struck_at = float(mark.read_text())
    await stand.ready(60)
    books = await _books(site, item_id)
    lines = history.read(folder)
    found = history.verdicts(lines)
    judgement = await judge(session, plan, found, books, full=not case.expires)
    outcomes = [verdict.outcome for verdict in found]
    return Result(
        case=case.name,
        seed=seed,
        struck=struck_at > 0 and (not case.point or mark.exists()),
        in_flight=in_flight(lines, struck_at),
        won=outcomes.count(Outcome.WON),
        refused=outcomes.count(Outcome.REFUSED),
        unknown=outcomes.count(Outcome.UNKNOWN),
        orders=judgement.orders,
        seconds=time.monotonic() - began,
        findings=judgement.findings,
    )


def in_flight(lines: list[Line], at: float) -> int:
    """Return how many attempts were open, by the buyers' own account, at ``at`` or while the broken part was away.

    Open is what was sent and not answered for good. The supervisor leaves a dead part away for ``AWAY`` at least;
    a refusal takes two or three milliseconds, so that at one instant there may be none among 800 a second.
    """
    sent: dict[str, float] = {}
    answered: dict[str, float] = {}
    for line in lines:
        if line.kind is Kind.SEND:
            sent.setdefault(line.key, line.at)
        elif line.kind is Kind.ANSWER:
            answered[line.key] = line.at
    return sum(first <= at + AWAY and at < answered.get(key, at + 1) for key, first in sent.items())


async def _books(site: Site, item_id: str) -> dict[str, Any]:
    """Return the platform's verify, asked until it is quiet and balanced or a minute has gone."""
    deadline = time.monotonic() + _QUIET
    books: dict[str, Any] = {}
    while time.monotonic() < deadline:
        try:
            books = await site.call("GET", f"/api/v1/backoffice/flash-sales/{item_id}/verify", tries=1)
        except SiteError as error:
            books = {"ok": False, "violations": [{"invariant": "verify answers", "detail": str(error)}]}
        except (aiohttp.ClientError, TimeoutError) as error:
            books = {"ok": False, "violations": [{"invariant": "verify answers", "detail": repr(error)}]}
        if books.get("ok") and books.get("settled", True):
            return books
        await asyncio.sleep(0.5)
    return books
