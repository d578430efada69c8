"""The scripts do what a gate in plain Python does, in any order of calls and any cut into batches."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import redis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from flashsale.gate import Attempt, Change, Gate, JournalEntry, Outcome, Release, Reservation, Rewin, SaleState
from tests.flashsale.gate_book import Book, open_item, take, terms

_T = TypeVar("_T")

ITEM = 7
MEMBERS = st.integers(1, 3)
KEYS = st.sampled_from(["a", "b", "c:1", "~" * 64])
QUANTITIES = st.integers(1, 3)
ATTEMPTS = st.builds(Attempt, MEMBERS, KEYS, QUANTITIES)
ROWS = st.lists(
    st.builds(Reservation, MEMBERS, KEYS, st.just(1), st.integers(1, 4), st.one_of(st.none(), st.integers(1, 3))),
    unique_by=lambda row: (row.member_id, row.request_id),
    max_size=2,
)


class Calls(RuleBasedStateMachine):
    """Random calls on one item, each checked against the book."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.gate = Gate.at(self.url)

    def run(self, call: Coroutine[Any, Any, _T]) -> _T:
        return self.loop.run_until_complete(call)

    def teardown(self) -> None:
        self.run(self.gate.close())
        with redis.Redis.from_url(self.url) as client:
            client.flushdb()
        self.loop.close()

    @initialize(allocated=st.integers(2, 8), limit=st.integers(1, 4), rows=ROWS)
    def publish(self, allocated: int, limit: int, rows: list[Reservation]) -> None:
        self.revision, self.book = 1, Book(5, allocated, limit, SaleState.OPEN, rows)
        self.run(open_item(self.gate, ITEM, allocated=allocated, epoch=5, rules=terms(limit=limit), reservations=rows))

    @rule(attempts=st.lists(ATTEMPTS, min_size=1, max_size=12))
    def admit(self, attempts: list[Attempt]) -> None:
        decisions = self.run(self.gate.admit(ITEM, attempts))
        assert [decision.outcome for decision in decisions] == [self.book.admit(attempt) for attempt in attempts]
        for decision in decisions:
            known = decision.outcome in {Outcome.WON, Outcome.AGAIN}
            assert decision.epoch == (self.book.epoch if known else 0)
            assert bool(decision.journal_id) == (decision.outcome is Outcome.WON)

    @rule(rows=st.lists(st.builds(Release, st.integers(1, 8), MEMBERS, KEYS, st.integers(1, 4)), max_size=5))
    def release(self, rows: list[Release]) -> None:
        assert self.run(self.gate.release(ITEM, rows)) == [self.book.release(row) for row in rows]

    @rule(member=MEMBERS, key=KEYS, quantity=QUANTITIES, generation=st.integers(2, 4))
    def rewin(self, member: int, key: str, quantity: int, generation: int) -> None:
        # A reservation's quantity is its own for ever; only a key that never won may come with any.
        quantity = self.book.records.get((member, key), quantity)
        hold = self.book.holds.get((member, key))
        if hold is not None and hold[0] != quantity:
            return
        wish = Rewin(member, key, quantity, generation)
        decision = self.run(self.gate.rewin(ITEM, wish))
        assert decision.outcome is self.book.rewin(wish)

    @rule(keep=st.integers(0, 4), wrong=st.booleans())
    def remove(self, keep: int, wrong: bool) -> None:
        entries = self.run(self.gate.journal_read(ITEM, calls=1000))[keep:]
        if wrong:
            others = [
                JournalEntry(e.journal_id, e.epoch + 1, e.member_id, e.request_id, e.quantity, e.generation)
                for e in entries
            ]
            assert self.run(self.gate.journal_remove(ITEM, others)) == 0
            return
        assert self.run(self.gate.journal_remove(ITEM, entries)) == len(entries)
        self.book.journal -= set(map(take, entries))

    @rule(state=st.sampled_from(SaleState), limit=st.integers(1, 4), late=st.booleans())
    def change(self, state: SaleState, limit: int, late: bool) -> None:
        revision = self.revision if late else self.revision + 1
        answer = self.run(self.gate.change(ITEM, terms(revision, state=state, limit=limit)))
        if late:
            assert answer is Change.OUTDATED
            return
        assert answer is Change.APPLIED
        self.revision, self.book.state, self.book.limit = revision, state, limit

    @rule()
    def shut(self) -> None:
        assert self.run(self.gate.shut(ITEM, "test")) == self.book.epoch
        self.book.shut = True

    @rule(rows=ROWS, raised=st.integers(-1, 2))
    def rebuild(self, rows: list[Reservation], raised: int) -> None:
        self.run(self.gate.shut(ITEM, "rebuild"))
        self.book.shut, epoch = True, self.book.epoch + raised
        loaded = self.run(
            self.gate.load(
                ITEM,
                "rebuild",
                epoch=epoch,
                allocated=self.book.allocated,
                terms=terms(self.revision, state=self.book.state, limit=self.book.limit),
                reservations=rows,
            )
        )
        assert loaded == (raised > 0)
        if loaded:
            self.book = Book(epoch, self.book.allocated, self.book.limit, self.book.state, rows)

    @invariant()
    def same(self) -> None:
        if not hasattr(self, "book"):
            return
        seen = self.run(self.gate.snapshot(ITEM))
        assert seen is not None
        self.book.agrees(seen)
        assert seen.figures.open != self.book.shut


def test_scripts_do_what_the_book_does(redis_url: str) -> None:
    class Here(Calls):
        url = redis_url

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
