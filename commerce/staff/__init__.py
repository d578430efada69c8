"""Staff: who works here, what their roles permit, how they log in, and the back office's first page."""

from commerce.staff.store import names
from commerce.staff.tiles import Tile, Tiles
from commerce.staff.types import Permission

__all__ = ["Permission", "Tile", "Tiles", "names"]
