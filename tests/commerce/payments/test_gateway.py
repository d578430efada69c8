"""The sandbox gateway speaks the real protocol, and the provider believes nothing that it did not sign."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from commerce import payments
from commerce.orders import RefundState
from commerce.payments import refund_store, store
from commerce.payments.provider import Providers
from commerce.payments.providers import rsa2
from commerce.payments.providers.alipay import Alipay
from commerce.payments.providers.alipay_account import account
from commerce.payments.types import GatewayDown, GatewayRefused, Payment, Refund, TradeState
from commerce.sandbox.alipay import protocol
from commerce.sandbox.alipay.keys import Keys
from commerce.sandbox.alipay.types import Refusal
from server.application import build
from server.clock import now
from tests.commerce.orders.market import PRICE, Market, Member, Placed, until

ADDRESS = "/sandbox/alipay/gateway.do"


class Begun(msgspec.Struct, frozen=True):
    """A payment that was begun and opened at the gateway, or not."""

    member: Member
    order: Placed
    payment: Payment
    pay_url: str


@pytest.fixture
async def begun(market: Market) -> Begun:
    member = await market.member()
    order = await market.order(member)
    payment_no, pay_url = await market.begin(member, order)
    async with market.app.database.connection() as connection:
        payment = await store.by_number(connection, payment_no)
    assert payment is not None
    return Begun(member, order, payment, pay_url)


def provider(market: Market) -> Alipay:
    found = market.app.resource(Providers).of("alipay")
    assert isinstance(found, Alipay)
    return found


async def ask(market: Market, asked: str, content: Any, **changes: str) -> dict[str, Any]:
    """Ask the gateway as the merchant, with some fields changed after signing."""
    values = provider(market)._request(asked, content) | changes
    answer = await market.client.post(ADDRESS, data=values)
    assert answer.status == 200
    found: dict[str, Any] = await answer.json(content_type=None)
    return found


async def test_a_trade_from_its_opening_to_its_refund(market: Market, begun: Begun) -> None:
    gateway, payment = provider(market), begun.payment
    assert (await gateway.query(payment)).state is TradeState.ABSENT
    assert (await gateway.close(payment)).state is TradeState.ABSENT
    await market.robot(payment.payment_no, delay_s=3600)
    assert (await gateway.query(payment)).state is TradeState.WAITING
    await market.robot(payment.payment_no)
    trade = await gateway.query(payment)
    assert (trade.state, trade.amount, trade.payment_no) == (TradeState.PAID, PRICE, payment.payment_no)
    assert trade.paid_at is not None
    assert (await gateway.close(payment)).state is TradeState.PAID
    async with market.app.database.transaction() as connection:
        await connection.execute(
            """
            INSERT INTO refunds (refund_no, payment_id, shop_id, amount, reason)
            VALUES ('100000000000000001', $1, 1, 1000, 'a'), ('100000000000000002', $1, 1, 9000, 'b')
            """,
            payment.id,
        )
        some, more = await refund_store.of_payment(connection, payment.id)
    for _ in range(3):
        await gateway.refund(payment, some)
    assert await market.value("SELECT refunded FROM sandbox_alipay_trades") == 1000
    with pytest.raises(GatewayRefused):
        await gateway.refund(payment, more)
    assert await market.value("SELECT refunded FROM sandbox_alipay_trades") == 1000


async def test_a_closed_trade_stays_closed_for_honest_buyers(market: Market, begun: Begun) -> None:
    await market.robot(begun.payment.payment_no, delay_s=3600)
    gateway = provider(market)
    for _ in range(2):
        assert (await gateway.close(begun.payment)).state is TradeState.CLOSED
    page = await market.client.get(
        (await market.client.get(_path(begun.pay_url), allow_redirects=False)).headers["Location"]
    )
    assert "让它失败" not in await page.text()


UNBELIEVABLE = [
    ({"app_id": "1"}, "isv.invalid-app-id"),
    ({"sign": "AAAA"}, "isv.invalid-signature"),
    ({"sign": ""}, "isv.invalid-signature"),
    ({"biz_content": '{"out_trade_no":"2"}'}, "isv.invalid-signature"),
    ({"notify_url": "http://evil.example/"}, "isv.invalid-signature"),
    ({"sign_type": "RSA"}, "isv.invalid-signature-type"),
    ({"charset": "gbk"}, "isv.invalid-charset"),
    ({"method": "alipay.fund.trans.uni.transfer"}, "isv.invalid-method"),
]


async def test_the_gateway_believes_only_the_merchant(market: Market) -> None:
    for changes, sub_code in UNBELIEVABLE:
        answer = await ask(market, "alipay.trade.query", {"out_trade_no": "1"}, **changes)
        (node,) = [value for name, value in answer.items() if name != "sign"]
        assert (node["code"], node["sub_code"]) == ("40002", sub_code)


async def test_a_pay_link_that_was_changed_opens_nothing(market: Market, begun: Begun) -> None:
    for changed in (
        begun.pay_url.replace("49.90", "0.01"),
        begun.pay_url.replace("alipay.trade.page.pay", "alipay.trade.query"),
        begun.pay_url[:-8],
    ):
        answer = await market.client.get(_path(changed), allow_redirects=False)
        assert answer.status != 302
    assert await market.value("SELECT count(*) FROM sandbox_alipay_trades") == 0
    assert (await market.client.get("/sandbox/alipay/cashier/nothing")).status == 404
    assert (await market.client.get(ADDRESS)).status == 200


async def test_the_link_says_what_alipay_demands(market: Market, begun: Begun) -> None:
    values = dict(parse_qsl(urlsplit(begun.pay_url).query))
    content = msgspec.json.decode(values["biz_content"])
    assert content["out_trade_no"] == begun.payment.payment_no
    assert content["total_amount"] == "49.90"
    assert content["product_code"] == "FAST_INSTANT_TRADE_PAY"
    assert values["sign_type"] == "RSA2"
    public = rsa2.public_key((market.app.settings.home / "sandbox/alipay/merchant_public.pem").read_bytes())
    joined = "&".join(f"{name}={values[name]}" for name in sorted(values) if name != "sign")
    assert rsa2.verifies(joined.encode(), values["sign"], public)


@pytest.mark.parametrize("fault", ["unsigned", "other trade", "html", "500", "hangs up", "resigned"])
async def test_an_answer_that_cannot_be_trusted_is_no_answer(market: Market, begun: Begun, fault: str) -> None:
    async def lie(request: web.Request) -> web.Response:
        real = await market.client.post(ADDRESS, data=dict(await request.post()))
        raw = await real.read()
        match fault:
            case "unsigned":
                raw = raw.replace(b'"Success"', b'"success"')
            case "other trade":
                raw = raw.replace(begun.payment.payment_no.encode(), b"100000000000000009")
            case "html":
                raw = b"<html>"
            case "500":
                return web.Response(status=500, body=raw)
            case "hangs up":
                assert request.transport is not None
                request.transport.abort()
            case _:
                raw = raw.replace(b'"sign":"', b'"sign":"A')
        return web.Response(body=raw)

    await market.robot(begun.payment.payment_no, delay_s=3600)
    liar = web.Application()
    liar.router.add_post(ADDRESS, lie)
    found = account(market.app.settings)
    assert found is not None
    async with TestServer(liar) as server:
        gateway = Alipay(msgspec.structs.replace(found, gateway=str(server.make_url(ADDRESS))), "http://127.0.0.1")
        try:
            for question in (gateway.query, gateway.close):
                with pytest.raises(GatewayDown):
                    await question(begun.payment)
        finally:
            await gateway.aclose()


@pytest.mark.parametrize(
    ("code", "sub_code", "final"),
    [
        ("40004", "ACQ.TRADE_HAS_CLOSE", True),
        ("40004", "ACQ.SELLER_BALANCE_NOT_ENOUGH", False),
        ("40004", "ACQ.SYSTEM_ERROR", False),
        ("40002", "isv.invalid-signature", False),
        ("20000", "isp.unknow-error", False),
    ],
)
async def test_only_the_business_itself_refuses_a_refund_for_good(
    market: Market, begun: Begun, code: str, sub_code: str, final: bool
) -> None:
    keys = market.app.resource(Keys)

    async def refuse(_: web.Request) -> web.Response:
        node = protocol.refused(Refusal(sub_code, "不行", code=code))
        return web.Response(body=protocol.answer("alipay.trade.refund", node, keys))

    gatekeeper = web.Application()
    gatekeeper.router.add_post(ADDRESS, refuse)
    found = account(market.app.settings)
    assert found is not None
    due = Refund(
        id=1,
        refund_no="100000000000000001",
        payment_id=begun.payment.id,
        amount=1,
        status=RefundState.PENDING,
        reason="late",
        created_at=now(),
        done_at=None,
        tries=0,
        attempt=1,
    )
    async with TestServer(gatekeeper) as server:
        gateway = Alipay(msgspec.structs.replace(found, gateway=str(server.make_url(ADDRESS))), "http://127.0.0.1")
        try:
            with pytest.raises(GatewayRefused if final else GatewayDown):
                await gateway.refund(begun.payment, due)
        finally:
            await gateway.aclose()


async def test_a_method_that_is_gone_holds_nothing_up(market: Market, begun: Begun) -> None:
    market.app.resource(Providers)._providers.clear()
    cancelled = await market.call("POST", f"/api/v1/orders/{begun.order.order_no}/cancel", begun.member, {})
    assert (cancelled.status, (await cancelled.json())["error"]["code"]) == (503, "unavailable")
    assert await payments.close_for_order(market.app, begun.order.id) is payments.CloseResult.UNKNOWN


async def test_a_merchant_that_says_fail_is_told_again(market: Market, begun: Begun) -> None:
    told: list[str] = []

    async def deaf(request: web.Request) -> web.Response:
        told.append(str((await request.post())["notify_id"]))
        return web.Response(text="success" if len(told) > 2 else "fail")

    merchant = web.Application()
    merchant.router.add_post("/notify", deaf)
    async with TestServer(merchant) as server:
        await market.robot(begun.payment.payment_no, delay_s=3600)
        await market.run("UPDATE sandbox_alipay_trades SET notify_url = $1", str(server.make_url("/notify")))
        await market.robot(begun.payment.payment_no)

        async def done() -> object:
            return await market.value("SELECT count(*) FROM sandbox_alipay_deliveries WHERE done_at IS NOT NULL")

        await until(done, 15)
    assert len(told) == 3
    assert len(set(told)) == 1


async def test_without_sandboxes_there_is_no_gateway_and_no_method(market: Market) -> None:
    bare = build(msgspec.structs.replace(market.app.settings, sandboxes=False))
    assert bare.resource(Providers).all() == []
    paths = {route.path for route in bare.routes}
    assert not [path for path in paths if path.startswith("/sandbox")]
    assert "/payments/{payment_no}/open" not in paths


def _path(url: str) -> str:
    return urlsplit(url)._replace(scheme="", netloc="").geturl()
