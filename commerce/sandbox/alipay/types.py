"""What the simulated gateway's books are made of."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from server.errors import Conflict


class TradeStatus(StrEnum):
    """Alipay's words for where a trade stands."""

    WAITING = "WAIT_BUYER_PAY"
    SUCCESS = "TRADE_SUCCESS"
    CLOSED = "TRADE_CLOSED"


class Outcome(StrEnum):
    """What the tester wants the buyer to do."""

    PAID = "paid"
    FAILED = "failed"


class RefusalReason(StrEnum):
    """Why the gateway refuses a refund, in its own codes."""

    NOT_ALLOWED = "ACQ.TRADE_NOT_ALLOW_REFUND"
    """For good."""
    BALANCE = "ACQ.SELLER_BALANCE_NOT_ENOUGH"
    """For now: the same request may succeed later."""


class Trade(msgspec.Struct, frozen=True, kw_only=True):
    """A trade in the gateway's books; amounts in fen, times in UTC."""

    id: int
    trade_no: str
    out_trade_no: str
    token: str
    app_id: str
    subject: str
    total_amount: int
    status: TradeStatus
    paid_amount: int | None
    refunded: int
    notify_url: str
    return_url: str
    expires_at: datetime | None
    created_at: datetime
    paid_at: datetime | None


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """Something a buyer will do; ``amount`` in fen, None for what is due."""

    id: int
    trade_id: int
    outcome: Outcome
    amount: int | None
    times: int


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """A notification on its way to the merchant."""

    id: int
    url: str
    payload: dict[str, Any]
    attempts: int


class Refusal(Exception):
    """The gateway's answer to a request that it will not fulfil, in its own codes."""

    def __init__(self, sub_code: str, sub_msg: str, code: str = "40004", msg: str = "Business Failed") -> None:
        super().__init__(f"{sub_code}: {sub_msg}")
        self.code = code
        self.msg = msg
        self.sub_code = sub_code
        self.sub_msg = sub_msg


class AlreadyPaid(Conflict):
    """The trade has been paid: it cannot fail any more."""

    code, message = "already_paid", "这笔交易已经付过了"
