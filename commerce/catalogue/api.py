"""Products over JSON, for everybody."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from commerce.catalogue import store
from commerce.catalogue.browse import LONGEST_QUERY, Wish, browse, listed
from commerce.catalogue.browse_store import CategoryFacet, Facet, Found, Sort
from commerce.catalogue.types import Card, Product
from server.errors import Invalid, NotFound
from server.http import Anyone, Call, Id, Listing, Paging, Routes, View

routes = Routes("catalogue")

Slug = Annotated[str, Meta(pattern="^[a-z0-9-]{0,60}$")]
Slugs = Annotated[str, Meta(pattern="^[a-z0-9,-]{0,600}$", description="One, or several with commas between.")]
Words = Annotated[str, Meta(max_length=600, description="One, or several with commas between.")]
Fen = Annotated[str, Meta(pattern="^[0-9]{0,15}$", description="Fen; empty for no limit.")]


class ProductQuery(Paging, frozen=True, kw_only=True):
    """What to list. Empty texts mean no limit. Prices are compared with a product's cheapest SKU."""

    q: Annotated[str, Meta(max_length=LONGEST_QUERY)] = ""
    category: Slug = ""
    brand: Slugs = ""
    tag: Words = ""
    shop: Slug = ""
    price_min: Fen = ""
    price_max: Fen = ""
    in_stock: Literal["", "0", "1", "true", "false"] = ""
    sort: Literal["", "relevance", "sales", "price_asc", "price_desc", "newest"] = ""


class ShopView(View, frozen=True, kw_only=True):
    """A shop."""

    id: Id
    slug: str
    name: str


class CardView(View, frozen=True, kw_only=True):
    """A product in a list. ``price`` is its cheapest SKU's; ``available`` sums what may be bought of all its SKUs."""

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


class PriceRange(View, frozen=True, kw_only=True):
    """The fen between which the prices of a list lie, whatever price it is narrowed to; null for an empty list."""

    low: int | None
    high: int | None


class FacetsView(View, frozen=True, kw_only=True):
    """What a list may be narrowed to, each with the number of products that it would then have."""

    categories: list[CategoryFacet]
    brands: list[Facet]
    tags: list[Facet]
    in_stock: int
    price: PriceRange


class ProductList(Listing[CardView], frozen=True, kw_only=True):
    """One page of products."""

    facets: FacetsView


class NamedView(View, frozen=True, kw_only=True):
    """A category or a brand."""

    slug: str
    name: str


class SkuView(View, frozen=True, kw_only=True):
    """One thing that can be bought; ``available`` units of it may still be."""

    id: Id
    code: str
    specs: dict[str, str]
    price: int
    list_price: int | None
    image: str
    available: int


class ProductView(View, frozen=True, kw_only=True):
    """A product. ``description`` is Markdown."""

    id: Id
    title: str
    subtitle: str
    price: int | None
    image: str
    images: list[str]
    shop: ShopView
    category: list[NamedView]
    brand: NamedView | None
    tags: list[str]
    parameters: list[tuple[str, str]]
    description: str
    sales: int
    skus: list[SkuView]


@routes.get("/api/v1/products", Anyone())
async def list_products(call: Call, query: ProductQuery) -> ProductList:
    """List products on the shelf, with facets."""
    wish = Wish(
        q=query.q,
        category=query.category,
        brands=listed(call.request.query.getall("brand", [])),
        tags=listed(call.request.query.getall("tag", [])),
        shop=query.shop,
        price_min=int(query.price_min) if query.price_min else None,
        price_max=int(query.price_max) if query.price_max else None,
        in_stock=query.in_stock in ("1", "true"),
        sort=Sort(query.sort) if query.sort else None,
    )
    if wish.price_min is not None and wish.price_max is not None and wish.price_min > wish.price_max:
        raise Invalid("price_max", "最高价不能低于最低价")
    async with call.database.connection() as connection:
        found = await browse(connection, wish, query.offset, query.size)
    return _list_view(found, query)


@routes.get("/api/v1/products/{product_id}", Anyone())
async def show_product(call: Call, product_id: int) -> ProductView:
    """Show a product on the shelf with its SKUs."""
    async with call.database.connection() as connection:
        product = await store.product(connection, product_id)
        if product is None:
            raise NotFound
        path = await store.category_path(connection, product.category_id)
    return _product_view(product, [NamedView(slug=category.slug, name=category.name) for category in path])


def _list_view(found: Found, paging: Paging) -> ProductList:
    facets = found.facets
    return ProductList(
        items=[_card_view(card) for card in found.items],
        total=found.total,
        page=paging.page,
        size=paging.size,
        facets=FacetsView(
            categories=facets.categories,
            brands=facets.brands,
            tags=facets.tags,
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
    )


def _product_view(product: Product, category: list[NamedView]) -> ProductView:
    brand = product.brand
    return ProductView(
        id=str(product.id),
        title=product.title,
        subtitle=product.subtitle,
        price=min((sku.price for sku in product.on_shelf), default=None),
        image=product.picture,
        images=product.pictures,
        shop=ShopView(id=str(product.shop.id), slug=product.shop.slug, name=product.shop.name),
        category=category,
        brand=NamedView(slug=brand.slug, name=brand.name) if brand is not None else None,
        tags=product.tags,
        parameters=product.parameters,
        description=product.description,
        sales=product.sales,
        skus=[
            SkuView(
                id=str(sku.id),
                code=sku.code,
                specs=sku.specs,
                price=sku.price,
                list_price=sku.list_price,
                image=sku.picture,
                available=sku.free,
            )
            for sku in product.on_shelf
        ],
    )
