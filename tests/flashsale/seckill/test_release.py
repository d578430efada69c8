"""What gives units back goes on past what has to wait."""

from __future__ import annotations

from typing import Any

import pytest

from commerce.orders import Closing, Tills
from flashsale.seckill import jobs, release, reservation_store, rewin
from flashsale.seckill.types import LatePayment
from server.application import Application
from tests.flashsale.seckill.conftest import Stage, pay


async def overdue(stage: Stage, member_id: int, seconds: float) -> int:
    """Have a member's deadline pass; return the order's id."""
    await stage.db.execute(
        "UPDATE fs_reservations SET pay_before = now() - make_interval(secs => $2) WHERE member_id = $1",
        member_id,
        seconds,
    )
    found: int = await stage.db.fetchval("SELECT id FROM orders WHERE member_id = $1", member_id)
    return found


async def begin(stage: Stage, order_id: int) -> None:
    """Open a payment whose gateway has not said anything yet."""
    await stage.db.execute(
        "INSERT INTO payments (payment_no, order_id, method, amount, pay_before) "
        "SELECT order_no, id, 'alipay', amount, pay_before FROM orders WHERE id = $1",
        order_id,
    )


async def test_a_silent_gateway_holds_up_no_hold_that_nobody_pays(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    item_id = await stage.sale(quantity=3)
    members = await stage.members(3)
    for member in members:
        await stage.won(item_id, member)
    paying, forgotten, unpaid = [
        await overdue(stage, member.id, seconds) for member, seconds in zip(members, (30, 61, 1), strict=True)
    ]
    await begin(stage, paying)
    await begin(stage, forgotten)
    asked: list[int] = []

    async def close(app: object, order_id: int) -> Closing:
        asked.append(order_id)
        return Closing.CLOSED if order_id == unpaid else Closing.UNKNOWN

    tills = Tills()
    tills.register(close)
    monkeypatch.setattr(stage.app, "resource", _instead(stage, tills))
    # One at a time: the longest overdue, which wait for the gateway, would be all that is looked at.
    monkeypatch.setattr(release, "_SWEEP", 1)
    await jobs.expire(stage.app)
    assert asked == [unpaid]
    assert await stage.db.fetchval("SELECT status FROM orders WHERE id = $1", unpaid) == "cancelled"
    await jobs.expire_asking(stage.app)
    await jobs.expire_asking(stage.app)
    assert sorted(asked[1:]) == sorted([paying, forgotten]), "an order that waits is left alone for a while"
    assert await stage.db.fetchval("SELECT status FROM orders WHERE id = $1", paying) == "pending_payment"
    assert await stage.db.fetchval("SELECT status FROM orders WHERE id = $1", forgotten) == "cancelled"
    view = await stage.balanced(item_id)
    assert (view.available, view.held) == (2, 1)


def _instead(stage: Stage, tills: Tills) -> object:
    resource = stage.app.resource
    return lambda kind: tills if kind is Tills else resource(kind)


async def test_a_hold_whose_order_has_moved_on_is_kept(stage: Stage) -> None:
    item_id = await stage.sale(quantity=1)
    member = await stage.member()
    await stage.won(item_id, member)
    order_id = await overdue(stage, member.id, 1)
    await stage.db.execute("UPDATE orders SET status = 'cancelled', cancelled_at = now() WHERE id = $1", order_id)
    assert await release.sweep(stage.app) == 0
    assert await stage.db.fetchval("SELECT status FROM fs_reservations") == "held"
    assert await stage.db.fetchval("SELECT count(*) FROM fs_releases") == 0


async def test_a_sale_whose_releases_wait_holds_up_no_other(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting, other = await stage.sale(), await stage.sale(sku_id=str(await stage.sku()))
    for item_id, ahead in ((waiting, 10**6), (waiting, 10**6), (waiting, 10**6), (other, 0)):
        member = await stage.member()
        await stage.won(item_id, member)
        async with stage.app.database.transaction() as connection:
            held = await connection.fetchval("SELECT id FROM fs_reservations WHERE member_id = $1", member.id)
            epoch = await connection.fetchval("SELECT epoch FROM fs_items WHERE id = $1", item_id)
            await reservation_store.expire(connection, held, epoch + ahead)
    monkeypatch.setattr(release, "_DRAIN", 2)
    assert await release.drain(stage.app) == 1
    rows = await stage.db.fetch(
        "SELECT r.item_id FROM fs_releases AS e JOIN fs_reservations AS r ON r.id = e.reservation_id "
        "WHERE e.done_at IS NULL"
    )
    assert [row["item_id"] for row in rows] == [waiting] * 3


async def test_a_shut_gate_holds_up_no_other_sales_late_payments(
    stage: Stage, redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shut, other = await stage.sale(), await stage.sale(sku_id=str(await stage.sku()))
    for item_id in (shut, shut, shut, other):
        member = await stage.member()
        won = await stage.won(item_id, member)
        await overdue(stage, member.id, 1)
        assert await release.sweep(stage.app) == 1
        assert await pay(stage, won.body["order_no"]) == "late"
    await redis.hset(f"{{fs:{shut}}}:g", "gate", "somebody")
    monkeypatch.setattr(rewin, "_SWEEP", 3)
    decide, asked = rewin.decide, []

    async def watched(app: Application, late: LatePayment) -> bool:
        asked.append(late.item_id)
        return await decide(app, late)

    monkeypatch.setattr(rewin, "decide", watched)
    assert await rewin.sweep(stage.app) == 1
    assert asked == [shut, other], "a gate that is shut is asked once a turn"
    assert await stage.db.fetchval("SELECT count(*) FROM fs_late_payments WHERE decision IS NULL") == 3
