"""What operators read of a rush agrees with what happened."""

from __future__ import annotations

import asyncio

from prometheus_client.parser import text_string_to_metric_families

from tests.flashsale.seckill.conftest import Stage


async def read(stage: Stage) -> dict[tuple[str, ...], float]:
    """Return the readings of flash sales: name and label value, without the label that names the process."""
    text = await (await stage.client.get("/metrics")).text()
    return {
        (sample.name.removeprefix("lingfeng_flashsale_"), *(v for k, v in sample.labels.items() if k != "worker")): (
            sample.value
        )
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name.startswith("lingfeng_flashsale_")
    }


async def test_a_rush_is_counted_as_it_went(stage: Stage) -> None:
    item_id = await stage.sale(quantity=2)
    members = await stage.members(6)
    answers = await asyncio.gather(*(stage.attempt(item_id, member) for member in members))
    assert sorted(answer.status for answer in answers) == [201, 201, 409, 409, 409, 409]
    await stage.gate.figures(item_id)
    seen = await read(stage)
    assert seen[("gate_connected",)] == 1
    assert seen["attempts_total", "won"] == 2
    assert seen["attempts_total", "sold_out"] == 4
    calls = {int(name[1]): count for name, count in seen.items() if name[0] == "gate_calls_total"}
    assert sum(calls.values()) <= 6 <= sum(size * count for size, count in calls.items())
    for place in ("waiting", "gate", "won", "settle"):
        assert seen["attempts_open", place] == 0
    assert seen["journal_calls", str(item_id)] >= 0


async def test_what_is_told_does_not_shrink_when_it_is_written_down(stage: Stage) -> None:
    item_id = await stage.sale(quantity=1)
    await stage.won(item_id, await stage.member())
    won = ("attempts_total", "won")
    before = (await read(stage))[won]
    await asyncio.sleep(1.2)  # counts go to PostgreSQL once a second
    assert (await read(stage))[won] == before == 1


async def test_a_gate_that_lost_redis_says_so(stage: Stage) -> None:
    item_id = await stage.sale(quantity=1)
    await stage.won(item_id, await stage.member())
    await stage.gate.close()
    assert (await read(stage))[("gate_connected",)] == 0
