"""Payments over JSON."""

from __future__ import annotations

from commerce.payments import refund_store, store
from commerce.payments.start import begin
from commerce.payments.types import DeadlinePassed, MethodUnavailable, NotPayable, TooManyPayments
from commerce.payments.views import BeginBody, BegunView, PaymentView, view
from server.errors import NotFound
from server.http import Call, LoggedIn, Routes
from server.http.routes import Key

routes = Routes("payments")


@routes.post(
    "/api/v1/orders/{order_no}/payments",
    LoggedIn(),
    status=201,
    key=Key.REQUIRED,
    errors=(NotPayable, DeadlinePassed, MethodUnavailable, TooManyPayments),
)
async def begin_payment(call: Call, order_no: str, body: BeginBody) -> BegunView:
    """Begin a payment of one of the caller's orders."""
    async with call.transaction() as connection:
        begun = await begin(call.app, connection, call.member.id, order_no, body.method)
    return BegunView(payment_no=begun.payment.payment_no, pay_url=begun.pay_url)


@routes.get("/api/v1/payments/{payment_no}", LoggedIn())
async def show_payment(call: Call, payment_no: str) -> PaymentView:
    """Show how one of the caller's payments stands."""
    async with call.database.snapshot() as connection:
        owner = await store.owner(connection, payment_no, call.member.id)
        payment = await store.by_number(connection, payment_no) if owner is not None else None
        if owner is None or payment is None:
            raise NotFound
        return view(payment, owner.order_no, await refund_store.of_payment(connection, payment.id))
