"""Ways on from a list that nothing is in: which one filter to give up, and how much there would be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from commerce.search.index import Index
from commerce.search.listing import Listing
from server.money import yuan

MOST = 6
_TRIED = 12


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """A filter by what people call it, where the list without it is, and how many products are there."""

    name: str
    href: str
    count: int


def ways(index: Index, listing: Listing, tr: Callable[[str], str]) -> list[Way]:
    """Return which filter is in the way, the one that gives most first; a dozen at most are tried."""
    found = []
    for name, changes in [*_without_one(index, listing, tr)][:_TRIED]:
        wish = msgspec.structs.replace(listing.wish, **changes)
        if count := index.search(wish, 0, 1).total:
            found.append(Way(name=name, href=listing.link(**changes), count=count))
    return sorted(found, key=lambda way: (-way.count, way.name))[:MOST]


def _without_one(index: Index, listing: Listing, tr: Callable[[str], str]) -> Iterator[tuple[str, dict[str, Any]]]:
    wish, shared = listing.wish, index.shared
    if wish.category and "category" not in listing.fixed and wish.category in shared.by_slug:
        yield shared.by_slug[wish.category].name, {"category": ""}
    if wish.price_min is not None or wish.price_max is not None:
        low, high = ("" if fen is None else yuan(fen).removesuffix(".00") for fen in (wish.price_min, wish.price_max))
        yield f"¥{low} – {high}".rstrip(" –") if low else f"≤ ¥{high}", {"price_min": None, "price_max": None}
    if wish.in_stock:
        yield tr("只看有货"), {"in_stock": False}
    for of, names in (("attributes", shared.told), ("brands", _brand(index)), ("tags", str)):
        given: tuple[str, ...] = getattr(wish, of)
        for one in given:
            if name := names(one):
                yield name, {of: tuple(kept for kept in given if kept != one)}


def _brand(index: Index) -> Callable[[str], str]:
    known = index.shared.brands_by_slug
    return lambda slug: known[slug].name if slug in known else ""
