"""Receipt: by its member or in time, once, and what follows."""

from __future__ import annotations

import asyncio
import re

import pytest

from commerce.orders import Actor, ActorKind, RefundState, belonging_store, jobs
from commerce.orders.fulfil import complete_in
from tests.commerce.orders.market import PARCEL, Market, until, working
from tests.commerce.orders.parcels import path, refund, refunds_are, said, sent, told, waiting


async def test_the_member_confirms_the_receipt_once(market: Market) -> None:
    member, other = await market.member(), await market.member()
    order = await sent(market, member)
    receipt = f"/api/v1/orders/{order.order_no}/receipt"
    assert await said(await market.call("POST", receipt, member, None, ""), 422) == "invalid"
    assert (await market.call("POST", receipt, other)).status == 404
    assert (await market.call("POST", receipt)).status == 401
    assert (await market.call("POST", receipt, member, {"why": 1})).status == 422
    done = await said(await market.call("POST", receipt, member, None, "k"), 200)
    assert (done["status"], done["actions"], done["timeline"][-1]["actor"]) == ("completed", [], "member")
    assert await said(await market.call("POST", receipt, member, None, "k"), 200) == done
    assert await said(await market.call("POST", receipt, member), 409) == "not_receivable"
    assert [one["kind"] for one in await told(market, member)] == ["orders.shipped"]
    for status in ("pending_payment", "pending_shipment", "cancelled"):
        early = await market.order(member, status=status)
        refused = await market.call("POST", f"/api/v1/orders/{early.order_no}/receipt", member)
        assert await said(refused, 409) == "not_receivable"
        assert (await market.show(member, early))["status"] == status


async def test_what_nobody_confirms_counts_as_received_in_time_and_is_told(market: Market) -> None:
    member = await market.member()
    late, due, waiting = await sent(market, member), await sent(market, member), await market.order(member)
    await market.run("UPDATE orders SET receipt_before = now() - interval '1 s' WHERE id = $1", late.id)
    async with working(market.app.settings):

        async def received() -> bool:
            return bool((await market.show(member, late))["status"] == "completed")

        await until(received, 30)

        async def heard() -> object:
            return await market.value(
                "SELECT count(*) FROM member_notices WHERE member_id = $1 AND payload->>'status' = 'completed'",
                member.id,
            )

        await until(heard)
    shown = await market.show(member, late)
    assert (shown["timeline"][-1]["actor"], shown["timeline"][-1]["text"]) == ("system", "到期自动确认收货")
    assert (await market.show(member, due))["status"] == "pending_receipt"
    assert (await market.show(member, waiting))["status"] == "pending_payment"
    kinds = [one["kind"] for one in await told(market, member)]
    assert kinds.count("orders.received_unasked") == 1


