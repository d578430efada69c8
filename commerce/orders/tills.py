"""Payments that are under way, seen from the orders below them: before an order ends, its tills are closed.

Payments lie above orders, so they register here what closes an order's open trades at their gateways.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from server.application import Application


class Closing(StrEnum):
    """What came of closing an order's open payments."""

    CLOSED = "closed"
    """Nothing is open any more: the order may end."""
    ALREADY_PAID = "already_paid"
    """The money is there; the payment was taken on, and the order is paid or dealt with as late."""
    UNKNOWN = "unknown"
    """The gateway did not answer: ask again later."""


Close = Callable[["Application", int], Awaitable[Closing]]


class Tills:
    """Who closes open payments; a resource of the application."""

    def __init__(self) -> None:
        self._close: list[Close] = []

    def register(self, close: Close) -> None:
        """Add a way to close: ``close(app, order_id)`` talks to a gateway and opens transactions of its own."""
        self._close.append(close)

    async def close(self, app: Application, order_id: int) -> Closing:
        """Close every open payment of an order. Never call it inside a transaction: it waits for gateways."""
        for close in self._close:
            result = await close(app, order_id)
            if result is not Closing.CLOSED:
                return result
        return Closing.CLOSED
