"""Members hear of the orders that their wins became: once, in order, also when the process that settled is gone."""

from __future__ import annotations

import asyncio

from flashsale.seckill import announce, release
from tests.flashsale.seckill.conftest import Stage
from tests.flashsale.seckill.screen import working


async def told(stage: Stage, member_id: int) -> list[str]:
    rows = await stage.db.fetch(
        "SELECT payload FROM member_notices WHERE member_id = $1 AND kind = 'order' ORDER BY seq", member_id
    )
    return [row["payload"]["status"] for row in rows]


async def test_each_order_is_told_once_however_many_tell(stage: Stage) -> None:
    item_id = await stage.sale(quantity=3)
    members = await stage.members(3)
    for member in members:
        await stage.won(item_id, member)
    counts = await asyncio.gather(*(announce.sweep(stage.app) for _ in range(4)))
    assert sum(counts) == 3
    assert await announce.sweep(stage.app) == 0
    for member in members:
        assert await told(stage, member.id) == ["pending_payment"]


async def test_a_hold_that_ended_before_anybody_told_is_not_told_as_waiting_for_payment(stage: Stage) -> None:
    item_id = await stage.sale(quantity=1, pay_within_s=1)
    member = await stage.member()
    await stage.won(item_id, member)
    await asyncio.sleep(1.1)
    assert await release.sweep(stage.app) == 1
    assert await announce.sweep(stage.app) == 1
    assert await told(stage, member.id) == []


async def test_who_waits_for_an_attempt_is_told_at_once_and_not_again(stage: Stage) -> None:
    item_id = await stage.sale(quantity=1)
    member = await stage.member()
    await stage.won(item_id, member, key="one")
    async with stage.app.database.transaction() as connection:
        await announce.tell(connection, item_id, member.id, "one", "the-attempt")
        await announce.tell(connection, item_id, member.id, "one", "the-attempt")
    assert await announce.sweep(stage.app) == 0
    row = await stage.db.fetchrow("SELECT payload FROM member_notices WHERE member_id = $1", member.id)
    assert row["payload"]["attempt_id"] == "the-attempt"
    assert await told(stage, member.id) == ["pending_payment"]


async def test_every_notice_of_a_sales_order_names_the_sale(stage: Stage) -> None:
    item_id = await stage.sale(quantity=2)
    keeper, quitter = await stage.members(2)
    paid = await stage.won(item_id, keeper)
    dropped = await stage.won(item_id, quitter)
    await announce.sweep(stage.app)
    await stage.paid(paid.body["order_no"])
    path = f"/api/v1/orders/{dropped.body['order_no']}/cancel"
    gone = await stage.call("POST", path, quitter, {"reason": ""}, headers={"Idempotency-Key": "gone"})
    assert gone.status == 200, gone
    async with working(stage), asyncio.timeout(20):
        for member, last in ((keeper, "pending_shipment"), (quitter, "cancelled")):
            while await told(stage, member.id) != ["pending_payment", last]:
                await asyncio.sleep(0.05)
    payloads = await stage.db.fetch("SELECT payload FROM member_notices WHERE kind = 'order'")
    assert [row["payload"].get("item_id") for row in payloads] == [str(item_id)] * 4
