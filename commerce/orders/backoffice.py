"""Orders for staff: those of their shops, to look at."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from msgspec import Meta

from commerce.orders import store
from commerce.orders.pages import shop_names
from commerce.orders.refunds import Refunds
from commerce.orders.types import ActorKind
from commerce.orders.views import OrdersQuery, history, told
from commerce.orders.words import TITLES, TONES
from commerce.staff import names as staff_names
from server.errors import NotFound
from server.http import Call, Kind, Routes, StaffWith
from server.http.pages import Page

routes = Routes("orders", realm=Kind.STAFF)


class StaffQuery(OrdersQuery, frozen=True, kw_only=True):
    """Which orders to list; ``q`` is an order's number."""

    q: Annotated[str, Meta(max_length=40)] | None = None


@routes.page("/backoffice/orders", StaffWith("orders.view"))
async def list_orders(call: Call, query: StaffQuery) -> Page:
    """Orders of the shops that the caller works for."""
    shops = call.staff.shops
    number = query.q.replace(" ", "") if query.q else None
    async with call.database.snapshot() as connection:
        counts = await store.counts_of_shops(connection, shops)
        found, total = await store.page_of_shops(connection, shops, query.status, number, query.offset, query.size)
        lines = await store.lines(connection, [order.id for order in found])
        names = await shop_names(
            connection, found, {order.id: lines[order.id][0].sku_id for order in found if lines[order.id]}
        )
    kept = ({"q": query.q} if query.q else {}) | ({"size": query.size} if query.size != 20 else {})
    return Page(
        "orders/desk_list.html",
        {
            "orders": [
                {
                    "order": order,
                    "lines": lines[order.id],
                    "units": sum(line.quantity for line in lines[order.id]),
                    "shop": names.get(order.shop_id, ""),
                    "title": call.tr(TITLES[order.status]),
                    "tone": TONES[order.status],
                }
                for order in found
            ],
            "tabs": [(call.tr("全部"), "/backoffice/orders", query.status is None, sum(counts.values()))]
            + [
                (
                    call.tr(title),
                    f"/backoffice/orders?{urlencode({'status': status})}",
                    query.status is status,
                    counts.get(status, 0),
                )
                for status, title in TITLES.items()
            ],
            "q": query.q,
            "status": query.status,
            "total": total,
            "page": query.page,
            "pages": -(-total // query.size),
            "href": lambda n: (
                "/backoffice/orders?"
                + urlencode(kept | ({"status": query.status} if query.status else {}) | {"page": n})
            ),
        },
    )


@routes.page("/backoffice/orders/{order_no}", StaffWith("orders.view"))
async def show_order(call: Call, order_no: str) -> Page:
    """One order as staff see it."""
    async with call.database.snapshot() as connection:
        order = await store.of_shops(connection, call.staff.shops, order_no)
        if order is None:
            raise NotFound
        lines = (await store.lines(connection, [order.id]))[order.id]
        events = history(order, (await store.events(connection, [order.id]))[order.id])
        names = await shop_names(connection, [order], {order.id: lines[0].sku_id} if lines else {})
        people = await staff_names(
            connection, {event.actor_id for event in events if event.actor_id and event.actor_kind is ActorKind.STAFF}
        )
        refunds = call.resource(Refunds)
        back = await refunds.of_order(connection, order.id) if call.staff.may("payments.view", order.shop_id) else []
    return Page(
        "orders/desk_show.html",
        {
            "order": order,
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
        },
    )
