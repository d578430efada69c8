"""What orders are made of."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

import msgspec

from server.errors import Conflict
from server.events import Event


class OrderStatus(StrEnum):
    """Where an order stands. What may follow what is in states.py."""

    PENDING_PAYMENT = "pending_payment"
    PENDING_SHIPMENT = "pending_shipment"
    PENDING_RECEIPT = "pending_receipt"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class RefundStatus(StrEnum):
    """How much of what the order cost went back."""

    NONE = "none"
    PARTIAL = "partial"
    FULL = "full"


class ActorKind(StrEnum):
    """Who did something to an order."""

    MEMBER = "member"
    STAFF = "staff"
    SYSTEM = "system"


class Actor(msgspec.Struct, frozen=True):
    """Somebody, or the platform itself."""

    kind: ActorKind
    id: int | None = None


SYSTEM = Actor(ActorKind.SYSTEM)
EXPIRED = "超时未付款，订单已取消"
"""Why an order is cancelled whose time to pay is over."""
RECEIPT_DAYS = 10
"""So many days after it has shipped an order counts as received, unless its member says so before."""


class Carrier(StrEnum):
    """Who carries parcels."""

    SF = "sf"
    ZTO = "zto"
    YTO = "yto"
    STO = "sto"
    YD = "yd"
    JD = "jd"
    EMS = "ems"
    OTHER = "other"


class Parcel(msgspec.Struct, frozen=True):
    """With whom something goes, and under which number: parcels.read makes one of what people write."""

    carrier: Carrier
    tracking_no: str


class Shipment(msgspec.Struct, frozen=True, kw_only=True):
    """A parcel of an order that has left; ``corrections`` counts how often its number was put right."""

    id: int
    order_id: int
    carrier: Carrier
    tracking_no: str
    corrections: int
    shipped_at: datetime

    @property
    def parcel(self) -> Parcel:
        """Return with whom it goes, and under which number."""
        return Parcel(self.carrier, self.tracking_no)


class OrderKey(msgspec.Struct, frozen=True, kw_only=True):
    """What identifies an order and where it came from."""

    id: int
    order_no: str
    member_id: int
    source: str
    reservation_id: int | None


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """An order as it is stored; sums in fen, times in UTC. ``address`` is the snapshot frozen with it.

    ``receipt_before`` is set once it has shipped: then it counts as received.
    """

    id: int
    order_no: str
    member_id: int
    shop_id: int
    source: str
    reservation_id: int | None
    status: OrderStatus
    refund_status: RefundStatus
    amount: int
    paid: int
    address: dict[str, Any]
    note: str
    pay_before: datetime
    created_at: datetime
    paid_at: datetime | None
    cancelled_at: datetime | None
    cancel_reason: str | None
    receipt_before: datetime | None

    @property
    def key(self) -> OrderKey:
        """Return what others identify the order by."""
        return OrderKey(
            id=self.id,
            order_no=self.order_no,
            member_id=self.member_id,
            source=self.source,
            reservation_id=self.reservation_id,
        )


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of an order, frozen at purchase; prices in fen."""

    id: int
    order_id: int
    sku_id: int
    product_id: int
    title: str
    specs: dict[str, str]
    picture: str
    unit_price: int
    list_price: int | None
    quantity: int
    amount: int


class NewLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line about to be written; prices in fen."""

    sku_id: int
    product_id: int
    title: str
    specs: dict[str, str]
    picture: str
    unit_price: int
    list_price: int | None
    quantity: int
    amount: int


class OrderEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One line of an order's history. ``text`` is in zh_CN, translated when shown."""

    at: datetime
    kind: str
    from_status: OrderStatus | None
    to_status: OrderStatus | None
    actor_kind: ActorKind
    actor_id: int | None
    text: str


class OrderChanged(Event, frozen=True, kw_only=True):
    """An order moved from ``before`` to ``status`` at ``at`` (UTC). The two are equal when only its refunds or
    its parcel's number changed."""

    kind: ClassVar[str] = "orders.changed"

    order_id: int
    order_no: str
    member_id: int
    before: OrderStatus
    status: OrderStatus
    at: datetime


class OrderTold(msgspec.Struct, frozen=True, kw_only=True):
    """An order of the member is at `status`, since `at`. One that a flash sale made names the sale, and the attempt
    whose answer was `queued`."""

    order_no: str
    status: OrderStatus
    at: str
    item_id: str | msgspec.UnsetType = msgspec.UNSET
    attempt_id: str | msgspec.UnsetType = msgspec.UNSET


class NotCancellable(Conflict):
    """The order cannot be cancelled any more."""

    code, message = "not_cancellable", "订单现在不能取消"


class AddressLocked(Conflict):
    """The parcel is on its way, or the order is over."""

    code, message = "address_locked", "订单已发货或已结束，不能再改地址"


class NotShippable(Conflict):
    """The order does not wait for its shipment."""

    code, message = "not_shippable", "订单现在不能发货"


class AlreadyShipped(Conflict):
    """The order has left before; ``details`` says with whom."""

    code, message = "already_shipped", "订单已经发货"

    def says(self, parcel: Parcel) -> bool:
        """Tell whether it left with ``parcel``."""
        return bool({**self.details, **msgspec.to_builtins(parcel)} == self.details)


class BeingRefunded(Conflict):
    """The order's price goes back, or has gone back whole: the goods stay."""

    code, message = "being_refunded", "订单已经退款或正在退款，不能发货"


class AddressChanged(Conflict):
    """The member has changed the address since whoever ships has read it."""

    code, message = "address_changed", "买家刚改了收货地址，请核对后再发货"


class NoAddress(Conflict):
    """Nobody has said yet where the order goes."""

    code, message = "no_address", "买家还没有选收货地址，不能发货"


class NotInTransit(Conflict):
    """Nothing of the order is on its way: its parcel's number stays as it is."""

    code, message = "not_in_transit", "订单不在待收货状态，不能改快递信息"


class NotReceivable(Conflict):
    """The order is not on its way, or was received before."""

    code, message = "not_receivable", "订单现在不能确认收货"


class NotOnSale(Conflict):
    """Something that was wanted is off the shelf."""

    code, message = "not_on_sale", "有商品已下架"


class OutOfStock(Conflict):
    """There are not that many units any more."""

    code, message = "out_of_stock", "库存不够了"
