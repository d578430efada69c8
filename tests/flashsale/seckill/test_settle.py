"""What a win becomes while PostgreSQL is slow, away or of another mind, and moves that Redis did not hear of."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from flashsale.gate import Gate, GateUnavailable, JournalEntry
from flashsale.seckill import (
    recover,
    settle,
)
from flashsale.seckill.settle import settle_wins, win_of
from flashsale.seckill.types import Settlement, Win
from tests.flashsale.seckill.conftest import Stage, admitted


async def test_one_bad_row_does_not_block_a_batch(stage: Stage) -> None:
    item_id = await stage.sale(quantity=3)
    members = await stage.members(3)
    entries = [await admitted(stage, item_id, member, f"k{at}") for at, member in enumerate(members)]
    await stage.db.execute(f"ALTER TABLE orders ADD CONSTRAINT bad CHECK (member_id <> {members[1].id})")
    await recover.settle_entries(stage.app, item_id, entries)
    rows = await stage.db.fetch("SELECT member_id, status FROM fs_reservations ORDER BY member_id")
    assert [row["status"] for row in rows] == ["held", "void", "held"]
    await stage.work()
    view = await stage.balanced(item_id)
    assert (view.available, view.held) == (1, 2)
    answer = await stage.attempt(item_id, members[1], key="k1")
    assert (answer.status, answer.code) == (409, "attempt_void")


async def test_a_slow_commit_is_queued_then_told(stage: Stage) -> None:
    item_id = await stage.sale(quantity=2)
    member, other = await stage.members(2)
    ticket = await stage.ticket(item_id, member)
    lock = await asyncpg.connect(stage.app.settings.database_url)
    async with lock.transaction():
        await lock.execute("SELECT FROM fs_items WHERE id = $1 FOR UPDATE", item_id)
        answer = await stage.attempt(item_id, member, key="one", ticket=ticket)
        assert (answer.status, answer.body["status"]) == (202, "queued")
        path = f"/api/v1/flash-sales/{item_id}/attempts/{answer.body['attempt_id']}"
        assert (await stage.call("GET", path, member)).body == {"status": "queued"}
        assert (await stage.call("GET", path, other)).status == 404
    await lock.close()
    told = await stage.call("GET", path, member)
    while told.body["status"] == "queued":
        await asyncio.sleep(0.02)
        told = await stage.call("GET", path, member)
    again = await stage.attempt(item_id, member, key="one", ticket=ticket)
    assert told.body == again.body
    assert again.status == 201
    await asyncio.sleep(0.1)
    notice = await stage.db.fetchrow("SELECT kind, payload FROM member_notices WHERE member_id = $1", member.id)
    assert (notice["kind"], notice["payload"]["order_no"]) == ("order", again.body["order_no"])
    for wrong in ("x", "AAAA", answer.body["attempt_id"] + "A", "é", "a" * 300):
        assert (await stage.call("GET", f"/api/v1/flash-sales/{item_id}/attempts/{wrong}", member)).status == 404
    await stage.balanced(item_id)


async def test_a_queued_attempt_that_is_withdrawn_is_interrupted(stage: Stage, redis: Any) -> None:
    item_id = await stage.sale(quantity=2)
    member = await stage.member()
    ticket = await stage.ticket(item_id, member)
    lock = await asyncpg.connect(stage.app.settings.database_url)
    async with lock.transaction():
        await lock.execute("UPDATE fs_items SET epoch = epoch + 1 WHERE id = $1", item_id)
        answer = await stage.attempt(item_id, member, key="one", ticket=ticket)
        assert answer.status == 202
    await lock.close()
    path = f"/api/v1/flash-sales/{item_id}/attempts/{answer.body['attempt_id']}"
    assert (await stage.call("GET", path, member)).body == {"status": "interrupted"}
    await redis.flushdb()
    await stage.work()
    assert (await stage.attempt(item_id, member, key="one", ticket=ticket)).status == 201
    await stage.balanced(item_id)
    notices = await stage.db.fetch("SELECT kind, payload FROM member_notices WHERE member_id = $1", member.id)
    assert ("attempt", "interrupted") in [(row["kind"], row["payload"]["status"]) for row in notices]


async def test_an_unknown_commit_is_a_503_and_the_same_key_finds_its_order(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    item_id = await stage.sale(quantity=2)
    member = await stage.member()
    ticket = await stage.ticket(item_id, member)
    real = settle_wins

    async def lost(*words: Any) -> dict[Any, Settlement]:
        await real(*words)
        raise ConnectionResetError("the answer was lost")

    with monkeypatch.context() as patch:
        patch.setattr(settle, "settle_wins", lost)
        answer = await stage.attempt(item_id, member, key="one", ticket=ticket)
    assert (answer.status, answer.code) == (503, "unavailable")
    await stage.balanced(item_id)
    order_no = await stage.db.fetchval("SELECT order_no FROM orders")
    assert (await stage.attempt(item_id, member, key="one", ticket=ticket)).body["order_no"] == order_no


async def test_postgresql_away_before_the_commit(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    item_id = await stage.sale(quantity=2)
    member = await stage.member()
    ticket = await stage.ticket(item_id, member)

    async def away(*words: Any) -> dict[Any, Settlement]:
        raise ConnectionRefusedError

    with monkeypatch.context() as patch:
        patch.setattr(settle, "settle_wins", away)
        assert (await stage.attempt(item_id, member, key="one", ticket=ticket)).status == 503
    entries = await stage.gate.journal_read(item_id)
    assert [entry.request_id for entry in entries] == ["one"]
    await recover.settle_entries(stage.app, item_id, entries)
    assert (await stage.attempt(item_id, member, key="one", ticket=ticket)).status == 201
    await stage.balanced(item_id)


async def test_publishing_while_redis_is_away(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    item_id = await stage.draft()

    async def away(*_: Any) -> None:
        raise GateUnavailable("away")

    with monkeypatch.context() as patch:
        patch.setattr(Gate, "figures", away)
        answer = await stage.staff_call("POST", f"/{item_id}/publish")
        assert (answer.status, len(answer.body["warnings"])) == (200, 1)
        shown = await stage.call("GET", f"/api/v1/flash-sales/{item_id}")
        assert (shown.status, shown.body["stock_level"]) == (200, "plenty")
    assert (await stage.attempt(item_id, await stage.member())).status == 503
    await stage.work()
    await stage.won(item_id, await stage.member())
    await stage.balanced(item_id)


async def test_a_pause_that_redis_did_not_hear_of_is_told_again(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    item_id = await stage.sale()

    async def away(*_: Any) -> None:
        raise GateUnavailable("away")

    with monkeypatch.context() as patch:
        patch.setattr(Gate, "change", away)
        answer = await stage.staff_call("POST", f"/{item_id}/pause")
    assert (answer.status, len(answer.body["warnings"])) == (200, 1)
    await stage.work()
    assert (await stage.attempt(item_id, await stage.member())).code == "paused"


def test_wins_of_the_journal_carry_their_moment() -> None:
    entry = JournalEntry("1795349025203-0", 5, 7, "k", 2, 1)
    assert win_of(entry) == Win(5, 7, "k", 2, won_ms=1795349025203)
