"""What `lingfeng demo` does, step by step; features above the catalogue add theirs.

    app.resource(DemoSteps).add(DemoStep(name="flash sales", position=50, run=add_sales))

A step may run again on a shop that has it already: it adds what is missing and refreshes what has aged.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from server.application import Application


class DemoAccount(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody whom a visitor may log in as. ``login`` is a member's phone or a staff account."""

    login: str
    password: str
    roles: tuple[str, ...] = ()


class DemoRun(msgspec.Struct, kw_only=True):
    """One run of the demo: ``say`` prints a line of progress, the rest is what steps tell those after them."""

    app: Application
    say: Callable[[str], None]
    pictures: dict[str, str] = {}
    """Addresses of the pictures that were drawn, by name."""
    staff: list[DemoAccount] = []
    members: list[DemoAccount] = []


class DemoStep(msgspec.Struct, frozen=True, kw_only=True):
    """A step; lower positions run first. The catalogue's own are at 10 (pictures), 20 (goods), 30 (people)
    and 100 (stock, filled up after all that took some).

    With ``refresh`` a worker runs it again every five minutes while the demo is on: for what ages, such as sales.
    """

    name: str
    position: int
    run: Callable[[DemoRun], Awaitable[None]]
    refresh: bool = False


class DemoSteps:
    """The steps of the demo."""

    def __init__(self) -> None:
        self._steps: dict[str, DemoStep] = {}

    def add(self, step: DemoStep) -> None:
        """Add a step. Raises ValueError when its name is taken."""
        if step.name in self._steps:
            raise ValueError(f"demo step {step.name} is declared twice")
        self._steps[step.name] = step

    @property
    def in_order(self) -> list[DemoStep]:
        """Return the steps, first to last."""
        return sorted(self._steps.values(), key=lambda step: (step.position, step.name))
