"""What other features invite a member to do with their orders, seen from the orders below them.

They join in setup(app): ``app.resource(Invitations).add(…)``; the list and the order's page show what they say.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec

from server.database import Connection


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """A way from an order to what may be done with it now: ``label`` on the button, ``text`` why. zh_CN msgids."""

    label: str
    text: str
    href: str


Ask = Callable[[Connection, int, Sequence[int]], Awaitable[Mapping[int, Invitation]]]
"""Given a connection, a member's id and ids of orders of theirs: what to invite to, by order. One statement for all."""


class Invitations:
    """Who invites; a resource of the application."""

    def __init__(self) -> None:
        self._asks: list[Ask] = []

    def add(self, ask: Ask) -> None:
        """Have ``ask`` invite."""
        self._asks.append(ask)

    async def of(self, connection: Connection, member_id: int, order_ids: Sequence[int]) -> dict[int, list[Invitation]]:
        """Return what the member is invited to, by order; every order of ``order_ids`` has a list."""
        found: dict[int, list[Invitation]] = {order_id: [] for order_id in order_ids}
        for ask in self._asks:
            for order_id, invitation in (await ask(connection, member_id, order_ids)).items():
                found[order_id].append(invitation)
        return found
