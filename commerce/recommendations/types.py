"""What recommendations are made of, inside and on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from commerce.catalogue.types import Card
from commerce.recommendations.rank import Deed
from server.http import Body, Id, Instant, View


class Basis(StrEnum):
    """What a list for somebody goes by."""

    PERSONAL = "personal"
    """What they did."""
    POPULAR = "popular"
    """What everybody does: of them nothing is known yet, or they agreed to nothing."""
    OFF = "off"
    """What everybody does, because they switched personalising off."""


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a list is for: a member, a visitor who agreed, or nobody that is known."""

    member_id: int | None = None
    visitor: UUID | None = None

    @property
    def known(self) -> bool:
        """Tell whether anything may be known of them."""
        return self.member_id is not None or self.visitor is not None


class Because(msgspec.Struct, frozen=True, kw_only=True):
    """Why something is shown: what somebody did with which product."""

    deed: Deed
    product_id: int
    title: str


class Pick(msgspec.Struct, frozen=True, kw_only=True):
    """A product in a list, and why; None for what everybody buys."""

    card: Card
    because: Because | None = None


class Guess(msgspec.Struct, frozen=True, kw_only=True):
    """A page of what somebody may like. ``moment`` names the state that further pages belong to."""

    picks: Sequence[Pick]
    basis: Basis
    page: int
    more: bool
    moment: datetime


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """What ranking needs to know of a product on the shelf; ``there`` is false while it is sold out.

    ``family`` is the category that its own lies in, or its own at the top.
    """

    id: int
    title: str
    category_id: int
    family: int
    brand_id: int | None
    there: bool


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A run of the job that works out neighbours."""

    id: int
    began_at: datetime
    ended_at: datetime | None
    last_event: int
    deeds: int
    orders: int
    products: int
    covered: int


class GuessQuery(Body, frozen=True, kw_only=True):
    """Which page of the list; ``moment`` as the page before gave it, so that nothing comes twice."""

    page: Annotated[int, Meta(ge=1, le=50)] = 1
    moment: Annotated[str, Meta(pattern="^[0-9]{0,13}$", description="Milliseconds since 1970; empty for now.")] = ""


class ListQuery(GuessQuery, frozen=True, kw_only=True):
    """Which page of the list on a page, and whether it goes on from the home page, whose goods it leaves out then."""

    after: Literal["", "home"] = ""


class BecauseView(View, frozen=True, kw_only=True):
    """Why a product is shown: what the caller did with which product."""

    deed: Deed
    product_id: Id
    title: str


class PickView(View, frozen=True, kw_only=True):
    """A product that is recommended. ``because`` is null for what everybody buys."""

    product_id: Id
    title: str
    image: str
    price: int
    available: int
    shop: str
    because: BecauseView | None


class GuessView(View, frozen=True, kw_only=True):
    """A page of what the caller may like, and what it goes by. ``moment`` is for asking for the next page."""

    items: list[PickView]
    basis: Basis
    page: int
    more: bool
    moment: str


class NearView(View, frozen=True, kw_only=True):
    """What is near a product, in three lists that have nothing in common."""

    together: list[PickView]
    also: list[PickView]
    related: list[PickView]


class DismissBody(Body, frozen=True, kw_only=True):
    """What not to be shown again."""

    product_id: Id


class DismissedView(View, frozen=True, kw_only=True):
    """Whether a product is kept out of the caller's lists."""

    product_id: Id
    on: bool


class RunView(View, frozen=True, kw_only=True):
    """The last run: when, of how much, and for how many products people's doings gave neighbours."""

    ended_at: Instant | None
    deeds: int
    orders: int
    products: int
    covered: int


def pick_view(pick: Pick) -> PickView:
    """Return a product for the wire."""
    card, because = pick.card, pick.because
    return PickView(
        product_id=str(card.id),
        title=card.title,
        image=card.picture,
        price=card.price,
        available=card.free,
        shop=card.shop_name,
        because=None
        if because is None
        else BecauseView(deed=because.deed, product_id=str(because.product_id), title=because.title),
    )
