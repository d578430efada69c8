"""The back office's first page: figures and doors. Features add theirs in setup(app): ``app.resource(Tiles).add(…)``"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import msgspec

from server.database import Connection
from server.http import Identity


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A figure and the list that it stands for: ``href`` shows what was counted.

    ``label`` and ``unit`` are zh_CN msgids. ``waits``: somebody has to see to it while it is not 0. ``fen``: the value
    is money. ``most``: as far as was counted, there may be more. ``beside`` is a second figure, of ``unit``. Lower
    positions stand first, whichever feature they are of.
    """

    position: int
    label: str
    value: int
    href: str
    waits: bool = False
    fen: bool = False
    most: int = 0
    beside: int | None = None
    unit: str = ""


Figures = Callable[[Connection, Sequence[int] | None], Awaitable[Sequence[Figure]]]
"""Given a connection and shops (None: all), what there is to know of them: few statements, none without an end."""


class Tile(msgspec.Struct, frozen=True, kw_only=True):
    """A door: texts are zh_CN msgids, ``icon`` is a name of icons.svg, ``permission`` says who sees it."""

    title: str
    text: str
    href: str
    icon: str
    permission: str = ""
    figures: Figures | None = None


class Tiles:
    """The doors of one process, in the order they were put up."""

    def __init__(self) -> None:
        self._tiles: list[Tile] = []

    def add(self, tile: Tile) -> None:
        """Put up a door."""
        self._tiles.append(tile)

    def of(self, staff: Identity) -> list[Tile]:
        """Return the doors that ``staff`` may open."""
        return [tile for tile in self._tiles if staff.may(tile.permission)]
