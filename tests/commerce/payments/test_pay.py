"""Paying an order: over real HTTP, with real signatures, through the gateway's own notifications."""

from __future__ import annotations

from urllib.parse import urlsplit

from commerce.orders import Sources
from tests.commerce.orders.market import PRICE, HeldUnits, Market, until, working
from tests.commerce.payments.paying import account_of, agree


async def test_a_buyer_pays_at_the_gateway_and_the_order_moves(market: Market) -> None:
    member = await market.member()
    order = await market.order(member)
    payment_no, pay_url = await market.begin(member, order)
    assert (await market.payment(member, payment_no))["status"] == "pending"
    opened = await market.client.get(urlsplit(pay_url)._replace(scheme="", netloc="").geturl(), allow_redirects=False)
    assert opened.status == 302, await opened.text()
    cashier = opened.headers["Location"]
    page = await market.client.get(cashier)
    assert page.status == 200
    assert "49.90" in await page.text()
    assert (await market.robot(payment_no)).status == 202

    async def paid() -> object:
        return (await market.payment(member, payment_no))["status"] == "paid"

    await until(paid)
    shown = await market.show(member, order)
    assert (shown["status"], shown["paid"], shown["actions"]) == ("pending_shipment", PRICE, ["change_address"])
    assert [entry["kind"] for entry in shown["timeline"]] == ["created", "paid"]
    assert await account_of(market, f"shop:{market.shop_id}:payable") == -PRICE
    assert await account_of(market, "gateway:alipay") == PRICE
    assert await market.allocated() == 1
    await agree(market)


async def test_the_robot_needs_no_opened_page_and_knows_no_strangers(market: Market) -> None:
    member = await market.member()
    order = await market.order(member)
    payment_no, _ = await market.begin(member, order)
    assert (await market.robot("1" * 18)).status == 404
    assert (await market.robot(payment_no, amount=0)).status == 422
    assert (await market.robot(payment_no, "stolen")).status == 422
    assert (await market.robot(payment_no)).status == 202

    async def paid() -> object:
        return (await market.show(member, order))["status"] == "pending_shipment"

    await until(paid)
    assert (await market.robot(payment_no, "failed")).status == 409


async def test_told_five_times_it_is_paid_once(market: Market) -> None:
    member = await market.member()
    order = await market.order(member)
    payment_no, _ = await market.begin(member, order)
    await market.robot(payment_no, times=5)

    async def all_answered() -> object:
        open_ = await market.value("SELECT count(*) FROM sandbox_alipay_deliveries WHERE done_at IS NULL")
        sent = await market.value("SELECT count(*) FROM sandbox_alipay_deliveries")
        return bool(sent == 5 and open_ == 0)

    await until(all_answered)
    assert await market.value("SELECT count(*) FROM ledger_transactions") == 1
    assert await market.value("SELECT count(*) FROM order_events") == 1
    assert await market.value("SELECT count(*) FROM gateway_messages WHERE verified") == 5
    assert await market.value("SELECT count(*) FROM gateway_messages WHERE outcome = 'paid'") == 1
    await agree(market)


async def test_a_lost_notification_is_found_by_asking(market: Market) -> None:
    member = await market.member()
    order = await market.order(member)
    payment_no, _ = await market.begin(member, order)
    await market.robot(payment_no, delay_s=0.01)
    await market.run("UPDATE sandbox_alipay_trades SET notify_url = 'http://127.0.0.1:9/lost'")

    async def taken() -> object:
        return bool(await market.value("SELECT count(*) FROM sandbox_alipay_trades WHERE status = 'TRADE_SUCCESS'"))

    await until(taken)
    assert (await market.show(member, order))["status"] == "pending_payment"
    await market.run("UPDATE payments SET query_at = now()")
    async with working(market.app.settings):

        async def paid() -> object:
            return (await market.show(member, order))["status"] == "pending_shipment"

        await until(paid)
    await agree(market)


async def test_paid_but_unheard_of_the_order_does_not_expire(market: Market) -> None:
    member = await market.member()
    order = await market.order(member)
    payment_no, _ = await market.begin(member, order)
    await market.robot(payment_no)
    await market.run("UPDATE sandbox_alipay_trades SET notify_url = 'http://127.0.0.1:9/lost'")
    await market.run("UPDATE sandbox_alipay_deliveries SET due_at = now() + interval '1 hour'")
    if (await market.show(member, order))["status"] == "pending_payment":
        await market.run("UPDATE orders SET pay_before = now() - interval '1 second'")
    async with working(market.app.settings):

        async def paid() -> object:
            return (await market.show(member, order))["status"] == "pending_shipment"

        await until(paid)
    await agree(market)


