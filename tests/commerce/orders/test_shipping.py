"""Shipping: who may, in which state, what is told of it, and what happens at the same moment."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from commerce import orders, stock
from commerce.orders import Refunds, RefundState, RefundStatus
from commerce.orders.readdress import readdress
from commerce.orders.ship import ship
from commerce.orders.shipment_store import to_ship
from commerce.payments.refund import refund_in
from tests.commerce.orders.market import PARCEL, PRICE, Market, Placed, until, working
from tests.commerce.orders.parcels import path, refund, refunds_are, said, sent, told, waiting

SENT = {"carrier": "sf", "tracking_no": "sf-1390000001"}
MANAGE = ["orders.view", "orders.manage"]


async def test_a_paid_order_ships_once_and_its_member_sees_with_whom(market: Market) -> None:
    member, staff = await market.member(), await market.staff(MANAGE, market.shop_id)
    order = await market.order(member, quantity=3, status="pending_shipment")
    before = await said(await market.call("GET", path(order), staff), 200)
    assert (before["shipment"], before["receipt_before"]) == (None, None)
    assert before["address"]["detail"] == "龙腾大道 2350 号"
    assert await said(await market.call("POST", path(order), staff, SENT, ""), 422) == "invalid"
    made = await said(await market.call("POST", path(order), staff, SENT, "k"), 201)
    assert made["status"] == "pending_receipt"
    assert made["shipment"] | {"shipped_at": 0} == {
        "carrier": "sf",
        "carrier_name": "顺丰 SF",
        "tracking_no": "SF-1390000001",
        "shipped_at": 0,
    }
    assert await said(await market.call("POST", path(order), staff, SENT, "k"), 201) == made
    again = await market.call("POST", path(order), staff, SENT)
    assert (await again.json())["error"]["details"] == {
        "status": "pending_receipt",
        "carrier": "sf",
        "tracking_no": "SF-1390000001",
    }
    shown = await market.show(member, order)
    assert shown["shipments"] == [made["shipment"]]
    assert shown["receipt_before"] == made["receipt_before"]
    assert (shown["actions"], shown["timeline"][-1]["kind"]) == (["confirm_receipt"], "shipped")
    days = await market.value(
        "SELECT receipt_before - s.shipped_at FROM orders o JOIN shipments s ON s.order_id = o.id WHERE o.id = $1",
        order.id,
    )
    assert days.days == 10
    packed = await market.value("SELECT array_agg((line_id, quantity)) FROM shipment_lines")
    assert [tuple(one) for one in packed] == [
        (await market.value("SELECT id FROM order_lines WHERE order_id = $1", order.id), 3)
    ]
    async with market.app.database.connection() as connection:
        levels = (await stock.levels(connection, [market.sku_id]))[0]
        left = (await stock.movements(connection, [market.sku_id], 1))[0]
    assert (levels.on_hand, levels.allocated) == (97, 0)
    assert re.fullmatch(r"staff:\d+", left.actor)
    english = await market.client.get(
        f"/api/v1/orders/{order.order_no}", headers=member.headers | {"Accept-Language": "en"}
    )
    assert (await english.json())["shipments"][0]["carrier_name"] == "SF Express"
    first = (await told(market, member))[0]
    assert first["text"] == "《山行保温杯》共 3 件，已经发出，在路上了。顺丰 SF SF-1390000001"


async def test_only_staff_of_the_shop_who_handle_orders_ship(market: Market) -> None:
    member = await market.member()
    order = await market.order(member, status="pending_shipment")
    other = await market.value("INSERT INTO shops (slug, name) VALUES ('t', '乙店') RETURNING id")
    foreign, clerk = await market.staff(MANAGE, other), await market.staff(["orders.view"], market.shop_id)
    for who, status in ((foreign, 404), (clerk, 403), (member, 403), (None, 401)):
        for method in ("POST", "PATCH"):
            assert (await market.call(method, path(order), who, SENT)).status == status
    assert (await market.call("GET", path(order), foreign)).status == 404
    assert (await market.call("GET", path(order), clerk)).status == 200
    assert (await market.show(member, order))["status"] == "pending_shipment"


async def test_what_waits_is_counted_by_shop(market: Market) -> None:
    member = await market.member()
    other = await market.value("INSERT INTO shops (slug, name) VALUES ('t', '乙店') RETURNING id")
    await market.order(member, status="pending_shipment")
    for status in ("pending_shipment", "pending_payment", "pending_receipt"):
        await market.order(member, status=status, shop_id=other)
    async with market.app.database.connection() as connection:
        found = [await to_ship(connection, shops) for shops in (None, [market.shop_id], [other], [])]
    assert found == [2, 1, 1, 0]


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("pending_payment", "not_shippable"),
        ("cancelled", "not_shippable"),
        ("pending_receipt", "already_shipped"),
        ("completed", "already_shipped"),
    ],
)
async def test_what_does_not_wait_for_it_does_not_ship(market: Market, status: str, code: str) -> None:
    member, staff = await market.member(), await market.staff(MANAGE)
    order = await market.order(member, status=status)
    refused = await market.call("POST", path(order), staff, SENT)
    assert await said(refused, 409) == code
    assert await market.value("SELECT count(*) FROM shipments") == 0
    assert (await market.show(member, order))["status"] == status


BAD = [
    {"carrier": "dhl", "tracking_no": "SF1390000001"},
    {"carrier": "sf"},
    {"tracking_no": "SF1390000001"},
    {"carrier": "sf", "tracking_no": "SF139"},
    {"carrier": "sf", "tracking_no": "S" * 33},
    {"carrier": "sf", "tracking_no": "SF139 000"},
    {"carrier": "sf", "tracking_no": "ABCDEFGH"},
    {"carrier": "sf", "tracking_no": "--------"},
    {"carrier": "sf", "tracking_no": "SF139000ß"},
    {"carrier": "sf", "tracking_no": "SF1390\u0000"},
    {"carrier": "sf", "tracking_no": "<b>SF1390</b>"},
    {"carrier": "sf", "tracking_no": 1390000001},
    {"carrier": "sf", "tracking_no": "SF1390000001", "address_version": "x" * 65},
    {"carrier": "sf", "tracking_no": "SF1390000001", "status": "completed"},
]


async def test_bad_input_is_refused_with_its_field(market: Market) -> None:
    member, staff = await market.member(), await market.staff(MANAGE)
    order = await market.order(member, status="pending_shipment")
    for body in BAD:
        answer = await market.call("POST", path(order), staff, body)
        error = (await answer.json())["error"]
        assert (answer.status, error["code"]) == (422, "invalid"), (body, error)
        assert error["field"] in {"carrier", "tracking_no", "address_version", "status"}, (body, error)
    assert (await market.show(member, order))["status"] == "pending_shipment"
    gone = await sent(market, member)
    for body in BAD[3:12]:
        assert (await market.call("PATCH", path(gone), staff, body)).status == 422, body
    assert (await market.show(member, gone))["shipments"][0]["tracking_no"] == PARCEL.tracking_no


async def test_numbers_are_read_as_people_paste_them(market: Market) -> None:
    """From labels, chats and Chinese keyboards: with spaces, small letters, full-width characters."""
    member, staff = await market.member(), await market.staff(MANAGE)
    order = await market.order(member, status="pending_shipment")
    form = {"carrier": "zto", "tracking_no": " zｔｏ 7300\t0000 01 "}
    token = await _csrf(market, staff, order)
    assert (await _post(market, staff, order, "ship", form | {"csrf_token": token})).status == 303
    assert (await market.show(member, order))["shipments"][0]["tracking_no"] == "ZTO7300000001"


async def test_a_form_that_is_wrong_keeps_what_was_typed(market: Market) -> None:
    member, staff = await market.member(), await market.staff(MANAGE)
    order = await market.order(member, status="pending_shipment")
    token = await _csrf(market, staff, order)
    for form, text in (
        ({"carrier": "zto", "tracking_no": "<7>"}, "运单号是 6 到 32 位"),
        ({"carrier": "", "tracking_no": "ZTO7300000001"}, "请选择快递公司"),
        ({"carrier": "no", "tracking_no": "ZTO7300000001"}, "请选择快递公司"),
    ):
        answer = await _post(market, staff, order, "ship", form | {"csrf_token": token})
        page = await answer.text()
        assert answer.status == 422
        assert text in page
        assert f'value="{form["tracking_no"].replace("<", "&lt;").replace(">", "&gt;")}"' in page
    assert (await _post(market, staff, order, "ship", {"csrf_token": token, **SENT})).status == 303
    # Pressed twice it is what was wanted; with another number it is not.
    assert (await _post(market, staff, order, "ship", {"csrf_token": token, **SENT})).status == 303
    again = await _post(market, staff, order, "ship", {"csrf_token": token, **SENT, "tracking_no": "SF1390000002"})
    assert again.status == 409
    assert "订单已经发货" in await again.text()
    wrong = await _post(market, staff, order, "shipment", {"csrf_token": token, "carrier": "sf", "tracking_no": "1"})
    assert wrong.status == 422
    right = {"csrf_token": token, "carrier": "sf", "tracking_no": "SF1390000002"}
    assert (await _post(market, staff, order, "shipment", right)).status == 303
    assert (await market.show(member, order))["shipments"][0]["tracking_no"] == "SF1390000002"


async def _csrf(market: Market, staff: dict[str, str], order: Placed) -> str:
    """Return the CSRF token of the order's page; the client keeps the cookies."""
    market.client.session.cookie_jar.update_cookies(
        {"lf_staff": staff["Authorization"].removeprefix("Bearer ")}, market.client.make_url("/")
    )
    page = await (await market.client.get(f"/backoffice/orders/{order.order_no}")).text()
    found = re.search(r'name="csrf-token" content="([^"]+)"', page)
    assert found
    return found[1]


