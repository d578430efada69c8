"""A list of products: what people and clients ask for, found in the index, shown as the catalogue has it now."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from commerce.catalogue.store import cards
from commerce.search.feed import Follower
from commerce.search.index import Index
from commerce.search.narrowing import one_span_each, token
from commerce.search.types import Found, Wish
from server.errors import Invalid, Unavailable
from server.http import Call

LOADING_WITHIN = 8.0
"""Seconds that a list waits for the index of a process that has just started."""


async def fresh(call: Call) -> Index:
    """Return the index as of now. Raises Unavailable while a process that has just started reads it."""
    try:
        async with asyncio.timeout(LOADING_WITHIN):
            return await call.resource(Follower).fresh()
    except TimeoutError:
        raise Unavailable(2) from None


async def browse(call: Call, wish: Wish, offset: int, size: int) -> Found:
    """Return a page of the products that match ``wish``. Raises Unavailable."""
    hits = (await fresh(call)).search(wish, offset, size)
    async with call.database.connection() as connection:
        items = await cards(connection, hits.ids)
    return Found(total=hits.total, items=items, facets=hits.facets, corrected=hits.corrected)


def attributes(texts: Sequence[str]) -> tuple[str, ...]:
    """Return what lists are narrowed to by attributes (narrowing.py). Raises Invalid."""
    found = [token(text) for text in texts]
    if None in found:
        raise Invalid("attr", "没有这种属性")
    return one_span_each([one for one in found if one is not None])
