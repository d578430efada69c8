"""What search asks and answers."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from commerce.catalogue.types import AttributeKind, Card


class Sort(StrEnum):
    """The order of a list."""

    RELEVANCE = "relevance"
    SALES = "sales"
    PRICE_ASC = "price_asc"
    PRICE_DESC = "price_desc"
    NEWEST = "newest"


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants listed. An unknown category, brand, shop, tag or attribute lists nothing.

    Prices are fen and mean the cheapest SKU's. Of brands and of tags any will do; of attributes (narrowing.py)
    any value of the same one, and each of different ones. ``shop`` is a slug or an id.
    """

    q: str = ""
    category: str = ""
    brands: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    shop: str = ""
    price_min: int | None = None
    price_max: int | None = None
    in_stock: bool = False
    sort: Sort | None = None

    @property
    def order(self) -> Sort:
        """Return the order asked for, else by relevance, which without words means what sells."""
        return self.sort or Sort.RELEVANCE


class Facet(msgspec.Struct, frozen=True, kw_only=True):
    """One value that a list may be narrowed to, and how many products it would then have."""

    slug: str
    name: str
    count: int


class CategoryFacet(Facet, frozen=True, kw_only=True):
    """A category as a facet; ``parent`` is the slug of the one above."""

    parent: str | None


class AttributeFacet(msgspec.Struct, frozen=True, kw_only=True):
    """An attribute with its values; a value's ``slug`` is what ``attr=`` takes."""

    id: str
    name: str
    kind: AttributeKind
    values: list[Facet]


class Facets(msgspec.Struct, frozen=True, kw_only=True):
    """What a list may be narrowed to. Each count holds all the other filters, so that choosing the value gives it.

    ``low`` and ``high`` are the fen between which the prices lie.
    """

    categories: list[CategoryFacet]
    brands: list[Facet]
    tags: list[Facet]
    attributes: list[AttributeFacet]
    in_stock: int
    low: int | None
    high: int | None


class Hits(msgspec.Struct, frozen=True, kw_only=True):
    """One page of products by id, and the facets of all that match.

    ``corrected`` are the words that were searched instead of those asked for, which found nothing.
    """

    ids: list[int]
    total: int
    facets: Facets
    corrected: str = ""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """One page of a list."""

    total: int
    items: list[Card]
    facets: Facets
    corrected: str = ""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A product as the search table holds it."""

    product_id: int
    revision: int
    shown: bool
    shop_id: int
    category_id: int
    brand_id: int | None
    tags: list[str]
    attributes: list[str]
    price: int
    dearest: int
    in_stock: bool
    sales: int
    created_at: datetime
    words: str


class Synonyms(msgspec.Struct, frozen=True, kw_only=True):
    """Words that mean the same."""

    id: int
    words: list[str]


class Hot(msgspec.Struct, frozen=True, kw_only=True):
    """What was looked for within a week; ``hidden`` if an operator does not want it shown.

    ``visitors`` are different ones, of each day at most as many as make words hot (history_store.py).
    """

    words: str
    searches: int
    visitors: int
    hidden: bool


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """Searches of the same words, and digests of some of those who made them."""

    words: str
    searches: int
    visitors: list[int]


class Offered(msgspec.Struct, frozen=True, kw_only=True):
    """What is offered before anything is typed: what many look for, and what the operator picked."""

    hot: list[str]
    picked: list[str]
