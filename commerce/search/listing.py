"""The state of a list as its address holds it: every filter, order and page is a link."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec
from multidict import MultiMapping

from commerce.catalogue.words import LONGEST_QUERY, cleaned, listed
from commerce.search import narrowing
from commerce.search.browse import attributes
from commerce.search.types import Sort, Wish
from server.errors import Invalid
from server.money import parse_yuan, yuan

SIZE = 20
DEEPEST = 1000
"""The last page that a list is turned to: who looks for something narrows the list instead."""
_RANGE = re.compile(r"(min|max)\.([1-9][0-9]{0,17})")
_MOST_FIELDS = 200
_DEAREST = 10**12
_NO_AMOUNT = "请填金额，例如 59 或 59.90"
_TOO_MUCH = "最多填 10000000000"
_NO_NUMBER = "请填数字"


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """What a page of products shows: ``path`` it lives at, the wish, the page from 1.

    ``fixed`` are the parts of the wish that the path says, which no link repeats. ``faults`` says by the names of
    fields what is wrong with what was typed into them, ``typed``: the wish is made without those.
    """

    path: str
    wish: Wish
    page: int = 1
    fixed: tuple[str, ...] = ()
    faults: Mapping[str, str] = {}
    typed: Mapping[str, str] = {}

    @property
    def offset(self) -> int:
        """Return how many products lie before the page."""
        return (self.page - 1) * SIZE

    def pairs(self, **changes: Any) -> list[tuple[str, str]]:
        """Return the query's names and values with parts of the wish changed; a change goes back to page 1."""
        page = changes.pop("page", 1)
        wish = msgspec.structs.replace(self.wish, **changes)
        pairs = [
            ("q", wish.q),
            ("category", wish.category),
            ("shop", wish.shop),
            *(("brand", brand) for brand in wish.brands),
            *(("tag", tag) for tag in wish.tags),
            *(("attr", token) for token in wish.attributes),
            ("low", "" if wish.price_min is None else yuan(wish.price_min).removesuffix(".00")),
            ("high", "" if wish.price_max is None else yuan(wish.price_max).removesuffix(".00")),
            ("in_stock", "1" if wish.in_stock else ""),
            ("sort", wish.sort or ""),
            ("page", str(page) if page > 1 else ""),
        ]
        return [(name, value) for name, value in pairs if value and name not in self.fixed]

    def link(self, **changes: Any) -> str:
        """Return the address of this list with parts of the wish changed."""
        query = urlencode(self.pairs(**changes))
        return f"{self.path}?{query}" if query else self.path

    def at(self, page: int) -> str:
        """Return the address of another page of the same list."""
        return self.link(page=page)

    def without(self, part: str, value: str) -> str:
        """Return the address with one of several brands, tags or attributes' values taken out."""
        return self.link(**{part: tuple(kept for kept in getattr(self.wish, part) if kept != value)})

    def field(self, name: str) -> str:
        """Return what a field of a price or a number shows: the wish, or what was typed where that is none."""
        if name in self.faults:
            return self.typed[name]
        if name in ("low", "high"):
            fen = self.wish.price_min if name == "low" else self.wish.price_max
            return "" if fen is None else yuan(fen).removesuffix(".00")
        end, _, attribute_id = name.partition(".")
        return self.span(attribute_id)[end == "max"]

    @property
    def spans(self) -> list[str]:
        """Return what the list is narrowed to between numbers."""
        return [one for one in self.wish.attributes if "~" in one]

    def span(self, attribute_id: str) -> tuple[str, str]:
        """Return between which numbers of an attribute the list is; empty for an open end."""
        for one in self.wish.attributes:
            if "~" in one and one.startswith(f"{attribute_id}:"):
                low, _, high = one.partition(":")[2].partition("~")
                return low, high
        return "", ""

    @property
    def narrowed(self) -> int:
        """Return how many filters are on, the words and what the path fixes left out."""
        wish = self.wish
        priced = wish.price_min is not None or wish.price_max is not None
        category = bool(wish.category) and "category" not in self.fixed
        return len(wish.brands) + len(wish.tags) + len(wish.attributes) + priced + wish.in_stock + category

    @property
    def bare(self) -> str:
        """Return the address without filters; the words and the order stay."""
        cleared: dict[str, Any] = {"brands": (), "tags": (), "attributes": ()}
        cleared |= {"price_min": None, "price_max": None, "in_stock": False}
        if "category" not in self.fixed:
            cleared["category"] = ""
        return self.link(**cleared)


