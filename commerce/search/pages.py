"""The lists that people see: everything, a category, a shop, what words find."""

from __future__ import annotations

from typing import Any

from commerce.behaviour import Searched, note
from commerce.catalogue import store
from commerce.catalogue.moved import moved
from commerce.catalogue.types import Card
from commerce.search import history_store
from commerce.search.browse import browse, fresh
from commerce.search.hot import Searches, noticed
from commerce.search.listing import DEEPEST, SIZE, Listing, read
from commerce.search.rescue import Way, ways
from commerce.search.types import Offered, Wish
from server.errors import NotFound
from server.http import Anyone, Call, LoggedIn, Routes
from server.http.pages import Page, Redirect

POPULAR = 10
"""What sells, shown where words find nothing."""

routes = Routes("search pages")


@routes.page("/categories", Anyone())
async def all_products(call: Call) -> Page | Redirect:
    """List everything, with the categories to begin with."""
    return await _list(call, read("/categories", call.request.query))


@routes.page("/categories/{slug}", Anyone())
async def category(call: Call, slug: str) -> Page | Redirect:
    """List the products of a category and those under it; an address that it had before leads to the present one."""
    try:
        return await _list(call, read(f"/categories/{slug}", call.request.query, category=slug))
    except NotFound:
        async with call.database.connection() as connection:
            now = await moved(connection, "category", [slug])
        if slug not in now:
            raise
        query = call.request.query_string
        return Redirect(f"/categories/{now[slug]}" + (f"?{query}" if query else ""), 301)


@routes.page("/search", Anyone())
async def search(call: Call) -> Page | Redirect:
    """List what matches the words; without any, offer what one looked for before and what others look for."""
    listing = read("/search", call.request.query)
    if listing.wish.q or listing.narrowed or listing.faults:
        return await _list(call, listing, searching=True)
    past: list[str] = []
    async with call.database.connection() as connection:
        if call.identity is not None:
            past = await history_store.history(connection, call.identity.id)
        categories = await store.categories(connection)
    values = {
        "past": past,
        "offered": await call.resource(Searches).offered(),
        "kinds": [(top, store.children(categories, top.id)) for top in store.children(categories, None)],
    }
    return Page("search/begin.html", values)


@routes.page("/search/history/clear", LoggedIn(), method="POST")
async def clear_history(call: Call) -> Redirect:
    """Forget what one looked for."""
    async with call.transaction() as connection:
        await history_store.forget(connection, call.member.id)
    return Redirect("/search")


@routes.page("/shops/{slug}", Anyone())
async def shop(call: Call, slug: str) -> Page | Redirect:
    """Show a shop and its products."""
    async with call.database.connection() as connection:
        found = await store.shop(connection, slug)
    if found is None:
        raise NotFound
    listing = read(f"/shops/{found.slug}", call.request.query, shop=found.slug)
    return await _list(call, listing, shop=found)


async def _list(call: Call, listing: Listing, **values: Any) -> Page | Redirect:
    async with call.database.connection() as connection:
        renamed = await moved(connection, "brand", listing.wish.brands) if listing.wish.brands else {}
        if renamed:
            return Redirect(listing.link(brands=tuple(renamed.get(one, one) for one in listing.wish.brands)), 301)
        categories = await store.categories(connection)
        here = next((entry for entry in categories if entry.slug == listing.wish.category), None)
        if here is None and "category" in listing.fixed:
            raise NotFound
        trail = await store.category_path(connection, here.id) if here is not None else []
    found = await browse(call, listing.wish, listing.offset, SIZE)
    if listing.wish.q and listing.page == 1:
        words = found.corrected or listing.wish.q
        filters = tuple(f"{name}:{value}" for name, value in listing.pairs() if name not in ("q", "page", "sort"))
        note(call, Searched(words=words, filters=filters[:20], found=found.total))
    if listing.wish.q and listing.page == 1 and not listing.narrowed:
        await noticed(call, found.corrected or listing.wish.q, found.total)
    fewer: list[tuple[str, int]] = []
    popular: list[Card] = []
    instead: list[Way] = []
    offered: Offered | None = None
    if listing.narrowed and not found.total:
        instead = ways(await fresh(call), listing, call.tr)
    if listing.wish.q and not found.total:
        index = await fresh(call)
        fewer = index.without_some(listing.wish.q)
        offered = await call.resource(Searches).offered()
        async with call.database.connection() as connection:
            popular = await store.cards(connection, index.search(Wish(in_stock=True), 0, POPULAR).ids)
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
        "pages": min(DEEPEST, -(-found.total // SIZE)),
        "trail": trail,
        "category": here,
        "kinds": [(kind, counted.get(kind.slug, 0)) for kind in under],
        "fewer": fewer,
        "popular": popular,
        "instead": instead,
        "offered": offered,
    }
    return Page("search/list.html", shown | values, status=422 if listing.faults else 200)
