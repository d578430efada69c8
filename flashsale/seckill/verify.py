"""Hold a sale's books against each other, under load too (step 9).

The item's row is locked, so that nothing is settled, expired or rebuilt; Redis gives one snapshot; whatever it has
admitted meanwhile is in its journal.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Sequence

from commerce import payments
from flashsale.gate import Gate, GateUnavailable, Snapshot
from flashsale.seckill import books_store, reservation_store, store
from flashsale.seckill.rebuild import stock_ref
from flashsale.seckill.types import LIVE, Item, ItemState, ReservationRow, ReservationStatus
from flashsale.seckill.views import VerifyView, Violation
from server.application import Application
from server.errors import NotFound

_PATIENCE_S = 5.0
"""Seconds to wait for a gate that is being rebuilt."""
_MOST = 20


class Platform:
    """What is wrong beyond any one sale: the ledger, the payments, orders of no sale. It reads all of their rows, so
    whoever only looks at a page is content with what it said less than ``MOST_S`` ago."""

    MOST_S = 30.0

    def __init__(self, app: Application) -> None:
        self._app = app
        self._turn = asyncio.Lock()
        self._said: list[tuple[str, str]] = []
        self._at = -math.inf

    async def wrong(self, most_s: float) -> list[tuple[str, str]]:
        """Return invariant and detail of what is wrong, as it was at most ``most_s`` seconds ago (0: asked now)."""
        called = asyncio.get_running_loop().time()
        async with self._turn:
            if self._at < called - most_s:
                at = asyncio.get_running_loop().time()
                async with self._app.database.connection() as connection:
                    said = await books_store.orphans(connection)
                    said += [("ledger", text) for text in await payments.check(connection)]
                self._said, self._at = said, at
            return list(self._said)


async def verify(
    app: Application, item_id: int, *, patience: float = _PATIENCE_S, platform_s: float = 0.0
) -> VerifyView:
    """Return whether the books of a sale balance, and every invariant that does not hold. Raises NotFound.

    A gate that does not open within ``patience`` seconds is a violation by itself; the rest is then judged without it.
    The sale's own books are always read now, those of the whole platform at most ``platform_s`` seconds ago.
    """
    until = asyncio.get_running_loop().time() + patience
    while True:
        last = asyncio.get_running_loop().time() >= until
        view = await _look(app, item_id, last, platform_s)
        if view is not None:
            return view
        await asyncio.sleep(0.1)


async def _look(app: Application, item_id: int, last: bool, platform_s: float) -> VerifyView | None:
    snapshot, trouble = None, ""
    async with app.database.transaction() as connection:
        item = await store.lock_item(connection, item_id)
        if item is None:
            raise NotFound
        # A release needs no lock: one that is confirmed between the snapshot and our reading was open in the snapshot.
        since = await books_store.present(connection)
        gated = item.state is not ItemState.DRAFT and item.archived_at is None
        if gated:
            try:
                snapshot = await app.resource(Gate).snapshot(item_id)
                trouble = _trouble(item, snapshot)
            except GateUnavailable as error:
                trouble = f"Redis cannot be asked: {error.reason}"
            if trouble and not last:
                return None
        rows = await reservation_store.of_item(connection, item_id)
        open_releases = await books_store.open_generations(connection, item_id, since)
    # What PostgreSQL can judge by itself needs no lock: each question is one statement, and one snapshot.
    async with app.database.connection() as connection:
        wrong = await books_store.violations(connection, item_id, stock_ref(item_id))
    wrong += await app.resource(Platform).wrong(platform_s)
    found = [Violation(invariant=invariant, detail=detail) for invariant, detail in wrong]
    if trouble:
        found.append(Violation(invariant="gate", detail=trouble))
    held = _units(rows, ReservationStatus.HELD)
    sold = _units(rows, ReservationStatus.PAID)
    if snapshot is None or trouble:
        available = max(0, item.allocated - held - sold)
        if held + sold > item.allocated:
            found.append(
                Violation(
                    invariant="allocated",
                    detail=f"{held} held and {sold} sold are more than {item.allocated} allocated",
                )
            )
    else:
        available = snapshot.figures.available + snapshot.figures.parked
        found += _against_gate(item, rows, snapshot, open_releases)
        known = {(row.member_id, row.request_id) for row in rows if row.status in LIVE}
        held += sum(h.quantity for h in snapshot.holds if (h.member_id, h.request_id) not in known)
    return VerifyView(
        ok=not found, allocated=item.allocated, available=available, held=held, sold=sold, violations=found
    )


def _trouble(item: Item, snapshot: Snapshot | None) -> str:
    if snapshot is None:
        return "Redis does not have the item"
    figures = snapshot.figures
    if figures.epoch != item.epoch:
        return f"Redis has epoch {figures.epoch}, PostgreSQL {item.epoch}"
    if figures.loading or not figures.fit:
        return "Redis is another run than the one that the item was loaded into"
    return f"the gate is shut by {figures.shut_by}" if figures.shut_by else ""


def _against_gate(
    item: Item, rows: Sequence[ReservationRow], snapshot: Snapshot, open_releases: set[tuple[int, str, int]]
) -> list[Violation]:
    found: list[Violation] = []

    def note(invariant: str, detail: str) -> None:
        if sum(1 for violation in found if violation.invariant == invariant) < _MOST:
            found.append(Violation(invariant=invariant, detail=detail))

    figures = snapshot.figures
    taken = sum(hold.quantity for hold in snapshot.holds)
    if figures.available < 0 or figures.parked < 0:
        note("allocated", f"{figures.available} available, {figures.parked} parked")
    if figures.available + figures.parked + taken != item.allocated:
        note("allocated", f"{figures.available} + {figures.parked} + {taken} held is not {item.allocated} allocated")
    holds = {(hold.member_id, hold.request_id): hold for hold in snapshot.holds}
    journal = {(entry.member_id, entry.request_id, entry.generation) for entry in snapshot.journal}
    live = {(row.member_id, row.request_id): row for row in rows if row.status in LIVE}
    for key, row in live.items():
        hold = holds.get(key)
        if hold is None:
            note("live_is_held", f"reservation {row.id} is {row.status} and Redis holds nothing for it")
        elif (hold.quantity, hold.generation) != (row.qty, row.gen):
            note(
                "live_is_held", f"reservation {row.id} has {row.qty}:{row.gen}, Redis {hold.quantity}:{hold.generation}"
            )
    for key, hold in holds.items():
        mark = (*key, hold.generation)
        if key not in live and mark not in journal and mark not in open_releases:
            note("held_is_known", f"Redis holds {hold.quantity} for member {key[0]}, key {key[1]}: no row, no journal")
    units: Counter[int] = Counter()
    for hold in snapshot.holds:
        units[hold.member_id] += hold.quantity
    for member_id in units.keys() | snapshot.units.keys():
        counted = snapshot.units.get(member_id, 0)
        if counted != units[member_id]:
            note("member_units", f"member {member_id} holds {units[member_id]}, Redis counts {counted}")
        if units[member_id] > item.limit_per_member:
            note(
                "member_limit", f"member {member_id} holds {units[member_id]} in Redis, {item.limit_per_member} allowed"
            )
    keys = {(row.member_id, row.request_id) for row in rows}
    keys |= {(entry.member_id, entry.request_id) for entry in snapshot.journal if entry.generation == 1}
    if figures.records != len(keys):
        note("one_win_per_key", f"Redis remembers {figures.records} wins, {len(keys)} keys have won")
    return found


def _units(rows: Sequence[ReservationRow], status: ReservationStatus) -> int:
    return sum(row.qty for row in rows if row.status is status)
