"""What happens to Redis, to PostgreSQL, and between the two."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from commerce import payments
from commerce.payments import refund
from flashsale.gate import Attempt, Gate, GateUnavailable, JournalEntry, Outcome, Rewin
from flashsale.seckill import (
    announce,
    faults,
    jobs,
    rebuild,
    recover,
    release,
    reservation_store,
    rewin,
    settle,
    settle_store,
    store,
)
from flashsale.seckill.problems import StockShort
from flashsale.seckill.settle import settle_wins, win_of
from flashsale.seckill.types import Fate, Settlement, Win
from tests.flashsale.seckill.conftest import Member, Stage, pay


async def admitted(stage: Stage, item_id: int, member: Member, key: str, quantity: int = 1) -> JournalEntry:
    """Have the gate admit somebody whose process then goes away."""
    decision = (await stage.gate.admit(item_id, [Attempt(member.id, key, quantity)]))[0]
    assert decision.outcome is Outcome.WON
    return JournalEntry(decision.journal_id, decision.epoch, member.id, key, quantity, 1)


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


# --- Late payments ----------------------------------------------------------------------------------------------------


async def expired(stage: Stage, item_id: int, member: Member, key: str) -> str:
    """Win and let the deadline pass; return the order."""
    won = await stage.won(item_id, member, key=key)
    await stage.db.execute(
        "UPDATE fs_reservations SET pay_before = now() - interval '1 second' WHERE member_id = $1 AND status = 'held'",
        member.id,
    )
    assert await release.sweep(stage.app) == 1
    return str(won.body["order_no"])


async def test_a_late_payment_wins_its_unit_again(stage: Stage) -> None:
    item_id = await stage.sale(quantity=1)
    member = await stage.member()
    order_no = await expired(stage, item_id, member, "one")
    assert (await stage.balanced(item_id)).available == 1
    assert await pay(stage, order_no) == "late"
    assert await rewin.sweep(stage.app) == 1
    view = await stage.balanced(item_id)
    assert (view.available, view.sold) == (0, 1)
    order = await stage.db.fetchrow("SELECT status, paid FROM orders")
    assert (order["status"], order["paid"]) == ("pending_shipment", 990)
    assert await stage.db.fetchval("SELECT count(*) FROM refunds") == 0
    assert (await stage.attempt(item_id, member, key="one")).status == 201
    assert await rewin.sweep(stage.app) == 0


async def test_a_late_payment_for_a_unit_that_is_gone_goes_back(stage: Stage) -> None:
    item_id = await stage.sale(quantity=1)
    first, second = await stage.members(2)
    order_no = await expired(stage, item_id, first, "one")
    await stage.won(item_id, second)
    assert await pay(stage, order_no) == "late"
    assert await rewin.sweep(stage.app) == 1
    view = await stage.balanced(item_id)
    assert (view.available, view.held, view.sold) == (0, 1, 0)
    assert await stage.db.fetchval("SELECT status FROM orders WHERE order_no = $1", order_no) == "cancelled"
    assert await stage.db.fetchval("SELECT amount FROM refunds") == 990


async def test_an_archived_sale_refunds_what_comes_late(stage: Stage) -> None:
    item_id = await stage.sale(quantity=1)
    member = await stage.member()
    order_no = await expired(stage, item_id, member, "one")
    assert (await stage.staff_call("POST", f"/{item_id}/end")).status == 200
    await stage.db.execute("UPDATE fs_items SET ended_at = now() - interval '2 days'")
    await jobs.archive(stage.app)
    assert await stage.gate.figures(item_id) is None
    await stage.balanced(item_id)
    await stage.work()
    assert await pay(stage, order_no) == "late"
    assert await rewin.sweep(stage.app) == 1
    await stage.balanced(item_id)
    assert await stage.db.fetchval("SELECT count(*) FROM refunds") == 1


@pytest.mark.parametrize("lost", [False, True])
async def test_a_rebuild_does_not_bring_back_what_is_archived(
    stage: Stage, redis: Any, monkeypatch: pytest.MonkeyPatch, lost: bool
) -> None:
    item_id = await stage.sale(quantity=1)
    assert (await stage.staff_call("POST", f"/{item_id}/end")).status == 200
    await stage.db.execute("UPDATE fs_items SET ended_at = now() - interval '2 days'")

    async def archived_meanwhile(*_: object) -> None:
        await jobs.archive(stage.app)

    monkeypatch.setattr(rebuild, "drain", archived_meanwhile)
    if lost:
        await redis.flushdb()
    loaded = await rebuild.rebuild(stage.app, item_id)
    archived = await stage.db.fetchval("SELECT archived_at FROM fs_items") is not None
    assert (loaded, archived, await stage.gate.figures(item_id) is None) == (not lost, lost, lost)


async def test_a_late_payment_obeys_the_limit(stage: Stage) -> None:
    item_id = await stage.sale(quantity=5)
    member = await stage.member()
    order_no = await expired(stage, item_id, member, "one")
    await stage.won(item_id, member, key="two")
    await pay(stage, order_no)
    await rewin.sweep(stage.app)
    view = await stage.balanced(item_id)
    assert (view.held, view.sold) == (1, 0)
    assert await stage.db.fetchval("SELECT count(*) FROM refunds") == 1


async def test_two_late_payments_of_one_order(stage: Stage) -> None:
    item_id = await stage.sale(quantity=5)
    order_no = await expired(stage, item_id, await stage.member(), "one")
    assert await pay(stage, order_no) == "late"
    assert await pay(stage, order_no) == "late"
    await asyncio.gather(rewin.sweep(stage.app), rewin.sweep(stage.app), return_exceptions=True)
    await rewin.sweep(stage.app)
    view = await stage.balanced(item_id)
    assert view.sold == 1
    decisions = await stage.db.fetch("SELECT late_decision FROM payments ORDER BY 1")
    assert [row["late_decision"] for row in decisions] == ["refund", "rewon"]
    await refunded(stage)
    order = await stage.db.fetchrow("SELECT status, paid, refund_status FROM orders")
    assert tuple(order) == ("pending_shipment", 990, "none")


async def test_an_order_that_comes_back_after_a_refund_is_paid_in_full(stage: Stage) -> None:
    item_id = await stage.sale(quantity=1)
    first, second = await stage.members(2)
    order_no = await expired(stage, item_id, first, "one")
    other = str((await stage.won(item_id, second)).body["order_no"])
    assert await pay(stage, order_no) == "late"
    assert await rewin.sweep(stage.app) == 1
    await refunded(stage)
    status = "SELECT status, refund_status FROM orders WHERE order_no = $1"
    assert tuple(await stage.db.fetchrow(status, order_no)) == ("cancelled", "full")
    assert (
        await stage.call("POST", f"/api/v1/orders/{other}/cancel", second, {}, headers={"Idempotency-Key": "c"})
    ).status == 200
    await release.drain(stage.app)
    assert await pay(stage, order_no) == "late"
    assert await rewin.sweep(stage.app) == 1
    assert tuple(await stage.db.fetchrow(status, order_no)) == ("pending_shipment", "none")
    await stage.balanced(item_id)


async def refunded(stage: Stage) -> None:
    """Note that the gateway has given back what was to go back."""
    for row in await stage.db.fetch("SELECT payment_id, refund_no, amount FROM refunds WHERE status = 'pending'"):
        async with stage.app.database.transaction() as connection:
            payment = await payments.by_id(connection, row["payment_id"])
            assert payment is not None
            await refund.note_done(connection, payment, row["refund_no"], row["amount"])


async def test_a_rewin_that_died_before_its_commit_is_made_good(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    item_id = await stage.sale(quantity=1)
    order_no = await expired(stage, item_id, await stage.member(), "one")
    await pay(stage, order_no)

    class Died(Exception):
        pass

    def die(name: str) -> None:
        if name == "rewin_after_lua":
            raise Died

    with monkeypatch.context() as patch:
        patch.setattr(faults, "point", die)
        with pytest.raises(Died):
            await rewin.sweep(stage.app)
    assert (await stage.verify(item_id)).ok  # the take is in the journal
    entries = await stage.gate.journal_read(item_id)
    assert [entry.generation for entry in entries] == [2]
    await recover.settle_entries(stage.app, item_id, entries)
    assert (await stage.balanced(item_id)).sold == 1
    assert await rewin.sweep(stage.app) == 0


async def test_a_rewin_whose_payment_was_refunded_meanwhile_gives_its_unit_back(stage: Stage) -> None:
    item_id = await stage.sale(quantity=1)
    order_no = await expired(stage, item_id, await stage.member(), "one")
    await pay(stage, order_no)
    async with stage.app.database.connection() as connection:
        late = (await reservation_store.undecided(connection, 1))[0]
        row = await reservation_store.reservation(connection, late.reservation_id)
    assert row is not None
    decision = await stage.gate.rewin(item_id, Rewin(row.member_id, row.request_id, 1, 2))
    assert decision.outcome is Outcome.WON
    assert await rewin._refund(stage.app, late)
    assert await rewin.commit(stage.app, row, 2, decision.epoch) is rewin.Verdict.RETURNED
    entries = await stage.gate.journal_read(item_id)
    await recover.settle_entries(stage.app, item_id, entries)
    await release.drain(stage.app)
    view = await stage.balanced(item_id)
    assert (view.available, view.sold) == (1, 0)


async def test_a_rewin_across_a_rebuild_is_asked_again(stage: Stage, redis: Any) -> None:
    item_id = await stage.sale(quantity=1)
    order_no = await expired(stage, item_id, await stage.member(), "one")
    await pay(stage, order_no)
    async with stage.app.database.connection() as connection:
        late = (await reservation_store.undecided(connection, 1))[0]
        row = await reservation_store.reservation(connection, late.reservation_id)
    assert row is not None
    decision = await stage.gate.rewin(item_id, Rewin(row.member_id, row.request_id, 1, 2))
    await redis.flushdb()
    assert await rebuild.rebuild(stage.app, item_id, patience=0)
    assert await rewin.commit(stage.app, row, 2, decision.epoch) is rewin.Verdict.STALE
    assert await rewin.sweep(stage.app) == 1
    assert (await stage.balanced(item_id)).sold == 1


async def test_payment_and_expiry_at_once(stage: Stage) -> None:
    item_id = await stage.sale(quantity=1)
    member = await stage.member()
    for at in range(4):
        won = await stage.won(item_id, member, key=f"k{at}")
        await stage.db.execute("UPDATE fs_reservations SET pay_before = now() WHERE status = 'held'")
        paying = asyncio.create_task(pay(stage, won.body["order_no"]))
        swept = await release.sweep(stage.app)
        outcome = await paying
        await rewin.sweep(stage.app)
        view = await stage.balanced(item_id)
        assert (outcome == "paid") == (swept == 0)
        if view.sold:
            break


def test_wins_of_the_journal_carry_their_moment() -> None:
    entry = JournalEntry("1795349025203-0", 5, 7, "k", 2, 1)
    assert win_of(entry) == Win(5, 7, "k", 2, won_ms=1795349025203)