def read(path: str, query: MultiMapping[str], *, category: str = "", shop: str = "") -> Listing:
    """Return the list that an address asks for; what it does not know it leaves alone, and what people type wrongly
    into fields stands in its ``faults``. Raises Invalid for what only a broken link says."""
    fixed = tuple(name for name, value in (("category", category), ("shop", shop)) if value)
    typed = {name: _narrow(query.get(name, "")) for name in _fields(query)}
    faults: dict[str, str] = {}
    low, high = (_fen(typed, name, faults) for name in ("low", "high"))
    if low is not None and high is not None and low > high:
        low, high = high, low
    sort = query.get("sort", "")
    if sort and sort not in set(Sort):
        raise Invalid("sort", "没有这种排序")
    return Listing(
        path=path,
        wish=Wish(
            q=cleaned(query.get("q", "")),
            category=category or cleaned(query.get("category", "")),
            brands=listed(query.getall("brand", [])),
            tags=listed(query.getall("tag", [])),
            attributes=_attributes(query, typed, faults),
            shop=shop or cleaned(query.get("shop", "")),
            price_min=low,
            price_max=high,
            in_stock=query.get("in_stock", "") in ("1", "true", "on"),
            sort=Sort(sort) if sort else None,
        ),
        page=_page(query.get("page", "")),
        fixed=fixed,
        faults=faults,
        typed={name: typed[name] for name in faults},
    )


def _fields(query: MultiMapping[str]) -> list[str]:
    """Return the names of the fields that people type numbers into."""
    return [name for name in list(query)[:_MOST_FIELDS] if name in ("low", "high") or _RANGE.fullmatch(name)]


def _narrow(text: str) -> str:
    """Return what was typed as numbers are read: full-width figures, which Chinese keyboards write, narrowed."""
    return cleaned(unicodedata.normalize("NFKC", text[:LONGEST_QUERY]))


def _attributes(query: MultiMapping[str], typed: Mapping[str, str], faults: dict[str, str]) -> tuple[str, ...]:
    """Return what a list is narrowed to by attributes; a form's two fields of a number take the place of its span."""
    found = attributes(listed(query.getall("attr", [])))
    ends: dict[str, dict[str, str]] = {}
    for name, text in typed.items():
        if match := _RANGE.fullmatch(name):
            good = not text or narrowing.number(text) is not None
            if not good:
                faults[name] = _NO_NUMBER
            ends.setdefault(match[2], {})[match[1]] = text if good else ""
    found = tuple(one for one in found if "~" not in one or one.partition(":")[0] not in ends)
    spans = (narrowing.span(of, both.get("min", ""), both.get("max", "")) for of, both in ends.items())
    return (*found, *(one for one in spans if one is not None))


def _fen(typed: Mapping[str, str], name: str, faults: dict[str, str]) -> int | None:
    text = typed.get(name, "").removeprefix("¥").strip()
    if not text:
        return None
    try:
        fen = parse_yuan(text)
    except ValueError:
        faults[name] = _NO_AMOUNT
        return None
    if fen > _DEAREST:
        faults[name] = _TOO_MUCH
        return None
    return fen


def _page(text: str) -> int:
    if not text:
        return 1
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= DEEPEST:
        raise Invalid("page", "没有这一页")
    return int(text[:9])
