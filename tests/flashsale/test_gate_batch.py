"""Attempts that arrive together go together, and nobody's hanging up is another's loss."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from flashsale.gate import BATCH, Attempt, Batcher, Decision, Endpoint, Gate, GateUnavailable, Outcome
from flashsale.gate.link import parse_url
from tests.flashsale.gate_book import open_item


class CountingGate(Gate):
    """The gate, with a note of each call."""

    calls: list[int]
    at_once = 0
    most_at_once = 0

    async def admit(self, item_id: int, attempts: Sequence[Attempt]) -> list[Decision]:
        self.calls.append(len(attempts))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            return await super().admit(item_id, attempts)
        finally:
            self.at_once -= 1


@pytest.fixture
async def gate(redis_url: str) -> AsyncIterator[CountingGate]:
    endpoint = parse_url(redis_url)

    async def find() -> Endpoint:
        return endpoint

    made = CountingGate(find)
    made.calls = []
    yield made
    await made.close()


async def test_one_turn_of_the_loop_is_one_call(gate: CountingGate) -> None:
    await open_item(gate, allocated=10)
    batcher = Batcher(gate)
    decisions = await asyncio.gather(*[batcher.admit(1, Attempt(member, "k")) for member in range(1, 51)])
    assert gate.calls == [50]
    assert [decision.outcome for decision in decisions] == [Outcome.WON] * 10 + [Outcome.SOLD_OUT] * 40


async def test_a_rush_goes_in_full_batches_two_at_a_time(gate: CountingGate) -> None:
    await open_item(gate, allocated=1000)
    batcher = Batcher(gate)
    futures = [batcher.admit(1, Attempt(member, "k")) for member in range(1, 1001)]
    assert batcher.open == (1000, 0)
    await asyncio.sleep(0)
    assert batcher.open == (1000 - 2 * BATCH, 2 * BATCH)
    await batcher.drain()
    assert batcher.open == (0, 0)
    assert batcher.sizes == [0, 0, 0, 0, 0, 0, 0, 8]
    assert all(future.done() and future.result().outcome is Outcome.WON for future in futures)
    assert gate.calls == [BATCH] * 7 + [1000 - 7 * BATCH]
    assert gate.most_at_once == 2


async def test_items_do_not_wait_for_each_other(gate: CountingGate) -> None:
    for item in range(1, 6):
        await open_item(gate, item)
    batcher = Batcher(gate)
    await asyncio.gather(*[batcher.admit(item, Attempt(1, "k")) for item in range(1, 6)])
    assert gate.calls == [1] * 5
    assert gate.most_at_once == 5


async def test_a_client_that_hangs_up_cancels_nobody(gate: CountingGate) -> None:
    await open_item(gate, allocated=10)
    batcher = Batcher(gate)

    async def ask(member: int) -> Decision:
        return await batcher.admit(1, Attempt(member, "k"))

    tasks = [asyncio.create_task(ask(member)) for member in range(1, 7)]
    await asyncio.sleep(0)
    tasks[0].cancel()  # before the call has gone out: it is not even asked
    while not gate.calls:
        await asyncio.sleep(0)
    tasks[1].cancel()  # while the call is on its way: it wins all the same
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(answer, asyncio.CancelledError) for answer in answers[:2])
    assert [answer.outcome for answer in answers if isinstance(answer, Decision)] == [Outcome.WON] * 4
    seen = await gate.snapshot(1)
    assert seen is not None
    assert sorted(seen.units) == [2, 3, 4, 5, 6]


async def test_everyone_hears_that_redis_is_away() -> None:
    gate = Gate.at("unix:///nowhere/valkey.sock", timeout=0.5)
    batcher = Batcher(gate)
    answers = await asyncio.gather(
        *[batcher.admit(1, Attempt(member, "k")) for member in range(1, 301)], return_exceptions=True
    )
    assert len(answers) == 300
    assert all(isinstance(answer, GateUnavailable) for answer in answers)
    await batcher.drain()
    await gate.close()


async def test_a_malformed_attempt_spoils_nobody_elses_call(gate: CountingGate) -> None:
    await open_item(gate)
    batcher = Batcher(gate)
    good = batcher.admit(1, Attempt(1, "k"))
    with pytest.raises(ValueError, match="quantity"):
        batcher.admit(1, Attempt(2, "k", 0))
    assert (await good).outcome is Outcome.WON
