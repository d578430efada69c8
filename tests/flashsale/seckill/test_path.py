"""The whole path: draft, publish, ticket, attempt, order, pay, expire, books."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from server.clock import now
from tests.flashsale.seckill.conftest import Stage, pay


async def test_a_unit_from_draft_to_order(stage: Stage) -> None:
    item_id = await stage.sale(quantity=3)
    member = await stage.member()
    answer = await stage.won(item_id, member)
    assert answer.body["status"] == "won"
    assert answer.body["amount"] == 990
    order = await stage.db.fetchrow("SELECT * FROM orders WHERE order_no = $1", answer.body["order_no"])
    assert order["member_id"] == member.id
    assert order["status"] == "pending_payment"
    assert order["address"]["detail"] == "漕溪北路 1 号"
    line = await stage.db.fetchrow("SELECT * FROM order_lines WHERE order_id = $1", order["id"])
    assert (line["sku_id"], line["unit_price"], line["list_price"], line["quantity"]) == (stage.sku_id, 990, 9900, 1)
    view = await stage.balanced(item_id)
    assert (view.allocated, view.available, view.held, view.sold) == (3, 2, 1, 0)


async def test_a_rush_sells_every_unit_once(stage: Stage) -> None:
    item_id = await stage.sale(quantity=20, limit_per_member=2)
    members = await stage.members(40)
    tickets = [await stage.ticket(item_id, member) for member in members]
    answers = await asyncio.gather(
        *[
            stage.attempt(item_id, member, ticket=ticket, key=f"k{at}")
            for at, (member, ticket) in enumerate(zip(members, tickets, strict=True))
        ]
    )
    assert sorted(answer.status for answer in answers) == [201] * 20 + [409] * 20
    assert {answer.code for answer in answers if answer.status == 409} == {"sold_out"}
    assert len({answer.body["order_no"] for answer in answers if answer.status == 201}) == 20
    view = await stage.balanced(item_id)
    assert (view.available, view.held) == (0, 20)
    await asyncio.sleep(0.25)  # what the board shows may be 200 ms old
    shown = await stage.call("GET", f"/api/v1/flash-sales/{item_id}")
    assert (shown.body["phase"], shown.body["stock_level"], shown.body["unpaid"]) == ("sold_out", "out", 20)
    # Nothing is left behind: each journal entry was removed with its commit.
    assert await stage.gate.journal_read(item_id) == []


async def test_one_key_sent_many_times_at_once_wins_once(stage: Stage) -> None:
    item_id = await stage.sale(quantity=5, limit_per_member=5)
    member = await stage.member()
    ticket = await stage.ticket(item_id, member)
    answers = await asyncio.gather(
        *[stage.attempt(item_id, member, ticket=ticket, key="same", quantity=2) for _ in range(30)]
    )
    assert {answer.status for answer in answers} == {201}
    assert len({str(answer.body) for answer in answers}) == 1
    view = await stage.balanced(item_id)
    assert (view.held, view.available) == (2, 3)


async def test_a_paid_unit_is_sold(stage: Stage) -> None:
    item_id = await stage.sale(quantity=2)
    won = await stage.won(item_id, await stage.member())
    assert await pay(stage, won.body["order_no"]) == "paid"
    view = await stage.balanced(item_id)
    assert (view.available, view.held, view.sold) == (1, 0, 1)


async def test_an_unpaid_unit_comes_back(stage: Stage) -> None:
    item_id = await stage.sale(quantity=1, pay_within_s=1)
    first, second = await stage.members(2)
    won = await stage.won(item_id, first, key="mine")
    assert (await stage.attempt(item_id, second)).code == "sold_out"
    await asyncio.sleep(1.1)
    await stage.work()
    view = await stage.balanced(item_id)
    assert (view.available, view.held) == (1, 0)
    assert await stage.db.fetchval("SELECT status FROM orders") == "cancelled"
    # The key stays bound to its win, the limit is given back to a new one.
    again = await stage.attempt(item_id, first, key="mine")
    assert (again.status, again.body) == (201, won.body)
    await stage.won(item_id, first)
    assert (await stage.attempt(item_id, second)).code == "sold_out"
    await stage.balanced(item_id)


async def test_a_cancelled_order_gives_its_unit_back(stage: Stage) -> None:
    item_id = await stage.sale(quantity=1)
    first, second = await stage.members(2)
    won = await stage.won(item_id, first)
    answer = await stage.call(
        "POST",
        f"/api/v1/orders/{won.body['order_no']}/cancel",
        first,
        {"reason": "不想要了"},
        headers={"Idempotency-Key": "c"},
    )
    assert answer.status == 200, answer
    await stage.work()
    await stage.balanced(item_id)
    await stage.won(item_id, second)
    await stage.balanced(item_id)


async def test_ending_gives_the_rest_back_to_the_sku(stage: Stage) -> None:
    item_id = await stage.sale(quantity=10, pay_within_s=1)
    first, second = await stage.members(2)
    won = await stage.won(item_id, first, key="mine")
    await pay(stage, won.body["order_no"])
    await stage.won(item_id, second)
    assert await stage.db.fetchval("SELECT allocated FROM stock WHERE sku_id = $1", stage.sku_id) == 10
    answer = await stage.staff_call("POST", f"/{item_id}/end")
    assert (answer.status, answer.body["phase"], answer.body["status"]) == (200, "ended", "ended")
    view = await stage.balanced(item_id)
    assert (view.allocated, view.available, view.held, view.sold) == (2, 0, 1, 1)
    assert await stage.db.fetchval("SELECT allocated FROM stock WHERE sku_id = $1", stage.sku_id) == 2
    again = await stage.attempt(item_id, first, key="mine", ticket=await _ticket_of(stage, item_id, first.id))
    assert (again.status, again.body) == (201, won.body)
    # A hold that expires after the end goes back to the SKU as well.
    await asyncio.sleep(1.1)
    await stage.work()
    view = await stage.balanced(item_id)
    assert (view.allocated, view.available, view.held, view.sold) == (1, 0, 0, 1)
    assert await stage.db.fetchval("SELECT allocated FROM stock WHERE sku_id = $1", stage.sku_id) == 1


async def test_a_sale_ends_by_itself(stage: Stage) -> None:
    item_id = await stage.sale(quantity=4, ends_at=now() + timedelta(seconds=1))
    member = await stage.member()
    await stage.won(item_id, member)
    ticket = await _ticket_of(stage, item_id, (await stage.member()).id)
    assert ticket
    await asyncio.sleep(2.2)
    late = await stage.member()
    assert (await stage.call("POST", f"/api/v1/flash-sales/{item_id}/tickets", late)).code == "ended"
    await stage.work()
    view = await stage.balanced(item_id)
    assert (view.allocated, view.held) == (1, 1)


async def _ticket_of(stage: Stage, item_id: int, member_id: int) -> str:
    from flashsale.seckill.tickets import Tickets
    from server.clock import to_ms

    return stage.app.resource(Tickets).issue(
        item_id=item_id,
        member_id=member_id,
        session=bytes(32),
        not_before=0,
        expires=to_ms(now()) + 60_000,
        has_address=True,
    )