async def _post(market: Market, staff: dict[str, str], order: Placed, deed: str, form: dict[str, str]) -> Any:
    return await market.client.post(f"/backoffice/orders/{order.order_no}/{deed}", data=form, allow_redirects=False)


async def test_a_mistyped_number_is_put_right_until_receipt_and_told(market: Market) -> None:
    member, staff = await market.member(), await market.staff(MANAGE, market.shop_id)
    order = await sent(market, member)
    same = await said(await market.call("PATCH", path(order), staff, {"tracking_no": "sf1390000000001"}), 200)
    assert same["shipment"]["tracking_no"] == PARCEL.tracking_no
    assert await market.value("SELECT count(*) FROM staff_audit") == 0
    for number in ("SF2", "SF222222", "SF111111", "SF222222"):
        answer = await market.call("PATCH", path(order), staff, {"tracking_no": number})
        assert answer.status == (422 if number == "SF2" else 200)
    moved = await said(await market.call("PATCH", path(order), staff, {"carrier": "jd"}), 200)
    assert (moved["shipment"]["carrier"], moved["shipment"]["tracking_no"]) == ("jd", "SF222222")
    shown = await market.show(member, order)
    assert shown["shipments"] == [moved["shipment"]]
    assert shown["timeline"][-1]["text"] == "商家更正了快递信息"
    texts = [one["text"] for one in await told(market, member)]
    assert [text.rpartition("：")[2] for text in texts if "更正" in text] == [
        "京东 JD SF222222",
        "顺丰 SF SF222222",
        "顺丰 SF SF111111",
        "顺丰 SF SF222222",
    ]
    row = await market.value(
        "SELECT row(shop_id, object_id, before, after)::text FROM staff_audit ORDER BY id DESC LIMIT 1"
    )
    assert str(order.order_no) in row
    assert '""carrier"": ""sf""' in row
    assert '""carrier"": ""jd""' in row
    done = await market.call("POST", f"/api/v1/orders/{order.order_no}/receipt", member)
    assert done.status == 200
    refused = await market.call("PATCH", path(order), staff, {"tracking_no": "SF333333"})
    assert await said(refused, 409) == "not_in_transit"
    early = await market.order(member, status="pending_shipment")
    assert await said(await market.call("PATCH", path(early), staff, SENT), 409) == "not_in_transit"


