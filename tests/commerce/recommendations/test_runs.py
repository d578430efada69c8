"""Runs that make the lists: each replaces the one before in one step, or leaves it."""

from __future__ import annotations

from typing import Any

import pytest

from commerce.recommendations import run as running
from commerce.recommendations import run_store
from commerce.recommendations.run import run, work
from server.application import Application
from tests.commerce.orders.market import Market
from tests.commerce.recommendations.crowd import guess, ids, looked, saw, stocked


async def test_a_run_replaces_the_one_before_in_one_step(market: Market, app: Application, shelf: list[int]) -> None:
    before = await market.value("SELECT id FROM recommendation_runs WHERE current")
    await work(app)
    assert await market.value("SELECT id FROM recommendation_runs WHERE current") == before, "it has just run"
    await looked(market, shelf[0], shelf[5], people=9)
    assert await run(app)
    now_served = await market.value("SELECT id FROM recommendation_runs WHERE current")
    assert now_served != before
    assert await market.value("SELECT array_agg(DISTINCT run_id) FROM recommendation_neighbours") == [now_served]
    found = await (await market.call("GET", f"/api/v1/products/{shelf[0]}/recommendations")).json()
    assert shelf[5] in [int(one["product_id"]) for one in found["related"]]


async def test_a_run_that_fails_leaves_the_one_before(
    market: Market, app: Application, shelf: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await guess(market, None)

    def fails(*_: Any) -> Any:
        raise RuntimeError("the machine is on fire")

    with monkeypatch.context() as patch:
        patch.setattr(running, "build", fails)
        with pytest.raises(RuntimeError):
            await run(app)
    assert ids(await guess(market, None)) == ids(before)
    assert await run(app)
    assert await market.value("SELECT count(*) FROM recommendation_runs WHERE current") == 1


async def test_runs_that_end_too_early_leave_no_heap(
    market: Market, app: Application, shelf: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: Any) -> None:
        raise TimeoutError("the machine was switched off")

    monkeypatch.setattr(run_store, "serve", fails)
    for _ in range(3):
        with pytest.raises(TimeoutError):
            await run(app)
    kept = await market.value("SELECT count(DISTINCT run_id) FROM recommendation_neighbours")
    assert kept <= 2, "the one that is served, and what the last one left"


async def test_before_the_first_run_there_is_no_list_and_no_harm(market: Market) -> None:
    assert (await guess(market, None))["items"] == []
    assert "猜你喜欢" not in await (await market.client.get("/")).text()
    assert (await market.client.get(f"/products/{market.product_id}")).status == 200
    text = await (await market.client.get("/recommendations")).text()
    assert "还没有可以推荐的" in text


async def test_a_list_costs_a_few_statements_however_much_one_did(
    market: Market, app: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await stocked(market, 30)
    member = await market.member()
    await looked(market, *made[:6])
    await run(app)
    asked: list[str] = []
    from asyncpg import Connection

    for name in ("fetch", "fetchrow", "fetchval"):
        ask = getattr(Connection, name)

        def counted(self: Any, query: str, *values: Any, _ask: Any = ask, **more: Any) -> Any:
            asked.append(query)
            return _ask(self, query, *values, **more)

        monkeypatch.setattr(Connection, name, counted)

    async def once() -> int:
        asked.clear()
        await guess(market, member)
        return len(asked)

    async def cost() -> int:
        """Return what a list costs without what the process remembers for seconds, or does beside it."""
        return min([await once() for _ in range(4)])

    await saw(market, member, made[0])
    few = await cost()
    await saw(market, member, *made)
    assert await cost() == few
    assert few <= 7, asked
