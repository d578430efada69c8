"""Refunds that a gateway refuses: told, listed, tried again, paid once, and every fen of every attempt in the books."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from commerce import payments
from commerce.ledger import balances
from commerce.payments import refund, refund_store, store
from commerce.payments.provider import Providers
from commerce.payments.refund import RefundTask, carry_out
from commerce.payments.types import GatewayRefused, Payment, Refund
from tests.commerce.orders.market import PRICE, Market, Member, Placed, until

LIST = "/api/v1/backoffice/refunds"
SUM = PRICE - 100


class Failed(msgspec.Struct, frozen=True):
    """A wrong sum came, and the gateway refused to give it back."""

    member: Member
    order: Placed
    payment_no: str
    refund_no: str


async def wrong_sum(market: Market, **order: Any) -> Failed:
    """Return an order that was paid another sum, whose refund waits to be carried out."""
    member = await market.member()
    placed = await market.order(member, **order)
    payment_no, _ = await market.begin(member, placed)
    assert (await market.robot(payment_no, amount=SUM)).status == 202

    async def came() -> object:
        return (await market.payment(member, payment_no))["refunds"]

    await until(came)
    refund_no = (await market.payment(member, payment_no))["refunds"][0]["refund_no"]
    return Failed(member, placed, payment_no, refund_no)


async def refuse(market: Market, **what: Any) -> None:
    """Have the sandbox gateway refuse refunds."""
    answer = await market.call("POST", "/sandbox/alipay/refusals", None, what, "")
    assert answer.status == 202, await answer.text()


async def failed(market: Market, **order: Any) -> Failed:
    """Return an order whose refund the gateway has refused, over its real protocol."""
    made = await wrong_sum(market, **order)
    await refuse(market, payment_no=made.payment_no)
    await carry_out(market.app, RefundTask(made.refund_no))
    assert await status(market, made) == "failed"
    return made


async def status(market: Market, made: Failed) -> str:
    found: str = await market.value("SELECT status FROM refunds WHERE refund_no = $1", made.refund_no)
    return found


async def retry(market: Market, made: Failed, who: dict[str, str], key: str | None = None) -> tuple[int, Any]:
    answer = await market.call("POST", f"{LIST}/{made.refund_no}/retry", who, None, key)
    return answer.status, await answer.json()


async def clearing(market: Market) -> int:
    """Return what the ledger says is on its way back."""
    async with market.app.database.connection() as connection:
        found = {balance.account: balance.balance for balance in await balances(connection)}
    return found.get("refunds:clearing", 0)


async def wrong(market: Market) -> list[str]:
    async with market.app.database.connection() as connection:
        return await payments.check(connection)


async def gave(market: Market) -> int:
    found: int = await market.value("SELECT coalesce(sum(refunded), 0)::bigint FROM sandbox_alipay_trades")
    return found


async def test_a_refused_refund_is_told_and_tried_again_until_it_goes_back(market: Market) -> None:
    made = await failed(market)
    finance = await market.staff(["payments.view", "payments.refund"])
    shown = await market.show(made.member, made.order)
    assert [entry["kind"] for entry in shown["timeline"]] == ["created", "paid_wrong", "refund_failed"]
    assert await wrong(market) == [f"payment {made.payment_no} of {SUM} fen must go back and 0 fen do"]
    assert await clearing(market) == 0

    await refuse(market, payment_no=made.payment_no)
    code, body = await retry(market, made, finance)
    assert (code, body["status"], body["attempt"]) == (202, "pending", 2)
    assert await clearing(market) == -SUM
    assert await wrong(market) == []
    await carry_out(market.app, RefundTask(made.refund_no))
    assert (await status(market, made), await clearing(market), await gave(market)) == ("failed", 0, 0)

    code, body = await retry(market, made, finance)
    assert (code, body["attempt"]) == (202, 3)
    await carry_out(market.app, RefundTask(made.refund_no))
    await carry_out(market.app, RefundTask(made.refund_no))
    assert (await status(market, made), await clearing(market), await gave(market)) == ("done", 0, SUM)
    assert await wrong(market) == []
    postings = await market.value(
        "SELECT array_agg(kind || ' ' || ref ORDER BY id) FROM ledger_transactions WHERE kind LIKE 'refund.%'"
    )
    one = made.refund_no
    assert postings == [
        *(f"refund.decided {one}", f"refund.failed {one}"),
        *(f"refund.decided {one}-2", f"refund.failed {one}-2"),
        *(f"refund.decided {one}-3", f"refund.done {one}-3"),
    ]
    event = await market.value(
        "SELECT actor_kind || ' ' || (actor_id = (SELECT max(id) FROM staff))::text FROM order_events "
        "WHERE kind = 'refund_retried' ORDER BY id LIMIT 1"
    )
    assert event == "staff true"
    code, body = await retry(market, made, finance)
    assert (code, body["error"]["code"]) == (409, "refund_not_failed")
    assert await market.value("SELECT attempt FROM refunds") == 3


async def test_what_the_gateway_had_given_after_all_is_not_given_twice(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await wrong_sum(market)
    gateway = market.app.resource(Providers).of("alipay")
    real = gateway.refund

    async def given_but_unheard(payment: Payment, refund_: Refund) -> None:
        await real(payment, refund_)
        raise GatewayRefused("ACQ.SOMETHING", "说是不行")

    monkeypatch.setattr(gateway, "refund", given_but_unheard)
    await carry_out(market.app, RefundTask(made.refund_no))
    assert (await status(market, made), await gave(market)) == ("failed", SUM)
    monkeypatch.setattr(gateway, "refund", real)
    assert (await retry(market, made, await market.staff(["payments.refund"])))[0] == 202
    await carry_out(market.app, RefundTask(made.refund_no))
    assert (await status(market, made), await gave(market)) == ("done", SUM)
    assert await market.value("SELECT count(*) FROM sandbox_alipay_refunds") == 1
    assert await wrong(market) == []


async def test_twenty_presses_at_once_are_one_attempt(market: Market) -> None:
    made = await failed(market)
    people = [await market.staff(["payments.refund"]) for _ in range(4)]
    answers = await asyncio.gather(*(retry(market, made, people[at % 4]) for at in range(20)))
    assert sorted(code for code, _ in answers) == [202] + [409] * 19
    assert {body["error"]["code"] for code, body in answers if code == 409} == {"refund_not_failed"}
    assert await market.value("SELECT attempt FROM refunds") == 2
    assert await market.value("SELECT count(*) FROM order_events WHERE kind = 'refund_retried'") == 1
    await asyncio.gather(*(carry_out(market.app, RefundTask(made.refund_no)) for _ in range(5)))
    assert (await status(market, made), await gave(market)) == ("done", SUM)
    assert await wrong(market) == []


async def test_one_key_is_one_attempt_and_no_key_is_none(market: Market) -> None:
    made = await failed(market)
    finance = await market.staff(["payments.refund"])
    assert (await retry(market, made, finance, ""))[0] == 422
    first, again = await retry(market, made, finance, "same"), await retry(market, made, finance, "same")
    assert first == again
    assert first[0] == 202
    assert await market.value("SELECT attempt FROM refunds") == 2


async def test_an_answer_of_an_earlier_attempt_does_not_fail_the_later_one(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await wrong_sum(market)
    gateway = market.app.resource(Providers).of("alipay")
    real, asked, go = gateway.refund, asyncio.Event(), asyncio.Event()

    async def slow(payment: Payment, refund_: Refund) -> None:
        asked.set()
        await go.wait()
        raise GatewayRefused("ACQ.OLD", "旧的回答")

    monkeypatch.setattr(gateway, "refund", slow)
    late = asyncio.create_task(carry_out(market.app, RefundTask(made.refund_no)))
    await asked.wait()
    monkeypatch.setattr(gateway, "refund", real)
    await refuse(market, payment_no=made.payment_no)
    await carry_out(market.app, RefundTask(made.refund_no))
    assert await status(market, made) == "failed"
    assert (await retry(market, made, await market.staff(["payments.refund"])))[0] == 202
    go.set()
    await late
    assert await status(market, made) == "pending"
    assert await wrong(market) == []
    await carry_out(market.app, RefundTask(made.refund_no))
    assert (await status(market, made), await wrong(market)) == ("done", [])


async def test_no_more_goes_back_than_came(market: Market) -> None:
    made = await failed(market)
    async with market.app.database.transaction() as connection:
        payment = await store.by_number(connection, made.payment_no)
        assert payment is not None
        await payments.refund_in(connection, payment.id, 1, "goodwill")
    code, body = await retry(market, made, await market.staff(["payments.refund"]))
    assert (code, body["error"]["code"]) == (409, "refund_too_much")
    assert await status(market, made) == "failed"
    async with market.app.database.connection() as connection:
        assert await refund_store.promised(connection, payment.id) == 1


async def test_the_sweep_takes_up_an_attempt_whose_job_was_lost(market: Market) -> None:
    made = await failed(market)
    await refuse(market, payment_no=made.payment_no, reason="ACQ.SELLER_BALANCE_NOT_ENOUGH")
    assert (await retry(market, made, await market.staff(["payments.refund"])))[0] == 202
    await refund.sweep(market.app)
    assert await market.value("SELECT tries FROM refunds") == 0
    for tries, expected in ((1, "pending"), (2, "done")):
        await market.run("UPDATE refunds SET try_at = now()")
        await refund.sweep(market.app)
        assert await market.value("SELECT tries FROM refunds") == tries
        assert await status(market, made) == expected
    assert await wrong(market) == []


async def test_a_shop_sees_and_tries_its_own(market: Market) -> None:
    other = await market.value("INSERT INTO shops (slug, name) VALUES ('o', '乙店') RETURNING id")
    ours, theirs = await failed(market), await failed(market, shop_id=other)
    both = ["orders.view", "payments.view", "payments.refund"]
    own, all_ = await market.staff(both, market.shop_id), await market.staff(both)

    async def numbers(who: dict[str, str], query: str = "") -> list[str]:
        answer = await market.call("GET", LIST + query, who)
        assert answer.status == 200, await answer.text()
        body = await answer.json()
        assert body["total"] >= len(body["items"])
        return [item["refund_no"] for item in body["items"]]

    assert await numbers(own) == [ours.refund_no]
    assert await numbers(all_) == [theirs.refund_no, ours.refund_no]
    assert await numbers(all_, "?size=1&page=2") == [ours.refund_no]
    assert await numbers(all_, "?status=failed") == [theirs.refund_no, ours.refund_no]
    assert await numbers(all_, "?status=done") == []
    page = await (await market.call("GET", "/backoffice/refunds", own)).text()
    assert ours.refund_no in page
    assert theirs.refund_no not in page
    assert "当前交易不允许退款" in page
    home = await (await market.call("GET", "/backoffice", own)).text()
    assert "<span>失败的退款</span><b>1</b>" in home
    assert "<span>失败的退款</span><b>2</b>" in await (await market.call("GET", "/backoffice", all_)).text()
    code, body = await retry(market, theirs, own)
    assert (code, body["error"]["code"]) == (404, "not_found")
    assert (await market.call("GET", f"{LIST}?status=lost", own)).status == 422
    for nobody in ("1" * 18, "x", "%00", "-1"):
        answer = await market.call("POST", f"{LIST}/{nobody}/retry", all_)
        assert answer.status == 404, nobody
    seeing = await market.staff(["orders.view", "payments.view"])
    page = await (await market.call("GET", "/backoffice/refunds", seeing)).text()
    assert ours.refund_no in page
    assert "再退一次" not in page
    assert (await retry(market, ours, seeing))[0] == 403
    assert (await retry(market, ours, await market.staff(["orders.view"])))[0] == 403
    assert await market.value("SELECT max(attempt) FROM refunds") == 1
    blind = await market.staff(["orders.view"])
    assert (
        ours.refund_no
        not in await (await market.call("GET", f"/backoffice/orders/{ours.order.order_no}", blind)).text()
    )
    assert (await market.call("GET", LIST, blind)).status == 403
    assert "失败的退款" not in await (await market.call("GET", "/backoffice", blind)).text()


async def test_the_buyer_reads_what_becomes_of_the_money(market: Market) -> None:
    made = await wrong_sum(market)

    async def page() -> str:
        answer = await market.call("GET", f"/orders/{made.order.order_no}", made.member)
        return await answer.text()

    assert "付款金额不对，钱会原路退回" in await page()
    assert "正在原路退回" in await page()
    await refuse(market, payment_no=made.payment_no)
    await carry_out(market.app, RefundTask(made.refund_no))
    assert "付款金额不对，退款遇到问题，工作人员正在处理" in await page()
    assert "ACQ." not in await page()
    await retry(market, made, await market.staff(["payments.refund"]))
    assert "付款金额不对，钱会原路退回" in await page()
    await carry_out(market.app, RefundTask(made.refund_no))
    assert "付款金额不对，钱已原路退回" in await page()
    assert "会原路退回" not in await page()
    await market.run("UPDATE orders SET status = 'cancelled', cancelled_at = now(), cancel_reason = '超时'")
    assert "订单已取消，钱已退回" in await page()


@pytest.mark.parametrize(
    ("tamper", "said"),
    [
        ("UPDATE refunds SET attempt = 1", "there is no such attempt"),
        ("UPDATE refunds SET attempt = 3", "was refused 2 times, the ledger says 1"),
        ("UPDATE refunds SET status = 'done', done_at = now()", "is done, the ledger gave 0"),
        ("UPDATE refunds SET status = 'failed'", "fen on their way, the ledger"),
    ],
)
async def test_the_check_names_an_attempt_that_the_ledger_does_not_know(market: Market, tamper: str, said: str) -> None:
    made = await failed(market)
    await retry(market, made, await market.staff(["payments.refund"]))
    assert await wrong(market) == []
    await market.run(tamper)
    assert any(said in sentence for sentence in await wrong(market))


async def test_the_gateway_refuses_as_often_as_it_was_told(market: Market) -> None:
    ours, theirs = await wrong_sum(market), await wrong_sum(market)
    await refuse(market, payment_no=ours.payment_no)
    await carry_out(market.app, RefundTask(theirs.refund_no))
    assert await status(market, theirs) == "done"
    await carry_out(market.app, RefundTask(ours.refund_no))
    assert await status(market, ours) == "failed"
    known = {"payment_no": ours.payment_no}
    for bad in ({}, {**known, "times": 0}, {**known, "times": 11}, {**known, "reason": "no"}, {"payment_no": None}):
        answer = await market.call("POST", "/sandbox/alipay/refusals", None, bad, "")
        assert answer.status == 422, bad
    answer = await market.call("POST", "/sandbox/alipay/refusals", None, {"payment_no": "1"}, "")
    assert answer.status == 404
    finance = await market.staff(["payments.refund"])
    await refuse(market, payment_no=ours.payment_no, times=2)
    for waiting in (1, 0):
        assert f"接下来要拒绝 {waiting + 1} 次退款" in await (await market.call("GET", "/sandbox/alipay")).text()
        assert (await retry(market, ours, finance))[0] == 202
        await carry_out(market.app, RefundTask(ours.refund_no))
        assert await status(market, ours) == "failed"
    assert "接下来要拒绝" not in await (await market.call("GET", "/sandbox/alipay")).text()
