"""The lists that people see: everything, a category, a shop, what words find."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from commerce.behaviour import Searched, note
from commerce.catalogue import shared, store
from commerce.catalogue.moved import moved
from commerce.catalogue.types import Card
from commerce.catalogue.words import cleaned
from commerce.search import history_store
from commerce.search.browse import browse, fresh
from commerce.search.hot import Searches, noticed
from commerce.search.listing import DEEPEST, SIZE, Listing, read
from commerce.search.rescue import Way, ways
from commerce.search.tree import part, path_to, tree
from commerce.search.types import Offered, Wish
from server.errors import NotFound
from server.http import Anyone, Body, Call, LoggedIn, Routes
from server.http.pages import Page, Redirect

POPULAR = 10
"""What sells, shown where words find nothing."""
BEGINNINGS = 12
"""Categories shown where a search begins."""
SHOPS = 24
KINDS = 60
"""Categories that a list offers to go on with."""
_LISTED = {"q", "category", "shop", "brand", "tag", "attr", "low", "high", "in_stock", "sort", "page", "min", "max"}
COUNTED = "Lf-Count"
"""The header of who asks only how much a filter would leave, while it is typed: nobody has searched for that."""

routes = Routes("search pages")


class ShopsQuery(Body, frozen=True, kw_only=True):
    """After which shop the page begins, by id."""

    after: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 0


@routes.page("/categories", Anyone())
async def categories(call: Call) -> Page | Redirect:
    """Show the tree of categories; ``c`` says at which one."""
    query = call.request.query
    if _LISTED & {name.partition(".")[0] for name in query}:  # everything was listed here once
        return Redirect(f"/products?{call.request.rel_url.raw_query_string}", 301)
    slug = cleaned(query.get("c", ""))
    try:
        return Page("search/categories.html", {"tree": await tree(call, slug)})
    except NotFound:
        return Redirect(f"/categories?c={await _now(call, slug)}", 301)


@routes.page("/products", Anyone())
async def all_products(call: Call) -> Page | Redirect:
    """List everything."""
    return await _list(call, read("/products", call.request.query))


@routes.page("/categories/{slug}", Anyone())
async def category(call: Call, slug: str) -> Page | Redirect:
    """List the products of a category and those under it; an address that it had before leads to the present one."""
    try:
        return await _list(call, read(f"/categories/{slug}", call.request.query, category=slug))
    except NotFound:
        query = call.request.rel_url.raw_query_string
        return Redirect(f"/categories/{await _now(call, slug)}" + (f"?{query}" if query else ""), 301)


async def _now(call: Call, slug: str) -> str:
    """Return what a category is called now that was called so before. Raises NotFound."""
    async with call.database.connection() as connection:
        now = await moved(connection, "category", [slug])
    if slug not in now:
        raise NotFound
    return now[slug]


@routes.page("/search", Anyone())
async def search(call: Call) -> Page | Redirect:
    """List what matches the words; without any, offer what one looked for before and what others look for."""
    listing = read("/search", call.request.query)
    if listing.wish.q or listing.narrowed or listing.faults:
        return await _list(call, listing, searching=True)
    past: list[str] = []
    offered = await call.resource(Searches).offered()
    if call.identity is not None:
        async with call.database.connection() as connection:
            past = await history_store.history(connection, call.identity.id)
    values = {
        "past": past,
        "offered": offered,
        "picked": [words for words in offered.picked if words not in past],
        "kinds": store.children(await shared.categories(call), None)[:BEGINNINGS],
    }
    return Page("search/begin.html", values)


@routes.page("/search/history/clear", LoggedIn(), method="POST")
async def clear_history(call: Call) -> Redirect:
    """Forget what one looked for."""
    async with call.transaction() as connection:
        await history_store.forget(connection, call.member.id)
    return Redirect("/search")


@routes.page("/shops", Anyone())
async def shops(call: Call, query: ShopsQuery) -> Page:
    """List the shops that sell something."""
    async with call.database.connection() as connection:
        ids = await store.open_shops(connection, query.after, SHOPS + 1)
        found = await store.shops(connection, ids[:SHOPS])
    after = ids[SHOPS - 1] if len(ids) > SHOPS else None
    return Page("search/shops.html", {"shops": found, "first": not query.after, "after": after})


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
    if listing.wish.brands:
        async with call.database.connection() as connection:
            renamed = await moved(connection, "brand", listing.wish.brands)
        if renamed:
            return Redirect(listing.link(brands=tuple(renamed.get(one, one) for one in listing.wish.brands)), 301)
    categories = await shared.categories(call)
    trail = path_to(categories, listing.wish.category)
    here = trail[-1] if trail else None
    if here is None and "category" in listing.fixed:
        raise NotFound
    found = await browse(call, listing.wish, listing.offset, SIZE)
    searched = bool(listing.wish.q) and listing.page == 1 and COUNTED not in call.request.headers
    if searched:
        words = found.corrected or listing.wish.q
        filters = tuple(f"{name}:{value}" for name, value in listing.pairs() if name not in ("q", "page", "sort"))
        note(call, Searched(words=words, filters=filters[:20], found=found.total))
    if searched and not listing.narrowed:
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
    ways_on = [kind for kind in under if kind == here or counted.get(kind.slug)]
    shown = {
        "searching": False,
        "shop": None,
        "listing": listing,
        "found": found,
        "pages": min(DEEPEST, -(-found.total // SIZE)),
        "trail": trail,
        "category": here,
        "kinds": [(kind, counted.get(kind.slug, 0)) for kind in part(ways_on, here, KINDS).items],
        "fewer": fewer,
        "popular": popular,
        "instead": instead,
        "offered": offered,
    }
    return Page("search/list.html", shown | values, status=422 if listing.faults else 200)
