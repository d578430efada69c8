"""Products over JSON, for everybody."""

from __future__ import annotations

from commerce.catalogue import store
from commerce.catalogue.types import Product
from server.errors import NotFound
from server.http import Anyone, Call, Id, Routes, View

routes = Routes("catalogue")


class ShopView(View, frozen=True, kw_only=True):
    """A shop."""

    id: Id
    slug: str
    name: str


class ShipsView(View, frozen=True, kw_only=True):
    """What a shop promises: where it ships from (may be empty), and within how many hours of payment (may be null)."""

    origin: str
    within_hours: int | None


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
    """A product. ``video`` is the address of an MP4 or WebM, or empty; ``description`` is Markdown; ``attributes`` are
    what lists are narrowed by; ``ships`` is null where the shop promises nothing.
    """

    id: Id
    title: str
    subtitle: str
    price: int | None
    image: str
    images: list[str]
    video: str
    shop: ShopView
    ships: ShipsView | None
    category: list[NamedView]
    brand: NamedView | None
    tags: list[str]
    parameters: list[tuple[str, str]]
    attributes: list[tuple[str, str]]
    description: str
    sales: int
    skus: list[SkuView]


@routes.get("/api/v1/products/{product_id}", Anyone())
async def show_product(call: Call, product_id: int) -> ProductView:
    """Show a product on the shelf with its SKUs."""
    async with call.database.snapshot() as connection:
        product = await store.product(connection, product_id)
        if product is None:
            raise NotFound
        path = await store.category_path(connection, product.category_id)
        attributes = await store.attributes_of(connection, product_id)
    return _product_view(product, attributes, [NamedView(slug=category.slug, name=category.name) for category in path])


def _product_view(product: Product, attributes: list[tuple[str, str]], category: list[NamedView]) -> ProductView:
    brand = product.brand
    return ProductView(
        id=str(product.id),
        title=product.title,
        subtitle=product.subtitle,
        price=min((sku.price for sku in product.on_shelf), default=None),
        image=product.picture,
        images=product.pictures,
        video=product.video,
        shop=ShopView(id=str(product.shop.id), slug=product.shop.slug, name=product.shop.name),
        ships=_ships(product),
        category=category,
        brand=NamedView(slug=brand.slug, name=brand.name) if brand is not None else None,
        tags=product.tags,
        parameters=product.parameters,
        attributes=attributes,
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


def _ships(product: Product) -> ShipsView | None:
    shop = product.shop
    if not shop.ships_from and shop.ships_within is None:
        return None
    return ShipsView(origin=shop.ships_from, within_hours=shop.ships_within)
