"""The state machine of an order: one literal table of allowed moves, and what a member may do in each state."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from commerce.orders.types import Order, OrderStatus
from commerce.orders.types import OrderStatus as S

MOVES: dict[OrderStatus, frozenset[OrderStatus]] = {
    S.PENDING_PAYMENT: frozenset({S.PENDING_SHIPMENT, S.CANCELLED}),
    S.PENDING_SHIPMENT: frozenset({S.PENDING_RECEIPT}),
    S.PENDING_RECEIPT: frozenset({S.COMPLETED}),
    S.COMPLETED: frozenset(),
    # A late payment that won its units again (purchase-path, step 7) revives the order; nothing else does.
    S.CANCELLED: frozenset({S.PENDING_SHIPMENT}),
}


class Action(StrEnum):
    """What the member may do with an order now."""

    PAY = "pay"
    CANCEL = "cancel"
    CHANGE_ADDRESS = "change_address"
    CONFIRM_RECEIPT = "confirm_receipt"


class IllegalMove(ValueError):
    """The table does not allow the move: a defect of the caller."""


def hold(before: OrderStatus, after: OrderStatus) -> None:
    """Raise IllegalMove unless the table allows the move."""
    if after not in MOVES[before]:
        raise IllegalMove(f"an order cannot go from {before} to {after}")


def actions(order: Order, at: datetime) -> list[Action]:
    """Return what the member may do with ``order`` at ``at``, the most likely first."""
    match order.status:
        case S.PENDING_PAYMENT if at < order.pay_before:
            return [Action.PAY, Action.CHANGE_ADDRESS, Action.CANCEL]
        case S.PENDING_PAYMENT:
            # Past the deadline it is being closed; a payment already under way still counts.
            return [Action.CANCEL]
        case S.PENDING_SHIPMENT:
            return [Action.CHANGE_ADDRESS]
        case S.PENDING_RECEIPT:
            return [Action.CONFIRM_RECEIPT]
        case _:
            return []
