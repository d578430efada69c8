"""Orders: what was bought, at what price, to which address, and where it stands.

Other features move orders through ``cancel_in``, ``mark_paid_in`` and ``revive_in``; who holds the units of an order
says so through ``Sources``; who can stop a payment that is under way, through ``Tills``; who knows what goes back,
through ``Refunds``.
"""

from commerce.orders.cancel import cancel
from commerce.orders.fulfil import complete_in, ship_in
from commerce.orders.move import cancel_in, mark_paid_in, note_in, refunded_in, refunds_changed_in, revive_in
from commerce.orders.place import Wanted, place
from commerce.orders.refunds import OrderRefund, Refunds, RefundState
from commerce.orders.sources import OrderSource, Sources
from commerce.orders.states import Action, actions
from commerce.orders.store import by_id, key, lock, of_member
from commerce.orders.tills import PATIENCE_S, Closing, Tills
from commerce.orders.types import (
    EXPIRED,
    SYSTEM,
    Actor,
    ActorKind,
    Carrier,
    Line,
    NotCancellable,
    Order,
    OrderChanged,
    OrderKey,
    OrderStatus,
    OrderTold,
    Parcel,
    RefundStatus,
)

__all__ = [
    "EXPIRED",
    "PATIENCE_S",
    "SYSTEM",
    "Action",
    "Actor",
    "ActorKind",
    "Carrier",
    "Closing",
    "Line",
    "NotCancellable",
    "Order",
    "OrderChanged",
    "OrderKey",
    "OrderRefund",
    "OrderSource",
    "OrderStatus",
    "OrderTold",
    "Parcel",
    "RefundState",
    "RefundStatus",
    "Refunds",
    "Sources",
    "Tills",
    "Wanted",
    "actions",
    "by_id",
    "cancel",
    "cancel_in",
    "complete_in",
    "key",
    "lock",
    "mark_paid_in",
    "note_in",
    "of_member",
    "place",
    "refunded_in",
    "refunds_changed_in",
    "revive_in",
    "ship_in",
]
