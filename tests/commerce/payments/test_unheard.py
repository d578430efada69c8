"""Money for a payment that was closed here before its gateway knew of it, while no notification ever arrives."""

from __future__ import annotations

from urllib.parse import urlsplit

from commerce import payments
from commerce.payments import ask
from tests.commerce.orders.market import Market, Member, until, working

LOST = "http://127.0.0.1:9/lost"


async def closed_unknown(market: Market) -> tuple[Member, str, str]:
    """A payment whose cashier nobody had opened when its order was cancelled, and the cashier's address."""
    member = await market.member()
    order = await market.order(member)
    payment_no, pay_url = await market.begin(member, order)
    cancelled = await market.call("POST", f"/api/v1/orders/{order.order_no}/cancel", member, {"reason": ""})
    assert cancelled.status == 200, await cancelled.text()
    assert (await market.payment(member, payment_no))["status"] == "closed"
    return member, payment_no, pay_url


async def paid_in_silence(market: Market, payment_no: str) -> None:
    """Somebody makes the payment in a window of the cashier; the gateway's notifications go nowhere."""
    await market.robot(payment_no, delay_s=0.01)
    await market.run(f"UPDATE sandbox_alipay_trades SET notify_url = '{LOST}'")

    async def taken() -> object:
        return bool(await market.value("SELECT count(*) FROM sandbox_alipay_trades WHERE status = 'TRADE_SUCCESS'"))

    await until(taken)


async def may_come(market: Market) -> bool:
    return bool(await market.value("SELECT may_come FROM payments"))


async def test_money_after_the_closing_is_found_by_asking_and_goes_back(market: Market) -> None:
    member, payment_no, _ = await closed_unknown(market)
    assert await may_come(market)
    await paid_in_silence(market, payment_no)
    assert (await market.payment(member, payment_no))["status"] == "closed"
    await market.run("UPDATE payments SET query_at = now()")
    async with working(market.app.settings):

        async def back() -> object:
            return (await market.payment(member, payment_no))["status"] == "refunded"

        await until(back)
    assert not await may_come(market)
    async with market.app.database.connection() as connection:
        assert await payments.check(connection) == []


async def test_a_cashier_opened_after_the_closing_is_closed_too(market: Market) -> None:
    member, payment_no, pay_url = await closed_unknown(market)
    opened = await market.client.get(urlsplit(pay_url)._replace(scheme="", netloc="").geturl(), allow_redirects=False)
    assert opened.status == 302, await opened.text()
    assert await market.value("SELECT status FROM sandbox_alipay_trades") == "WAIT_BUYER_PAY"
    await market.run("UPDATE payments SET query_at = now()")
    await ask.sweep(market.app)
    assert await market.value("SELECT status FROM sandbox_alipay_trades") == "TRADE_CLOSED"
    assert not await may_come(market)
    assert (await market.payment(member, payment_no))["status"] == "closed"


async def test_it_is_asked_about_until_its_deadline_is_well_past(market: Market) -> None:
    await closed_unknown(market)
    closed_at = await market.value("SELECT closed_at FROM payments")
    for seconds_to_go, still in ((60, True), (-60, True), (-180, False)):
        await market.run(
            f"UPDATE payments SET query_at = now(), pay_before = now() + interval '{seconds_to_go} seconds'"
        )
        await ask.sweep(market.app)
        assert await may_come(market) is still
    assert await market.value("SELECT closed_at FROM payments") == closed_at
    assert await market.value("SELECT queries FROM payments") == 3
    await market.run("UPDATE payments SET query_at = now()")
    await ask.sweep(market.app)
    assert await market.value("SELECT queries FROM payments") == 3


async def test_a_gateway_that_is_down_is_asked_again(market: Market) -> None:
    await closed_unknown(market)
    await market.run("UPDATE payments SET query_at = now(), pay_before = now() - interval '1 hour'")
    await market.run("ALTER TABLE sandbox_alipay_trades RENAME TO gone")
    await ask.sweep(market.app)
    assert await may_come(market)
    await market.run("ALTER TABLE gone RENAME TO sandbox_alipay_trades")
    assert await market.value("SELECT query_at > now() FROM payments")