@pytest.mark.parametrize("state", [RefundState.PENDING, RefundState.FAILED])
async def test_what_is_being_refunded_stays(market: Market, state: RefundState) -> None:
    member, staff = await market.member(), await market.staff(MANAGE)
    order = await market.order(member, status="pending_shipment")
    refunds_are(market, refund("asked", state))
    assert await said(await market.call("POST", path(order), staff, SENT), 409) == "being_refunded"
    page = await market.client.get(f"/backoffice/orders/{order.order_no}", headers=staff)
    assert "不能发货" in await page.text()
    refunds_are(market, refund("asked", RefundState.DONE), *(refund(one, state) for one in ("double", "mismatch")))
    assert (await market.call("POST", path(order), staff, SENT)).status == 201


async def test_what_was_refunded_whole_stays_and_what_was_in_part_ships(market: Market) -> None:
    member, staff = await market.member(), await market.staff(MANAGE)
    for status, expected in ((RefundStatus.FULL, 409), (RefundStatus.PARTIAL, 201)):
        order = await market.order(member, status="pending_shipment")
        await market.run("UPDATE orders SET refund_status = $2 WHERE id = $1", order.id, status)
        assert (await market.call("POST", path(order), staff, SENT)).status == expected


async def test_a_refund_at_the_same_moment_keeps_the_goods(market: Market) -> None:
    member, staff = await market.member(), await market.staff(MANAGE)
    order = await market.order(member)
    payment_no, _ = await market.begin(member, order)
    async with working(market.app.settings):
        await market.robot(payment_no)

        async def paid() -> bool:
            return bool((await market.show(member, order))["status"] == "pending_shipment")

        await until(paid)
    payment_id = await market.value("SELECT id FROM payments WHERE payment_no = $1", payment_no)
    async with market.app.database.transaction() as connection:
        await orders.lock(connection, order.id)
        shipping = asyncio.create_task(market.call("POST", path(order), staff, SENT))
        await until(lambda: waiting(market))
        await refund_in(connection, payment_id, PRICE, "asked")
    assert await said(await shipping, 409) == "being_refunded"
    assert (await market.show(member, order))["status"] == "pending_shipment"
    async with market.app.database.connection() as connection:
        levels = (await stock.levels(connection, [market.sku_id]))[0]
    assert (levels.on_hand, levels.allocated) == (100, 1)


