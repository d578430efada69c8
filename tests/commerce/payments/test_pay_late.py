"""Payments that come late, twice or wrong: nobody pays for nothing, and nothing is lost."""

from __future__ import annotations

import asyncio

import pytest

from commerce import payments
from commerce.orders import Sources
from commerce.payments import ask, refund, start
from commerce.payments.provider import Providers
from commerce.payments.types import GatewayRefused
from server.application import Application
from tests.commerce.orders.market import PRICE, HeldUnits, Market, until, working
from tests.commerce.payments.paying import account_of, agree


async def test_a_wrong_amount_pays_nothing_and_goes_back(market: Market) -> None:
    member = await market.member()
    order = await market.order(member)
    payment_no, _ = await market.begin(member, order)
    async with working(market.app.settings):
        await market.robot(payment_no, amount=PRICE - 100)

        async def refunded() -> object:
            refunds = (await market.payment(member, payment_no))["refunds"]
            return bool(refunds) and refunds[0]["status"] == "done"

        await until(refunded)
    found = await market.payment(member, payment_no)
    assert (found["status"], found["purpose"], found["received"]) == ("closed", "mismatch", PRICE - 100)
    shown = await market.show(member, order)
    assert (shown["status"], shown["paid"], shown["refund_status"]) == ("pending_payment", 0, "none")
    assert await account_of(market, "gateway:alipay") == 0
    assert await market.value("SELECT refunded FROM sandbox_alipay_trades") == PRICE - 100
    await agree(market)
    again, _ = await market.begin(member, order)
    await market.robot(again)

    async def paid() -> object:
        return (await market.show(member, order))["status"] == "pending_shipment"

    await until(paid)
    await agree(market)


async def test_two_payments_of_one_order_the_second_goes_back(market: Market) -> None:
    member = await market.member()
    order = await market.order(member)
    first, _ = await market.begin(member, order)
    second, _ = await market.begin(member, order)
    assert first != second
    async with working(market.app.settings):
        await market.robot(first)

        async def first_paid() -> object:
            return (await market.payment(member, first))["status"] == "paid"

        await until(first_paid)
        await market.robot(second)

        async def second_back() -> object:
            return (await market.payment(member, second))["status"] == "refunded"

        await until(second_back)
    assert (await market.payment(member, second))["purpose"] == "double"
    shown = await market.show(member, order)
    assert (shown["status"], shown["paid"], shown["refund_status"]) == ("pending_shipment", PRICE, "none")
    assert await account_of(market, "gateway:alipay") == PRICE
    await agree(market)


async def test_both_payments_at_the_same_moment(market: Market) -> None:
    member = await market.member()
    orders = [await market.order(member) for _ in range(5)]
    pairs = [((await market.begin(member, order))[0], (await market.begin(member, order))[0]) for order in orders]
    async with working(market.app.settings):
        await asyncio.gather(*(market.robot(payment_no) for pair in pairs for payment_no in pair))

        async def settled() -> object:
            states = [[(await market.payment(member, number))["status"] for number in pair] for pair in pairs]
            return all(sorted(pair) == ["paid", "refunded"] for pair in states)

        await until(settled, 20)
    for order in orders:
        assert (await market.show(member, order))["paid"] == PRICE
    await agree(market)


async def test_a_payment_after_the_cancellation_goes_back(market: Market) -> None:
    member = await market.member()
    order = await market.order(member)
    payment_no, _ = await market.begin(member, order)
    async with working(market.app.settings):
        cancelled = await market.call("POST", f"/api/v1/orders/{order.order_no}/cancel", member, {"reason": "买多了"})
        assert cancelled.status == 200, await cancelled.text()
        assert await market.allocated() == 0
        assert (await market.payment(member, payment_no))["status"] == "closed"
        await market.robot(payment_no)

        async def back() -> object:
            return (await market.payment(member, payment_no))["status"] == "refunded"

        await until(back)
    shown = await market.show(member, order)
    assert (shown["status"], shown["paid"], shown["refund_status"]) == ("cancelled", 0, "full")
    assert await market.value("SELECT late_decision FROM payments") == "refund"
    assert await market.allocated() == 0
    await agree(market)


async def test_a_late_payment_is_the_sources_to_decide_and_never_both(market: Market) -> None:
    source = HeldUnits()
    market.app.resource(Sources)._sources["flash_sale"] = source
    member = await market.member()
    order = await market.order(member, source="flash_sale")
    async with market.app.database.transaction() as connection:
        await source.hold(connection, order.id)
    payment_no, _ = await market.begin(member, order)
    cancelled = await market.call("POST", f"/api/v1/orders/{order.order_no}/cancel", member, {"reason": ""})
    assert cancelled.status == 200
    await market.robot(payment_no, times=2)

    async def came() -> object:
        return (await market.payment(member, payment_no))["purpose"] == "late"

    await until(came)
    assert len(source.late_payments) == 1
    payment_id = source.late_payments[0]

    async def decide(decision: str) -> bool:
        async with market.app.database.transaction() as connection:
            return await payments.decide_late(connection, payment_id, decision)

    assert sorted(await asyncio.gather(*(decide(word) for word in ("rewon", "refund") * 5))) == [False] * 9 + [True]


async def test_a_later_payment_supersedes_whatever_its_number_is(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = await market.member()
    order = await market.order(member)
    first, _ = await market.begin(member, order)
    monkeypatch.setattr(start, "new_number", lambda: "000000000000000001")
    second, _ = await market.begin(member, order)
    await ask.supersede(market.app, ask.SupersedeTask(order.id, second))
    assert (await market.payment(member, first))["status"] == "closed"
    assert (await market.payment(member, second))["status"] == "pending"


async def test_one_refund_that_cannot_be_made_holds_up_no_other(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = await market.member()
    numbers = []
    for _ in range(3):
        order = await market.order(member)
        payment_no, _ = await market.begin(member, order)
        await market.robot(payment_no, amount=PRICE - 1)

        async def came(payment_no: str = payment_no) -> object:
            return (await market.payment(member, payment_no))["refunds"]

        await until(came)
        numbers.append((await market.payment(member, payment_no))["refunds"][0]["refund_no"])
    real, tried = refund.carry_out, []

    async def carry_out(app: Application, task: refund.RefundTask) -> None:
        tried.append(task.refund_no)
        if len(tried) == 1:
            raise RuntimeError("this one is beyond help")
        await real(app, task)

    monkeypatch.setattr(refund, "carry_out", carry_out)
    await market.run("UPDATE refunds SET try_at = now() WHERE status = 'pending'")
    await refund.sweep(market.app)
    assert sorted(tried) == sorted(numbers)
    assert await market.value("SELECT count(*) FROM refunds WHERE status = 'done'") == 2


async def test_a_refund_that_the_gateway_refuses_has_not_gone_back(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = await market.member()
    order = await market.order(member)
    payment_no, _ = await market.begin(member, order)
    await market.robot(payment_no, amount=PRICE - 1)

    async def came() -> object:
        return (await market.payment(member, payment_no))["refunds"]

    await until(came)
    await agree(market)

    async def refuse(payment: object, refund: object) -> None:
        raise GatewayRefused("the account is closed")

    monkeypatch.setattr(market.app.resource(Providers).of("alipay"), "refund", refuse)
    await market.run("UPDATE refunds SET try_at = now() WHERE status = 'pending'")
    await refund.sweep(market.app)
    assert await market.value("SELECT status FROM refunds") == "failed"
    async with market.app.database.connection() as connection:
        wrong = await payments.check(connection)
    assert wrong == [f"payment {payment_no} of {PRICE - 1} fen must go back and 0 fen do"]
