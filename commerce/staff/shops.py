"""What shops there are. The catalogue, which has them, says so: ``app.resource(Shops).told_by(shops)``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from server.database import Connection

Ask = Callable[[Connection], Awaitable[dict[int, str]]]


class Shops:
    """Asks whoever knows the shops."""

    def __init__(self) -> None:
        self._ask: Ask | None = None

    def told_by(self, ask: Ask) -> None:
        """Have ``ask(connection)`` return the shops' names by id."""
        self._ask = ask

    async def named(self, connection: Connection, among: Sequence[int] | None = None) -> dict[int, str]:
        """Return the shops' names by id, of all or of these alone."""
        known = {} if self._ask is None else await self._ask(connection)
        return known if among is None else {shop: name for shop, name in known.items() if shop in among}
