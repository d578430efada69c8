"""What favourites and footprints are made of, inside and on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from server.clock import wire
from server.errors import Conflict
from server.http import Body, Id, Instant, View

MOST = 1000
"""Favourites of one member."""


class TooManyFavourites(Conflict):
    """A member keeps at most so many."""

    code, message = "too_many_favourites", "最多收藏 {most} 件，先删掉不要的"


class Show(StrEnum):
    """Which favourites to list."""

    ALL = "all"
    CHEAPER = "cheaper"
    """Those that cost less than when they were kept."""
    GONE = "gone"
    """Those that are off the shelf."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A favourite, or a footprint, with what its card shows. Prices are fen; none while it is ``gone``.

    ``kept_price`` is what it cost when it was kept.
    """

    product_id: int
    title: str
    picture: str
    shop_name: str
    price: int | None
    dearest: int | None
    free: int
    gone: bool
    at: datetime
    kept_price: int | None = None
    day: date | None = None

    @property
    def saved(self) -> int:
        """Return how many fen less it costs than when it was kept, 0 if not less."""
        if self.gone or self.price is None or self.kept_price is None:
            return 0
        return max(0, self.kept_price - self.price)


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How many favourites each list has, and beside them how many SKUs the member waits for."""

    all: int
    cheaper: int
    gone: int
    awaited: int

    def of(self, show: Show) -> int:
        """Return the length of a list."""
        return {Show.ALL: self.all, Show.CHEAPER: self.cheaper, Show.GONE: self.gone}[show]


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody to be told that a favourite costs less: ``before`` is the price they know, in fen."""

    member_id: int
    before: int


class FavouriteBody(Body, frozen=True, kw_only=True):
    """What to keep."""

    product_id: Id


class RemoveBody(Body, frozen=True, kw_only=True):
    """What to keep no longer."""

    product_ids: Annotated[list[Id], Meta(min_length=1, max_length=100)]


class FavouriteView(View, frozen=True, kw_only=True):
    """A favourite. ``price`` is null while the product is ``gone``; ``kept_price`` is that of the day it was kept."""

    product_id: Id
    title: str
    image: str
    shop: str
    price: int | None
    kept_price: int
    saved: int
    available: int
    gone: bool
    kept_at: Instant


class AmongView(View, frozen=True, kw_only=True):
    """Which of the products asked about are kept."""

    product_ids: list[Id]


class FavouriteState(View, frozen=True, kw_only=True):
    """Whether a product is kept."""

    product_id: Id
    on: bool


class RemovedView(View, frozen=True, kw_only=True):
    """How many were removed."""

    removed: int


class FootprintView(View, frozen=True, kw_only=True):
    """A product that the caller looked at; ``day`` is Shanghai's."""

    product_id: Id
    title: str
    image: str
    shop: str
    price: int | None
    gone: bool
    day: str
    seen_at: Instant


class Recording(Body, frozen=True, kw_only=True):
    """Whether footprints are kept."""

    on: bool


class RecordingView(View, frozen=True, kw_only=True):
    """Whether footprints are kept."""

    on: bool


def favourite_view(kept: Kept) -> FavouriteView:
    """Return a favourite for the wire."""
    return FavouriteView(
        product_id=str(kept.product_id),
        title=kept.title,
        image=kept.picture,
        shop=kept.shop_name,
        price=kept.price,
        kept_price=kept.kept_price or 0,
        saved=kept.saved,
        available=kept.free,
        gone=kept.gone,
        kept_at=wire(kept.at),
    )


def footprint_view(kept: Kept) -> FootprintView:
    """Return a footprint for the wire."""
    return FootprintView(
        product_id=str(kept.product_id),
        title=kept.title,
        image=kept.picture,
        shop=kept.shop_name,
        price=kept.price,
        gone=kept.gone,
        day=kept.day.isoformat() if kept.day is not None else "",
        seen_at=wire(kept.at),
    )


def by_day(footprints: Sequence[Kept]) -> list[tuple[date, list[Kept]]]:
    """Return footprints by their day, as they come."""
    days: dict[date, list[Kept]] = {}
    for one in footprints:
        assert one.day is not None
        days.setdefault(one.day, []).append(one)
    return list(days.items())
