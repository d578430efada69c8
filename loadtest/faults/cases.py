"""The faults: what is broken, and when.

A case either names a fault point (flashsale/seckill/faults.py) at which a process kills itself, or an action taken
from outside at a moment of the rush. Both happen at moments drawn from the run's seed.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from enum import StrEnum

import msgspec

from loadtest.faults.crowd import Crowd
from loadtest.faults.stand import Stand
from loadtest.plan import Plan


class Moment(StrEnum):
    """When an action from outside is taken."""

    BEFORE = "before the sale"
    RAMP = "in the ramp"
    NEAR_SOLD_OUT = "near sold-out"
    EXPIRY = "during the expiry sweep"
    PAYMENT = "during payment"


Action = Callable[[Stand, random.Random], Awaitable[float]]


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One fault. ``expires`` makes most winners let their win expire, ``late`` has some pay after it did."""

    name: str
    moment: Moment = Moment.RAMP
    action: Action | None = None
    point: str = ""
    nth: tuple[int, int] = (1, 1)
    expires: bool = False
    late: bool = False
    prepare: Action | None = None


def _kill(*names: str) -> Action:
    async def act(stand: Stand, chance: random.Random) -> float:
        moments = [stand.kill(name) for name in names]
        return moments[0]

    return act


async def _lose_redis(stand: Stand, chance: random.Random) -> float:
    return await stand.replace_redis(None)


async def _save_redis(stand: Stand, chance: random.Random) -> float:
    stand.save_redis()
    return time.time()


async def _older_redis(stand: Stand, chance: random.Random) -> float:
    return await stand.replace_redis(stand.home / "older")


async def _freeze_across_rebuild(stand: Stand, chance: random.Random) -> float:
    """Stop a web process, have Redis lose everything so that the item is rebuilt, and let the process go on."""
    at = stand.freeze("web")
    await asyncio.sleep(chance.uniform(0.1, 0.4))
    await stand.replace_redis(None)
    await asyncio.sleep(chance.uniform(3, 5))
    stand.thaw("web")
    return at


CASES: tuple[Case, ...] = (
    Case(name="valkey killed before the sale", moment=Moment.BEFORE, action=_kill("valkey")),
    Case(name="valkey killed in the ramp", action=_kill("valkey")),
    Case(name="valkey killed near sold-out", moment=Moment.NEAR_SOLD_OUT, action=_kill("valkey")),
    Case(name="valkey loses all its data", action=_lose_redis),
    Case(name="valkey loses all its data near sold-out", moment=Moment.NEAR_SOLD_OUT, action=_lose_redis),
    Case(name="valkey comes back as an older copy", prepare=_save_redis, action=_older_redis),
    Case(name="valkey killed during payment", moment=Moment.PAYMENT, action=_kill("valkey")),
    Case(name="valkey killed during the expiry sweep", moment=Moment.EXPIRY, action=_kill("valkey"), expires=True),
    Case(name="postgres killed in the ramp", action=_kill("postgres")),
    Case(name="postgres killed near sold-out", moment=Moment.NEAR_SOLD_OUT, action=_kill("postgres")),
    Case(name="postgres killed during payment", moment=Moment.PAYMENT, action=_kill("postgres")),
    Case(name="postgres killed during the expiry sweep", moment=Moment.EXPIRY, action=_kill("postgres"), expires=True),
    Case(name="both engines killed", action=_kill("valkey", "postgres")),
    Case(name="web killed in the ramp", action=_kill("web")),
    Case(name="every web killed near sold-out", moment=Moment.NEAR_SOLD_OUT, action=_kill("web", "web-2")),
    Case(name="worker killed during payment", moment=Moment.PAYMENT, action=_kill("worker")),
    Case(name="worker killed during the expiry sweep", moment=Moment.EXPIRY, action=_kill("worker"), expires=True),
    Case(name="web stopped across a rebuild", action=_freeze_across_rebuild),
    Case(name="killed after Redis before PostgreSQL", point="after_redis_before_pg", nth=(1, 2)),
    Case(name="killed after the commit before the answer", point="after_commit_before_answer", nth=(1, 2)),
    Case(name="killed before the journal is trimmed", point="before_journal_remove", nth=(1, 2)),
    Case(name="killed after an expiry's commit", point="expiry_after_commit", nth=(1, 4), expires=True),
    Case(name="killed after a payment's compare-and-set", point="payment_after_cas", nth=(1, 10)),
    Case(name="killed after a re-win in Redis", point="rewin_after_lua", nth=(1, 2), expires=True, late=True),
    Case(name="killed after the epoch's bump", point="rebuild_after_bump", action=_lose_redis),
    Case(name="killed in the middle of the drain", point="drain_middle", nth=(1, 2), expires=True),
)


async def wait_for(moment: Moment, plan: Plan, crowd: Crowd, chance: random.Random) -> None:
    """Wait for a moment of the rush, at most until the sale is long over."""
    give_up = plan.starts_at + 60
    match moment:
        case Moment.BEFORE:
            await asyncio.sleep(max(0.0, plan.starts_at - chance.uniform(0.3, 1.5) - time.time()))
        case Moment.RAMP:
            await asyncio.sleep(max(0.0, plan.starts_at + chance.uniform(0.02, 0.5) - time.time()))
        case Moment.NEAR_SOLD_OUT:
            while crowd.won < plan.stock * chance.uniform(0.6, 0.95) and time.time() < give_up:
                await asyncio.sleep(0.002)
        case Moment.PAYMENT:
            while crowd.paid < plan.stock * chance.uniform(0.1, 0.4) and time.time() < give_up:
                await asyncio.sleep(0.002)
        case Moment.EXPIRY:
            first = plan.starts_at + plan.pay_within
            await asyncio.sleep(max(0.0, first + chance.uniform(0.1, 2.0) - time.time()))
    while crowd.in_flight == 0 and time.time() < give_up:
        await asyncio.sleep(0.0005)
