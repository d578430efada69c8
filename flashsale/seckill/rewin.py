"""Decide about late payments (step 7): the units are won again if the gate allows, else the money goes back."""

from __future__ import annotations

from enum import StrEnum

import structlog

from commerce import orders, payments
from flashsale.gate import Gate, GateUnavailable, JournalEntry, Outcome, Rewin
from flashsale.seckill import faults, reservation_store, store
from flashsale.seckill.types import LatePayment, ReservationRow, ReservationStatus
from server.application import Application
from server.clock import now
from server.database import Connection

log = structlog.get_logger("rewin")
_SWEEP = 100
REASON = "付款晚到，货已售完，原路退款"


class Verdict(StrEnum):
    """What came of carrying a re-win into PostgreSQL."""

    DONE = "done"
    STALE = "stale"
    """The epoch is over: ask the gate again."""
    RETURNED = "returned"
    """Nothing late is left to decide: the units that were taken go back."""


class Disagreement(RuntimeError):
    """Payments or orders hold another state than ours: a defect, nothing was written."""


async def sweep(app: Application) -> int:
    """Decide about late payments and return how many were."""
    async with app.database.connection() as connection:
        waiting = await reservation_store.undecided(connection, _SWEEP)
    decided = 0
    shut: set[int | None] = set()
    for late in waiting:
        if late.item_id in shut:
            continue
        try:
            if await decide(app, late):
                decided += 1
            else:
                shut.add(late.item_id)  # its gate cannot say now: the other sales' payments come first
        except GateUnavailable as error:
            shut.add(late.item_id)
            log.info("late payment waits", payment=late.payment_id, error=error.reason)
        except Disagreement as error:
            log.error("late payment undecided", payment=late.payment_id, error=str(error))
    return decided


async def decide(app: Application, late: LatePayment) -> bool:
    """Decide about one late payment. False: the gate cannot say now. Raises GateUnavailable."""
    for _ in range(3):
        async with app.database.connection() as connection:
            row = await reservation_store.reservation(connection, late.reservation_id)
            item = await store.item(connection, row.item_id) if row is not None else None
        if row is None or item is None:
            raise Disagreement(f"late payment {late.payment_id} of no reservation")
        if row.status is not ReservationStatus.EXPIRED or item.archived_at is not None:
            return await _refund(app, late)  # paid by another payment, or the sale is history
        wish = Rewin(row.member_id, row.request_id, row.qty, row.gen + 1)
        decision = await app.resource(Gate).rewin(row.item_id, wish)
        if decision.outcome is Outcome.UNAVAILABLE:
            return False
        if decision.outcome not in (Outcome.WON, Outcome.AGAIN):
            return await _refund(app, late)
        faults.point("rewin_after_lua")
        verdict = await commit(app, row, wish.generation, decision.epoch)
        if verdict is Verdict.STALE:
            continue
        if decision.journal_id:
            entry = JournalEntry(
                decision.journal_id, decision.epoch, row.member_id, row.request_id, row.qty, wish.generation
            )
            try:
                await app.resource(Gate).journal_remove(row.item_id, [entry])
            except GateUnavailable as error:
                log.info("journal entry stays", item=row.item_id, error=error.reason)
        return True
    return False


async def commit(app: Application, row: ReservationRow, generation: int, epoch: int) -> Verdict:
    """Write down that the gate has given ``generation`` of a reservation, in ``epoch``.

    Locks item, reservation, late payments, order and payment, in this order.
    """
    async with app.database.transaction() as connection:
        if await store.share_item(connection, row.item_id) != epoch:
            return Verdict.STALE
        held = await reservation_store.lock_reservation(connection, row.id)
        assert held is not None
        if held.status is ReservationStatus.PAID and held.gen >= generation:
            return Verdict.DONE
        undecided = await reservation_store.lock_undecided(connection, row.id)
        if not undecided:
            await reservation_store.add_release(connection, row.id, generation, epoch)
            return Verdict.RETURNED
        late = undecided[0]
        if not await reservation_store.rewin(connection, row.id, generation):
            raise Disagreement(f"reservation {row.id} is {held.status} {held.gen}, not expired {generation - 1}")
        await reservation_store.decide(connection, late.payment_id, "rewon")
        await _revive(connection, late.order_id)
        if not await payments.decide_late(connection, late.payment_id, "rewon"):
            raise Disagreement(f"payment {late.payment_id} was decided elsewhere")
    return Verdict.DONE


async def resolve(app: Application, item_id: int, entry: JournalEntry) -> None:
    """Settle a re-win's journal entry that its process left behind; the entry may go afterwards.

    A stale one took nothing that still counts: the rebuild that made it so has loaded the item without it.
    """
    async with app.database.connection() as connection:
        rows = await reservation_store.by_keys(connection, item_id, [(entry.member_id, entry.request_id)])
    if not rows:
        raise Disagreement(f"item {item_id}: a re-win of {entry.request_id!r}, which was never won")
    verdict = await commit(app, rows[0], entry.generation, entry.epoch)
    log.info("re-win resolved", item=item_id, member=entry.member_id, verdict=verdict.value)


async def _revive(connection: Connection, order_id: int) -> None:
    order = await orders.by_id(connection, order_id)
    if order is None or not await orders.revive_in(connection, order.id, order.amount, now()):
        raise Disagreement(f"order {order_id} is not cancelled")


async def _refund(app: Application, late: LatePayment) -> bool:
    async with app.database.transaction() as connection:
        if not await reservation_store.decide(connection, late.payment_id, "refund"):
            return False
        await orders.lock(connection, late.order_id)
        payment = await payments.by_id(connection, late.payment_id)
        if payment is None or not await payments.refund_late(connection, payment.id, payment.amount):
            raise Disagreement(f"payment {late.payment_id} was decided elsewhere")
        await orders.note_in(connection, late.order_id, "late_refund", REASON)
    return True
