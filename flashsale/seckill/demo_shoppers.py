"""The demo's shoppers: members of its own who buy and mostly pay, so that a running sale looks like one.

Nothing is faked: each is admitted by the gate, written down by the settlement that every win takes, and paid through
the payments' own path; only HTTP, and the puzzles that keep programs out, are left aside. What nobody pays comes back.
The short session that a visitor sees begin is left to the visitor.
"""

from __future__ import annotations

import asyncio
import math
from datetime import datetime, timedelta
from secrets import token_hex

import structlog

from commerce.catalogue import DemoRun, DemoStep
from commerce.members.demo import demo_crowd
from commerce.payments.capture import take
from commerce.payments.start import begin
from commerce.payments.types import Trade, TradeState
from flashsale.gate import Attempt, Batcher, Gate, GateUnavailable, Outcome
from flashsale.seckill import reservation_store, store
from flashsale.seckill.demo import NOBODY
from flashsale.seckill.settle import Settler
from flashsale.seckill.tally import Tally
from flashsale.seckill.types import Fate, Item, ItemState, Settlement, Win
from server.application import Application
from server.clock import now
from server.errors import Problem, Unavailable

log = structlog.get_logger("demo")
CROWD = 160
"""Shoppers there are; each buys once of a sale."""
MOST = 60
"""Orders that a run places of one sale."""
SHARES = (0.9, 0.55, 0.3, 0.72)
"""How much of a sale is gone at its end, by its place among those that run."""
UNPAID_EACH = 9
"""One in so many does not pay."""
_AT_ONCE = 6


async def shop(run: DemoRun) -> None:
    """Buy of each running sale of the demo what has to be gone by now."""
    app, at = run.app, now()
    async with app.database.connection() as connection:
        running = [
            item
            for item in await store.live_items(connection)
            if item.created_by == NOBODY.id
            and item.state is ItemState.PUBLISHED
            and item.starts_at <= at < item.ends_at
            and item.ends_at - item.starts_at >= timedelta(hours=1)
        ]
    if not running:
        return
    async with app.database.transaction() as connection:
        crowd = await demo_crowd(connection, CROWD)
    batcher, settler = Batcher(app.resource(Gate)), Settler(app.database, app.resource(Gate))
    placed = 0
    try:
        for place, item in enumerate(running):
            placed += await _buy(app, batcher, settler, item, wanted(item, SHARES[place % len(SHARES)], at), crowd)
    except (GateUnavailable, Unavailable) as error:
        # For instance right after Redis was started anew, until the worker has loaded it: the next run goes on.
        log.info("demo shoppers wait", error=str(error) or type(error).__name__)
    finally:
        await batcher.drain()
        await settler.drain()
    await app.resource(Tally).flush()
    run.say(f"  {placed} orders of flash sales")


def wanted(item: Item, share: float, at: datetime) -> int:
    """Return how many units are gone by ``at``: fast at first, then ever slower, ``share`` of them at the end."""
    passed = (at - item.starts_at) / (item.ends_at - item.starts_at)
    return round(item.allocated * share * (1 - math.exp(-4 * passed)) / (1 - math.exp(-4)))


async def _buy(app: Application, batcher: Batcher, settler: Settler, item: Item, target: int, crowd: list[int]) -> int:
    async with app.database.connection() as connection:
        units = await store.unit_sums(connection, item.id)
        had = await reservation_store.takers(connection, item.id)
    missing = target - units.get("held", 0) - units.get("paid", 0)
    # Others each time, so that it is not always the same who buy; the same sale has the same.
    fresh = [member for member in crowd[item.id % CROWD :] + crowd[: item.id % CROWD] if member not in had]
    buyers: list[tuple[int, int]] = []
    for at, member_id in enumerate(fresh[:MOST]):
        if missing <= 0:
            break
        quantity = min(missing, item.limit_per_member, 1 + at % 2)
        buyers.append((member_id, quantity))
        missing -= quantity
    slots = asyncio.Semaphore(_AT_ONCE)

    async def one(member_id: int, quantity: int, pays: bool) -> bool:
        key = f"demo-{token_hex(12)}"
        decision = await batcher.admit(item.id, Attempt(member_id, key, quantity))
        if decision.outcome is not Outcome.WON:
            return False
        win = Win(
            epoch=decision.epoch,
            member_id=member_id,
            request_id=key,
            quantity=quantity,
            won_ms=int(decision.journal_id.partition("-")[0] or 0),
        )
        settlement = await settler.settle(item.id, win, decision.journal_id)
        if settlement.fate is not Fate.WON:
            return False
        app.resource(Tally).counts[item.id, "won"] += 1
        if pays:
            async with slots:
                await _pay(app, member_id, settlement)
        return True

    done = await asyncio.gather(
        *(one(*buyer, at % UNPAID_EACH < UNPAID_EACH - 1) for at, buyer in enumerate(buyers)),
        return_exceptions=True,
    )
    for failure in done:
        if isinstance(failure, BaseException):
            raise failure
    return sum(outcome is True for outcome in done)


async def _pay(app: Application, member_id: int, settlement: Settlement) -> None:
    try:
        async with app.database.transaction() as connection:
            payment = (await begin(app, connection, member_id, settlement.order_no, "alipay")).payment
        paid_at = now()
        await take(
            app,
            Trade(
                payment_no=payment.payment_no,
                state=TradeState.PAID,
                trade_no=f"{paid_at:%Y%m%d}{payment.payment_no}",
                amount=payment.amount,
                paid_at=paid_at,
            ),
        )
    except Problem as problem:
        log.info("demo shopper did not pay", order=settlement.order_no, code=problem.code)


STEP = DemoStep(name="flash sale shoppers", position=55, run=shop, refresh=True)
