"""Give units back (step 6): in PostgreSQL first, then in Redis, each generation of a reservation once."""

from __future__ import annotations

import asyncio
from itertools import groupby

import structlog

from commerce.orders import EXPIRED, PATIENCE_S, SYSTEM, Closing, Tills, cancel_in
from flashsale.gate import Gate, GateUnavailable, Release, Released
from flashsale.seckill import faults, reservation_store, store
from flashsale.seckill.types import DueHold, OpenRelease
from server.application import Application
from server.database import DOWN, Connection

log = structlog.get_logger("release")
_AT_ONCE = 8
_SWEEP = 200
_DRAIN = 2000
_ASKING_AT_ONCE = 16
_ASKING = 96
"""Fewer of those that wait for a gateway: when it hangs, each takes seconds, and a sweep has to end in its time."""


class Disagreement(RuntimeError):
    """A held reservation's order is not waiting for payment: a defect, nothing was written."""


async def give_up(connection: Connection, item_id: int, reservation_id: int) -> bool:
    """Move a hold to expired and write its release row, in the caller's transaction. False if it is not held.

    Locks the item's row FOR SHARE, then the reservation: no rebuild may come between them, and the row's epoch is the
    one from which on Redis has to know.
    """
    epoch = await store.share_item(connection, item_id)
    return epoch is not None and await reservation_store.expire(connection, reservation_id, epoch)


async def sweep(app: Application) -> int:
    """Expire holds whose deadline has passed and return how many: first those that nobody has begun to pay."""
    return await sweep_unasked(app) + await sweep_asking(app)


async def sweep_unasked(app: Application) -> int:
    """Expire the holds past their deadline without an open payment, for which no gateway is asked."""
    async with app.database.connection() as connection:
        due = await reservation_store.due(connection, _SWEEP, asking=False)
    return await _expire_all(app, due, _AT_ONCE)


async def sweep_asking(app: Application) -> int:
    """Expire the holds past their deadline with an open payment, once their gateway has closed it or taken too long."""
    async with app.database.connection() as connection:
        paused = app.resource(Tills).paused()
        due = await reservation_store.due(connection, _ASKING, True, paused, PATIENCE_S)
    return await _expire_all(app, due, _ASKING_AT_ONCE)


async def _expire_all(app: Application, due: list[DueHold], at_once: int) -> int:
    turn = asyncio.Semaphore(at_once)

    async def one(hold: DueHold) -> bool:
        async with turn:
            return await _expire(app, hold)

    results = await asyncio.gather(*[one(hold) for hold in due], return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            if not isinstance(result, DOWN):
                raise result
            log.warning("expiry waits", error=f"{type(result).__name__}: {result}")
    expired = sum(1 for result in results if result is True)
    if expired:
        await drain(app)
    return expired


async def _expire(app: Application, hold: DueHold) -> bool:
    closing = await app.resource(Tills).close(app, hold.order_id)
    if closing is Closing.ALREADY_PAID or (closing is Closing.UNKNOWN and hold.overdue_s < PATIENCE_S):
        return False
    try:
        async with app.database.transaction() as connection:
            if not await give_up(connection, hold.item_id, hold.reservation_id):
                return False
            if not await cancel_in(connection, hold.order_id, EXPIRED, SYSTEM):
                raise Disagreement(f"order {hold.order_id} of hold {hold.reservation_id} is not unpaid")
    except Disagreement as error:
        log.error("hold kept", error=str(error))
        return False
    faults.point("expiry_after_commit")
    return True


async def drain(app: Application) -> int:
    """Have Redis carry out the open release rows and return how many units' rows are done; the rest stay open."""
    async with app.database.connection() as connection:
        rows = await reservation_store.open_releases(connection, _DRAIN)
    finished = 0
    for item_id, group in groupby(rows, key=lambda row: row.item_id):
        finished += await _drain_item(app, item_id, list(group))
    return finished


async def _drain_item(app: Application, item_id: int, rows: list[OpenRelease]) -> int:
    try:
        answers = await app.resource(Gate).release(
            item_id, [Release(row.epoch, row.member_id, row.request_id, row.gen) for row in rows]
        )
    except GateUnavailable as error:
        log.info("releases wait", item=item_id, rows=len(rows), error=error.reason)
        return 0
    done = [row for row, answer in zip(rows, answers, strict=True) if answer is not Released.LATER]
    if done:
        faults.point("drain_middle")
        async with app.database.connection() as connection:
            await reservation_store.finish_releases(connection, done)
    return len(done)
