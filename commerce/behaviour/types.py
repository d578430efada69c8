"""What the log of behaviour is made of, inside and on the wire."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID

import msgspec
from msgspec import Meta

from server.http import Body, Id, View


class Choice(StrEnum):
    """What somebody lets the shop keep of what they do."""

    ALL = "all"
    """Views, searches and clicks are kept, under a random visitor id."""
    NECESSARY = "necessary"
    """Nothing is kept but what the shop cannot work without."""


class Source(StrEnum):
    """Where a list stood from which a product was opened."""

    HOME = "home"
    SEARCH = "search"
    CATEGORY = "category"
    SHOP = "shop"
    RECOMMENDATION = "recommendation"
    OTHER = "other"


class Shelf(StrEnum):
    """Which of the recommendations' lists (commerce/recommendations)."""

    GUESS = "guess"
    """猜你喜欢: what this person may like."""
    RELATED = "related"
    """相关商品: what is near a product."""
    TOGETHER = "together"
    """一起买: what is in one order with it."""
    ALSO = "also"
    """买了又买: what those who bought it bought later on."""


class Device(StrEnum):
    """What kind of thing somebody visits with, as its program says."""

    PHONE = "phone"
    TABLET = "tablet"
    DESKTOP = "desktop"
    APP = "app"
    """A program with a bearer and no cookies."""


class Happening(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """The base of everything in the log. ``product`` is what it is about, if it is about one."""

    product: ClassVar[int | None] = None


class Viewed(Happening, frozen=True, kw_only=True, tag="view_product"):
    """The page of a product was opened."""

    product_id: int


class Searched(Happening, frozen=True, kw_only=True, tag="search"):
    """Words were looked for: those that were really searched, with the filters on, and how many products they found."""

    words: str
    filters: tuple[str, ...] = ()
    found: int = 0


class Clicked(Happening, frozen=True, kw_only=True, tag="click"):
    """A product was opened from a list: which, and at which place of it, from 1. ``shown_as`` names a recommendation's
    list, empty for others."""

    product_id: int
    source: Source
    position: int
    shown_as: str = ""


class Shown(Happening, frozen=True, kw_only=True, tag="impression"):
    """Products of a recommendation's list came into sight."""

    shown_as: str
    product_ids: tuple[int, ...]


class Favoured(Happening, frozen=True, kw_only=True, tag="favourite"):
    """A product was kept as a favourite (``on``), or no longer."""

    product_id: int
    on: bool = True


class Dismissed(Happening, frozen=True, kw_only=True, tag="dismiss"):
    """Somebody does not want to be shown a product."""

    product_id: int


class Ordered(Happening, frozen=True, kw_only=True, tag="order_placed"):
    """A product was ordered; one of these for each product of an order."""

    product_id: int
    order_no: str
    quantity: int


class Paid(Happening, frozen=True, kw_only=True, tag="order_paid"):
    """A product was paid for; one of these for each product of an order."""

    product_id: int
    order_no: str
    quantity: int


KINDS = (Viewed, Searched, Clicked, Shown, Favoured, Dismissed, Ordered, Paid)
AnyHappening = Viewed | Searched | Clicked | Shown | Favoured | Dismissed | Ordered | Paid
"""What is read back from the log."""


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """Who does something: a browser by its random id and the visit it is on, a member, or both."""

    visitor: UUID | None
    visit_id: UUID | None
    member_id: int | None


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """How a visit began: what a campaign's link said, from whose site it came, where it landed."""

    source: str = ""
    medium: str = ""
    campaign: str = ""
    referrer: str = ""
    landing: str = ""
    device: Device = Device.DESKTOP


class Privacy(msgspec.Struct, frozen=True, kw_only=True):
    """What a member chose: ``choice`` is None until they did."""

    choice: Choice | None = None
    personalised: bool = True


class DayCount(msgspec.Struct, frozen=True, kw_only=True):
    """How often something happened on a day of Shanghai; ``products`` counts those that were in sight or opened."""

    day: date
    kind: str
    shown_as: str
    events: int
    products: int


Position = Annotated[int, Meta(ge=1, le=10_000)]


class ClickBody(Body, frozen=True, kw_only=True):
    """A product was opened from a list, at a place of it from 1. ``shown_as`` names a recommendation's list."""

    product_id: Id
    source: Source
    position: Position
    shown_as: Shelf | None = None


class ShownBody(Body, frozen=True, kw_only=True):
    """Products of a recommendation's list came into sight."""

    shown_as: Shelf
    product_ids: Annotated[list[Id], Meta(min_length=1, max_length=60)]


class EventsBody(Body, frozen=True, kw_only=True):
    """What only the browser knows."""

    clicks: Annotated[list[ClickBody], Meta(max_length=20)] = msgspec.field(default_factory=list)
    shown: Annotated[list[ShownBody], Meta(max_length=20)] = msgspec.field(default_factory=list)


class TakenView(View, frozen=True, kw_only=True):
    """How many events were taken, and which products they named that there are none of. Without consent none is."""

    taken: int
    unknown_product_ids: list[Id]


class PrivacyBody(Body, frozen=True, kw_only=True):
    """What to change; what is left out stays. ``personalised`` is a member's."""

    recording: Choice | None = None
    personalised: bool | None = None


class PrivacyView(View, frozen=True, kw_only=True):
    """What was chosen. ``recording`` is null until somebody chose, and as good as ``necessary``."""

    recording: Choice | None
    personalised: bool
