"""Alipay's open platform: page pay, notification, query, close, refund (opendocs.alipay.com, RSA2, version 1.0)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

import aiohttp
import msgspec

from commerce.payments.providers import rsa2
from commerce.payments.providers.alipay_account import Account
from commerce.payments.types import Forged, GatewayDown, GatewayRefused, Payment, Refund, Trade, TradeState
from server.clock import SHANGHAI, now, shanghai
from server.money import yuan

TIMEOUT = 6.0
"""Seconds that one question to the gateway may take."""
_AMOUNT = re.compile(r"(0|[1-9][0-9]{0,11})(?:\.([0-9]{1,2}))?")
_TIME = "%Y-%m-%d %H:%M:%S"
_STATES = {
    "WAIT_BUYER_PAY": TradeState.WAITING,
    "TRADE_CLOSED": TradeState.CLOSED,
    "TRADE_SUCCESS": TradeState.PAID,
    "TRADE_FINISHED": TradeState.PAID,
}
_NO_TRADE = "ACQ.TRADE_NOT_EXIST"
_WRONG_STATUS = ("ACQ.TRADE_STATUS_ERROR", "ACQ.REASON_TRADE_STATUS_INVALID", "ACQ.REASON_ILLEGAL_STATUS")
_REFUSED = "40004"
"""The code of a refusal of the business itself; others tell of keys, permissions or the gateway's own trouble."""
_FOR_NOW = (
    "ACQ.SYSTEM_ERROR",
    "ACQ.SELLER_BALANCE_NOT_ENOUGH",
    "ACQ.REASON_TRADE_BEEN_FREEZEN",
    "AOP.",
    "isp.",
    "aop.",
)
"""What it refuses with that code and may do later."""


