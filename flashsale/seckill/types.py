"""What a flash sale is made of inside. Money is fen, moments are UTC."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

MOST_UNITS = 1_000_000
MOST_PER_MEMBER = 10_000


class ItemState(StrEnum):
    """What the shop's staff decided about a sale."""

    DRAFT = "draft"
    PUBLISHED = "published"
    PAUSED = "paused"
    ENDED = "ended"


class Challenge(StrEnum):
    """What a shopper has to solve before buying."""

    NONE = "none"
    POW = "pow"
    CAPTCHA = "captcha"


class Phase(StrEnum):
    """Where a sale stands, as shoppers see it."""

    UPCOMING = "upcoming"
    RUNNING = "running"
    PAUSED = "paused"
    SOLD_OUT = "sold_out"
    ENDED = "ended"


class StockLevel(StrEnum):
    """How much is left; the exact figure is the shop's."""

    PLENTY = "plenty"
    LOW = "low"
    OUT = "out"


class ReservationStatus(StrEnum):
    """What became of units that were won."""

    HELD = "held"
    PAID = "paid"
    EXPIRED = "expired"
    VOID = "void"
    """Admitted, but impossible to write down: the units go back."""


LIVE = frozenset({ReservationStatus.HELD, ReservationStatus.PAID})


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A row of fs_items."""

    id: int
    shop_id: int
    product_id: int
    sku_id: int
    title: str
    specs: dict[str, str]
    picture: str
    price: int
    list_price: int
    quantity: int
    allocated: int
    limit_per_member: int
    starts_at: datetime
    ends_at: datetime
    pay_within_s: int
    challenge: Challenge
    listed: bool
    state: ItemState
    rev: int
    epoch: int
    created_by: int
    created_at: datetime
    published_at: datetime | None
    ended_at: datetime | None
    archived_at: datetime | None


class ReservationRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of fs_reservations."""

    id: int
    item_id: int
    member_id: int
    request_id: str
    qty: int
    gen: int
    epoch: int
    status: ReservationStatus
    pay_before: datetime
    won_at: datetime | None


class Win(msgspec.Struct, frozen=True, gc=False):
    """What Redis admitted and PostgreSQL has to write; ``won_ms`` is Redis' clock, 0 where unknown."""

    epoch: int
    member_id: int
    request_id: str
    quantity: int
    won_ms: int = 0
    again: bool = False
    """The key had won before, so its row is most likely there."""


class Fate(StrEnum):
    """What became of a win in PostgreSQL."""

    WON = "won"
    VOID = "void"
    STALE = "stale"
    """No row, and its epoch is over: withdrawn. The same key may win again."""


class Settlement(msgspec.Struct, frozen=True, gc=False):
    """The stored outcome of a key; the last four mean something only where ``fate`` is WON."""

    fate: Fate
    quantity: int = 0
    order_no: str = ""
    amount: int = 0
    pay_before: datetime | None = None


class DueHold(msgspec.Struct, frozen=True):
    """A hold whose deadline has passed, and its order."""

    reservation_id: int
    item_id: int
    order_id: int
    overdue_s: float


class Untold(msgspec.Struct, frozen=True):
    """A reservation whose member has not been told of the order."""

    reservation_id: int
    item_id: int
    member_id: int
    status: str
    order_no: str
    created_at: datetime


class OpenRelease(msgspec.Struct, frozen=True):
    """A release row that Redis has not confirmed."""

    reservation_id: int
    item_id: int
    member_id: int
    request_id: str
    gen: int
    epoch: int


class LatePayment(msgspec.Struct, frozen=True):
    """A payment that came after its reservation had expired."""

    payment_id: int
    reservation_id: int
    item_id: int | None
    """None: there is no such reservation, a defect."""
    order_id: int
    decision: str | None
