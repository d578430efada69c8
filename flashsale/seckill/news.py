"""What is told over Socket.IO of flash sales, beside the orders that come of them."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType

from flashsale.seckill.types import Phase, StockLevel
from realtime import Lane, Says


class SaleTold(msgspec.Struct, frozen=True):
    """How a watched sale stands. Told at changes, and again when some may have been missed. `taken_percent` goes in
    steps of five."""

    item_id: str
    phase: Phase
    stock_level: StockLevel
    taken_percent: int
    server_time: str


class AttemptTold(msgspec.Struct, frozen=True):
    """How an attempt ended whose answer was `queued`, when no order came of it: `refused`, or `interrupted`, after
    which the same request may be made again."""

    item_id: str
    status: str
    at: str
    attempt_id: str | UnsetType = UNSET


class ReminderTold(msgspec.Struct, frozen=True):
    """A sale that the member wanted to be reminded of is about to start."""

    item_id: str
    title: str
    starts_at: str


SAID = (
    Says("flash_sale", SaleTold, Lane.LOSSY),
    Says("attempt", AttemptTold, Lane.RELIABLE),
    Says("reminder", ReminderTold, Lane.RELIABLE),
)
