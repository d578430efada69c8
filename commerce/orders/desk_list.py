"""The list of orders for staff: those of their shops, sought by number, people, goods and day."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from commerce.members.targets import masked
from commerce.orders import desk_store, store
from commerce.orders.desk_store import Sought
from commerce.orders.parcels import receiver
from commerce.orders.seek import SeekQuery, before, faults, sought
from commerce.orders.types import Line, Order, OrderStatus, RefundStatus
from commerce.orders.views import LineView, line_view
from commerce.orders.words import TITLES, TONES
from commerce.staff import Permission, Shops
from server.clock import wire
from server.database import Connection
from server.errors import Forbidden, Invalid
from server.http import Call, Id, Instant, Kind, Routes, StaffWith, View
from server.http.pages import Page

routes = Routes("back office: orders", realm=Kind.STAFF)
LIST = "/backoffice/orders"
VIEW = StaffWith(Permission.ORDERS_VIEW)
_MOST_COUNTED = 10_000
_WAITING = (OrderStatus.PENDING_PAYMENT, OrderStatus.PENDING_SHIPMENT, OrderStatus.PENDING_RECEIPT)
_FIELDS = ("status", "q", "receiver", "phone", "title", "shop", "since", "until", "paid", "member")


class StaffOrderView(View, frozen=True, kw_only=True):
    """An order as a list for staff tells it; sums in fen. Who receives it is told by the order itself."""

    order_no: str
    status: OrderStatus
    refund_status: RefundStatus
    source: str
    shop_id: Id
    shop: str
    member_id: Id
    receiver: str
    region: str
    amount: int
    paid: int
    lines: list[LineView]
    created_at: Instant
    paid_at: Instant | None


class StaffOrderListing(View, frozen=True, kw_only=True):
    """Orders, the newest first. ``next`` is the ``before`` of the page after this one; null at the end."""

    items: list[StaffOrderView]
    next: str | None


@routes.get("/api/v1/backoffice/orders", VIEW, errors=(Forbidden,))
async def listed(call: Call, query: SeekQuery) -> StaffOrderListing:
    """List the orders of one's shops, the newest first."""
    for problem in faults(query).values():
        raise problem
    async with call.database.snapshot() as connection:
        shops = await call.resource(Shops).named(connection, call.staff.shops)
        found, lines = await _found(connection, await sought(connection, query, call.staff), query)
    items = [
        StaffOrderView(
            order_no=order.order_no,
            status=order.status,
            refund_status=order.refund_status,
            source=order.source,
            shop_id=str(order.shop_id),
            shop=shops.get(order.shop_id, ""),
            member_id=str(order.member_id),
            receiver=receiver(order),
            region=order.address.get("region", ""),
            amount=order.amount,
            paid=order.paid,
            lines=[line_view(line) for line in lines[order.id]],
            created_at=wire(order.created_at),
            paid_at=wire(order.paid_at) if order.paid_at else None,
        )
        for order in found[: query.size]
    ]
    return StaffOrderListing(items=items, next=before(found[query.size - 1]) if len(found) > query.size else None)


@routes.page(LIST, VIEW)
async def show(call: Call, query: SeekQuery) -> Page:
    """Show the orders of the shops that the caller works for: those sought, or what is wrong with what was typed."""
    wrong = faults(query)
    found: list[Order] = []
    lines: dict[int, list[Line]] = {}
    counts: dict[OrderStatus, int] = {}
    kept = {name: str(value) for name in _FIELDS if (value := getattr(query, name))}
    narrowed = kept.keys() - {"status"}
    async with call.database.snapshot() as connection:
        shops = await call.resource(Shops).named(connection, call.staff.shops)
        if not wrong:
            try:
                found, lines = await _found(connection, await sought(connection, query, call.staff), query)
            except Invalid as problem:
                wrong[problem.field or ""] = problem
        if not narrowed:
            counts = await desk_store.counts(connection, call.staff.shops, _WAITING, _MOST_COUNTED)
    sized = {"size": str(query.size)} if query.size != SeekQuery().size else {}
    values: dict[str, Any] = {
        "orders": [
            {
                "order": order,
                "lines": lines[order.id],
                "units": sum(line.quantity for line in lines[order.id]),
                "shop": shops.get(order.shop_id, "") if len(shops) > 1 else "",
                "receiver": receiver(order),
                "title": call.tr(TITLES[order.status]),
                "tone": TONES[order.status],
            }
            for order in found[: query.size]
        ],
        "tabs": [(call.tr("全部"), _way(kept | {"status": ""} | sized), query.status is None, "")]
        + [
            (call.tr(title), _way(kept | {"status": status} | sized), query.status is status, _told(counts.get(status)))
            for status, title in TITLES.items()
        ],
        "asked": query,
        "hidden": {name: kept[name] for name in ("status", "paid", "member") if name in kept} | sized,
        "chips": [(text, _way(kept | {name: ""} | sized)) for name, text in _chips(call, query, shops)],
        "narrowed": bool(narrowed),
        "open": bool(narrowed - {"q", "paid", "member"}),
        "shops": [("", call.tr("所有店铺"))] + [(str(shop_id), name) for shop_id, name in shops.items()],
        "by_receiver": call.staff.may(Permission.ORDERS_MANAGE),
        "by_phone": call.staff.may(Permission.MEMBERS_VIEW),
        "faults": {field: problem.reason(call.tr) for field, problem in wrong.items()},
        "first": _way(kept | sized) if query.before else "",
        "older": _way(kept | sized | {"before": before(found[query.size - 1])}) if len(found) > query.size else "",
    }
    return Page("orders/desk_list.html", values, status=422 if wrong else 200)


async def _found(connection: Connection, wanted: Sought, query: SeekQuery) -> tuple[list[Order], dict[int, list[Line]]]:
    """Return a page and one more, with the lines of each."""
    found = await desk_store.found(connection, wanted, query.below, query.size + 1)
    return found, await store.lines(connection, [order.id for order in found])


def _chips(call: Call, query: SeekQuery, shops: dict[int, str]) -> list[tuple[str, str]]:
    """Return what narrows the list, and how it is called. A buyer's phone is shown as everywhere: masked."""
    said = {
        "q": query.q,
        "receiver": query.receiver,
        "phone": masked(query.phone) if query.phone else "",
        "title": query.title,
        "shop": (shops.get(int(query.shop)) or query.shop) if query.shop else "",
        "since": f"{call.tr('从')} {query.since}" if query.since else "",
        "until": f"{call.tr('到')} {query.until}" if query.until else "",
        "paid": call.tr("今日支付") if query.paid else "",
        "member": call.tr("一位会员的") if query.member else "",
    }
    return [(name, text) for name, text in said.items() if text]


def _told(number: int | None) -> str:
    if number is None:
        return ""
    return f"{number:,}" if number < _MOST_COUNTED else f"{_MOST_COUNTED - 1:,}+"


def _way(kept: dict[str, str]) -> str:
    pairs = {name: value for name, value in kept.items() if value}
    return f"{LIST}?{urlencode(pairs)}" if pairs else LIST
