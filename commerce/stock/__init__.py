"""Stock: how many units of a SKU there are, are promised, are free.

``0 ≤ allocated ≤ on_hand`` is a constraint of the table; what is free also leaves out live holds. Other features write
through these functions only; their SQL may read the view ``stock_free (sku_id, on_hand, allocated, free)``.
"""

from commerce.stock.hold import drop, hold, take
from commerce.stock.move import allocate, correct, free, receive, receive_first, release, ship
from commerce.stock.store import levels, movements
from commerce.stock.types import Kind, Level, Movement, NotAllocated, NotEnoughStock

__all__ = [
    "Kind",
    "Level",
    "Movement",
    "NotAllocated",
    "NotEnoughStock",
    "allocate",
    "correct",
    "drop",
    "free",
    "hold",
    "levels",
    "movements",
    "receive",
    "receive_first",
    "release",
    "ship",
    "take",
]