class Alipay:
    """The provider of the method ``alipay``."""

    method = "alipay"
    title = "支付宝"

    def __init__(self, account: Account, base_url: str) -> None:
        self._account = account
        self.gateway = account.gateway
        self._notify_url = f"{base_url}/api/v1/payments/alipay/notify"
        self._return_url = f"{base_url}/payments/{{payment_no}}/result"
        self._session: aiohttp.ClientSession | None = None

    async def aclose(self) -> None:
        """Let the connections go."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def pay_url(self, payment: Payment, subject: str) -> str:
        """Return the signed address of the gateway's cashier. The gateway refuses it after the payment's deadline."""
        request = self._request(
            "alipay.trade.page.pay",
            {
                "out_trade_no": payment.payment_no,
                "product_code": "FAST_INSTANT_TRADE_PAY",
                "total_amount": yuan(payment.amount),
                "subject": subject,
                "time_expire": shanghai(payment.pay_before).strftime(_TIME),
            },
            notify_url=self._notify_url,
            return_url=self._return_url.format(payment_no=payment.payment_no),
        )
        return f"{self._account.gateway}?{urlencode(request)}"

    def notification(self, raw: bytes) -> Trade:
        """Return what a notification says once its signature, application and seller are found to be ours."""
        try:
            pairs = parse_qsl(
                raw.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=80
            )
        except (UnicodeDecodeError, ValueError) as error:
            raise Forged(f"not a form: {error}") from None
        values = dict(pairs)
        if len(values) != len(pairs):
            raise Forged("a field is given twice")
        if values.get("sign_type") != "RSA2":
            raise Forged("sign_type is not RSA2")
        content = rsa2.notification_content(values)
        if not rsa2.verifies(content, values.get("sign", ""), self._account.alipay_public()):
            raise Forged("the signature is wrong")
        if values.get("app_id") != self._account.app_id:
            raise Forged("app_id is not ours")
        if values.get("seller_id") != self._account.seller_id:
            raise Forged("seller_id is not ours")
        return self._trade(values)

    async def query(self, payment: Payment) -> Trade:
        """Ask how a payment stands."""
        try:
            answer = await self._ask("alipay.trade.query", {"out_trade_no": payment.payment_no})
        except GatewayRefused as refused:
            if refused.code == _NO_TRADE:
                return Trade(payment_no=payment.payment_no, state=TradeState.ABSENT)
            raise GatewayDown(str(refused)) from None
        return self._own(payment, answer)

    async def close(self, payment: Payment) -> Trade:
        """Close a payment at the gateway; one that was made meanwhile is found to be paid."""
        try:
            answer = await self._ask("alipay.trade.close", {"out_trade_no": payment.payment_no})
        except GatewayRefused as refused:
            if refused.code == _NO_TRADE:
                return Trade(payment_no=payment.payment_no, state=TradeState.ABSENT)
            if refused.code in _WRONG_STATUS:
                trade = await self.query(payment)
                if trade.state is TradeState.WAITING:
                    raise GatewayDown("not closed, and not paid") from None
                return trade
            raise GatewayDown(str(refused)) from None
        return Trade(payment_no=payment.payment_no, state=TradeState.CLOSED, trade_no=str(answer.get("trade_no", "")))

    async def refund(self, payment: Payment, refund: Refund) -> None:
        """Give money back; ``out_request_no`` is the refund's number, so asking again moves nothing twice."""
        answer = await self._ask(
            "alipay.trade.refund",
            {
                "out_trade_no": payment.payment_no,
                "refund_amount": yuan(refund.amount),
                "out_request_no": refund.refund_no,
                "refund_reason": refund.reason,
            },
        )
        if answer.get("out_trade_no") != payment.payment_no:
            raise GatewayDown("the answer is about another trade")

    def _request(self, method: str, content: Mapping[str, str], **more: str) -> dict[str, str]:
        values = {
            "app_id": self._account.app_id,
            "method": method,
            "format": "JSON",
            "charset": "utf-8",
            "sign_type": "RSA2",
            "timestamp": shanghai(now()).strftime(_TIME),
            "version": "1.0",
            "biz_content": msgspec.json.encode(content).decode(),
            **more,
        }
        return values | {"sign": rsa2.sign(rsa2.request_content(values), self._account.private())}

    async def _ask(self, method: str, content: Mapping[str, str]) -> dict[str, Any]:
        """Return the signed answer to a question. Raises GatewayDown, GatewayRefused."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT, connect=3))
        try:
            async with self._session.post(
                self._account.gateway, data=self._request(method, content), allow_redirects=False
            ) as response:
                raw = await response.read()
                status = response.status
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise GatewayDown(f"{method}: {type(error).__name__} {error}") from None
        if status != 200:
            raise GatewayDown(f"{method}: HTTP {status}")
        answer = self._opened(method, raw)
        code = answer.get("code")
        if code == "10000":
            return answer
        sub_code = str(answer.get("sub_code") or code)
        if code != _REFUSED or sub_code.startswith(_FOR_NOW):
            raise GatewayDown(f"{method}: {sub_code}")
        raise GatewayRefused(sub_code, str(answer.get("sub_msg") or answer.get("msg") or ""))

    def _opened(self, method: str, raw: bytes) -> dict[str, Any]:
        """Return the answer's node, its signature verified over the node's text as it came."""
        name = method.replace(".", "_") + "_response"
        try:
            parts = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
            node = bytes(parts[name])
            signature = msgspec.json.decode(parts["sign"], type=str)
            answer = msgspec.json.decode(node, type=dict[str, Any])
        except (msgspec.DecodeError, KeyError) as error:
            raise GatewayDown(f"{method}: unreadable answer ({error})") from None
        if not rsa2.verifies(node, signature, self._account.alipay_public()):
            raise GatewayDown(f"{method}: the answer's signature is wrong")
        return answer

    def _own(self, payment: Payment, answer: Mapping[str, Any]) -> Trade:
        if answer.get("out_trade_no") != payment.payment_no:
            raise GatewayDown("the answer is about another trade")
        try:
            return self._trade(answer)
        except Forged as error:
            raise GatewayDown(str(error)) from None

    @staticmethod
    def _trade(values: Mapping[str, Any]) -> Trade:
        state = _STATES.get(str(values.get("trade_status")))
        if state is None:
            raise Forged(f"unknown trade_status {values.get('trade_status')!r}")
        payment_no, trade_no = str(values.get("out_trade_no", "")), str(values.get("trade_no", ""))
        if not payment_no or not trade_no or len(trade_no) > 64:
            raise Forged("out_trade_no or trade_no is missing")
        paid = values.get("gmt_payment") or values.get("send_pay_date")
        return Trade(
            payment_no=payment_no,
            state=state,
            trade_no=trade_no,
            amount=amount(str(values.get("total_amount", ""))),
            paid_at=moment(str(paid)) if paid else None,
        )


def amount(text: str) -> int:
    """Return the fen of an amount as Alipay writes it (``88.88``, ``88.8``, ``88``), no other way. Raises Forged."""
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise Forged(f"not an amount: {text[:40]!r}")
    fen = int(match[1]) * 100 + int((match[2] or "").ljust(2, "0"))
    if fen <= 0:
        raise Forged("an amount of nothing")
    return fen


def moment(text: str) -> datetime:
    """Return a time of Shanghai as Alipay writes it. Raises Forged."""
    try:
        return datetime.strptime(text, _TIME).replace(tzinfo=SHANGHAI)
    except ValueError:
        raise Forged(f"not a time: {text[:40]!r}") from None
