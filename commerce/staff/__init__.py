"""Staff: who works here, what their roles permit, how they log in, what they did, and the back office's first page."""

from commerce.staff.audit import On, audit, differing
from commerce.staff.shops import Shops
from commerce.staff.store import names
from commerce.staff.tiles import Figure, Tile, Tiles
from commerce.staff.types import Permission

__all__ = ["Figure", "On", "Permission", "Shops", "Tile", "Tiles", "audit", "differing", "names"]
