"""Payments that are under way, seen from the orders below them: before an order ends, its tills are closed.

Payments lie above orders, so they register here what closes an order's open trades at their gateways.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from server.database import Connection

if TYPE_CHECKING:
    from server.application import Application

PATIENCE_S = 60.0
"""Seconds past the deadline after which a gateway that does not answer no longer keeps an order and its units:
whatever it takes from then on is a late payment."""
_PAUSE_S = 5.0


class Closing(StrEnum):
    """What came of closing an order's open payments."""

    CLOSED = "closed"
    """Nothing is open any more: the order may end."""
    ALREADY_PAID = "already_paid"
    """The money is there; the payment was taken on, and the order is paid or dealt with as late."""
    UNKNOWN = "unknown"
    """The gateway did not answer: ask again later."""


Close = Callable[["Application", int], Awaitable[Closing]]
Open = Callable[[Connection, Sequence[int]], Awaitable[set[int]]]


class Tills:
    """Who closes open payments; a resource of the application."""

    def __init__(self, pause_s: float = _PAUSE_S) -> None:
        self.pause_s = pause_s
        """Seconds for which an order whose gateway did not answer is left alone by what goes over many orders."""
        self._close: list[Close] = []
        self._open: list[Open | None] = []
        self._paused: dict[int, float] = {}

    def register(self, close: Close, opened: Open | None = None) -> None:
        """Add a way to close: ``close(app, order_id)`` talks to a gateway and opens transactions of its own.

        ``opened(connection, order_ids)`` says for which of these orders it would; without it, for any.
        """
        self._close.append(close)
        self._open.append(opened)

    async def opened(self, connection: Connection, order_ids: Sequence[int]) -> set[int]:
        """Return which of these orders have payments that a gateway must be asked about."""
        found: set[int] = set()
        for opened in self._open:
            found |= set(order_ids) if opened is None else await opened(connection, order_ids)
        return found

    def paused(self) -> list[int]:
        """Return the orders whose gateway has lately not answered: in this process alone, a few seconds long."""
        time = asyncio.get_running_loop().time()
        self._paused = {order_id: until for order_id, until in self._paused.items() if until > time}
        return list(self._paused)

    async def close(self, app: Application, order_id: int) -> Closing:
        """Close every open payment of an order. Never call it inside a transaction: it waits for gateways."""
        for close in self._close:
            result = await close(app, order_id)
            if result is Closing.UNKNOWN:
                self._paused[order_id] = asyncio.get_running_loop().time() + self.pause_s
            if result is not Closing.CLOSED:
                return result
        return Closing.CLOSED
