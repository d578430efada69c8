"""Where orders come from. A source (a flash sale) holds what the order bought; orders ask it through this face."""

from __future__ import annotations

from typing import Protocol

from commerce.orders.types import OrderKey
from server.database import Connection


class OrderSource(Protocol):
    """What a source answers. Each is called in the transaction that moves the order, before the order's row is locked.

    An order whose source is not registered holds its units in the SKU's stock itself.
    """

    async def cancel(self, connection: Connection, order: OrderKey) -> bool:
        """Give back what the order held. False: it cannot be cancelled now, and nothing was written."""

    async def paid(self, connection: Connection, order: OrderKey) -> bool:
        """Turn what is held into sold, by compare-and-set. False: it is not held, and nothing was written."""

    async def late(self, connection: Connection, order: OrderKey, payment_id: int) -> None:
        """Take note that a payment came for a cancelled order, and decide by a job: won again or refunded."""

    async def sale(self, connection: Connection, order: OrderKey) -> int | None:
        """Return the id of the sale that made the order, for its notices; None if there is none. Locks nothing."""


class Sources:
    """The sources of orders by name; a resource of the application."""

    def __init__(self) -> None:
        self._sources: dict[str, OrderSource] = {}

    def register(self, name: str, source: OrderSource) -> None:
        """Add a source. Raises ValueError when the name is taken."""
        if name in self._sources:
            raise ValueError(f"the source {name} is registered twice")
        self._sources[name] = source

    def of(self, name: str) -> OrderSource | None:
        """Return the source, None for orders that hold their units themselves."""
        return self._sources.get(name)

    @property
    def names(self) -> list[str]:
        """Return the names of the registered sources."""
        return list(self._sources)
