"""Lists of products over JSON, for everybody."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from commerce.catalogue.api import ShopView
from commerce.catalogue.types import Card
from commerce.catalogue.words import LONGEST_QUERY, cleaned, listed
from commerce.search import history_store
from commerce.search.browse import attributes, browse, fresh
from commerce.search.hot import Searches, noticed
from commerce.search.suggest import FEW, Suggester, named
from commerce.search.types import AttributeFacet, CategoryFacet, Facet, Found, Sort, Wish
from server.errors import Invalid
from server.http import Anyone, Body, Call, Id, Listing, LoggedIn, Paging, Routes, View

routes = Routes("search")

Slug = Annotated[str, Meta(pattern="^[a-z0-9-]{0,60}$")]
Slugs = Annotated[str, Meta(pattern="^[a-z0-9,-]{0,600}$", description="One, or several with commas between.")]
Attributes = Annotated[
    str,
    Meta(
        max_length=600,
        description="``ID:VALUE`` as the facets give it, or for a number ``ID:LOW~HIGH`` with either end left open; "
        "one or several with commas between: any value of the same attribute, each of different ones.",
    ),
]
Words = Annotated[str, Meta(max_length=600, description="One, or several with commas between.")]
Fen = Annotated[str, Meta(pattern="^[0-9]{0,15}$", description="Fen; empty for no limit.")]


class ProductQuery(Paging, frozen=True, kw_only=True):
    """What to list. Empty texts mean no limit. Prices are compared with a product's cheapest SKU."""

    q: Annotated[str, Meta(max_length=LONGEST_QUERY)] = ""
    category: Slug = ""
    brand: Slugs = ""
    tag: Words = ""
    attr: Attributes = ""
    shop: Slug = ""
    price_min: Fen = ""
    price_max: Fen = ""
    in_stock: Literal["", "0", "1", "true", "false"] = ""
    sort: Literal["", "relevance", "sales", "price_asc", "price_desc", "newest"] = ""


class CardView(View, frozen=True, kw_only=True):
    """A product in a list. ``price`` is its cheapest SKU's; ``available`` sums what may be bought of all its SKUs.

    ``rating`` is the mean of its reviews with one decimal, null without reviews.
    """

    id: Id
    title: str
    subtitle: str
    price: int
    list_price: int | None
    image: str
    shop: ShopView
    tags: list[str]
    sales: int
    available: int
    rating: str | None
    reviews: int


class PriceRange(View, frozen=True, kw_only=True):
    """The fen between which the prices of a list lie, whatever price it is narrowed to; null for an empty list."""

    low: int | None
    high: int | None


class FacetsView(View, frozen=True, kw_only=True):
    """What a list may be narrowed to, each with the number of products that it would then have."""

    categories: list[CategoryFacet]
    brands: list[Facet]
    tags: list[Facet]
    attributes: list[AttributeFacet]
    in_stock: int
    price: PriceRange


class ProductList(Listing[CardView], frozen=True, kw_only=True):
    """One page of products. ``corrected`` are the words that were searched instead of those that found nothing."""

    facets: FacetsView
    corrected: str


class SuggestQuery(Body, frozen=True, kw_only=True):
    """What was typed so far."""

    q: Annotated[str, Meta(max_length=LONGEST_QUERY)] = ""


class SuggestionView(View, frozen=True, kw_only=True):
    """What may be meant; ``count`` products are found by it."""

    text: str
    count: int


class SuggestionList(View, frozen=True, kw_only=True):
    """Suggestions for ``q``, the likeliest first."""

    q: str
    items: list[SuggestionView]


class HotList(View, frozen=True, kw_only=True):
    """Words that many look for, and words that the operator offers beside them."""

    items: list[str]
    picked: list[str]


class HistoryList(View, frozen=True, kw_only=True):
    """Words that one looked for."""

    items: list[str]


@routes.get("/api/v1/products", Anyone())
async def list_products(call: Call, query: ProductQuery) -> ProductList:
    """List products on the shelf, with facets."""
    wish = Wish(
        q=cleaned(query.q),
        category=query.category,
        brands=listed(call.request.query.getall("brand", [])),
        tags=listed(call.request.query.getall("tag", [])),
        attributes=attributes(listed(call.request.query.getall("attr", []))),
        shop=query.shop,
        price_min=int(query.price_min) if query.price_min else None,
        price_max=int(query.price_max) if query.price_max else None,
        in_stock=query.in_stock in ("1", "true"),
        sort=Sort(query.sort) if query.sort else None,
    )
    if wish.price_min is not None and wish.price_max is not None and wish.price_min > wish.price_max:
        raise Invalid("price_max", "最高价不能低于最低价")
    found = await browse(call, wish, query.offset, query.size)
    if wish.q and query.page == 1:
        await noticed(call, found.corrected or wish.q, found.total)
    return _list_view(found, query)


@routes.get("/api/v1/search/suggestions", Anyone(), limit="240/minute")
async def suggest(call: Call, query: SuggestQuery) -> SuggestionList:
    """Say what somebody may mean who has typed so far, in characters, pinyin or first letters."""
    typed = cleaned(query.q)
    index = await fresh(call)
    offered = await call.resource(Searches).offered()
    found = call.resource(Suggester).suggest(index, typed, [*offered.hot, *offered.picked])
    if len(found) < FEW:
        async with call.database.connection() as connection:
            found += await named(connection, index, typed, FEW - len(found), {one.text for one in found})
    return SuggestionList(q=typed, items=[SuggestionView(text=one.text, count=one.count) for one in found])


@routes.get("/api/v1/search/hot", Anyone())
async def show_hot(call: Call) -> HotList:
    """Say what many look for, the most first, and what the operator offers."""
    offered = await call.resource(Searches).offered()
    return HotList(items=offered.hot, picked=offered.picked)


@routes.get("/api/v1/search/history", LoggedIn())
async def show_history(call: Call) -> HistoryList:
    """Say what one looked for, the last one first."""
    async with call.database.connection() as connection:
        return HistoryList(items=await history_store.history(connection, call.member.id))


@routes.delete("/api/v1/search/history", LoggedIn(), status=204)
async def clear_history(call: Call) -> None:
    """Forget what one looked for."""
    async with call.transaction() as connection:
        await history_store.forget(connection, call.member.id)


def _list_view(found: Found, paging: Paging) -> ProductList:
    facets = found.facets
    return ProductList(
        items=[_card_view(card) for card in found.items],
        total=found.total,
        page=paging.page,
        size=paging.size,
        corrected=found.corrected,
        facets=FacetsView(
            categories=facets.categories,
            brands=facets.brands,
            tags=facets.tags,
            attributes=facets.attributes,
            in_stock=facets.in_stock,
            price=PriceRange(low=facets.low, high=facets.high),
        ),
    )


def _card_view(card: Card) -> CardView:
    return CardView(
        id=str(card.id),
        title=card.title,
        subtitle=card.subtitle,
        price=card.price,
        list_price=card.list_price,
        image=card.picture,
        shop=ShopView(id=str(card.shop_id), slug=card.shop_slug, name=card.shop_name),
        tags=card.tags,
        sales=card.sales,
        available=card.free,
        rating=card.rating or None,
        reviews=card.reviews,
    )
