"""A gate in plain Python, to hold the scripts against; and a sale to try it on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flashsale.gate import (
    Attempt,
    Gate,
    JournalEntry,
    Outcome,
    Release,
    Released,
    Reservation,
    Rewin,
    SaleState,
    Snapshot,
    Terms,
)

HOUR = timedelta(hours=1)


def terms(
    revision: int = 1,
    *,
    state: SaleState = SaleState.OPEN,
    starts: timedelta = -HOUR,
    ends: timedelta = HOUR,
    limit: int = 2,
) -> Terms:
    """Terms of a sale that runs now; ``starts`` and ``ends`` count from now."""
    now = datetime.now(UTC)
    return Terms(revision, state, now + starts, now + ends, limit)


async def open_item(
    gate: Gate,
    item_id: int = 1,
    *,
    allocated: int = 3,
    epoch: int = 1,
    rules: Terms | None = None,
    reservations: list[Reservation] | None = None,
) -> None:
    """Load an item and open it."""
    await gate.shut(item_id, "test")
    assert await gate.load(
        item_id, "test", epoch=epoch, allocated=allocated, terms=rules or terms(), reservations=reservations or []
    )


class Book:
    """One item, as purchase-path.md describes it, without Redis and without batches."""

    def __init__(self, epoch: int, allocated: int, limit: int, state: SaleState, rows: list[Reservation]) -> None:
        self.epoch, self.allocated, self.limit, self.state = epoch, allocated, limit, state
        self.records = {(row.member_id, row.request_id): row.quantity for row in rows}
        self.holds = {
            (row.member_id, row.request_id): (row.quantity, row.generation)
            for row in rows
            if row.generation is not None
        }
        self.journal: set[tuple[int, int, str, int, int]] = set()
        self.shut = False

    @property
    def available(self) -> int:
        return self.allocated - sum(quantity for quantity, _ in self.holds.values())

    def units(self, member: int) -> int:
        return sum(quantity for (owner, _), (quantity, _) in self.holds.items() if owner == member)

    def _take(self, member: int, rid: str, quantity: int, generation: int) -> Outcome:
        if self.units(member) + quantity > self.limit:
            return Outcome.LIMIT_REACHED
        if quantity > self.available:
            return Outcome.SOLD_OUT
        self.holds[member, rid] = quantity, generation
        self.journal.add((self.epoch, member, rid, quantity, generation))
        return Outcome.WON

    def admit(self, attempt: Attempt) -> Outcome:
        key = attempt.member_id, attempt.request_id
        if self.shut:
            return Outcome.UNAVAILABLE
        if key in self.records:
            return Outcome.AGAIN if self.records[key] == attempt.quantity else Outcome.MISMATCH
        if self.state is not SaleState.OPEN:
            return Outcome.PAUSED if self.state is SaleState.PAUSED else Outcome.ENDED
        outcome = self._take(*key, attempt.quantity, 1)
        if outcome is Outcome.WON:
            self.records[key] = attempt.quantity
        return outcome

    def release(self, row: Release) -> Released:
        if row.epoch > self.epoch:
            return Released.LATER
        hold = self.holds.get((row.member_id, row.request_id))
        if hold is None or hold[1] != row.generation:
            return Released.NOTHING_HELD
        del self.holds[row.member_id, row.request_id]
        return Released.GIVEN_BACK

    def rewin(self, wish: Rewin) -> Outcome:
        if self.shut:
            return Outcome.UNAVAILABLE
        key = wish.member_id, wish.request_id
        hold = self.holds.get(key)
        if hold is not None and hold[1] >= wish.generation:
            return Outcome.AGAIN
        if hold is None:
            outcome = self._take(*key, wish.quantity, wish.generation)
            if outcome is Outcome.WON:
                self.records.setdefault(key, wish.quantity)
            return outcome
        self.holds[key] = hold[0], wish.generation
        self.journal.add((self.epoch, *key, wish.quantity, wish.generation))
        return Outcome.WON

    def agrees(self, seen: Snapshot) -> None:
        """Assert that Redis holds what this book holds."""
        assert seen.figures.available == self.available
        assert {(h.member_id, h.request_id): (h.quantity, h.generation) for h in seen.holds} == self.holds
        assert seen.units == {member: self.units(member) for member, _ in self.holds}
        assert seen.figures.records == len(self.records)
        assert seen.figures.holds == len(self.holds)
        assert sorted(map(take, seen.journal)) == sorted(self.journal)


def take(entry: JournalEntry) -> tuple[int, int, str, int, int]:
    """What a journal entry says, without its id."""
    return entry.epoch, entry.member_id, entry.request_id, entry.quantity, entry.generation
