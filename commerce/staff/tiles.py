"""The doors on the back office's first page. Features put theirs up in setup(app): ``app.resource(Tiles).add(…)``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import msgspec

from server.database import Connection
from server.http import Identity

Waiting = Callable[[Connection, Sequence[int] | None], Awaitable[int]]
Counts = Callable[[Connection, Sequence[int] | None], Awaitable[dict[str, int]]]


class Tile(msgspec.Struct, frozen=True, kw_only=True):
    """A door: texts are zh_CN msgids, ``icon`` is a name of icons.svg, ``permission`` says who sees it.

    ``waiting(connection, shops)`` counts what waits for somebody behind it, ``waits`` says so with ``{n}``.
    ``counts(connection, shops)`` gives figures by name that are worth a look but no work, ``tells`` says them.
    """

    title: str
    text: str
    href: str
    icon: str
    permission: str = ""
    waiting: Waiting | None = None
    waits: str = ""
    counts: Counts | None = None
    tells: str = ""


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
