"""What payments are made of."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from commerce.orders import RefundState
from server.errors import Conflict, Problem


class PaymentStatus(StrEnum):
    """Where a payment stands. What may follow what is in states.py."""

    PENDING = "pending"
    PAID = "paid"
    CLOSED = "closed"
    REFUNDED = "refunded"


class Purpose(StrEnum):
    """What money that came was for."""

    ORDER = "order"
    """It paid the order."""
    LATE = "late"
    """The order was cancelled: won again or refunded (late_decision)."""
    DOUBLE = "double"
    """The order was paid already: refunded."""
    MISMATCH = "mismatch"
    """It is not the sum that was asked: refunded."""


class Decision(StrEnum):
    """What became of a late payment."""

    REWON = "rewon"
    REFUND = "refund"


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """A payment as it is stored; sums in fen, times in UTC."""

    id: int
    payment_no: str
    order_id: int
    method: str
    amount: int
    status: PaymentStatus
    gateway_trade_no: str | None
    received: int | None
    purpose: Purpose | None
    late_decision: Decision | None
    pay_before: datetime
    created_at: datetime
    paid_at: datetime | None
    closed_at: datetime | None


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """A refund as it is stored; ``amount`` in fen.

    ``attempt`` counts what staff began anew after a refusal, ``tries`` how often this attempt was asked for again.
    """

    id: int
    refund_no: str
    payment_id: int
    amount: int
    status: RefundState
    reason: str
    created_at: datetime
    done_at: datetime | None
    tries: int
    attempt: int


class ListedRefund(msgspec.Struct, frozen=True, kw_only=True):
    """A refund with what staff see beside it; ``amount`` in fen, times in UTC.

    ``error`` is what the gateway said when it last refused.
    """

    refund_no: str
    payment_no: str
    order_no: str
    order_id: int
    payment_id: int
    shop_id: int
    method: str
    amount: int
    status: RefundState
    reason: str
    attempt: int
    error: str | None
    created_at: datetime
    failed_at: datetime | None
    done_at: datetime | None


class TradeState(StrEnum):
    """Where a gateway says that a trade stands."""

    ABSENT = "absent"
    """Nobody has opened its cashier yet."""
    WAITING = "waiting"
    PAID = "paid"
    CLOSED = "closed"


class Trade(msgspec.Struct, frozen=True, kw_only=True):
    """What a gateway says of one payment; ``amount`` in fen, ``paid_at`` in UTC."""

    payment_no: str
    state: TradeState
    trade_no: str = ""
    amount: int = 0
    paid_at: datetime | None = None


class GatewayDown(Exception):
    """The gateway did not answer, or not in a way that can be trusted: nothing is known."""


class GatewayRefused(Exception):
    """The gateway answered that it will not; ``code`` is its own word for why."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class Forged(Exception):
    """A message that claims to come from a gateway and cannot be believed; the text says why."""


class MethodUnavailable(Problem):
    """The platform does not take this method of payment."""

    code, status, message = "method_unavailable", 422, "暂不支持这种支付方式"


class NotPayable(Conflict):
    """The order does not wait for a payment."""

    code, message = "not_payable", "订单不在待付款状态"


class DeadlinePassed(Conflict):
    """The time to pay is over."""

    code, message = "pay_deadline_passed", "付款时间已过，订单正在关闭"


class NotFailed(Conflict):
    """The refund is under way or done: there is nothing to try again."""

    code, message = "refund_not_failed", "这笔退款没有失败，不用再退"


class RefundTooMuch(Conflict):
    """Meanwhile so much of the payment was promised elsewhere that this refund would give back more than came."""

    code, message = "refund_too_much", "这笔付款剩下的钱不够再退这么多"


class TooManyPayments(Conflict):
    """Many payments of the order have been begun and none was made."""

    code, message = "too_many_payments", "这个订单发起的付款太多了，请稍等一会儿再试"
