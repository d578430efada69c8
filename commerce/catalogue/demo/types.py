"""What a demo catalogue is made of. Plain data: the loader turns it into rows, tests read it as it is."""

from __future__ import annotations

import msgspec


class Shop(msgspec.Struct, frozen=True, kw_only=True):
    """A shop. ``logo`` is the name of a picture; ``ships_from`` and ``ships_within`` hours are what it promises."""

    slug: str
    name: str
    intro: str
    logo: str
    ships_from: str = ""
    ships_within: int | None = None


class Category(msgspec.Struct, frozen=True):
    """A category; ``parent`` is the slug of the one above, empty at the top. ``icon`` is a symbol of icons.svg."""

    slug: str
    name: str
    parent: str = ""
    icon: str = ""


class Brand(msgspec.Struct, frozen=True):
    """A brand, made up like everything here."""

    slug: str
    name: str


class Sku(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that can be bought. ``price`` and ``list_price`` are fen, ``specs`` are (name, value) pairs."""

    code: str
    specs: tuple[tuple[str, str], ...]
    price: int
    list_price: int
    stock: int
    picture: str


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """A product. ``description`` is Markdown, ``pictures`` are names, the first one is the product's face."""

    slug: str
    shop: str
    category: str
    brand: str
    title: str
    subtitle: str
    description: str
    parameters: tuple[tuple[str, str], ...]
    pictures: tuple[str, ...]
    skus: tuple[Sku, ...]


class Sale(msgspec.Struct, frozen=True, kw_only=True):
    """A suggestion for a flash sale: ``price`` in fen, ``quantity`` in units, ``limit`` per member."""

    sku: str
    title: str
    price: int
    quantity: int
    limit: int = 1


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Where a demo member lives. ``code`` is the district's administrative code (GB/T 2260)."""

    receiver: str
    phone: str
    province: str
    city: str
    district: str
    street: str
    code: str


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A demo member. The phone is also the log-in name; ``avatar`` is the name of a picture."""

    phone: str
    name: str
    nickname: str
    avatar: str
    addresses: tuple[Address, ...]
