"""What is sent and answered about flash sales. Money is fen, moments are UTC."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from flashsale.seckill.types import MOST_PER_MEMBER, MOST_UNITS, Challenge, ItemState, Phase, StockLevel
from server.http.bodies import Body, Id, Instant, View

Moment = Annotated[datetime, Meta(tz=True)]
Title = Annotated[str, Meta(min_length=1, max_length=80)]
Price = Annotated[int, Meta(ge=1, le=100_000_000_000)]
Units = Annotated[int, Meta(ge=1, le=MOST_UNITS)]
PerMember = Annotated[int, Meta(ge=1, le=MOST_PER_MEMBER)]
PayWithin = Annotated[int, Meta(ge=1, le=86_400)]


class NewItem(Body, frozen=True, kw_only=True):
    """A sale as staff plan it."""

    sku_id: Id
    title: Title
    price: Price
    quantity: Units
    limit_per_member: PerMember
    starts_at: Moment
    ends_at: Moment
    pay_within_s: PayWithin = 600
    challenge: Challenge = Challenge.NONE
    listed: bool = True
    """Whether the home page and the list show it; without, it is there for whoever has its address."""


class ItemChange(Body, frozen=True, kw_only=True):
    """What may be changed while the sale is a draft; what is left out stays."""

    title: Title | UnsetType = UNSET
    price: Price | UnsetType = UNSET
    quantity: Units | UnsetType = UNSET
    limit_per_member: PerMember | UnsetType = UNSET
    starts_at: Moment | UnsetType = UNSET
    ends_at: Moment | UnsetType = UNSET
    pay_within_s: PayWithin | UnsetType = UNSET
    challenge: Challenge | UnsetType = UNSET
    listed: bool | UnsetType = UNSET


class AttemptBody(Body, frozen=True, kw_only=True):
    """What a shopper sends to buy. Of a field given twice the last counts: here nothing is read twice."""

    ticket: Annotated[str, Meta(max_length=256)]
    quantity: Annotated[int, Meta(ge=1, le=MOST_PER_MEMBER)]
    answer: Annotated[str, Meta(max_length=128)] | None = None


class ItemView(View, frozen=True, kw_only=True):
    """A sale as shoppers see it."""

    item_id: str
    sku_id: str
    product_id: str
    shop_id: str
    title: str
    specs: dict[str, str]
    picture: str
    price: int
    list_price: int
    limit_per_member: int
    pay_within_s: int
    starts_at: Instant
    ends_at: Instant
    phase: Phase
    stock_level: StockLevel
    taken_percent: int
    """How much is taken, in steps of five."""
    challenge: Challenge
    server_time: Instant
    unpaid: int | UnsetType = UNSET
    """While sold out: units won but not paid yet, which may come back."""


class SessionView(View, frozen=True, kw_only=True):
    """The sales that share a window."""

    starts_at: Instant
    ends_at: Instant
    items: list[ItemView]


class SalesView(View, frozen=True, kw_only=True):
    """Everything that is on, coming, or just over."""

    server_time: Instant
    sessions: list[SessionView]


class PowView(View, frozen=True, kw_only=True, tag_field="kind", tag="pow"):
    """Find an answer such that SHA-256 of prefix + answer begins with ``bits`` zero bits."""

    algorithm: str
    prefix: str
    bits: int


class CaptchaView(View, frozen=True, kw_only=True, tag_field="kind", tag="captcha"):
    """Type what the picture says; ``image`` is a data: address."""

    image: str


class TicketView(View, frozen=True, kw_only=True):
    """A right to try, for one member and one sale."""

    ticket: str
    not_before: Instant
    expires_at: Instant
    challenge: PowView | CaptchaView | None


class WonView(View, frozen=True, kw_only=True):
    """An order was placed."""

    order_no: str
    amount: int
    pay_before: Instant
    status: str = "won"


class QueuedView(View, frozen=True, kw_only=True):
    """Admitted, not written down yet: it ends as won, refused or interrupted."""

    attempt_id: str
    status: str = "queued"


class AttemptView(View, frozen=True, kw_only=True):
    """How an attempt stands."""

    status: str
    code: str | UnsetType = UNSET
    order_no: str | UnsetType = UNSET
    amount: int | UnsetType = UNSET
    pay_before: Instant | UnsetType = UNSET


class PlannedView(View, frozen=True, kw_only=True):
    """A sale as staff see it."""

    item_id: str
    status: ItemState
    shop_id: str
    sku_id: str
    product_id: str
    title: str
    specs: dict[str, str]
    picture: str
    price: int
    list_price: int
    quantity: int
    allocated: int
    limit_per_member: int
    starts_at: Instant
    ends_at: Instant
    pay_within_s: int
    challenge: Challenge
    listed: bool
    phase: Phase | None
    created_at: Instant
    published_at: Instant | None
    ended_at: Instant | None


class MovedView(ItemView, frozen=True, kw_only=True):
    """A sale after its staff published, paused, resumed or ended it."""

    status: ItemState
    warnings: list[str]


class SecondView(View, frozen=True, kw_only=True):
    """What happened in one second."""

    at: Instant
    attempts: int
    won: int


class FiguresView(PlannedView, frozen=True, kw_only=True):
    """A sale and its live figures."""

    attempts: int
    peak: int
    """Attempts of the busiest second of the whole sale."""
    wins: int
    """Attempts that won."""
    won: int
    """Units that they won: an attempt may win several."""
    held: int
    paid: int
    expired: int
    available: int | None
    """None while Redis cannot say."""
    refused: dict[str, int]
    per_second: list[SecondView]


class Violation(View, frozen=True, kw_only=True):
    """A broken invariant and what shows it."""

    invariant: str
    detail: str


class VerifyView(View, frozen=True, kw_only=True):
    """Whether the books of a sale balance, in units."""

    ok: bool
    allocated: int
    available: int
    held: int
    sold: int
    violations: list[Violation]
