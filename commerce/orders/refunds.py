"""What goes back of an order's money, seen from the orders below the payments that know.

Payments lie above orders, so they register here what tells an order's refunds.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from server.database import Connection

_BESIDE = frozenset({"late", "double", "mismatch"})
"""Why money goes back that had come beside an order's price."""


class RefundState(StrEnum):
    """Where a refund stands."""

    PENDING = "pending"
    """Decided; the gateway has not confirmed it yet."""
    DONE = "done"
    FAILED = "failed"
    """The gateway will not: somebody has to look."""


class OrderRefund(msgspec.Struct, frozen=True, kw_only=True):
    """A refund of one of an order's payments; ``amount`` in fen, times in UTC.

    ``reason`` is a word of the payments (late, double, mismatch …), ``error`` what the gateway said when it last
    refused.
    """

    refund_no: str
    amount: int
    status: RefundState
    reason: str
    attempt: int
    error: str | None
    created_at: datetime
    failed_at: datetime | None
    done_at: datetime | None

    @property
    def of_the_price(self) -> bool:
        """Whether it gives back what the order cost: money that came late, twice or as another sum never paid it."""
        return self.reason not in _BESIDE


def under_way(refunds: Sequence[OrderRefund]) -> bool:
    """Tell whether some of an order's price is on its way back: neither confirmed nor refused by the gateway yet."""
    return any(refund.of_the_price and refund.status is RefundState.PENDING for refund in refunds)


OfOrder = Callable[[Connection, int], Awaitable[list[OrderRefund]]]


class Refunds:
    """Who knows the refunds of orders; a resource of the application. Without anybody there are none."""

    def __init__(self) -> None:
        self._of_order: OfOrder | None = None
        self.desk = ""
        """The template that shows ``refunds`` on the staff's page of an order."""

    def register(self, of_order: OfOrder, desk: str) -> None:
        """Say who knows: ``of_order(connection, order_id)`` returns the refunds of an order, oldest first.

        Raises ValueError when somebody does already.
        """
        if self._of_order is not None:
            raise ValueError("the refunds of orders are registered twice")
        self._of_order, self.desk = of_order, desk

    async def of_order(self, connection: Connection, order_id: int) -> list[OrderRefund]:
        """Return the refunds of an order, oldest first."""
        return [] if self._of_order is None else await self._of_order(connection, order_id)
