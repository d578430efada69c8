"""What the gate promises about one item, on a real Valkey."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from flashsale.gate import (
    BATCH,
    Attempt,
    Change,
    Decision,
    Gate,
    Outcome,
    Release,
    Released,
    Reservation,
    Rewin,
    SaleState,
)
from tests.flashsale.gate_book import HOUR, open_item, terms


@pytest.fixture
async def gate(redis_url: str) -> AsyncIterator[Gate]:
    made = Gate.at(redis_url)
    yield made
    await made.close()


async def outcomes(gate: Gate, *attempts: Attempt) -> list[Outcome]:
    return [decision.outcome for decision in await gate.admit(1, attempts)]


async def test_nobody_wins_before_or_after_the_window(gate: Gate) -> None:
    await open_item(gate, rules=terms(starts=timedelta(seconds=0.3), ends=HOUR))
    assert await outcomes(gate, Attempt(1, "early")) == [Outcome.NOT_STARTED]
    await asyncio.sleep(0.35)
    # Nothing was remembered of the early attempt: the same key wins.
    assert await outcomes(gate, Attempt(1, "early")) == [Outcome.WON]
    await gate.change(1, terms(2, starts=-HOUR, ends=timedelta(seconds=-0.001)))
    assert await outcomes(gate, Attempt(1, "early"), Attempt(2, "late")) == [Outcome.AGAIN, Outcome.ENDED]


async def test_a_win_is_repeated_in_every_state_and_refusals_leave_nothing(gate: Gate) -> None:
    await open_item(gate, allocated=2)
    assert await outcomes(gate, Attempt(1, "k", 2)) == [Outcome.WON]
    before = await gate.snapshot(1)
    for revision, state in enumerate([SaleState.PAUSED, SaleState.ENDED], 2):
        assert await gate.change(1, terms(revision, state=state)) is Change.APPLIED
        refused = Outcome.PAUSED if state is SaleState.PAUSED else Outcome.ENDED
        assert await outcomes(gate, Attempt(1, "k", 2), Attempt(1, "k", 1), Attempt(2, "z")) == [
            Outcome.AGAIN,
            Outcome.MISMATCH,
            refused,
        ]
    assert await gate.change(1, terms(4)) is Change.APPLIED
    assert await outcomes(gate, Attempt(1, "other"), Attempt(3, "z")) == [Outcome.LIMIT_REACHED, Outcome.SOLD_OUT]
    after = await gate.snapshot(1)
    assert before is not None
    assert after is not None
    assert (after.holds, after.units, after.journal) == (before.holds, before.units, before.journal)
    assert after.figures.records == 1


async def test_late_news_about_the_terms_change_nothing(gate: Gate) -> None:
    await open_item(gate, rules=terms(5, state=SaleState.PAUSED))
    assert await gate.change(1, terms(4)) is Change.OUTDATED
    assert await gate.change(1, terms(5)) is Change.OUTDATED
    assert await gate.change(2, terms(9)) is Change.MISSING
    assert await outcomes(gate, Attempt(1, "k")) == [Outcome.PAUSED]


async def test_a_batch_sells_no_more_than_there_is(gate: Gate) -> None:
    await open_item(gate, allocated=100)
    calls = [[Attempt(1000 * call + at, f"k{at}") for at in range(1, BATCH + 1)] for call in range(10)]
    decided = await asyncio.gather(*[gate.admit(1, attempts) for attempts in calls])
    won = [one for decisions in decided for one in decisions if one.outcome is Outcome.WON]
    assert len(won) == 100
    seen = await gate.snapshot(1)
    assert seen is not None
    assert seen.figures.available == 0
    assert sum(hold.quantity for hold in seen.holds) == 100
    assert {entry.journal_id for entry in seen.journal} == {one.journal_id for one in won}


async def test_the_same_key_sent_everywhere_at_once_wins_once(gate: Gate, redis_url: str) -> None:
    await open_item(gate, allocated=9)
    other = Gate.at(redis_url)
    decided = await asyncio.gather(*[each.admit(1, [Attempt(1, "k")] * 5) for each in (gate, other) * 10])
    flat = [decision.outcome for decisions in decided for decision in decisions]
    assert flat.count(Outcome.WON) == 1
    assert flat.count(Outcome.AGAIN) == 99
    await other.close()


@pytest.mark.parametrize(
    "attempt",
    [
        Attempt(1, "k", 0),
        Attempt(1, "k", -1),
        Attempt(0, "k"),
        Attempt(1, ""),
        Attempt(1, "k" * 65),
        Attempt(1, "a b"),
        Attempt(1, "a\n"),
        Attempt(1, "键"),
    ],
)
async def test_what_no_script_must_see_is_refused_before_it_is_sent(gate: Gate, attempt: Attempt) -> None:
    await open_item(gate)
    with pytest.raises(ValueError, match="1"):
        await gate.admit(1, [attempt])
    with pytest.raises(ValueError, match="batch"):
        await gate.admit(1, [])
    with pytest.raises(ValueError, match="batch"):
        await gate.admit(1, [Attempt(1, "k")] * (BATCH + 1))


async def test_quantities_beyond_everything_are_over_the_limit(gate: Gate) -> None:
    await open_item(gate, allocated=10**9, rules=terms(limit=10**6))
    wishes = [Attempt(1, "a", 10**12), Attempt(1, "b", 10**30), Attempt(1, "c", 10**6), Attempt(1, "d", 1)]
    assert await outcomes(gate, *wishes) == [
        Outcome.LIMIT_REACHED,
        Outcome.LIMIT_REACHED,
        Outcome.WON,
        Outcome.LIMIT_REACHED,
    ]
    seen = await gate.snapshot(1)
    assert seen is not None
    assert seen.figures.available == 10**9 - 10**6
    assert seen.holds[0].quantity == 10**6


async def test_units_come_back_once_and_only_those_of_their_generation(gate: Gate) -> None:
    await open_item(gate, allocated=2, epoch=5)
    await gate.admit(1, [Attempt(1, "k", 2)])
    row = Release(5, 1, "k", 1)
    assert await gate.release(1, [Release(6, 1, "k", 1)]) == [Released.LATER]
    assert (await gate.rewin(1, Rewin(1, "k", 2, 2))).outcome is Outcome.WON
    assert await gate.release(1, [row]) == [Released.NOTHING_HELD]
    assert await gate.release(1, [Release(5, 1, "k", 2)] * 3) == [
        Released.GIVEN_BACK,
        Released.NOTHING_HELD,
        Released.NOTHING_HELD,
    ]
    assert await outcomes(gate, Attempt(1, "k", 2), Attempt(2, "z", 2)) == [Outcome.AGAIN, Outcome.WON]
    assert (await gate.rewin(1, Rewin(1, "k", 2, 3))).outcome is Outcome.SOLD_OUT
    seen = await gate.snapshot(1)
    assert seen is not None
    assert seen.units == {2: 2}


async def test_a_rebuild_restores_what_postgresql_says(gate: Gate) -> None:
    rows = [Reservation(member, f"k{member}", 1, 3, 2 if member % 2 else None) for member in range(1, 1302)]
    await open_item(gate, allocated=1000, epoch=7, reservations=rows)
    seen = await gate.snapshot(1)
    assert seen is not None
    assert seen.figures.open
    assert seen.figures.available == 1000 - 651
    assert seen.figures.records == 1301
    assert seen.units == dict.fromkeys(range(1, 1302, 2), 1)
    decision = (await gate.admit(1, [Attempt(2, "k2")]))[0]
    assert decision == Decision(Outcome.AGAIN, 7)


async def test_only_the_last_to_shut_the_gate_may_load_and_only_a_newer_epoch(gate: Gate) -> None:
    await open_item(gate, epoch=5)
    assert await gate.shut(1, "first") == 5
    assert await gate.shut(1, "second") == 5
    assert await outcomes(gate, Attempt(1, "k")) == [Outcome.UNAVAILABLE]
    rules = terms()
    assert not await gate.load(1, "first", epoch=6, allocated=3, terms=rules, reservations=[])
    assert not await gate.load(1, "second", epoch=5, allocated=3, terms=rules, reservations=[])
    figures = await gate.figures(1)
    assert figures is not None
    assert (figures.epoch, figures.shut_by, figures.open) == (5, "second", False)
    assert await gate.load(1, "second", epoch=6, allocated=3, terms=rules, reservations=[])
    assert await outcomes(gate, Attempt(1, "k")) == [Outcome.WON]
    with pytest.raises(ValueError, match="token"):
        await gate.shut(1, "")


async def test_journal_is_read_by_age_and_in_pages(gate: Gate) -> None:
    await open_item(gate, allocated=9)
    for member in (1, 2, 3):
        await gate.admit(1, [Attempt(member, "a"), Attempt(member, "b")])
    assert await gate.journal_read(1, age=30) == []
    first = await gate.journal_read(1, calls=1)
    assert [(entry.member_id, entry.request_id) for entry in first] == [(1, "a"), (1, "b")]
    rest = await gate.journal_read(1, after=first[-1].journal_id)
    assert [entry.member_id for entry in rest] == [2, 2, 3, 3]
    await asyncio.sleep(0.06)
    assert len(await gate.journal_read(1, age=0.05)) == 6
    # Half of a call: the other half stays, and can be found.
    assert await gate.journal_remove(1, first[:1]) == 1
    assert await gate.journal_remove(1, first[:1]) == 0
    left = await gate.journal_read(1)
    assert sorted((entry.member_id, entry.request_id) for entry in left) == sorted(
        [(1, "b"), (2, "a"), (2, "b"), (3, "a"), (3, "b")]
    )
    assert await gate.journal_remove(1, left) == 5
    assert await gate.journal_read(1) == []


@pytest.mark.parametrize(
    "change", [{"epoch": 6}, {"member_id": 2}, {"request_id": "other"}, {"quantity": 2}, {"generation": 2}]
)
async def test_a_take_that_differs_in_anything_stays_in_the_journal(gate: Gate, change: dict[str, int | str]) -> None:
    await open_item(gate, epoch=5)
    await gate.admit(1, [Attempt(1, "k")])
    entries = await gate.journal_read(1)
    assert await gate.journal_remove(1, [msgspec.structs.replace(entry, **change) for entry in entries]) == 0
    assert await gate.journal_read(1) == entries


async def test_an_item_is_archived_only_when_everything_is_settled(gate: Gate) -> None:
    await open_item(gate, epoch=5)
    await gate.admit(1, [Attempt(1, "k")])
    assert not await gate.archive(1, 5)
    await gate.journal_remove(1, await gate.journal_read(1))
    assert not await gate.archive(1, 4)
    assert await gate.archive(1, 5)
    assert await gate.figures(1) is None
    assert await outcomes(gate, Attempt(1, "k")) == [Outcome.UNAVAILABLE]
    assert await gate.release(1, [Release(5, 1, "k", 1)]) == [Released.LATER]


async def test_figures_tell_the_terms_and_the_time(gate: Gate) -> None:
    rules = terms(3, limit=4)
    await open_item(gate, allocated=8, epoch=5, rules=rules)
    figures = await gate.figures(1)
    assert figures is not None
    assert abs(figures.now - datetime.now(UTC)) < timedelta(seconds=2)
    assert abs(figures.terms.starts_at - rules.starts_at) < timedelta(milliseconds=2)
    assert (figures.terms.revision, figures.terms.limit, figures.available, figures.parked) == (3, 4, 8, 0)
    assert await gate.syncs_before_answering() is False
