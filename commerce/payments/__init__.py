"""Payments: money asked of gateways, taken on, given back; every movement in the ledger.

What ends an order unpaid calls ``close_for_order`` first; what decides a late payment calls ``decide_late`` and, to
give money back, ``refund_in``.
"""

from commerce.payments.check import check
from commerce.payments.close import CloseResult, close_for_order
from commerce.payments.late import decide_late, refund_late
from commerce.payments.refund import RefundRefused, refund_in
from commerce.payments.store import by_id, of_order
from commerce.payments.types import Decision, Payment, PaymentStatus, Purpose

__all__ = [
    "CloseResult",
    "Decision",
    "Payment",
    "PaymentStatus",
    "Purpose",
    "RefundRefused",
    "by_id",
    "check",
    "close_for_order",
    "decide_late",
    "of_order",
    "refund_in",
    "refund_late",
]
