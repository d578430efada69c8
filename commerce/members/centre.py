"""What other features put on a member's own page. They join in setup(app): ``app.resource(Centre).count_orders(…)``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from server.database import Connection

Counts = Callable[[Connection, int], Awaitable[Mapping[Any, int]]]
"""Given a connection and a member's id, how many orders they have in each state (its wire name, or a StrEnum of it)."""


class Centre:
    """The member centre of one process."""

    def __init__(self) -> None:
        self._counts: Counts | None = None

    def count_orders(self, counts: Counts) -> None:
        """Have orders counted by ``counts``."""
        self._counts = counts

    async def orders(self, connection: Connection, member_id: int) -> Mapping[Any, int]:
        """Return the member's orders by state; nothing while no feature counts them."""
        return await self._counts(connection, member_id) if self._counts is not None else {}
