"""What other features put on a member's own page. They join in setup(app): ``app.resource(Centre).entry(…)``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from server.database import Connection
from server.http import Call

Counts = Callable[[Connection, int], Awaitable[Mapping[Any, int]]]
"""Given a connection and a member's id, how many orders they have in each state (its wire name, or a StrEnum of it)."""

Count = Callable[[Connection, int], Awaitable[int]]
"""Given a connection and a member's id, how much lies behind an entry."""


Block = Callable[[Call], Awaitable[dict[str, Any] | None]]
"""Given the member's call, what a template reads as ``data``; None leaves it out."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A way from the member centre to a page. ``title`` is a zh_CN msgid, ``icon`` a name of icons.svg.

    ``count`` tells how much lies there; ``news`` shows it as something new, else it stands as a plain figure.
    """

    position: int
    title: str
    href: str
    icon: str
    count: Count | None = None
    news: bool = False


class Centre:
    """The member centre of one process."""

    def __init__(self) -> None:
        self._counts: Counts | None = None
        self._entries: list[Entry] = []
        self._blocks: list[tuple[str, Block]] = []

    def entry(self, entry: Entry) -> None:
        """Put up a way to a page; lower positions stand first."""
        self._entries = sorted([*self._entries, entry], key=lambda one: one.position)

    async def entries(self, connection: Connection, member_id: int) -> list[tuple[Entry, int]]:
        """Return the ways with what lies behind them."""
        return [
            (entry, await entry.count(connection, member_id) if entry.count is not None else 0)
            for entry in self._entries
        ]

    def block(self, template: str, values: Block) -> None:
        """Have ``template`` stand at the end of the page."""
        self._blocks.append((template, values))

    async def blocks(self, call: Call) -> list[tuple[str, dict[str, Any]]]:
        """Return the templates that have something to show, with what they read."""
        found = [(template, await values(call)) for template, values in self._blocks]
        return [(template, values) for template, values in found if values is not None]

    def count_orders(self, counts: Counts) -> None:
        """Have orders counted by ``counts``."""
        self._counts = counts

    async def orders(self, connection: Connection, member_id: int) -> Mapping[Any, int]:
        """Return the member's orders by state; nothing while no feature counts them."""
        return await self._counts(connection, member_id) if self._counts is not None else {}
