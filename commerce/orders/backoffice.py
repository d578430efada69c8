"""An order for staff: to look at and to ship. What figures and members' pages say of orders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from msgspec import Meta

from commerce.orders import desk_store, shipment_store, store
from commerce.orders.pages import shop_names
from commerce.orders.parcels import address_for, address_version, read
from commerce.orders.refunds import Refunds, under_way
from commerce.orders.ship import correct, held_by_refund, ship
from commerce.orders.types import (
    ActorKind,
    AddressChanged,
    AlreadyShipped,
    BeingRefunded,
    NoAddress,
    NotInTransit,
    NotShippable,
    OrderStatus,
)
from commerce.orders.views import history, told
from commerce.orders.words import CARRIERS, TITLES, TONES
from commerce.staff import Figure, Permission
from commerce.staff import names as staff_names
from server.clock import day_start
from server.database import Connection
from server.errors import Invalid, NotFound, Problem
from server.http import Body, Call, Kind, Routes, StaffWith
from server.http.pages import Page, Redirect

routes = Routes("orders", realm=Kind.STAFF)
_LAST = 5


class ParcelForm(Body, frozen=True, kw_only=True):
    """With whom an order goes. ``address_version`` is that of the address beside the form."""

    carrier: Annotated[str, Meta(max_length=1000)] = ""
    tracking_no: Annotated[str, Meta(max_length=1000)] = ""
    address_version: Annotated[str, Meta(max_length=64)] = ""


async def of_member(call: Call, connection: Connection, member_id: int) -> dict[str, Any] | None:
    """Return a member's last orders in the caller's shops, for their page; None for who may not see orders."""
    if not call.staff.may("orders.view"):
        return None
    shops = call.staff.within("orders.view").shops
    found, total = await desk_store.of_member(connection, shops, member_id, _LAST)
    return {"orders": found, "total": total, "member_id": member_id, "titles": TITLES, "tones": TONES}


async def figures(connection: Connection, shops: Sequence[int] | None) -> list[Figure]:
    """Return what waits for its parcel, and what came in today."""
    orders, fen = await store.paid_since(connection, shops, day_start())
    return [
        Figure(
            position=10,
            label="待发货",
            value=await shipment_store.to_ship(connection, shops),
            href="/backoffice/orders?status=pending_shipment",
            waits=True,
        ),
        Figure(
            position=10,
            label="今日支付",
            value=fen,
            fen=True,
            href="/backoffice/orders?paid=today",
            beside=orders,
            unit="{n} 单",
        ),
    ]


@routes.page("/backoffice/orders/{order_no}", StaffWith("orders.view"))
async def show_order(call: Call, order_no: str) -> Page:
    """One order as staff see it."""
    return await _order(call, order_no)


@routes.page("/backoffice/orders/{order_no}/ship", StaffWith(Permission.ORDERS_MANAGE), method="POST")
async def ship_order(call: Call, order_no: str) -> Page | Redirect:
    """Ship from the form, or say beside it what stands against it."""
    form = await call.form(ParcelForm)
    try:
        parcel = read(form.carrier, form.tracking_no)
    except Invalid as problem:
        return await _order(call, order_no, form, problem)
    try:
        async with call.transaction() as connection:
            refunds = call.resource(Refunds)
            await ship(connection, refunds, call.staff.shops, order_no, parcel, call.staff.id, form.address_version)
    except AlreadyShipped as problem:
        if not problem.says(parcel):  # else it was pressed twice, and what was wanted is done
            return await _order(call, order_no, form, problem)
    except (NotShippable, BeingRefunded, NoAddress, AddressChanged) as problem:
        return await _order(call, order_no, form, problem)
    return Redirect(f"/backoffice/orders/{order_no}")


@routes.page("/backoffice/orders/{order_no}/shipment", StaffWith(Permission.ORDERS_MANAGE), method="POST")
async def correct_shipment(call: Call, order_no: str) -> Page | Redirect:
    """Put a mistyped number right, from the form."""
    form = await call.form(ParcelForm)
    try:
        async with call.transaction() as connection:
            await correct(connection, call.staff.shops, order_no, form.carrier, form.tracking_no, call.staff.id)
    except (Invalid, NotInTransit) as problem:
        return await _order(call, order_no, form, problem)
    return Redirect(f"/backoffice/orders/{order_no}")


async def _order(call: Call, order_no: str, form: ParcelForm | None = None, problem: Problem | None = None) -> Page:
    """Return the page of an order; ``form`` is what could not be done, ``problem`` why."""
    refunds = call.resource(Refunds)
    async with call.database.snapshot() as connection:
        order = await store.of_shops(connection, call.staff.shops, order_no)
        if order is None:
            raise NotFound
        lines = (await store.lines(connection, [order.id]))[order.id]
        events = history(order, (await store.events(connection, [order.id]))[order.id])
        sent = (await shipment_store.of_orders(connection, [order.id]))[order.id]
        names = await shop_names(connection, [order], {order.id: lines[0].sku_id} if lines else {})
        people = await staff_names(
            connection, {event.actor_id for event in events if event.actor_id and event.actor_kind is ActorKind.STAFF}
        )
        back = await refunds.of_order(connection, order.id) if call.staff.may("payments.view", order.shop_id) else []
        paused = order.status is OrderStatus.PENDING_RECEIPT and under_way(await refunds.of_order(connection, order.id))
        held = order.status is OrderStatus.PENDING_SHIPMENT and await held_by_refund(connection, refunds, order)
    values: dict[str, Any] = {
        "order": order,
        "address": address_for(order, call.staff),
        "lines": lines,
        "timeline": [
            (
                told(event, call.tr),
                event.at,
                event.actor_kind,
                people.get(event.actor_id or 0, "") if event.actor_kind is ActorKind.STAFF else "",
            )
            for event in reversed(events)
        ],
        "refunds": back,
        "refunds_part": refunds.desk,
        "title": call.tr(TITLES[order.status]),
        "tone": TONES[order.status],
        "shop_name": names.get(order.shop_id, ""),
        "may_ship": call.staff.may(Permission.ORDERS_MANAGE, order.shop_id),
        "held": held,
        "paused": paused,
        "parcel": sent[0] if sent else None,
        "carriers": {carrier: call.tr(name) for carrier, name in CARRIERS.items()},
        "address_version": address_version(order.address),
        "form": form,
        "field": problem.field if problem else None,
        "fault": problem.reason(call.tr) if isinstance(problem, Invalid) else problem.told(call.tr) if problem else "",
    }
    return Page("orders/desk_show.html", values, status=problem.status if problem else 200)
