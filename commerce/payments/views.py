"""Payments as clients read and begin them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from commerce.orders import RefundState
from commerce.payments.types import Payment, PaymentStatus, Purpose, Refund
from server.clock import now, wire
from server.http import Body, Instant, View


class BeginBody(Body, frozen=True, kw_only=True):
    """How to pay. The amount is the order's; nobody sends it."""

    method: Annotated[str, Meta(min_length=1, max_length=20)]


class BegunView(View, frozen=True, kw_only=True):
    """A new payment; ``pay_url`` is the gateway's cashier, where the buyer goes next."""

    payment_no: str
    pay_url: str


class RefundView(View, frozen=True, kw_only=True):
    """Money that goes or went back; ``amount`` in fen."""

    refund_no: str
    amount: int
    status: RefundState
    reason: str


class PaymentView(View, frozen=True, kw_only=True):
    """A payment; sums in fen. ``purpose`` says what money that came was for: order, late, double or mismatch."""

    payment_no: str
    order_no: str
    method: str
    amount: int
    status: PaymentStatus
    received: int | None
    purpose: Purpose | None
    pay_before: Instant
    created_at: Instant
    paid_at: Instant | None
    refunds: list[RefundView]
    server_time: Instant


def view(payment: Payment, order_no: str, refunds: list[Refund]) -> PaymentView:
    """Return a payment as clients read it."""
    return PaymentView(
        payment_no=payment.payment_no,
        order_no=order_no,
        method=payment.method,
        amount=payment.amount,
        status=payment.status,
        received=payment.received,
        purpose=payment.purpose,
        pay_before=wire(payment.pay_before),
        created_at=wire(payment.created_at),
        paid_at=wire(payment.paid_at) if payment.paid_at else None,
        refunds=[
            RefundView(refund_no=refund.refund_no, amount=refund.amount, status=refund.status, reason=refund.reason)
            for refund in refunds
        ],
        server_time=wire(now()),
    )
