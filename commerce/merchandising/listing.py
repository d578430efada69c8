"""The back office's list of products: tabs, search, filters, order, and the choice of many."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

import msgspec

from commerce.catalogue.types import Status
from commerce.catalogue.words import cleaned, pattern
from commerce.merchandising import levels_store, listing_store, store
from commerce.merchandising.editor import HOME
from commerce.merchandising.types import MANAGE, VIEW
from commerce.staff import Figure
from server.database import Connection
from server.errors import NotFound
from server.http import Call, Kind, Routes, StaffWith
from server.http.pages import Page

routes = Routes("back office: products", realm=Kind.STAFF)
SIZE = 20
SHORT = 20
"""A product with at most so many free units is running short."""
MOST_COUNTED = 1000
"""Products running short that are counted: beyond it nobody reads the figure closely."""


class Sort(StrEnum):
    """The order of the list."""

    NEWEST = "newest"
    CHANGED = "changed"
    PRICE_UP = "price"
    PRICE_DOWN = "-price"
    FREE_UP = "free"
    FREE_DOWN = "-free"
    SALES = "-sales"


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Which products are meant. ``shops`` limits whoever asks (None: all), empty texts and 0 limit nothing."""

    shops: tuple[int, ...] | None = None
    q: str = ""
    status: Status | None = None
    short: int | None = None
    category_id: int = 0
    brand_id: int = 0
    shop_id: int = 0
    sort: Sort = Sort.NEWEST

    @property
    def pattern(self) -> str:
        """Return what titles and codes are like."""
        return pattern(self.q) if self.q else ""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """The list that an address asks for."""

    q: str
    tab: str
    category: str
    brand: str
    shop: str
    sort: str
    page: int

    def link(self, **changes: Any) -> str:
        """Return the address with parts changed; a change goes back to page 1."""
        pairs = {
            "q": self.q,
            "show": self.tab,
            "category": self.category,
            "brand": self.brand,
            "shop": self.shop,
            "sort": self.sort if self.sort != Sort.NEWEST else "",
            "page": 1,
        } | changes
        query = urlencode([(name, v) for name, v in pairs.items() if v and (name, v) != ("page", 1)])
        return f"{HOME}?{query}" if query else HOME

    def filter(self, shops: Sequence[int] | None) -> Filter:
        """Return which products are meant, of ``shops``."""
        return Filter(
            shops=None if shops is None else tuple(shops),
            q=self.q,
            status=Status(self.tab) if self.tab in ("on", "off") else Status.ON if self.tab == "short" else None,
            short=SHORT if self.tab == "short" else None,
            category_id=int(self.category or 0),
            brand_id=int(self.brand or 0),
            shop_id=int(self.shop or 0),
            sort=Sort(self.sort),
        )


def wanted(query: Any) -> Wanted:
    """Return the list that a query asks for. Raises NotFound for one that none of ours would."""
    made = Wanted(
        q=cleaned(query.get("q", "")),
        tab=query.get("show", ""),
        category=query.get("category", ""),
        brand=query.get("brand", ""),
        shop=query.get("shop", ""),
        sort=query.get("sort", "") or Sort.NEWEST,
        page=int(page) if re.fullmatch("[1-9][0-9]{0,3}|10000", page := query.get("page", "1")) else 0,
    )
    ids = (made.category, made.brand, made.shop)
    if (
        made.tab not in ("", "on", "off", "short")
        or made.sort not in set(Sort)
        or not made.page
        or any(text and not re.fullmatch("[0-9]{1,18}", text) for text in ids)
    ):
        raise NotFound
    return made


async def figures(connection: Connection, shops: Sequence[int] | None) -> list[Figure]:
    """Return how many products are running out."""
    found = await levels_store.short(connection, shops, SHORT, MOST_COUNTED)
    return [
        Figure(position=50, label="快卖完的商品", value=found, href=f"{HOME}?show=short", waits=True, most=MOST_COUNTED)
    ]


@routes.page(HOME, StaffWith(VIEW))
async def products_page(call: Call) -> Page:
    """List products with their stock."""
    asked = wanted(call.request.query)
    async with call.database.connection() as connection:
        counts = await listing_store.counts(connection, call.staff.shops)
        rows, total = await listing_store.listed(
            connection, asked.filter(call.staff.shops), (asked.page - 1) * SIZE, SIZE
        )
        choices = await store.choices(connection, call.staff.shops)
        few = await levels_store.short(connection, call.staff.shops, SHORT, MOST_COUNTED)
    values = {
        "rows": rows,
        "total": total,
        "asked": asked,
        "pages": -(-total // SIZE),
        "counts": counts,
        "few": f"{few}+" if few >= MOST_COUNTED else few,
        "short": SHORT,
        "choices": choices,
        "leaves": choices.leaves(),
        "may": call.staff.may(MANAGE),
        "theirs": {row.id for row in rows if call.staff.may(MANAGE, row.shop_id)},
        "sorts": list(Sort),
    }
    return Page("merchandising/list.html", values)
