"""What the gateway does with trades when merchants ask: open, query, close, refund."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import urlsplit

from commerce.sandbox.alipay import protocol, store
from commerce.sandbox.alipay.keys import APP_ID
from commerce.sandbox.alipay.types import Refusal, RefusalReason, Trade, TradeStatus
from server.clock import now, shanghai
from server.database import Connection

_SAID = {RefusalReason.NOT_ALLOWED: "当前交易不允许退款", RefusalReason.BALANCE: "卖家余额不足"}


async def open_trade(connection: Connection, content: dict[str, Any], notify_url: str, return_url: str) -> Trade:
    """Return the trade of a page-pay request, opened if it is new. Raises Refusal."""
    number, subject = content.get("out_trade_no"), content.get("subject")
    if not isinstance(number, str) or not 1 <= len(number) <= 64 or not number.replace("_", "").isalnum():
        raise Refusal("ACQ.INVALID_PARAMETER", "参数无效：out_trade_no")
    if not isinstance(subject, str) or not 1 <= len(subject) <= 256:
        raise Refusal("ACQ.INVALID_PARAMETER", "参数无效：subject")
    if content.get("product_code") != "FAST_INSTANT_TRADE_PAY":
        raise Refusal("ACQ.INVALID_PARAMETER", "参数无效：product_code")
    if urlsplit(notify_url).scheme not in ("http", "https"):
        raise Refusal("ACQ.INVALID_PARAMETER", "参数无效：notify_url")
    expires = content.get("time_expire")
    expires_at = protocol.read_time(expires) if expires is not None else None
    if expires is not None and expires_at is None:
        raise Refusal("ACQ.INVALID_PARAMETER", "参数无效：time_expire")
    amount = protocol.read_sum(content.get("total_amount"))
    await store.insert_trade(
        connection,
        {
            "trade_no": _trade_number(),
            "out_trade_no": number,
            "token": secrets.token_urlsafe(18),
            "app_id": APP_ID,
            "subject": subject,
            "total_amount": amount,
            "notify_url": notify_url,
            "return_url": return_url,
            "expires_at": expires_at,
        },
    )
    trade = await store.by_merchant(connection, number)
    assert trade is not None
    if trade.total_amount != amount:
        raise Refusal("ACQ.CONTEXT_INCONSISTENT", "交易信息被篡改")
    return trade


async def query(connection: Connection, content: dict[str, Any]) -> dict[str, Any]:
    """Tell how a trade stands. Raises Refusal."""
    return protocol.told(await _find(connection, content))


async def close(connection: Connection, content: dict[str, Any]) -> dict[str, Any]:
    """Close a trade that waits for its buyer. Raises Refusal."""
    trade = await _find(connection, content)
    if not await store.set_closed(connection, trade.id):
        raise Refusal("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
    return protocol.success(out_trade_no=trade.out_trade_no, trade_no=trade.trade_no)


async def refund(connection: Connection, content: dict[str, Any]) -> dict[str, Any]:
    """Give money back, once for each out_request_no. Raises Refusal.

    What a tester wants refused is answered, not raised: that it was used up has to be kept.
    """
    trade = await _find(connection, content)
    request = content.get("out_request_no") or trade.out_trade_no
    if not isinstance(request, str) or len(request) > 64:
        raise Refusal("ACQ.INVALID_PARAMETER", "参数无效：out_request_no")
    amount = protocol.read_sum(content.get("refund_amount"))
    known = await store.refund_of(connection, trade.id, request)
    changed = known is None
    if known is not None and known != amount:
        raise Refusal("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", "同一退款请求号的金额不一致")
    if changed:
        if trade.status is not TradeStatus.SUCCESS or trade.paid_amount is None:
            raise Refusal("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
        if trade.refunded + amount > trade.paid_amount:
            raise Refusal("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", "退款金额超限")
        if (reason := await store.claim_refusal(connection, trade.out_trade_no)) is not None:
            return protocol.refused(Refusal(reason, _SAID[reason]))
        await store.insert_refund(connection, trade.id, request, amount)
        after = await store.by_id(connection, trade.id)
        assert after is not None
        trade = after
        await notify(connection, trade)
    return protocol.success(
        out_trade_no=trade.out_trade_no,
        trade_no=trade.trade_no,
        fund_change="Y" if changed else "N",
        refund_fee=protocol.write_sum(trade.refunded),
        buyer_logon_id="mai***@sandbox.example",
    )


async def notify(connection: Connection, trade: Trade, times: int = 1) -> None:
    """Put ``times`` copies of one notification on their way, as a gateway that stammers sends it."""
    payload = protocol.notification(trade, now())
    for _ in range(times):
        await store.insert_delivery(connection, trade.id, payload["notify_id"], payload)


async def _find(connection: Connection, content: dict[str, Any]) -> Trade:
    number, own = content.get("out_trade_no"), content.get("trade_no")
    trade = None
    if isinstance(own, str) and own:
        trade = await store.by_number(connection, own, lock=True)
    elif isinstance(number, str) and number:
        trade = await store.by_merchant(connection, number, lock=True)
    if trade is None:
        raise Refusal("ACQ.TRADE_NOT_EXIST", "交易不存在")
    return trade


def _trade_number() -> str:
    return f"{shanghai(now()):%Y%m%d}22001{secrets.randbelow(10**15):015d}"
