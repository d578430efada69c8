"""What the made-up products are made of."""

from __future__ import annotations

import msgspec


class Brand(msgspec.Struct, frozen=True, kw_only=True):
    """A brand, made up. ``latin`` is how some of its titles write it, empty for none."""

    slug: str
    name: str
    latin: str
    group: str


class Quality(msgspec.Struct, frozen=True, kw_only=True):
    """An attribute of a kind: choices, or numbers with a unit."""

    name: str
    values: tuple[str, ...]
    unit: str = ""


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of thing: one leaf of the category tree. ``prices`` are yuan; ``face`` is a demo product like it."""

    slug: str
    name: str
    group: str
    nouns: tuple[str, ...]
    qualities: tuple[Quality, ...]
    traits: tuple[str, ...]
    people: tuple[str, ...]
    prices: tuple[int, int]
    face: str


class Goods(msgspec.Struct, frozen=True, kw_only=True):
    """A product made up. Prices are fen; ``skus`` are (colour, price), empty colours for kinds that have none.

    ``values`` are its attributes by name: what is relevant to a query is decided by them and by kind and brand.
    """

    slug: str
    kind: Kind
    brand: Brand
    model: str
    title: str
    subtitle: str
    values: dict[str, str]
    tags: tuple[str, ...]
    skus: tuple[tuple[str, int], ...]
    list_price: int
    in_stock: bool
    sales: int
    age_hours: int
    shop: int
