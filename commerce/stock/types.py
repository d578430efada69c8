"""What stock is made of."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from server.errors import Conflict


class Kind(StrEnum):
    """How a movement changed the two figures of a SKU, by its quantity q."""

    RECEIVE = "receive"
    """on_hand + q"""
    ALLOCATE = "allocate"
    """allocated + q"""
    RELEASE = "release"
    """allocated − q"""
    SHIP = "ship"
    """on_hand − q and allocated − q"""
    CORRECT = "correct"
    """on_hand + q, where q may be negative: what a count found"""


class Level(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one SKU. ``free`` is what may still be promised: on_hand − allocated − live holds."""

    sku_id: int
    on_hand: int
    allocated: int
    free: int

    @property
    def held(self) -> int:
        """Return the units in live holds."""
        return self.on_hand - self.allocated - self.free


class Movement(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a SKU's history; ``ref`` says what it was for, ``actor`` who did it."""

    id: int
    sku_id: int
    kind: Kind
    quantity: int
    on_hand_after: int
    allocated_after: int
    ref: str
    actor: str
    at: datetime


class NotAllocated(Conflict):
    """More would be given back or shipped than is allocated: the caller's books differ from stock's."""

    code, message = "stock_not_allocated", "已占用的库存没有这么多"


class NotEnoughStock(Conflict):
    """A count would take away units that are promised."""

    code, message = "stock_not_enough", "可用库存没有这么多"
