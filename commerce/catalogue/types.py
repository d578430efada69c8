"""What the catalogue is made of."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

import msgspec

from server.events import Event


class Status(StrEnum):
    """Whether people can find and buy it."""

    ON = "on"
    OFF = "off"


class SkuInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What other features need to know of a SKU. Prices are fen; ``specs`` are in the order they are shown.

    ``on_sale`` is false while the SKU or its product is off the shelf.
    """

    sku_id: int
    product_id: int
    shop_id: int
    shop_name: str
    title: str
    specs: dict[str, str]
    picture: str
    price: int
    list_price: int | None
    on_sale: bool

    @property
    def spec(self) -> str:
        """Return the specs in one line: ``墨·500ml``."""
        return "·".join(self.specs.values())


class Shop(msgspec.Struct, frozen=True, kw_only=True):
    """A shop; ``products`` counts those on the shelf, where that was asked.

    ``ships_from`` and ``ships_within`` (hours after payment) are what it promises; empty and None: nothing.
    """

    id: int
    slug: str
    name: str
    intro: str
    logo: str
    products: int = 0
    ships_from: str = ""
    ships_within: int | None = None


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """Where a shop ships from, and within how many hours of payment."""

    shop_id: int
    shop_name: str
    ships_from: str
    ships_within: int | None


class Category(msgspec.Struct, frozen=True, kw_only=True):
    """A category; ``icon`` is a symbol of icons.svg, empty for none."""

    id: int
    parent_id: int | None
    slug: str
    name: str
    icon: str
    position: int


class Brand(msgspec.Struct, frozen=True, kw_only=True):
    """A brand."""

    id: int
    slug: str
    name: str


class Sku(msgspec.Struct, frozen=True, kw_only=True):
    """A SKU as its product page shows it. Prices are fen, ``free`` is what may still be promised."""

    id: int
    code: str
    specs: dict[str, str]
    price: int
    list_price: int | None
    picture: str
    status: Status
    free: int


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """A product with all that its page shows. ``description`` is Markdown, not to be trusted.

    ``alts`` say what pictures show, by address, where somebody wrote it down.
    """

    id: int
    slug: str
    title: str
    subtitle: str
    description: str
    parameters: list[tuple[str, str]]
    pictures: list[str]
    alts: dict[str, str] = {}
    video: str = ""
    tags: list[str]
    spec_names: list[str]
    status: Status
    sales: int
    shop: Shop
    category_id: int
    brand: Brand | None
    skus: list[Sku]

    @property
    def picture(self) -> str:
        """Return the product's face."""
        return self.pictures[0] if self.pictures else ""

    @property
    def on_shelf(self) -> list[Sku]:
        """Return the SKUs that people can see."""
        return [sku for sku in self.skus if sku.status is Status.ON]


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """A product in a list. ``price`` is its cheapest SKU's in fen; ``dearest`` differs when SKUs do.

    ``stars`` are those of all its ``reviews`` together.
    """

    id: int
    title: str
    subtitle: str
    picture: str
    price: int
    dearest: int
    list_price: int | None
    free: int
    sales: int
    tags: list[str]
    shop_id: int
    shop_slug: str
    shop_name: str
    reviews: int
    stars: int

    @property
    def rating(self) -> str:
        """Return the mean of its reviews' stars, empty without reviews."""
        return mean(self.stars, self.reviews)


def mean(stars: int, reviews: int) -> str:
    """Return how many stars a review has on average, with one decimal, ties away from zero; empty without reviews."""
    if not reviews:
        return ""
    tenths = (stars * 20 + reviews) // (reviews * 2)
    return f"{tenths // 10}.{tenths % 10}"


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """What the home page tells beside its goods; ``href`` is a path of our own."""

    title: str
    text: str
    label: str
    href: str
    picture: str


class ProductPut(Event, frozen=True, kw_only=True):
    """A product was put on or off the shelf."""

    kind: ClassVar[str] = "catalogue.product_put"
    product_id: int
    status: Status
    staff_id: int


class ProductChanged(Event, frozen=True, kw_only=True):
    """What people see of a product changed: its texts, pictures, prices, SKUs, attributes or stock on hand.

    Written in the transaction that changed it; ``what`` names the parts, ``staff_id`` is None where no one did it.
    """

    kind: ClassVar[str] = "catalogue.product_changed"
    product_id: int
    what: tuple[str, ...]
    staff_id: int | None = None


class AttributeKind(StrEnum):
    """What an attribute's value is."""

    CHOICE = "choice"
    NUMBER = "number"


class Attribute(msgspec.Struct, frozen=True, kw_only=True):
    """What products of a category, and of those under it, are described by."""

    id: int
    category_id: int
    name: str
    kind: AttributeKind
    unit: str
    position: int
    filterable: bool
