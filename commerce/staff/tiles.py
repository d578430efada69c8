"""The doors on the back office's first page. Features put theirs up in setup(app): ``app.resource(Tiles).add(…)``."""

from __future__ import annotations

import msgspec

from server.http import Identity


class Tile(msgspec.Struct, frozen=True, kw_only=True):
    """A door: texts are zh_CN msgids, ``icon`` is a name of icons.svg, ``permission`` says who sees it."""

    title: str
    text: str
    href: str
    icon: str
    permission: str = ""


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
