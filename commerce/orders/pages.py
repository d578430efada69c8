"""Orders for the people who placed them."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from msgspec import Meta

from commerce import catalogue
from commerce.members.address_store import page as addresses_of
from commerce.orders import shipment_store, store
from commerce.orders.api import BY_MEMBER, own
from commerce.orders.cancel import cancel, close_tills
from commerce.orders.invitations import Invitations
from commerce.orders.readdress import readdress
from commerce.orders.receive import receive
from commerce.orders.refunds import Refunds
from commerce.orders.states import actions
from commerce.orders.types import Actor, ActorKind, NotReceivable, Order, OrderStatus
from commerce.orders.views import OrdersQuery, history, told
from commerce.orders.words import CARRIERS, REFUNDING, STEPS, TITLES, saying, step
from server.clock import now
from server.database import Connection
from server.http import Body, Call, Id, LoggedIn, Routes
from server.http.pages import Page, Redirect

routes = Routes("orders")
REASONS = ("不想要了", "地址填错了", "买多了", "想换一种付款方式", "别处更便宜")


class CancelForm(Body, frozen=True, kw_only=True):
    """The dialog that asks why."""

    reason: Annotated[str, Meta(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")] = BY_MEMBER


class AddressForm(Body, frozen=True, kw_only=True):
    """The sheet that offers other addresses."""

    address_id: Id


@routes.page("/orders", LoggedIn())
async def list_orders(call: Call, query: OrdersQuery) -> Page:
    """The member's orders by state."""
    async with call.database.snapshot() as connection:
        counts = await store.counts_of_member(connection, call.member.id)
        found, total = await store.page_of_member(connection, call.member.id, query.status, query.offset, query.size)
        lines = await store.lines(connection, [order.id for order in found])
        shops = await shop_names(
            connection, found, {order.id: lines[order.id][0].sku_id for order in found if lines[order.id]}
        )
        invited = await call.resource(Invitations).of(connection, call.member.id, [order.id for order in found])
    moment = now()
    return Page(
        "orders/list.html",
        {
            "orders": [
                {
                    "order": order,
                    "lines": lines[order.id],
                    "units": sum(line.quantity for line in lines[order.id]),
                    "shop": shops.get(order.shop_id, ""),
                    "actions": actions(order, moment),
                    "invitations": invited[order.id],
                    "title": call.tr(TITLES[order.status]),
                }
                for order in found
            ],
            "tabs": [(call.tr("全部"), "/orders", query.status is None, 0)]
            + [
                (call.tr(TITLES[status]), f"/orders?status={status}", query.status is status, _badge(status, counts))
                for status in OrderStatus
            ],
            "status": query.status,
            "page": query.page,
            "pages": -(-total // query.size),
            "href": lambda n: "/orders?" + urlencode(({"status": query.status} if query.status else {}) | {"page": n}),
        },
    )


def _badge(status: OrderStatus, counts: dict[OrderStatus, int]) -> int:
    """Only what waits for somebody carries a figure; the past would just grow."""
    waiting = (OrderStatus.PENDING_PAYMENT, OrderStatus.PENDING_SHIPMENT, OrderStatus.PENDING_RECEIPT)
    return counts.get(status, 0) if status in waiting else 0


@routes.page("/orders/{order_no}", LoggedIn())
async def show_order(call: Call, order_no: str) -> Page:
    """One order: where it stands, what happens next, what may be done."""
    async with call.database.snapshot() as connection:
        order = await own(connection, call, order_no)
        values = await _order_values(connection, call, order)
    return Page("orders/show.html", values)


@routes.page("/orders/{order_no}/cancel", LoggedIn(), method="POST", deadline=20)
async def cancel_order(call: Call, order_no: str) -> Redirect:
    """Cancel from the dialog."""
    form = await call.form(CancelForm)
    async with call.database.connection() as connection:
        order = await own(connection, call, order_no)
    if order.status is not OrderStatus.CANCELLED:
        await close_tills(call.app, order)
        async with call.transaction() as connection:
            await cancel(call.app, connection, order.id, form.reason.strip(), Actor(ActorKind.MEMBER, call.member.id))
    return Redirect(f"/orders/{order_no}")


@routes.page("/orders/{order_no}/address", LoggedIn(), method="POST")
async def change_address(call: Call, order_no: str) -> Redirect:
    """Send the order elsewhere, from the sheet."""
    form = await call.form(AddressForm)
    async with call.transaction() as connection:
        await readdress(connection, call.member.id, order_no, int(form.address_id))
    return Redirect(f"/orders/{order_no}")


@routes.page("/orders/{order_no}/receipt", LoggedIn(), method="POST")
async def confirm_receipt(call: Call, order_no: str) -> Redirect:
    """Confirm from the dialog that the order has arrived.

    Whoever presses twice, or just when it happens by itself, is shown how it stands: what they want is done.
    """
    try:
        async with call.transaction() as connection:
            await receive(connection, call.member.id, order_no)
    except NotReceivable as refusal:
        if refusal.details != {"status": OrderStatus.COMPLETED}:
            raise
    return Redirect(f"/orders/{order_no}")


async def _order_values(connection: Connection, call: Call, order: Order) -> dict[str, Any]:
    lines = (await store.lines(connection, [order.id]))[order.id]
    events = history(order, (await store.events(connection, [order.id]))[order.id])
    shops = await shop_names(connection, [order], {order.id: lines[0].sku_id} if lines else {})
    refunds = await call.resource(Refunds).of_order(connection, order.id)
    sent = (await shipment_store.of_orders(connection, [order.id]))[order.id]
    invited = await call.resource(Invitations).of(connection, order.member_id, [order.id])
    may = actions(order, now())
    return {
        "order": order,
        "lines": lines,
        "timeline": [(told(event, call.tr), event.at) for event in reversed(events)],
        "saying": saying(order, {event.kind for event in events}, now(), call.tr, refunds),
        "parcels": [(parcel, call.tr(CARRIERS[parcel.carrier])) for parcel in sent],
        "refunds": [(refund, call.tr(REFUNDING[refund.status])) for refund in refunds],
        "steps": [call.tr(name) for name in STEPS],
        "step": step(order),
        "title": call.tr(TITLES[order.status]),
        "shop_name": shops.get(order.shop_id, ""),
        "actions": may,
        "invitations": invited[order.id],
        "reasons": [call.tr(reason) for reason in REASONS],
        "addresses": await addresses_of(connection, order.member_id, 0, 20) if "change_address" in may else [],
    }


async def shop_names(connection: Connection, orders: list[Order], samples: dict[int, int]) -> dict[int, str]:
    """Return the names of the orders' shops; ``samples`` has one SKU for each order, of which the shop is known."""
    infos = await catalogue.sku_infos(connection, sorted(set(samples.values())))
    return {
        order.shop_id: infos[samples[order.id]].shop_name
        for order in orders
        if order.id in samples and samples[order.id] in infos
    }
