"""From the receipt of an order to its review, along the way that orders go."""

from __future__ import annotations

from typing import Any

from commerce import stock
from commerce.members.belongings import Belongings
from commerce.orders.fulfil import complete_in, ship_in
from commerce.orders.move import refunded_in, revive_in
from commerce.orders.types import SYSTEM, Carrier, OrderChanged, OrderStatus, Parcel, RefundStatus
from commerce.reviews import store
from commerce.reviews.jobs import Reminder, received, remind
from server.clock import now
from tests.commerce.orders.market import Market, Member, Placed
from tests.commerce.reviews.test_moderation import told
from tests.commerce.reviews.test_reviews import ask

PARCEL = Parcel(Carrier.SF, "SF1234567890")


async def deliver(market: Market, order: Placed) -> None:
    """Ship a paid order and confirm its receipt."""
    async with market.app.database.transaction() as connection:
        assert await ship_in(connection, order.id, PARCEL, SYSTEM)
    async with market.app.database.transaction() as connection:
        assert await complete_in(connection, order.id, SYSTEM)


async def hear(market: Market, member_id: int, order: Placed) -> None:
    """Hear of the receipt of an order that was this member's then."""
    event = OrderChanged(
        order_id=order.id,
        order_no=order.order_no,
        member_id=member_id,
        before=OrderStatus.PENDING_RECEIPT,
        status=OrderStatus.COMPLETED,
        at=now(),
    )
    async with market.app.database.transaction() as connection:
        await received(market.app, connection, event, 1)


async def attempt(market: Market, member: Member, order: Placed) -> Any:
    """Review the line of an order and return the status and the code of a refusal."""
    line_id = await market.value("SELECT id FROM order_lines WHERE order_id = $1", order.id)
    answer = await market.call("POST", f"/api/v1/order-lines/{line_id}/review", member, {"rating": 5})
    told = await answer.json()
    return answer.status, told.get("error", {}).get("code")


async def pending(market: Market, member: Member) -> int:
    return int((await ask(market, "GET", "/api/v1/me/reviews/pending", member))["total"])


async def test_an_order_is_reviewed_from_its_receipt_on(market: Market) -> None:
    member = await market.member()
    order = await market.order(member, status="pending_shipment")
    assert (await attempt(market, member, order), await pending(market, member)) == ((409, "not_received"), 0)
    async with market.app.database.transaction() as connection:
        assert await ship_in(connection, order.id, PARCEL, SYSTEM)
    assert (await attempt(market, member, order), await pending(market, member)) == ((409, "not_received"), 0)
    async with market.app.database.transaction() as connection:
        assert await complete_in(connection, order.id, SYSTEM)
    assert await pending(market, member) == 1
    assert await attempt(market, member, order) == (201, None)
    assert await pending(market, member) == 0


async def test_what_was_given_back_in_part_is_reviewed_and_what_was_given_back_whole_not(market: Market) -> None:
    member = await market.member()
    for status, expected in ((RefundStatus.PARTIAL, (201, None)), (RefundStatus.FULL, (409, "not_received"))):
        order = await market.order(member, status="pending_shipment")
        await deliver(market, order)
        async with market.app.database.transaction() as connection:
            assert await refunded_in(connection, order.id, status)
        assert await pending(market, member) == (1 if expected[0] == 201 else 0)
        assert await attempt(market, member, order) == expected
    # A refund changes nothing of when the order was received.
    await market.run("UPDATE order_events SET at = at - interval '31 days' WHERE to_status = 'completed'")
    order = await market.order(member, status="pending_shipment")
    await deliver(market, order)
    await market.run(
        "UPDATE order_events SET at = at - interval '31 days' WHERE to_status = 'completed' AND order_id = $1", order.id
    )
    async with market.app.database.transaction() as connection:
        assert await refunded_in(connection, order.id, RefundStatus.PARTIAL)
    assert await attempt(market, member, order) == (409, "review_closed")


async def test_an_order_that_a_late_payment_revived_is_reviewed_and_one_that_stayed_cancelled_not(
    market: Market,
) -> None:
    member = await market.member()
    revived, cancelled = [await market.order(member, status="cancelled") for _ in range(2)]
    async with market.app.database.transaction() as connection:
        await refunded_in(connection, cancelled.id, RefundStatus.FULL)
        assert await stock.allocate(connection, market.sku_id, 1, f"order:{revived.order_no}", "system")
        assert await revive_in(connection, revived.id, revived.amount, now())
    await deliver(market, revived)
    assert await attempt(market, member, revived) == (201, None)
    assert await attempt(market, member, cancelled) == (409, "not_received")


async def test_who_took_an_account_over_reviews_what_it_received(market: Market) -> None:
    keeper, other = await market.member(), await market.member()
    order = await market.order(other, status="pending_shipment")
    await deliver(market, order)
    async with market.app.database.transaction() as connection:
        await market.app.resource(Belongings).move(connection, keeper.id, other.id)
    await hear(market, other.id, order)  # the event was on its way while the accounts were merged
    async with market.app.database.connection() as connection:
        assert await store.has_bought(connection, market.product_id, keeper.id)
        assert not await store.has_bought(connection, market.product_id, other.id)
    await remind(market.app, Reminder(order.order_no))
    assert await told(market, keeper) == ["说说《山行保温杯》，还有 30 天可以评价"]
    assert await attempt(market, other, order) == (404, "not_found")
    assert await attempt(market, keeper, order) == (201, None)


async def test_nobody_who_has_left_is_reminded(market: Market) -> None:
    member = await market.member()
    order = await market.order(member, status="pending_shipment")
    await deliver(market, order)
    await hear(market, member.id, order)
    await market.run("UPDATE members SET status = 'gone' WHERE id = $1", member.id)
    await remind(market.app, Reminder(order.order_no))
    assert await market.value("SELECT count(*) FROM messages") == 0


async def test_of_an_order_among_very_many_one_is_reminded(market: Market) -> None:
    member = await market.member()
    first = await market.order(member, status="pending_shipment")
    await deliver(market, first)
    await market.run(
        """
        INSERT INTO order_lines (order_id, sku_id, product_id, title, specs, unit_price, quantity, amount)
        SELECT $1, sku_id, product_id, title, specs, unit_price, quantity, amount
        FROM order_lines, generate_series(1, 1000) WHERE order_id = $2
        """,
        (await market.order(member, status="completed")).id,
        first.id,
    )
    await market.run("UPDATE order_events SET at = at - interval '1 day'")
    await remind(market.app, Reminder(first.order_no))
    assert len(await told(market, member)) == 1
