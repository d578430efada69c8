"""A list of products: what people and clients ask for, found in the index, shown as the catalogue has it now."""

from __future__ import annotations

import asyncio
import re

from commerce.catalogue.store import cards
from commerce.search.feed import Follower
from commerce.search.index import Index
from commerce.search.types import Found, Wish
from server.errors import Unavailable
from server.http import Call

LOADING_WITHIN = 8.0
"""Seconds that a list waits for the index of a process that has just started."""
_ATTRIBUTE = re.compile(r"[1-9][0-9]{0,17}:[0-9]{1,18}(\.[0-9]{1,4})?")


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


def well_formed(token: str) -> bool:
    """Return whether a text is ``ID:VALUE``: an attribute's id, and a value's id or a number."""
    return _ATTRIBUTE.fullmatch(token) is not None
