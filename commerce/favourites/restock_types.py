"""What reminders are made of, inside and on the wire."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from server.clock import wire
from server.errors import Conflict
from server.http import Body, Id, Instant, View

MOST = 200
"""SKUs that one member may wait for at a time."""
TOLD_DAYS = 30
"""Days that a reminder stays in the list once it was sent."""


class TooManyReminders(Conflict):
    """A member waits for at most so many SKUs."""

    code, message = "too_many_reminders", "最多同时等 {most} 件，先取消不要的"


class InStock(Conflict):
    """There is nothing to wait for."""

    code, message = "in_stock", "现在有货，可以直接买"


class State(StrEnum):
    """How it stands with a reminder."""

    WAITING = "waiting"
    TOLD = "told"
    """Its member has been told; whether anything is left by now, ``available`` says."""
    GONE = "gone"
    """The SKU is off the shelf; its member is told should it come back."""


class Reminder(msgspec.Struct, frozen=True, kw_only=True):
    """A reminder with what its card shows. ``price`` is fen; ``specs`` are in the order they are shown."""

    sku_id: int
    product_id: int
    title: str
    specs: dict[str, str]
    spec_names: list[str]
    picture: str
    shop_name: str
    price: int
    free: int
    on_sale: bool
    asked_at: datetime
    told_at: datetime | None

    @property
    def spec(self) -> str:
        """Return the specs in one line."""
        return _line(self.specs, self.spec_names)

    @property
    def state(self) -> State:
        """Return how it stands."""
        if not self.on_sale:
            return State.GONE
        return State.WAITING if self.told_at is None else State.TOLD

    @property
    def href(self) -> str:
        """Return where the SKU is shown."""
        return f"/products/{self.product_id}?sku={self.sku_id}"


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """A SKU as those who wait for it are told of it."""

    sku_id: int
    product_id: int
    title: str
    specs: dict[str, str]
    spec_names: list[str]
    picture: str
    price: int

    @property
    def name(self) -> str:
        """Return the title, and the specs if there are any."""
        return f"{self.title} {_line(self.specs, self.spec_names)}".strip()


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is to be told, and since when they wait."""

    member_id: int
    asked_at: datetime


class ReminderBody(Body, frozen=True, kw_only=True):
    """What to wait for."""

    sku_id: Id


class ReminderView(View, frozen=True, kw_only=True):
    """A SKU that the caller waits for, or was told of within the last month."""

    sku_id: Id
    product_id: Id
    title: str
    specs: dict[str, str]
    image: str
    shop: str
    price: int
    available: int
    state: State
    asked_at: Instant
    told_at: Instant | None


class ReminderState(View, frozen=True, kw_only=True):
    """Whether the caller waits for a SKU."""

    sku_id: Id
    on: bool


def _line(specs: dict[str, str], names: list[str]) -> str:
    """Return specs in one line, in the order of ``names``, which jsonb does not keep."""
    return "·".join(specs[name] for name in dict.fromkeys((*names, *sorted(specs))) if name in specs)


def reminder_view(one: Reminder) -> ReminderView:
    """Return a reminder for the wire."""
    return ReminderView(
        sku_id=str(one.sku_id),
        product_id=str(one.product_id),
        title=one.title,
        specs=one.specs,
        image=one.picture,
        shop=one.shop_name,
        price=one.price,
        available=one.free if one.on_sale else 0,
        state=one.state,
        asked_at=wire(one.asked_at),
        told_at=None if one.told_at is None else wire(one.told_at),
    )
