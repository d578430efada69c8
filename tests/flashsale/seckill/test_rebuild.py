"""Redis lost, or started anew: what was answered stands, what nobody heard of is settled or withdrawn."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import structlog

from flashsale.gate import Gate
from flashsale.seckill import (
    announce,
    faults,
    rebuild,
    recover,
    release,
    reservation_store,
    settle_store,
    store,
)
from flashsale.seckill.problems import StockShort
from flashsale.seckill.settle import settle_wins, win_of
from flashsale.seckill.types import Fate
from tests.flashsale.seckill.conftest import Stage, admitted, pay


async def test_redis_loses_everything_mid_sale(stage: Stage, redis: Any) -> None:
    item_id = await stage.sale(quantity=4, pay_within_s=600)
    first, second, third, fourth = await stage.members(4)
    won = await stage.won(item_id, first, key="one")
    paid = await stage.won(item_id, second, key="two")
    await pay(stage, paid.body["order_no"])
    ticket = await stage.ticket(item_id, third)
    await redis.flushdb()
    answer = await stage.attempt(item_id, third, ticket=ticket, key="three")
    assert (answer.status, answer.code) == (503, "unavailable")
    assert answer.headers["Retry-After"] == "1"
    assert not (await stage.verify(item_id)).ok
    await stage.work()
    view = await stage.balanced(item_id)
    assert (view.available, view.held, view.sold) == (2, 1, 1)
    # What was answered 201 still is, the limit is remembered, the refused key may win.
    assert (await stage.attempt(item_id, first, key="one")).body == won.body
    assert (await stage.attempt(item_id, first, key="other")).code == "limit_reached"
    assert (await stage.attempt(item_id, third, ticket=ticket, key="three")).status == 201
    await stage.won(item_id, fourth)
    await stage.balanced(item_id)


async def test_an_expired_win_is_remembered_through_a_rebuild(stage: Stage, redis: Any) -> None:
    item_id = await stage.sale(quantity=1, pay_within_s=1)
    first, second = await stage.members(2)
    won = await stage.won(item_id, first, key="one")
    await asyncio.sleep(1.1)
    await redis.flushdb()  # between the expiry and its release
    await release.sweep(stage.app)
    assert await stage.db.fetchval("SELECT count(*) FROM fs_releases WHERE done_at IS NULL") == 1
    await stage.work()
    await stage.work()
    view = await stage.balanced(item_id)
    assert view.available == 1
    assert await stage.db.fetchval("SELECT count(*) FROM fs_releases WHERE done_at IS NULL") == 0
    assert (await stage.attempt(item_id, first, key="one")).body == won.body
    await stage.won(item_id, second)
    await stage.balanced(item_id)


async def test_what_a_dead_process_admitted_is_settled(stage: Stage) -> None:
    item_id = await stage.sale(quantity=2)
    first, second = await stage.members(2)
    entry = await admitted(stage, item_id, first, "one")
    view = await stage.verify(item_id)
    assert view.ok
    assert (view.available, view.held) == (1, 1)  # in the journal, and so accounted for
    await recover.sweep(stage.app)
    assert await stage.db.fetchval("SELECT count(*) FROM orders") == 0  # its process gets a few seconds
    await recover.settle_entries(stage.app, item_id, [entry])
    assert await stage.db.fetchval("SELECT count(*) FROM orders") == 1
    assert await announce.sweep(stage.app) == 1
    notice = await stage.db.fetchrow("SELECT kind, payload FROM member_notices WHERE member_id = $1", first.id)
    assert (notice["kind"], notice["payload"]["status"]) == ("order", "pending_payment")
    assert (await stage.attempt(item_id, first, key="one")).status == 201
    # Settled by a repeated send, when that comes first.
    await admitted(stage, item_id, second, "two")
    assert (await stage.attempt(item_id, second, key="two")).status == 201
    await stage.balanced(item_id)


async def test_a_rebuild_settles_the_journal_first(stage: Stage) -> None:
    item_id = await stage.sale(quantity=2)
    member = await stage.member()
    await admitted(stage, item_id, member, "one")
    assert await rebuild.rebuild(stage.app, item_id, patience=0)
    view = await stage.balanced(item_id)
    assert (view.available, view.held) == (1, 1)
    assert (await stage.attempt(item_id, member, key="one")).status == 201


async def test_a_stale_win_is_withdrawn_and_its_key_may_win_again(stage: Stage, redis: Any) -> None:
    item_id = await stage.sale(quantity=1)
    first, second = await stage.members(2)
    stale = await admitted(stage, item_id, first, "one")
    await redis.flushdb()
    assert await rebuild.rebuild(stage.app, item_id, patience=0)
    # The stopped process wakes up with its win in hand.
    settled = await settle_wins(stage.app.database, item_id, [win_of(stale)])
    assert settled[first.id, "one"].fate is Fate.STALE
    await recover.settle_entries(stage.app, item_id, [stale])
    view = await stage.balanced(item_id)
    assert (view.available, view.held) == (1, 0)
    await stage.won(item_id, second)
    assert (await stage.attempt(item_id, first, key="one")).code == "sold_out"
    await stage.balanced(item_id)


async def test_a_settlement_under_way_makes_the_rebuild_wait_and_is_seen_by_it(stage: Stage) -> None:
    item_id = await stage.sale(quantity=2)
    member = await stage.member()
    entry = await admitted(stage, item_id, member, "one")
    win = win_of(entry)
    async with stage.app.database.transaction() as connection:
        await settle_store.settle(connection, item_id, win.epoch, [win], ["1" * 18])
        building = asyncio.create_task(rebuild._once(stage.app, item_id, 0.0))
        # Its drain meets the row that is being written; its bump would meet the share lock.
        done, _ = await asyncio.wait([building], timeout=0.3)
        assert not done
    assert await building is True
    view = await stage.balanced(item_id)
    assert (view.available, view.held) == (1, 1)


async def test_the_fence_holds_a_settlement_that_comes_during_the_bump(stage: Stage) -> None:
    item_id = await stage.sale(quantity=2)
    member = await stage.member()
    entry = await admitted(stage, item_id, member, "one")
    async with stage.app.database.transaction() as connection:
        epoch = await store.epoch(connection, item_id)
        assert epoch is not None
        assert await reservation_store.raise_epoch(connection, item_id, epoch) is not None
        settling = asyncio.create_task(settle_wins(stage.app.database, item_id, [win_of(entry)]))
        done, _ = await asyncio.wait([settling], timeout=0.3)
        assert not done
    assert (await settling)[member.id, "one"].fate is Fate.STALE
    assert await stage.db.fetchval("SELECT count(*) FROM fs_reservations") == 0


async def test_of_two_rebuilds_one_bumps(stage: Stage, redis: Any) -> None:
    item_id = await stage.sale(quantity=3)
    await stage.won(item_id, await stage.member())
    await redis.flushdb()
    results = await asyncio.gather(*[rebuild.rebuild(stage.app, item_id) for _ in range(4)])
    assert any(results)
    await stage.work()
    await stage.balanced(item_id)


async def test_a_sale_is_resized(stage: Stage) -> None:
    item_id = await stage.sale(quantity=3)
    members = await stage.members(3)
    for member in members[:2]:
        await stage.won(item_id, member)
    assert await rebuild.rebuild(stage.app, item_id, units=10)
    assert (await stage.balanced(item_id)).available == 8
    assert await rebuild.rebuild(stage.app, item_id, units=1)
    view = await stage.balanced(item_id)
    assert (view.allocated, view.available, view.held) == (2, 0, 2)
    assert (await stage.attempt(item_id, members[2])).code == "sold_out"
    with pytest.raises(StockShort):
        await rebuild.rebuild(stage.app, item_id, units=5000)
    # The gate was shut for it; the worker opens it again.
    keeper = rebuild.Keeper()
    keeper.GRACE_S = 0.0
    assert await keeper.sweep(stage.app) == 1
    assert (await stage.balanced(item_id)).allocated == 2
    assert await stage.db.fetchval("SELECT allocated FROM stock WHERE sku_id = $1", stage.sku_id) == 2


async def test_a_rebuild_that_died_after_its_bump_is_made_good(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    item_id = await stage.sale(quantity=3)
    member = await stage.member()
    won = await stage.won(item_id, member, key="one")

    class Died(Exception):
        pass

    def die(name: str) -> None:
        if name == "rebuild_after_bump":
            raise Died

    with monkeypatch.context() as patch:
        patch.setattr(faults, "point", die)
        with pytest.raises(Died):
            await rebuild.rebuild(stage.app, item_id)
    assert (await stage.attempt(item_id, member, key="one")).code == "unavailable"
    keeper = rebuild.Keeper()
    keeper.GRACE_S = 0.0
    assert await keeper.sweep(stage.app) == 1
    assert (await stage.attempt(item_id, member, key="one")).body == won.body
    await stage.balanced(item_id)


async def test_sales_that_redis_lost_are_told_of_in_one_line(stage: Stage, redis: Any) -> None:
    for _ in range(3):
        await stage.sale(quantity=1)
    await redis.flushdb()
    with structlog.testing.capture_logs() as said:
        assert await rebuild.Keeper().sweep(stage.app) == 3
    loud = [line for line in said if line["log_level"] != "debug"]
    assert [(line["event"], line["done"], line["of"], line["why"]) for line in loud] == [
        ("sales rebuilt", 3, 3, {"missing": 3})
    ]


async def test_a_sale_that_was_loaded_since_it_was_looked_at_is_left_open(
    stage: Stage, redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    item_id = await stage.sale(quantity=3)
    await redis.flushdb()
    looked_at = rebuild.needed

    async def overtaken(app: Any, item: Any) -> str:
        why = await looked_at(app, item)
        assert await rebuild.rebuild(app, item_id, patience=0)  # as publishing does at that moment
        return why

    with monkeypatch.context() as patch:
        patch.setattr(rebuild, "needed", overtaken)
        assert await rebuild.Keeper().sweep(stage.app) == 0
    epoch = await stage.db.fetchval("SELECT epoch FROM fs_items WHERE id = $1", item_id)
    figures = await stage.app.resource(Gate).figures(item_id)
    assert figures is not None
    assert (figures.epoch, figures.shut_by) == (epoch, "")


async def test_a_gate_shut_by_a_rebuild_that_came_too_late_is_opened_again(
    stage: Stage, redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    item_id = await stage.sale(quantity=3)
    await redis.flushdb()
    gate, bump, first = stage.app.resource(Gate), reservation_store.raise_epoch, True

    async def overtaken(connection: Any, item: int, epoch: int) -> int | None:
        nonlocal first
        if first:
            first = False
            # Another rebuild ends between our look at the item and our bump, and ours has shut what it opened.
            assert await rebuild.rebuild(stage.app, item, patience=0)
            await gate.shut(item, "ours")
        return await bump(connection, item, epoch)

    monkeypatch.setattr(reservation_store, "raise_epoch", overtaken)
    assert await rebuild.Keeper().sweep(stage.app) == 1
    figures = await gate.figures(item_id)
    assert figures is not None
    assert figures.shut_by == ""
    await stage.balanced(item_id)
