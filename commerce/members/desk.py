"""What other features put on a member's page for staff; in setup(app): ``app.resource(MemberDesk).block(…)``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from server.database import Connection
from server.http import Call

Block = Callable[[Call, Connection, int], Awaitable[dict[str, Any] | None]]
"""Given the call of staff and a member's id, what a template reads as ``data``; None leaves it out."""


class MemberDesk:
    """The blocks of one process."""

    def __init__(self) -> None:
        self._blocks: list[tuple[str, Block]] = []

    def block(self, template: str, values: Block) -> None:
        """Have ``template`` stand on the page."""
        self._blocks.append((template, values))

    async def blocks(self, call: Call, connection: Connection, member_id: int) -> list[tuple[str, dict[str, Any]]]:
        """Return the templates that have something to show, with what they read."""
        found = [(template, await values(call, connection, member_id)) for template, values in self._blocks]
        return [(template, values) for template, values in found if values is not None]