async def test_shipped_from_many_windows_it_leaves_once(market: Market) -> None:
    member, staff = await market.member(), await market.staff(MANAGE)
    order = await market.order(member, quantity=2, status="pending_shipment")
    answers = await asyncio.gather(*(market.call("POST", path(order), staff, SENT) for _ in range(6)))
    assert sorted(answer.status for answer in answers) == [201] + [409] * 5
    async with market.app.database.connection() as connection:
        levels = (await stock.levels(connection, [market.sku_id]))[0]
    assert (levels.on_hand, levels.allocated) == (98, 0)
    assert await market.value("SELECT count(*) FROM order_events WHERE kind = 'shipped'") == 1
    assert await market.value("SELECT count(*) FROM staff_audit WHERE kind = 'order_shipped'") == 1


async def test_an_address_that_changed_meanwhile_is_looked_at_again(market: Market) -> None:
    member, staff = await market.member(), await market.staff(MANAGE)
    order = await market.order(member, status="pending_shipment")
    await market.run("UPDATE addresses SET detail = '北山街 1 号' WHERE id = $1", member.address_id)
    seen = (await said(await market.call("GET", path(order), staff), 200))["address_version"]
    async with market.app.database.transaction() as connection:
        await readdress(connection, member.id, order.order_no, member.address_id)
        shipping = asyncio.create_task(market.call("POST", path(order), staff, {**SENT, "address_version": seen}))
        await until(lambda: waiting(market))
    assert await said(await shipping, 409) == "address_changed"
    fresh = (await said(await market.call("GET", path(order), staff), 200))["address_version"]
    assert fresh != seen
    assert (await market.call("POST", path(order), staff, {**SENT, "address_version": fresh})).status == 201


async def test_who_sends_orders_reads_where_they_go_and_nobody_else(market: Market) -> None:
    order = await market.order(await market.member(), status="pending_shipment")
    for role in ("warehouse", "shop_manager", "service", "finance", "operator", "auditor"):
        held = await market.value("SELECT permissions FROM roles WHERE code = $1", role)
        staff = await market.staff(held, market.shop_id if role != "auditor" else None)
        page = await (await market.client.get(f"/backoffice/orders/{order.order_no}", headers=staff)).text()
        seen = await said(await market.call("GET", path(order), staff), 200)
        sends = role in ("warehouse", "shop_manager")
        for text in (page, str(seen)):
            assert [word in text for word in ("13812346021", "林小满", "龙腾大道")] == [sends] * 3, role
            assert ("138****6021" in text, "上海市 徐汇区" in text) == (not sends, True), role
        assert bool(seen["address_version"]) == sends


async def test_an_address_does_not_change_under_a_parcel(market: Market) -> None:
    member = await market.member()
    order = await market.order(member, status="pending_shipment")
    staff_id = await market.value(
        "INSERT INTO staff (account, name, password_hash) VALUES ('x', '仓', 'x') RETURNING id"
    )
    await market.run("UPDATE addresses SET detail = '北山街 1 号' WHERE id = $1", member.address_id)
    body = {"address_id": str(member.address_id)}
    async with market.app.database.transaction() as connection:
        await ship(connection, market.app.resource(Refunds), None, order.order_no, PARCEL, staff_id)
        changing = asyncio.create_task(market.call("PATCH", f"/api/v1/orders/{order.order_no}", member, body))
        await until(lambda: waiting(market))
    assert await said(await changing, 409) == "address_locked"
    assert (await market.show(member, order))["address"]["detail"] == "龙腾大道 2350 号"
