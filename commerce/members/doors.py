"""What other features do as a member logs in with a browser. Features join in setup(app)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from server.http import Call

Step = Callable[[Call, int], Awaitable[None]]
"""Given the call that logs in, and the member's id: its session is open, the cookie that carries it is set."""


class Doors:
    """The steps of every feature; a resource of the application."""

    def __init__(self) -> None:
        self._steps: list[Step] = []

    def step(self, step: Step) -> None:
        """Have ``step`` taken at each log-in of a browser; clients with a bearer have none."""
        self._steps.append(step)

    async def pass_through(self, call: Call, member_id: int) -> None:
        """Take every step."""
        for step in self._steps:
            await step(call, member_id)
