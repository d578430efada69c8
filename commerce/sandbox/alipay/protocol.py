"""Alipay's open protocol as the gateway speaks it: read a signed request, write a signed answer or notification."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from commerce.sandbox.alipay.keys import APP_ID, SELLER_ID, Keys, signed_text
from commerce.sandbox.alipay.types import Refusal, Trade, TradeStatus

BEIJING = ZoneInfo("Asia/Shanghai")
STAMP = "%Y-%m-%d %H:%M:%S"
METHODS = ("alipay.trade.page.pay", "alipay.trade.query", "alipay.trade.close", "alipay.trade.refund")
_SUM = re.compile(r"[0-9]{1,9}(\.[0-9]{1,2})?")


def opened(values: Mapping[str, str], keys: Keys) -> tuple[str, dict[str, Any]]:
    """Return the method of a merchant's request and its content. Raises Refusal for what the real gateway refuses."""
    method = values.get("method", "")
    if method not in METHODS:
        raise _invalid("isv.invalid-method", "不存在的方法名")
    if values.get("app_id") != APP_ID:
        raise _invalid("isv.invalid-app-id", "无效的AppID参数")
    if values.get("sign_type") != "RSA2":
        raise _invalid("isv.invalid-signature-type", "无效签名类型")
    if values.get("charset", "").lower() != "utf-8":
        raise _invalid("isv.invalid-charset", "字符集错误")
    if not keys.merchant_signed(signed_text(values, without=("sign",)), values.get("sign", "")):
        raise _invalid("isv.invalid-signature", "无效签名")
    if read_time(values.get("timestamp", "")) is None:
        raise _invalid("isv.invalid-timestamp", "非法的时间戳参数")
    try:
        content = msgspec.json.decode(values.get("biz_content", ""), type=dict[str, Any])
    except msgspec.DecodeError:
        raise _invalid("isv.invalid-parameter", "biz_content 不是 JSON") from None
    return method, content


def answer(method: str, node: Mapping[str, Any], keys: Keys) -> bytes:
    """Return a signed answer: the signature is over the node's text exactly as it stands in the answer."""
    text = msgspec.json.encode(node)
    name = method.replace(".", "_") + "_response" if method in METHODS else "error_response"
    return b'{"%s":%s,"sign":"%s"}' % (name.encode(), text, keys.sign(text).encode())


def success(**fields: Any) -> dict[str, Any]:
    """Return the node of a good answer."""
    return {"code": "10000", "msg": "Success", **fields}


def refused(refusal: Refusal) -> dict[str, Any]:
    """Return the node of a refusal."""
    return {"code": refusal.code, "msg": refusal.msg, "sub_code": refusal.sub_code, "sub_msg": refusal.sub_msg}


def notification(trade: Trade, at: datetime) -> dict[str, str]:
    """Return the fields of an asynchronous notification, unsigned."""
    amount = write_sum(trade.paid_amount or trade.total_amount)
    values = {
        "notify_time": write_time(at),
        "notify_type": "trade_status_sync",
        "notify_id": secrets.token_hex(17),
        "app_id": trade.app_id,
        "auth_app_id": trade.app_id,
        "charset": "utf-8",
        "version": "1.0",
        "sign_type": "RSA2",
        "trade_no": trade.trade_no,
        "out_trade_no": trade.out_trade_no,
        "buyer_id": "2088000277770002",
        "buyer_logon_id": "mai***@sandbox.example",
        "seller_id": SELLER_ID,
        "trade_status": str(trade.status),
        "total_amount": amount,
        "subject": trade.subject,
        "gmt_create": write_time(trade.created_at),
    }
    if trade.paid_at is not None:
        values |= {
            "gmt_payment": write_time(trade.paid_at),
            "receipt_amount": amount,
            "buyer_pay_amount": amount,
            "invoice_amount": amount,
            "fund_bill_list": f'[{{"amount":"{amount}","fundChannel":"ALIPAYACCOUNT"}}]',
        }
    if trade.refunded:
        values |= {"refund_fee": write_sum(trade.refunded), "gmt_refund": write_time(at)}
    return values


def signed(values: Mapping[str, str], keys: Keys) -> dict[str, str]:
    """Return a notification or a return address' fields with the gateway's signature."""
    return {**values, "sign": keys.sign(signed_text(values, without=("sign", "sign_type")))}


def told(trade: Trade) -> dict[str, Any]:
    """Return what a query is told of a trade."""
    fields: dict[str, Any] = {
        "out_trade_no": trade.out_trade_no,
        "trade_no": trade.trade_no,
        "trade_status": str(trade.status),
        "total_amount": write_sum(trade.paid_amount or trade.total_amount),
        "buyer_logon_id": "mai***@sandbox.example",
    }
    if trade.paid_at is not None and trade.status is TradeStatus.SUCCESS:
        fields["send_pay_date"] = write_time(trade.paid_at)
    return success(**fields)


def read_sum(text: Any) -> int:
    """Return the fen of a merchant's amount. Raises Refusal."""
    if not isinstance(text, str) or not _SUM.fullmatch(text):
        raise Refusal("ACQ.INVALID_PARAMETER", "参数无效：金额")
    whole, _, part = text.partition(".")
    fen = int(whole) * 100 + int(part.ljust(2, "0") or 0)
    if fen < 1:
        raise Refusal("ACQ.INVALID_PARAMETER", "参数无效：金额")
    return fen


def write_sum(fen: int) -> str:
    """Return fen as the gateway writes amounts."""
    return f"{fen // 100}.{fen % 100:02d}"


def read_time(text: Any) -> datetime | None:
    """Return a moment (UTC) from the gateway's notation, None for something else."""
    try:
        return datetime.strptime(str(text), STAMP).replace(tzinfo=BEIJING).astimezone(UTC)
    except ValueError:
        return None


def write_time(moment: datetime) -> str:
    """Return a moment in the gateway's notation."""
    return moment.astimezone(BEIJING).strftime(STAMP)


def _invalid(sub_code: str, sub_msg: str) -> Refusal:
    return Refusal(sub_code, sub_msg, code="40002", msg="Invalid Arguments")
