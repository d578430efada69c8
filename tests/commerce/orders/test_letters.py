"""What the message centre tells of orders."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from commerce.orders import SYSTEM, Actor, ActorKind, OrderRefund, OrderStatus, Refunds, RefundState, ship_in
from commerce.orders import cancel as cancel_order
from commerce.orders.letters import write
from commerce.orders.move import mark_paid_in
from commerce.orders.types import EXPIRED, OrderChanged
from server.clock import now
from tests.commerce.orders.market import PARCEL, PRICE, Market, Member, Placed


async def heard(market: Market, member: Member) -> list[dict[str, Any]]:
    """Hand every move to the message centre, twice as a worker may, and return what the member finds, newest first."""
    async with market.app.database.transaction() as connection:
        rows = await connection.fetch("SELECT id, payload FROM events WHERE kind = 'orders.changed' ORDER BY id")
    for row in [*rows, *rows]:
        event = msgspec.convert(row["payload"], OrderChanged)
        async with market.app.database.transaction() as connection:
            await write(market.app, connection, event, row["id"])
    answer = await market.call("GET", "/api/v1/me/messages", member)
    found: list[dict[str, Any]] = (await answer.json())["items"]
    return found


async def pay(market: Market, order: Placed) -> None:
    async with market.app.database.transaction() as connection:
        assert await mark_paid_in(connection, order.id, order.amount, now())


async def test_payment_and_shipping_are_told_once_each(market: Market) -> None:
    member = await market.member()
    order = await market.order(member, quantity=2)
    await pay(market, order)
    async with market.app.database.transaction() as connection:
        assert await ship_in(connection, order.id, PARCEL, SYSTEM)
    shipped, paid = await heard(market, member)
    assert paid["text"] == "《山行保温杯》共 2 件，付款 ¥99.80，商家会尽快发货"
    assert (paid["link"], paid["category"]) == (f"/orders/{order.order_no}", "order")
    assert (shipped["kind"], shipped["title"]) == ("orders.shipped", "已发货")
    assert shipped["text"] == "《山行保温杯》共 2 件，已经发出，在路上了。顺丰 SF SF1390000000001"


async def test_what_a_worker_tells_late_is_told_of_when_it_happened(market: Market) -> None:
    member = await market.member()
    for _ in range(2):
        await pay(market, await market.order(member))
    # The first order's payment is heard of first and happened last.
    await market.run(
        "UPDATE events SET payload = jsonb_set(payload, '{at}', to_jsonb(now() - id * interval '1 day'))"
        " WHERE payload ->> 'before' <> payload ->> 'status'"
    )
    happened = await market.value(
        "SELECT array_agg((payload ->> 'at')::timestamptz ORDER BY id) FROM events WHERE kind = 'orders.changed'"
    )
    listed = await heard(market, member)
    assert [datetime.fromisoformat(one["created_at"]) for one in listed] == [
        at.replace(microsecond=at.microsecond // 1000 * 1000) for at in happened
    ]


async def test_who_cancels_knows_it_and_others_are_told_why(market: Market) -> None:
    member = await market.member()
    own, late, closed = [await market.order(member) for _ in range(3)]
    buyer, staff = Actor(ActorKind.MEMBER, member.id), Actor(ActorKind.STAFF, 1)
    for order, reason, actor in ((own, "不想要了", buyer), (late, EXPIRED, SYSTEM), (closed, "商家缺货", staff)):
        async with market.app.database.transaction() as connection:
            await cancel_order(market.app, connection, order.id, reason, actor)
    cancelled, expired = await heard(market, member)
    assert expired["title"] == "订单超时取消"
    assert cancelled["text"] == "《山行保温杯》共 1 件，订单已取消：商家缺货"


async def test_each_refund_is_told_when_it_is_done(market: Market) -> None:
    member = await market.member()
    order = await market.order(member, status="pending_shipment")
    states = [RefundState.PENDING, RefundState.PENDING]

    async def of_order(connection: Any, order_id: int) -> list[OrderRefund]:
        return [
            OrderRefund(
                refund_no=f"R{order_id}{at}",
                amount=PRICE // 2,
                status=state,
                reason="late",
                attempt=1,
                error=None,
                created_at=now(),
                failed_at=None,
                done_at=None,
            )
            for at, state in enumerate(states)
        ]

    refunds = market.app.resource(Refunds)
    refunds._of_order = of_order
    changed = OrderChanged(
        order_id=order.id,
        order_no=order.order_no,
        member_id=member.id,
        before=OrderStatus.PENDING_SHIPMENT,
        status=OrderStatus.PENDING_SHIPMENT,
        at=now(),
    )
    counts = []
    for at in range(3):
        async with market.app.database.transaction() as connection:
            await write(market.app, connection, changed, at)
        counts.append(len(await heard(market, member)))
        if at < 2:
            states[at] = RefundState.DONE
    assert counts == [0, 1, 2]
    assert (await heard(market, member))[0]["text"] == "《山行保温杯》的订单退回 ¥24.95，到账以支付渠道为准"
