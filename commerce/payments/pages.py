"""The cashier and the result of a payment, for people."""

from __future__ import annotations

from urllib.parse import urlsplit

from commerce import orders
from commerce.orders import Order, OrderStatus
from commerce.payments import refund_store, store
from commerce.payments.ask import ASK, AskTask
from commerce.payments.provider import Providers
from commerce.payments.start import begin, subject
from commerce.payments.types import Payment, PaymentStatus
from server.clock import now
from server.database import Connection
from server.errors import NotFound
from server.http import Anyone, Body, Call, LoggedIn, Routes
from server.http.pages import Page, Redirect
from server.jobs import enqueue

routes = Routes("payments")
sandbox_routes = Routes("payments")


class PayForm(Body, frozen=True, kw_only=True):
    """The method that was chosen."""

    method: str


@routes.page("/orders/{order_no}/pay", LoggedIn())
async def cashier(call: Call, order_no: str) -> Page | Redirect:
    """The cashier: what is due until when, and how to pay it."""
    async with call.database.snapshot() as connection:
        order = await _own(connection, call, order_no)
        title = await subject(connection, order.id)
    if order.status is not OrderStatus.PENDING_PAYMENT:
        return Redirect(f"/orders/{order_no}")
    providers = call.resource(Providers).all()
    return Page(
        "payments/cashier.html",
        {"order": order, "subject": title, "providers": providers, "over": order.pay_before <= now()},
        forms=_gateways(call),
    )


@routes.page("/orders/{order_no}/pay", LoggedIn(), method="POST")
async def pay(call: Call, order_no: str) -> Redirect:
    """Begin a payment and go to the gateway's cashier."""
    form = await call.form(PayForm)
    async with call.transaction() as connection:
        begun = await begin(call.app, connection, call.member.id, order_no, form.method)
    return Redirect(begun.pay_url)


@routes.page("/payments/{payment_no}/result", LoggedIn())
async def result(call: Call, payment_no: str) -> Page:
    """Where the gateway sends the buyer back to. What the address claims is not believed; the gateway is asked."""
    async with call.transaction() as connection:
        owner = await store.owner(connection, payment_no, call.member.id)
        payment = await store.by_number(connection, payment_no) if owner is not None else None
        if owner is None or payment is None:
            raise NotFound
        order = await orders.by_id(connection, payment.order_id)
        refunds = await refund_store.of_payment(connection, payment.id)
        if payment.status is PaymentStatus.PENDING:
            await enqueue(connection, ASK.name, AskTask(payment_no), delay=1.0, dedupe=f"ask:{payment_no}")
    return Page("payments/result.html", {"payment": payment, "order": order, "refunds": refunds})


@sandbox_routes.page("/payments/{payment_no}/open", Anyone())
async def open_payment(call: Call, payment_no: str) -> Redirect:
    """The way to the gateway's cashier for whoever has the payment's number: the sandbox's robot buyers go it."""
    async with call.database.snapshot() as connection:
        payment = await store.by_number(connection, payment_no)
        if payment is None:
            raise NotFound
        title = await subject(connection, payment.order_id)
    return Redirect(_url(call, payment, title))


def _url(call: Call, payment: Payment, title: str) -> str:
    return call.resource(Providers).of(payment.method).pay_url(payment, title)


def _gateways(call: Call) -> tuple[str, ...]:
    """Return the origins that the cashier's form may lead to."""
    found = []
    for provider in call.resource(Providers).all():
        parts = urlsplit(provider.gateway)
        found.append(f"{parts.scheme}://{parts.netloc}")
    return tuple(found)


async def _own(connection: Connection, call: Call, order_no: str) -> Order:
    order = await orders.of_member(connection, call.member.id, order_no)
    if order is None:
        raise NotFound
    return order
