"""The lists that people see: everything, a category, a shop, what words find."""

from __future__ import annotations

from typing import Any

from commerce.catalogue import store
from commerce.search.browse import browse
from commerce.search.listing import SIZE, Listing, read
from commerce.search.types import Sort
from server.errors import NotFound
from server.http import Anyone, Call, Routes
from server.http.pages import Page

routes = Routes("search pages")


@routes.page("/categories", Anyone())
async def all_products(call: Call) -> Page:
    """List everything, with the categories to begin with."""
    return await _list(call, read("/categories", call.request.query))


@routes.page("/categories/{slug}", Anyone())
async def category(call: Call, slug: str) -> Page:
    """List the products of a category and those under it."""
    return await _list(call, read(f"/categories/{slug}", call.request.query, category=slug))


@routes.page("/search", Anyone())
async def search(call: Call) -> Page:
    """List what matches the words."""
    return await _list(call, read("/search", call.request.query), searching=True)


@routes.page("/shops/{slug}", Anyone())
async def shop(call: Call, slug: str) -> Page:
    """Show a shop and its products."""
    async with call.database.connection() as connection:
        found = await store.shop(connection, slug)
    if found is None:
        raise NotFound
    listing = read(f"/shops/{found.slug}", call.request.query, shop=found.slug)
    return await _list(call, listing, shop=found)


async def _list(call: Call, listing: Listing, **values: Any) -> Page:
    async with call.database.connection() as connection:
        categories = await store.categories(connection)
        here = next((entry for entry in categories if entry.slug == listing.wish.category), None)
        if here is None and "category" in listing.fixed:
            raise NotFound
        trail = await store.category_path(connection, here.id) if here is not None else []
    found = await browse(call, listing.wish, listing.offset, SIZE)
    counted = {facet.slug: facet.count for facet in found.facets.categories}
    # The children of where one is; at a leaf its sisters, so that there is always a way sideways.
    under = store.children(categories, here.id if here is not None else None)
    if not under and here is not None:
        under = store.children(categories, here.parent_id)
    shown = {
        "searching": False,
        "shop": None,
        "listing": listing,
        "found": found,
        "pages": -(-found.total // SIZE),
        "trail": trail,
        "category": here,
        "kinds": [(kind, counted.get(kind.slug, 0)) for kind in under],
        "sorts": list(Sort),
    }
    return Page("search/list.html", shown | values)
