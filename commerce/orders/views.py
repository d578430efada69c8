"""Orders as their members, staff and clients see them."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from commerce.orders import shipment_store, store
from commerce.orders.states import Action, actions
from commerce.orders.types import ActorKind, Carrier, Line, Order, OrderEvent, OrderStatus, RefundStatus, Shipment
from commerce.orders.words import CARRIERS
from server.clock import now, wire
from server.database import Connection
from server.http import Body, Id, Instant, Paging, View
from server.i18n import Translator

_PLAIN = r"^[^\x00-\x1f\x7f]*$"


class OrdersQuery(Paging, frozen=True, kw_only=True):
    """Which orders to list."""

    status: OrderStatus | None = None


class CancelBody(Body, frozen=True, kw_only=True):
    """Why the order is not wanted any more."""

    reason: Annotated[str, Meta(max_length=100, pattern=_PLAIN)] = ""


class OrderPatch(Body, frozen=True, kw_only=True):
    """What changes of an order: one of the member's addresses."""

    address_id: Id


class LineView(View, frozen=True, kw_only=True):
    """One line, frozen at purchase; prices in fen."""

    sku_id: Id
    product_id: Id
    title: str
    specs: dict[str, str]
    picture: str
    unit_price: int
    list_price: int | None
    quantity: int
    amount: int


class ShipmentView(View, frozen=True, kw_only=True):
    """A parcel that has left; ``carrier_name`` is for people."""

    carrier: Carrier
    carrier_name: str
    tracking_no: str
    shipped_at: Instant


class TimelineView(View, frozen=True, kw_only=True):
    """Something that happened to the order."""

    at: Instant
    kind: str
    actor: ActorKind
    text: str


class OrderView(View, frozen=True, kw_only=True):
    """An order; sums in fen. ``actions`` are what the member may do now, ``timeline`` begins with the oldest.

    ``receipt_before`` is when an order that has shipped counts as received, unless its member says so before.
    """

    order_no: str
    status: OrderStatus
    refund_status: RefundStatus
    source: str
    amount: int
    paid: int
    lines: list[LineView]
    address: dict[str, Any]
    note: str
    pay_before: Instant
    created_at: Instant
    paid_at: Instant | None
    cancelled_at: Instant | None
    cancel_reason: str | None
    shipments: list[ShipmentView]
    receipt_before: Instant | None
    timeline: list[TimelineView]
    actions: list[Action]
    server_time: Instant


async def views(connection: Connection, found: list[Order], tr: Translator) -> list[OrderView]:
    """Return ``found`` as clients read them."""
    ids = [order.id for order in found]
    lines = await store.lines(connection, ids)
    events = await store.events(connection, ids)
    sent = await shipment_store.of_orders(connection, ids)
    return [view(order, lines[order.id], events[order.id], sent[order.id], tr) for order in found]


def shipment_view(shipment: Shipment, tr: Translator) -> ShipmentView:
    """Return a parcel as clients read it."""
    return ShipmentView(
        carrier=shipment.carrier,
        carrier_name=tr(CARRIERS[shipment.carrier]),
        tracking_no=shipment.tracking_no,
        shipped_at=wire(shipment.shipped_at),
    )


def line_view(line: Line) -> LineView:
    """Return a line as clients read it."""
    return LineView(
        sku_id=str(line.sku_id),
        product_id=str(line.product_id),
        title=line.title,
        specs=line.specs,
        picture=line.picture,
        unit_price=line.unit_price,
        list_price=line.list_price,
        quantity=line.quantity,
        amount=line.amount,
    )


def view(order: Order, lines: list[Line], events: list[OrderEvent], sent: list[Shipment], tr: Translator) -> OrderView:
    """Return an order with its lines, history and parcels as clients read it."""
    return OrderView(
        order_no=order.order_no,
        status=order.status,
        refund_status=order.refund_status,
        source=order.source,
        amount=order.amount,
        paid=order.paid,
        lines=[line_view(line) for line in lines],
        address=order.address,
        note=order.note,
        pay_before=wire(order.pay_before),
        created_at=wire(order.created_at),
        paid_at=wire(order.paid_at) if order.paid_at else None,
        cancelled_at=wire(order.cancelled_at) if order.cancelled_at else None,
        cancel_reason=tr(order.cancel_reason) if order.cancel_reason else order.cancel_reason,
        shipments=[shipment_view(shipment, tr) for shipment in sent],
        receipt_before=wire(order.receipt_before) if order.receipt_before else None,
        timeline=[
            TimelineView(at=wire(event.at), kind=event.kind, actor=event.actor_kind, text=told(event, tr))
            for event in history(order, events)
        ],
        actions=actions(order, now()),
        server_time=wire(now()),
    )


def told(event: OrderEvent, tr: Translator) -> str:
    """Return what happened in the reader's words; a member's reason to cancel is what they wrote."""
    if event.kind == "cancelled" and event.actor_kind is not ActorKind.SYSTEM:
        return tr("取消了订单：{reason}").format(reason=tr(event.text))
    return tr(event.text)


def history(order: Order, events: list[OrderEvent]) -> list[OrderEvent]:
    """Return an order's history with its creation at the beginning, the oldest first."""
    if events and events[0].kind == "created":
        return events
    created = OrderEvent(
        at=order.created_at,
        kind="created",
        from_status=None,
        to_status=OrderStatus.PENDING_PAYMENT,
        actor_kind=ActorKind.MEMBER,
        actor_id=order.member_id,
        text="秒杀成功，订单已生成" if order.source == "flash_sale" else "提交了订单",
    )
    return [created, *events]
