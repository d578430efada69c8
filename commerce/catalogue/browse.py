"""Lists of products: what people and clients ask for, made into a filter, answered with one page and its facets."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from commerce.catalogue import browse_store, store, words
from commerce.catalogue.browse_store import Filter, Found, Sort
from commerce.catalogue.types import Category
from server.database import Connection

LONGEST_QUERY = 100
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]+")


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants listed. Prices are fen; an unknown category, brand or shop lists nothing."""

    q: str = ""
    category: str = ""
    brands: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    shop: str = ""
    price_min: int | None = None
    price_max: int | None = None
    in_stock: bool = False
    sort: Sort | None = None

    @property
    def order(self) -> Sort:
        """Return the order asked for, else by relevance, which without words means what sells."""
        return self.sort or Sort.RELEVANCE


async def browse(connection: Connection, wish: Wish, offset: int, size: int) -> Found:
    """Return a page of the products that match ``wish``."""
    shop_id = category_id = None
    if wish.shop:
        shop = await store.shop(connection, wish.shop)
        shop_id = shop.id if shop is not None else -1
    if wish.category:
        category_id = next((c.id for c in await store.categories(connection) if c.slug == wish.category), -1)
    text = cleaned(wish.q)
    query = words.query(text)
    return await browse_store.browse(
        connection,
        Filter(
            query=query,
            # What holds no word at all (only signs) is still looked for as it is.
            pattern=words.pattern(text) if text else "",
            shop_id=shop_id,
            category_id=category_id,
            brands=wish.brands,
            tags=wish.tags,
            price_min=wish.price_min,
            price_max=wish.price_max,
            in_stock=wish.in_stock,
        ),
        wish.order,
        offset,
        size,
    )


def cleaned(text: str) -> str:
    """Return what somebody typed without control characters and needless spaces, cut to a sane length."""
    return " ".join(_CONTROL.sub(" ", text).split())[:LONGEST_QUERY]


def listed(texts: Sequence[str]) -> tuple[str, ...]:
    """Return the values of a filter given once, several times, or with commas between."""
    values = (value.strip() for text in texts for value in _CONTROL.sub(" ", text).split(","))
    return tuple(dict.fromkeys(value for value in values if value))[:50]


def children(categories: Sequence[Category], parent_id: int | None) -> list[Category]:
    """Return the categories right under ``parent_id``, in their order."""
    return [category for category in categories if category.parent_id == parent_id]
