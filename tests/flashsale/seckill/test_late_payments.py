"""Payments that come after their deadline: won again or given back, never both, whatever dies in between."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from commerce import payments
from commerce.payments import refund
from flashsale.gate import Outcome, Rewin
from flashsale.seckill import (
    faults,
    jobs,
    rebuild,
    recover,
    release,
    reservation_store,
    rewin,
)
from tests.flashsale.seckill.conftest import Member, Stage, pay


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