async def test_the_sweep_takes_more_than_one_handful(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    member = await market.member()
    for _ in range(5):
        order = await sent(market, member)
        await market.run("UPDATE orders SET receipt_before = now() - interval '1 s' WHERE id = $1", order.id)
    monkeypatch.setattr(jobs, "_RECEIPTS", 2)
    await asyncio.gather(jobs.receive(market.app), jobs.receive(market.app))
    assert await market.value("SELECT count(*) FROM orders WHERE status = 'completed'") == 5
    assert await market.value("SELECT count(*) FROM order_events WHERE kind = 'completed'") == 5


async def test_nothing_is_received_by_itself_while_its_price_is_on_its_way_back(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    member, staff = await market.member(), await market.staff(["orders.view"])
    order, beside = await sent(market, member), await sent(market, member)
    overdue = "UPDATE orders SET receipt_before = now() - interval '1 s' WHERE status = 'pending_receipt'"
    monkeypatch.setattr(jobs, "_RECEIPTS", 1)  # what waits is not in the way of the others
    refunds_are(market, refund("asked", RefundState.PENDING))
    await market.run(overdue)
    await market.run("UPDATE orders SET receipt_before = now() - interval '1 day' WHERE id = $1", order.id)
    await jobs.receive(market.app)
    assert {(await market.show(member, one))["status"] for one in (order, beside)} == {"pending_receipt"}
    shown = await (await market.client.get(f"/orders/{order.order_no}", headers=member.headers)).text()
    assert "不会自动确认收货" in shown
    desk = await market.client.get(f"/backoffice/orders/{order.order_no}", headers=staff)
    assert "退款结束以后" in await desk.text()
    # Whoever has it in their hands may say so; the other follows once the refund has ended, either way.
    assert (await market.call("POST", f"/api/v1/orders/{beside.order_no}/receipt", member)).status == 200
    for state in (RefundState.DONE, RefundState.FAILED):
        refunds_are(market, refund("asked", state), refund("double", RefundState.PENDING))
        await market.run(overdue)
        await jobs.receive(market.app)
        assert (await market.show(member, order))["status"] == "completed", state
        order = await sent(market, member)


async def test_received_by_member_and_by_itself_at_the_same_moment(market: Market) -> None:
    member = await market.member()
    order = await sent(market, member)
    await market.run("UPDATE orders SET receipt_before = now() WHERE id = $1", order.id)
    async with market.app.database.transaction() as connection:
        assert await complete_in(connection, order.id, Actor(ActorKind.MEMBER, member.id))
        sweep = asyncio.create_task(jobs.receive(market.app))
        await until(lambda: waiting(market))
    await sweep
    assert await market.value("SELECT count(*) FROM order_events WHERE kind = 'completed'") == 1
    assert (await market.show(member, order))["timeline"][-1]["actor"] == "member"
    # The other way round, from the page: what its member wants is done.
    market.client.session.cookie_jar.update_cookies({"lf_member": member.token}, market.client.make_url("/"))
    page = await (await market.client.get(f"/orders/{order.order_no}")).text()
    token = re.search(r'name="csrf-token" content="([^"]+)"', page)
    assert token
    answer = await market.client.post(
        f"/orders/{order.order_no}/receipt", data={"csrf_token": token[1]}, allow_redirects=False
    )
    assert (answer.status, answer.headers["Location"]) == (303, f"/orders/{order.order_no}")


@pytest.mark.parametrize(
    ("left", "text"),
    [
        ("10 days", "还剩 10 天自动确认收货"),
        ("24 hours 1 minute", "还剩 2 天自动确认收货"),
        ("23 hours 30 minutes", "还剩 24 小时自动确认收货"),
        ("1 minute", "还剩 1 小时自动确认收货"),
        ("-1 minute", "马上就自动确认收货"),
    ],
)
async def test_the_page_says_how_long_it_waits(market: Market, left: str, text: str) -> None:
    member = await market.member()
    order = await sent(market, member)
    await market.run(f"UPDATE orders SET receipt_before = now() + interval '{left}' WHERE id = $1", order.id)
    page = await market.client.get(f"/orders/{order.order_no}", headers=member.headers)
    body = await page.text()
    assert text in body
    assert PARCEL.tracking_no in body


async def test_what_was_bought_can_be_reviewed_once_it_has_come(market: Market) -> None:
    member = await market.member()
    order = await sent(market, member)
    line_id = await market.value("SELECT id FROM order_lines WHERE order_id = $1", order.id)
    review, body = f"/api/v1/order-lines/{line_id}/review", {"rating": 5, "text": "好用"}
    assert await said(await market.call("POST", review, member, body), 409) == "not_received"
    assert (await market.call("POST", f"/api/v1/orders/{order.order_no}/receipt", member)).status == 200
    assert (await market.call("POST", review, member, body)).status == 201
    # A week later they would be asked for one.
    later = "execute_after > now() + interval '6 days'"
    waits = f"SELECT count(*) FROM pgqueuer WHERE entrypoint = 'reviews.remind' AND {later}"
    async with working(market.app.settings):
        await until(lambda: market.value(waits))


async def test_what_shipped_before_parcels_were_written_down_is_received_all_the_same(market: Market) -> None:
    member, staff = await market.member(), await market.staff(["orders.view", "orders.manage"])
    order = await market.order(member, status="pending_receipt")
    await market.run("UPDATE orders SET receipt_before = NULL WHERE id = $1", order.id)
    shown = await market.show(member, order)
    assert (shown["shipments"], shown["receipt_before"], shown["actions"]) == ([], None, ["confirm_receipt"])
    for page, who in ((f"/orders/{order.order_no}", member.headers), (f"/backoffice/orders/{order.order_no}", staff)):
        assert (await market.client.get(page, headers=who)).status == 200
    refused = await market.call("PATCH", path(order), staff, {"tracking_no": "SF1390000001"})
    assert await said(refused, 409) == "not_in_transit"
    await jobs.receive(market.app)
    assert (await market.show(member, order))["status"] == "pending_receipt"
    assert (await market.call("POST", f"/api/v1/orders/{order.order_no}/receipt", member)).status == 200


async def test_parcels_are_part_of_what_members_are_told_of_themselves(market: Market) -> None:
    member, other = await market.member(), await market.member()
    order = await sent(market, member)
    await sent(market, other)
    async with market.app.database.connection() as connection:
        found = await belonging_store.tell(connection, member.id)
    assert [(one["order_no"], one["tracking_no"]) for one in found["shipments"]] == [
        (order.order_no, PARCEL.tracking_no)
    ]
