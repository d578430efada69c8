"""Orders over HTTP: who sees what, cancelling, addresses, expiry, pushes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from commerce import orders, stock
from commerce.members import default_address
from commerce.orders import Closing, Tills, Wanted, jobs
from commerce.orders.types import NotOnSale, OutOfStock
from server.errors import Invalid
from tests.commerce.orders.market import PARCEL, PRICE, Market, until, working


async def code_of(answer: Any) -> tuple[int, str]:
    return answer.status, (await answer.json())["error"]["code"]


async def test_a_member_sees_their_orders_by_state(market: Market) -> None:
    member, other = await market.member(), await market.member()
    due = await market.order(member, quantity=2)
    done = await market.order(member, status="completed")
    await market.order(other)
    listed = await (await market.call("GET", "/api/v1/orders", member)).json()
    assert (listed["total"], [item["order_no"] for item in listed["items"]]) == (2, [done.order_no, due.order_no])
    filtered = await (await market.call("GET", "/api/v1/orders?status=pending_payment&size=1", member)).json()
    assert [item["order_no"] for item in filtered["items"]] == [due.order_no]
    shown = await market.show(member, due)
    assert shown["amount"] == 2 * PRICE
    assert shown["lines"][0] | {"sku_id": "", "product_id": ""} == {
        "sku_id": "",
        "product_id": "",
        "title": "山行保温杯",
        "specs": {"颜色": "松"},
        "picture": "",
        "unit_price": PRICE,
        "list_price": None,
        "quantity": 2,
        "amount": 2 * PRICE,
    }
    assert shown["actions"] == ["pay", "change_address", "cancel"]
    assert shown["timeline"][0]["kind"] == "created"
    assert (await market.show(member, done))["actions"] == []
    assert (await market.call("GET", f"/api/v1/orders/{due.order_no}", other)).status == 404
    assert (await market.call("GET", f"/api/v1/orders/{due.order_no}")).status == 401
    assert (await market.call("GET", "/api/v1/orders/abc", member)).status == 404
    assert (await market.call("GET", "/api/v1/orders?status=gone", member)).status == 422
    assert (await market.call("GET", "/api/v1/orders?size=101", member)).status == 422
    english = await market.client.get(
        f"/api/v1/orders/{due.order_no}", headers=member.headers | {"Accept-Language": "en"}
    )
    assert (await english.json())["timeline"][0]["text"] == "Order placed"


async def test_cancelling_gives_the_units_back_once(market: Market) -> None:
    member = await market.member()
    order = await market.order(member, quantity=3)
    path = f"/api/v1/orders/{order.order_no}/cancel"
    assert await market.allocated() == 3
    assert (await market.call("POST", path, member, {"reason": ""}, "")).status == 422
    first = await market.call("POST", path, member, {"reason": "地址填错了"}, "k")
    assert first.status == 200
    body = await first.json()
    assert (body["status"], body["cancel_reason"], body["actions"]) == ("cancelled", "地址填错了", [])
    again = await market.call("POST", path, member, {"reason": "地址填错了"}, "k")
    assert (again.status, await again.json()) == (200, body)
    assert await code_of(await market.call("POST", path, member, {"reason": "别的"}, "k")) == (
        422,
        "idempotency_mismatch",
    )
    assert await code_of(await market.call("POST", path, member, {"reason": ""}, "l")) == (409, "not_cancellable")
    assert await market.allocated() == 0


async def test_a_key_used_before_closes_no_payment(market: Market) -> None:
    member = await market.member()
    first, second = await market.order(member), await market.order(member)
    asked: list[int] = []

    async def close(app: object, order_id: int) -> Closing:
        asked.append(order_id)
        return Closing.CLOSED

    market.app.resource(Tills).register(close)
    path = "/api/v1/orders/{}/cancel"
    answers = [
        await market.call("POST", path.format(first.order_no), member, {"reason": ""}, "k"),
        await market.call("POST", path.format(first.order_no), member, {"reason": ""}, "k"),
    ]
    assert [answer.status for answer in answers] == [200, 200]
    reused = await market.call("POST", path.format(second.order_no), member, {"reason": ""}, "k")
    assert await code_of(reused) == (422, "idempotency_mismatch")
    assert asked == [first.id]
    assert (await market.show(member, second))["status"] == "pending_payment"


async def test_cancelled_at_the_same_moment_from_many_windows(market: Market) -> None:
    member = await market.member()
    order = await market.order(member, quantity=3)
    path = f"/api/v1/orders/{order.order_no}/cancel"
    answers = await asyncio.gather(*(market.call("POST", path, member, {"reason": ""}) for _ in range(8)))
    assert sorted(answer.status for answer in answers) == [200] + [409] * 7
    assert await market.allocated() == 0
    assert await market.value("SELECT count(*) FROM order_events WHERE kind = 'cancelled'") == 1


@pytest.mark.parametrize("status", ["pending_shipment", "pending_receipt", "completed", "cancelled"])
async def test_what_is_not_unpaid_is_not_cancelled(market: Market, status: str) -> None:
    member = await market.member()
    order = await market.order(member, status=status)
    before = await market.allocated()
    refused = await market.call("POST", f"/api/v1/orders/{order.order_no}/cancel", member, {"reason": ""})
    assert await code_of(refused) == (409, "not_cancellable")
    assert await market.allocated() == before


BAD: list[tuple[str, str, Any, int]] = [
    ("POST", "/cancel", {"reason": "x" * 101}, 422),
    ("POST", "/cancel", {"reason": 5}, 422),
    ("POST", "/cancel", {"reason": "a\u0000b"}, 422),
    ("POST", "/cancel", {"why": ""}, 422),
    ("POST", "/cancel", [], 422),
    ("PATCH", "", {"address_id": "0"}, 422),
    ("PATCH", "", {"address_id": 5}, 422),
    ("PATCH", "", {"address_id": "9" * 19}, 422),
    ("PATCH", "", {}, 422),
    ("PATCH", "", {"status": "completed"}, 422),
    ("PUT", "", {}, 405),
    ("DELETE", "", {}, 405),
]


async def test_bad_input_is_refused_and_changes_nothing(market: Market) -> None:
    member = await market.member()
    order = await market.order(member)
    before = await market.show(member, order)
    for method, tail, body, status in BAD:
        answer = await market.call(method, f"/api/v1/orders/{order.order_no}{tail}", member, body)
        assert answer.status == status, (method, tail, body, await answer.text())
        assert await market.show(member, order) | {"server_time": 0} == before | {"server_time": 0}


async def test_the_address_changes_until_it_ships(market: Market) -> None:
    member, other = await market.member(), await market.member()
    order = await market.order(member)
    path = f"/api/v1/orders/{order.order_no}"
    changed = await market.call("PATCH", path, member, {"address_id": str(member.address_id)})
    assert (await changed.json())["address"]["id"] == member.address_id
    assert await code_of(await market.call("PATCH", path, member, {"address_id": str(other.address_id)})) == (
        422,
        "invalid",
    )
    assert (await market.call("PATCH", path, other, {"address_id": str(other.address_id)})).status == 404
    # What was frozen stays, whatever becomes of the address.
    await market.run("UPDATE addresses SET detail = '别处' WHERE id = $1", member.address_id)
    assert (await market.show(member, order))["address"]["detail"] == "龙腾大道 2350 号"
    paid = await market.order(member, status="pending_shipment")
    address = {"address_id": str(member.address_id)}
    assert (await market.call("PATCH", f"/api/v1/orders/{paid.order_no}", member, address)).status == 200
    gone = await market.order(member, status="pending_receipt")
    refused = await market.call("PATCH", f"/api/v1/orders/{gone.order_no}", member, address)
    assert await code_of(refused) == (409, "address_locked")


async def test_an_unpaid_order_expires_and_its_member_hears(market: Market) -> None:
    member = await market.member()
    late = await market.order(member, quantity=2, pay_within=-1)
    due = await market.order(member)
    async with working(market.app.settings):

        async def told() -> object:
            return await market.value("SELECT count(*) FROM member_notices WHERE member_id = $1", member.id)

        await until(told)
    shown = await market.show(member, late)
    assert (shown["status"], shown["timeline"][-1]["actor"]) == ("cancelled", "system")
    assert (await market.show(member, due))["status"] == "pending_payment"
    assert await market.allocated() == 1
    payload = await market.value("SELECT payload FROM member_notices WHERE member_id = $1", member.id)
    assert (payload["order_no"], payload["status"]) == (late.order_no, "cancelled")


async def test_an_order_whose_gateway_is_silent_does_not_expire(market: Market) -> None:
    member = await market.member()
    order = await market.order(member, pay_within=-1)
    silent = {"now": True}

    async def close(app: object, order_id: int) -> Closing:
        return Closing.UNKNOWN if silent["now"] else Closing.CLOSED

    tills = market.app.resource(Tills)
    tills.register(close)
    await jobs.expire(market.app)
    assert (await market.show(member, order))["status"] == "pending_payment"
    assert tills.paused() == [order.id]
    silent["now"] = False
    await jobs.expire(market.app)
    assert (await market.show(member, order))["status"] == "pending_payment", "left alone for a while"
    tills.pause_s, silent["now"] = 0, True
    await tills.close(market.app, order.id)
    silent["now"] = False
    await jobs.expire(market.app)
    assert (await market.show(member, order))["status"] == "cancelled"


async def test_a_silent_gateway_holds_up_no_order_that_nobody_pays(market: Market) -> None:
    member = await market.member()
    paying = await market.order(member, pay_within=-2)
    unpaid = await market.order(member, pay_within=-1)
    forgotten = await market.order(member, pay_within=-61)
    asked: list[int] = []

    async def close(app: object, order_id: int) -> Closing:
        asked.append(order_id)
        return Closing.UNKNOWN if order_id != unpaid.id else Closing.CLOSED

    async def opened(connection: object, order_ids: Sequence[int]) -> set[int]:
        return {paying.id, forgotten.id}

    market.app.resource(Tills).register(close, opened)
    await jobs.expire_unasked(market.app)
    assert asked == [unpaid.id]
    assert (await market.show(member, unpaid))["status"] == "cancelled"
    await jobs.expire_asking(market.app)
    assert sorted(asked[1:]) == sorted([paying.id, forgotten.id])
    assert (await market.show(member, paying))["status"] == "pending_payment"
    assert (await market.show(member, forgotten))["status"] == "cancelled", "patience has an end"


async def test_an_order_whose_stock_is_wrong_holds_up_no_other(market: Market) -> None:
    member = await market.member()
    wrong = await market.order(member, quantity=2, pay_within=-2)
    right = await market.order(member, pay_within=-1)
    await market.run("UPDATE stock SET allocated = 1")
    await jobs.expire(market.app)
    assert (await market.show(member, wrong))["status"] == "pending_payment"
    assert (await market.show(member, right))["status"] == "cancelled"


async def test_what_a_source_holds_is_not_expired_here(market: Market) -> None:
    member = await market.member()
    order = await market.order(member, source="flash_sale", pay_within=-1)
    await jobs.expire(market.app)
    assert (await market.show(member, order))["status"] == "pending_payment"


async def test_staff_see_their_own_shops_orders(market: Market) -> None:
    member = await market.member()
    ours = await market.order(member)
    other_shop = await market.value("INSERT INTO shops (slug, name) VALUES ('t', '丹东田间') RETURNING id")
    theirs = await market.order(member, shop_id=other_shop)
    everywhere = await market.staff(["orders.view"])
    of_shop = await market.staff(["orders.view"], other_shop)
    stranger = await market.staff(["products.view"])
    text = await (await market.call("GET", "/backoffice/orders", everywhere)).text()
    assert ours.order_no in text
    assert theirs.order_no in text
    text = await (await market.call("GET", "/backoffice/orders", of_shop)).text()
    assert ours.order_no not in text
    assert theirs.order_no in text
    assert (await market.call("GET", f"/backoffice/orders/{theirs.order_no}", of_shop)).status == 200
    assert (await market.call("GET", f"/backoffice/orders/{ours.order_no}", of_shop)).status == 404
    found = await (await market.call("GET", f"/backoffice/orders?q={ours.order_no}", of_shop)).text()
    assert "没有符合条件的订单" in found
    for path in ("/backoffice/orders", f"/backoffice/orders/{ours.order_no}"):
        assert (await market.call("GET", path, stranger)).status == 403
        assert (await market.call("GET", path, member)).status == 403
        assert (await market.call("GET", path)).status == 303


async def test_placing_freezes_the_price_and_takes_the_units(market: Market) -> None:
    member = await market.member()
    async with market.app.database.transaction() as connection:
        address = await default_address(connection, member.id)
        assert address is not None
        order = await orders.place(connection, member.id, [Wanted(market.sku_id, 4)], address)
    assert (order.amount, await market.allocated()) == (4 * PRICE, 4)
    await market.run("UPDATE skus SET price = 1")
    assert (await orders_amount(market, order.id)) == 4 * PRICE
    for wanted, refusal in (
        ([], Invalid),
        ([Wanted(market.sku_id, 0)], Invalid),
        ([Wanted(market.sku_id, 1), Wanted(market.sku_id, 1)], Invalid),
        ([Wanted(10**12, 1)], NotOnSale),
        ([Wanted(market.sku_id, 97)], OutOfStock),
    ):
        with pytest.raises(refusal):
            async with market.app.database.transaction() as connection:
                await orders.place(connection, member.id, wanted, address)
    assert await market.allocated() == 4


async def orders_amount(market: Market, order_id: int) -> Any:
    return await market.value("SELECT sum(amount)::bigint FROM order_lines WHERE order_id = $1", order_id)


async def test_a_paid_order_counts_as_sales_once_and_ships_from_stock(market: Market) -> None:
    member = await market.member()
    order = await market.order(member, quantity=2)
    payment_no, _ = await market.begin(member, order)
    async with working(market.app.settings):
        await market.robot(payment_no, times=2)

        async def counted() -> object:
            return await market.value("SELECT sales FROM products")

        await until(counted)
    assert await market.value("SELECT sales FROM products") == 2
    async with market.app.database.transaction() as connection:
        assert await orders.ship_in(connection, order.id, PARCEL, orders.SYSTEM)
        levels = (await stock.levels(connection, [market.sku_id]))[0]
    assert (levels.on_hand, levels.allocated) == (98, 0)