async def test_a_gateway_that_is_down_costs_nobody_an_order(market: Market) -> None:
    member = await market.member()
    order = await market.order(member)
    await market.begin(member, order)
    await market.run("ALTER TABLE sandbox_alipay_trades RENAME TO gone")
    refused = await market.call("POST", f"/api/v1/orders/{order.order_no}/cancel", member, {"reason": ""}, "k1")
    assert refused.status == 503
    assert "Retry-After" in refused.headers
    assert (await market.show(member, order))["status"] == "pending_payment"
    await market.run("ALTER TABLE gone RENAME TO sandbox_alipay_trades")
    again = await market.call("POST", f"/api/v1/orders/{order.order_no}/cancel", member, {"reason": ""}, "k1")
    assert again.status == 200
    replayed = await market.call("POST", f"/api/v1/orders/{order.order_no}/cancel", member, {"reason": ""}, "k1")
    assert (replayed.status, await replayed.json()) == (200, await again.json())


async def test_a_source_turns_what_it_holds_into_sold(market: Market) -> None:
    source = HeldUnits()
    market.app.resource(Sources)._sources["flash_sale"] = source
    member = await market.member()
    order = await market.order(member, source="flash_sale")
    async with market.app.database.transaction() as connection:
        await source.hold(connection, order.id)
    payment_no, _ = await market.begin(member, order)
    await market.robot(payment_no, times=3)

    async def paid() -> object:
        return (await market.show(member, order))["status"] == "pending_shipment"

    await until(paid)
    assert await market.value("SELECT status FROM test_held") == "paid"
    cancelled = await market.call("POST", f"/api/v1/orders/{order.order_no}/cancel", member, {"reason": ""})
    assert (cancelled.status, (await cancelled.json())["error"]["code"]) == (409, "not_cancellable")
    assert await market.value("SELECT status FROM test_held") == "paid"


async def test_paying_asks_for_what_the_database_says(market: Market) -> None:
    member, other = await market.member(), await market.member()
    order = await market.order(member)
    path = f"/api/v1/orders/{order.order_no}/payments"
    assert (await market.call("POST", path, None, {"method": "alipay"})).status == 401
    assert (await market.call("POST", path, other, {"method": "alipay"})).status == 404
    assert (await market.call("POST", path, member, {"method": "alipay", "amount": 1})).status == 422
    assert (await market.call("POST", path, member, {"method": "cheque"})).status == 422
    assert (await market.call("POST", path, member, {"method": "alipay"}, "")).status == 422
    first = await market.call("POST", path, member, {"method": "alipay"}, "same")
    second = await market.call("POST", path, member, {"method": "alipay"}, "same")
    assert await first.json() == await second.json()
    assert await market.value("SELECT count(*) FROM payments") == 1
    paid = await market.order(member, status="completed")
    refused = await market.call("POST", f"/api/v1/orders/{paid.order_no}/payments", member, {"method": "alipay"})
    assert (refused.status, (await refused.json())["error"]["code"]) == (409, "not_payable")
    over = await market.order(member, pay_within=-1)
    refused = await market.call("POST", f"/api/v1/orders/{over.order_no}/payments", member, {"method": "alipay"})
    assert (refused.status, (await refused.json())["error"]["code"]) == (409, "pay_deadline_passed")
    assert (await market.call("GET", f"/api/v1/payments/{(await first.json())['payment_no']}", other)).status == 404


async def test_nobody_begins_payments_without_end(market: Market) -> None:
    member = await market.member()
    order = await market.order(member)
    for _ in range(10):
        await market.begin(member, order)
    refused = await market.call("POST", f"/api/v1/orders/{order.order_no}/payments", member, {"method": "alipay"})
    assert (refused.status, (await refused.json())["error"]["code"]) == (409, "too_many_payments")
    async with working(market.app.settings):

        async def newest_left() -> object:
            return await market.value("SELECT count(*) FROM payments WHERE status = 'pending'") == 1

        await until(newest_left)
    await market.begin(member, order)
