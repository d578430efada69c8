"""Notifications: what the gateway did not sign, or signed about something else, changes nothing."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from commerce import payments
from commerce.payments.providers import rsa2
from commerce.sandbox.alipay import protocol, store
from commerce.sandbox.alipay.keys import Keys, signed_text
from server.clock import now
from tests.commerce.orders.market import Market, Member, Placed

NOTIFY = "/api/v1/payments/alipay/notify"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Case:
    """An order, its payment, and what the gateway would send once it is paid."""

    def __init__(self, market: Market, member: Member, order: Placed, payment_no: str, fields: dict[str, str]) -> None:
        self.market, self.member, self.order, self.payment_no, self.fields = market, member, order, payment_no, fields

    def signed(self, **changes: str) -> dict[str, str]:
        """Return the notification with these fields changed, signed by the gateway."""
        return protocol.signed(self.fields | changes, self.market.app.resource(Keys))

    async def send(self, form: Any, headers: dict[str, str] | None = None) -> tuple[int, str]:
        """Post a notification."""
        body = form if isinstance(form, (bytes, str)) else urlencode(form)
        answer = await self.market.client.post(NOTIFY, data=body, headers=headers or FORM)
        return answer.status, await answer.text()

    async def status(self) -> tuple[str, str, int]:
        """Return where payment and order stand, and how many transactions the ledger has."""
        payment = await self.market.payment(self.member, self.payment_no)
        order = await self.market.show(self.member, self.order)
        posted = await self.market.value("SELECT count(*) FROM ledger_transactions")
        return payment["status"], order["status"], posted


@pytest.fixture
async def case(market: Market) -> Case:
    member = await market.member()
    order = await market.order(member)
    payment_no, _ = await market.begin(member, order)
    await market.robot(payment_no, delay_s=3600)
    async with market.app.database.connection() as connection:
        trade = await store.by_merchant(connection, payment_no)
    assert trade is not None
    paid = {"trade_status": "TRADE_SUCCESS", "gmt_payment": protocol.write_time(now())}
    return Case(market, member, order, payment_no, protocol.notification(trade, now()) | paid)


UNTOUCHED = ("pending", "pending_payment", 0)


async def test_the_gateways_own_word_is_believed_and_repeating_it_changes_nothing(case: Case) -> None:
    for _ in range(3):
        assert await case.send(case.signed()) == (200, "success")
    assert await case.status() == ("paid", "pending_shipment", 1)
    # The same money told again under another notification, even as finished.
    assert await case.send(case.signed(notify_id="x", trade_status="TRADE_FINISHED")) == (200, "success")
    assert await case.send(case.signed(trade_status="TRADE_CLOSED")) == (200, "success")
    assert await case.status() == ("paid", "pending_shipment", 1)


@pytest.mark.parametrize("status", ["WAIT_BUYER_PAY", "TRADE_CLOSED"])
async def test_what_is_not_paid_pays_nothing(case: Case, status: str) -> None:
    assert await case.send(case.signed(trade_status=status)) == (200, "success")
    expected = "closed" if status == "TRADE_CLOSED" else "pending"
    assert await case.status() == (expected, "pending_payment", 0)


NOT_OURS = [
    {"app_id": "2021000199990002"},
    {"seller_id": "2088000199990002"},
    {"trade_status": "TRADE_PAID"},
    {"trade_no": ""},
    {"trade_no": "9" * 65},
    {"out_trade_no": ""},
    {"gmt_payment": "yesterday"},
    {"total_amount": "49,90"},
    {"total_amount": "4990分"},
    {"total_amount": "49.900"},
    {"total_amount": "+49.90"},
    {"total_amount": " 49.90"},
    {"total_amount": "4.99e1"},
    {"total_amount": "４９.９０"},
    {"total_amount": "049.90"},
    {"total_amount": "-49.90"},
    {"total_amount": "0.00"},
    {"total_amount": ""},
    {"total_amount": "NaN"},
    {"total_amount": "9" * 400},
    {"sign_type": "RSA"},
]


async def test_signed_but_not_for_us_or_not_readable(case: Case) -> None:
    for changes in NOT_OURS:
        assert await case.send(case.signed(**changes)) == (400, "fail"), changes
        assert await case.status() == UNTOUCHED, changes
    assert await case.market.value("SELECT count(*) FROM gateway_messages WHERE NOT verified") == len(NOT_OURS)


@pytest.mark.parametrize("amount", ["49.9", "49.90"])
async def test_both_ways_of_writing_the_amount_are_the_amount(case: Case, amount: str) -> None:
    assert await case.send(case.signed(total_amount=amount)) == (200, "success")
    assert await case.status() == ("paid", "pending_shipment", 1)


async def test_what_the_gateway_did_not_sign(case: Case) -> None:
    good = case.signed()
    stranger = rsa.generate_private_key(65537, 2048)
    forged = rsa2.sign(signed_text(case.fields, without=("sign", "sign_type")), stranger)
    for form in (
        good | {"total_amount": "0.01"},
        good | {"out_trade_no": "1" * 18},
        good | {"extra": "1"},
        {name: value for name, value in good.items() if name != "buyer_id"},
        good | {"sign": forged},
        good | {"sign": ""},
        good | {"sign": good["sign"][:-4]},
        good | {"sign": "！"},
        {name: value for name, value in good.items() if name != "sign"},
        {},
    ):
        assert (await case.send(form))[1] == "fail"
    assert (await case.send(urlencode(good) + "&total_amount=0.01"))[1] == "fail"
    assert (await case.send(b"\xff\xfe%00=\x00"))[1] == "fail"
    assert (await case.send("a" * 20_000))[0] == 413
    assert (await case.send(b"{}", {"Content-Type": "application/json"}))[0] == 415
    assert (await case.market.client.get(NOTIFY)).status == 405
    assert await case.status() == UNTOUCHED
    # A request that the merchant signed is no notification.
    own = case.market.app.settings.home / "sandbox" / "alipay" / "merchant_private.pem"
    reflected = rsa2.sign(rsa2.notification_content(case.fields), rsa2.private_key(own.read_bytes()))
    assert (await case.send(case.fields | {"sign": reflected}))[1] == "fail"
    assert await case.send(good) == (200, "success")


async def test_a_notification_about_no_payment_of_ours(case: Case) -> None:
    assert await case.send(case.signed(out_trade_no="1" * 18)) == (200, "fail")
    assert await case.status() == UNTOUCHED


async def test_one_trade_pays_one_payment(case: Case) -> None:
    assert await case.send(case.signed()) == (200, "success")
    second = await case.market.order(case.member)
    payment_no, _ = await case.market.begin(case.member, second)
    assert await case.send(case.signed(out_trade_no=payment_no)) == (200, "fail")
    assert (await case.market.show(case.member, second))["status"] == "pending_payment"
    # And one payment is made by one trade.
    assert await case.send(case.signed(trade_no="2026112222001999999999999999")) == (200, "fail")
    assert await case.status() == ("paid", "pending_shipment", 1)


async def test_the_wrong_sum_told_right_afterwards_still_pays_nothing(case: Case) -> None:
    assert await case.send(case.signed(total_amount="0.01")) == (200, "success")
    assert await case.send(case.signed()) == (200, "success")
    payment = await case.market.payment(case.member, case.payment_no)
    assert (payment["status"], payment["purpose"], payment["received"]) == ("closed", "mismatch", 1)
    assert (await case.market.show(case.member, case.order))["paid"] == 0
    async with case.market.app.database.connection() as connection:
        assert await payments.check(connection) == []


async def test_more_than_asked_pays_nothing_either(case: Case) -> None:
    assert await case.send(case.signed(total_amount="99999999.99")) == (200, "success")
    assert (await case.status())[1] == "pending_payment"
    assert await case.market.value("SELECT amount FROM refunds") == 9_999_999_999


async def test_every_notification_is_kept_as_it_came(case: Case) -> None:
    body = urlencode(case.signed())
    await case.send(body)
    await case.send(body + "x")
    kept = await case.market.value("SELECT array_agg(body ORDER BY id) FROM gateway_messages")
    assert kept == [body.encode(), (body + "x").encode()]
    assert await case.market.value("SELECT array_agg(verified ORDER BY id) FROM gateway_messages") == [True, False]


async def test_check_names_what_does_not_agree(case: Case) -> None:
    await case.send(case.signed())
    for tampering, word in (
        ("UPDATE payments SET received = 1, amount = 1", "the ledger says"),
        ("UPDATE payments SET purpose = 'late'", "order"),
        ("UPDATE payments SET purpose = 'double'", "must go back"),
    ):
        async with case.market.app.database.transaction() as connection:
            assert await payments.check(connection) == []
            await connection.execute("SAVEPOINT before")
            await connection.execute(tampering)
            assert any(word in sentence for sentence in await payments.check(connection))
            await connection.execute("ROLLBACK TO before")
