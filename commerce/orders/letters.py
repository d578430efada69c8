"""What the message centre tells of orders: what a member did not see happen, or wants to find again.

Not every move: who cancels an order or confirms a parcel knows it.
"""

from __future__ import annotations

from datetime import datetime

from commerce import messages
from commerce.messages import Category, MessageKind, Way
from commerce.orders import shipment_store, store
from commerce.orders.refunds import Refunds, RefundState
from commerce.orders.types import EXPIRED, ActorKind, Line, Order, OrderChanged, OrderStatus, Shipment
from commerce.orders.words import CARRIERS
from server.application import Application
from server.database import Connection
from server.money import amount

_GOODS = {"title": "山行 316 不锈钢保温杯 500ml", "count": "2"}
_PARCEL = {"carrier": "顺丰 SF", "number": "SF1390000000001"}
PAID = MessageKind(
    code="orders.paid",
    category=Category.ORDER,
    title="付款成功",
    text="《{title}》共 {count} 件，付款 ¥{sum}，商家会尽快发货",
    ways=(Way.EMAIL,),
    example={**_GOODS, "sum": "198.00"},
)
EXPIRED_UNPAID = MessageKind(
    code="orders.expired",
    category=Category.ORDER,
    title="订单超时取消",
    text="《{title}》共 {count} 件，没有在时限内付款，订单已取消",
    example=_GOODS,
)
CANCELLED = MessageKind(
    code="orders.cancelled",
    category=Category.ORDER,
    title="订单被取消",
    text="《{title}》共 {count} 件，订单已取消：{reason}",
    ways=(Way.SMS,),
    example={**_GOODS, "reason": "商家缺货"},
)
SHIPPED = MessageKind(
    code="orders.shipped",
    category=Category.ORDER,
    title="已发货",
    text="《{title}》共 {count} 件，已经发出，在路上了。{carrier} {number}",
    ways=(Way.SMS,),
    example={**_GOODS, **_PARCEL},
)
CORRECTED = MessageKind(
    code="orders.parcel_corrected",
    category=Category.ORDER,
    title="快递信息有更正",
    text="《{title}》共 {count} 件，商家更正了快递信息：{carrier} {number}",
    ways=(Way.SMS,),
    example={**_GOODS, **_PARCEL},
)
RECEIVED = MessageKind(
    code="orders.received_unasked",
    category=Category.ORDER,
    title="已自动确认收货",
    text="《{title}》共 {count} 件，到了期限，已自动确认收货",
    example=_GOODS,
)
REFUNDED = MessageKind(
    code="orders.refunded",
    category=Category.ORDER,
    title="退款已原路退回",
    text="《{title}》的订单退回 ¥{sum}，到账以支付渠道为准",
    ways=(Way.SMS, Way.EMAIL),
    example={"title": _GOODS["title"], "sum": "99.00"},
)
KINDS = (PAID, EXPIRED_UNPAID, CANCELLED, SHIPPED, CORRECTED, RECEIVED, REFUNDED)


async def write(app: Application, connection: Connection, event: OrderChanged, event_id: int) -> None:
    """Tell the member of what became of the order, each thing once."""
    order = await store.by_id(connection, event.order_id)
    if order is None:
        return
    lines = (await store.lines(connection, [order.id]))[order.id]
    if event.before is event.status:
        await _refunds(app, connection, order, lines, event.at)
    elif (kind := await _kind(connection, order, event)) is not None:
        sent = (await shipment_store.of_orders(connection, [order.id]))[order.id]
        values = _goods(lines) | _parcel(sent) | {"sum": amount(order.paid), "reason": order.cancel_reason or ""}
        await _tell(connection, order, lines, kind, values, f"order:{order.id}:{kind.code}", event.at)


async def _kind(connection: Connection, order: Order, event: OrderChanged) -> MessageKind | None:
    match event.status:
        case OrderStatus.PENDING_SHIPMENT:
            return PAID
        case OrderStatus.PENDING_RECEIPT:
            return SHIPPED
        case OrderStatus.CANCELLED if order.cancel_reason == EXPIRED:
            return EXPIRED_UNPAID
        case OrderStatus.CANCELLED:
            return CANCELLED if await _by(connection, order, "cancelled") is not ActorKind.MEMBER else None
        case OrderStatus.COMPLETED:
            return RECEIVED if await _by(connection, order, "completed") is not ActorKind.MEMBER else None
        case _:
            return None


async def _by(connection: Connection, order: Order, kind: str) -> ActorKind:
    """Return who did last what a history calls ``kind``; the member, of whom nothing is told, if nobody did."""
    happened = (await store.events(connection, [order.id]))[order.id]
    return next((one.actor_kind for one in reversed(happened) if one.kind == kind), ActorKind.MEMBER)


async def tell_corrected(connection: Connection, order: Order, sent: Shipment) -> None:
    """Tell the member, in the caller's transaction, that the parcel's number is another one than was said."""
    lines = (await store.lines(connection, [order.id]))[order.id]
    values = _goods(lines) | _parcel([sent])
    await _tell(connection, order, lines, CORRECTED, values, f"shipment:{sent.id}:{sent.corrections}")


async def _refunds(app: Application, connection: Connection, order: Order, lines: list[Line], at: datetime) -> None:
    for refund in await app.resource(Refunds).of_order(connection, order.id):
        if refund.status is RefundState.DONE:
            values = _goods(lines) | {"sum": amount(refund.amount)}
            await _tell(connection, order, lines, REFUNDED, values, f"refund:{refund.refund_no}", at)


async def _tell(
    connection: Connection,
    order: Order,
    lines: list[Line],
    kind: MessageKind,
    values: dict[str, str],
    key: str,
    at: datetime | None = None,
) -> None:
    known = {name: value for name, value in values.items() if name in kind.places}
    await messages.tell(
        connection,
        order.member_id,
        kind,
        known,
        link=f"/orders/{order.order_no}",
        picture=lines[0].picture if lines else "",
        dedupe=key,
        at=at,
    )


def _goods(lines: list[Line]) -> dict[str, str]:
    return {"title": lines[0].title if lines else "", "count": str(sum(line.quantity for line in lines))}


def _parcel(sent: list[Shipment]) -> dict[str, str]:
    """Return what a message says of a parcel; nothing of an order that left before its parcels were written down."""
    return {"carrier": CARRIERS[sent[0].carrier], "number": sent[0].tracking_no} if sent else {}
