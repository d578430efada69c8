"""The storefront's pages: home and products."""

from __future__ import annotations

from typing import Any

from commerce.catalogue import shared, store
from commerce.catalogue.blocks import HomeBlocks, Offer, ProductBlocks, Slot
from commerce.catalogue.markdown import html
from commerce.catalogue.matrix import axes, chosen_sku, table
from commerce.catalogue.types import Card, Product, Sku
from server.clock import wire
from server.errors import NotFound
from server.http import Anyone, Call, Routes
from server.http.pages import Page

SIZE = 20
"""Goods on the home page."""
KINDS = 9
"""Categories on the home page: with the way to all of them they fill its rows."""
DOORS = 3
"""Shops on the home page, those whose goods stand on it first: they are as high as the picture beside them."""
MOST_COUNTED = 1000
"""Goods that the home page counts: of more it says that there are more."""
RELATED = 6

routes = Routes("storefront")


@routes.page("/", Anyone(), kept=True)
async def home(call: Call) -> Page:
    """Show what is on, the categories, the shops, what sells and what is new."""
    categories = await shared.categories(call)
    picked, total = await shared.picks(call, SIZE), await shared.on_shelf(call, MOST_COUNTED + 1)
    async with call.database.connection() as connection:
        items = await store.cards(connection, picked)
    call.shows(*(f"product:{item.id}" for item in items))
    values = {
        "blocks": await call.resource(HomeBlocks).fill(call),
        "kinds": [(top, store.children(categories, top.id)) for top in store.children(categories, None)[:KINDS]],
        "shops": await shared.shops(call, list(dict.fromkeys(item.shop_id for item in items))[:DOORS], DOORS + 1),
        "doors": DOORS,
        "story": await shared.story(call),
        "items": items,
        "total": f"{MOST_COUNTED}+" if total > MOST_COUNTED else total,
    }
    return Page("catalogue/home.html", values)


@routes.page("/products/{product_id}", Anyone(), kept=True)
async def product(call: Call, product_id: int) -> Page:
    """Show a product; `?sku=` says which of its SKUs is chosen."""
    async with call.database.snapshot() as connection:
        found = await store.product(connection, product_id)
        if found is None or not found.on_shelf:
            raise NotFound
        trail = await store.category_path(connection, found.category_id)
        described = await store.attributes_of(connection, found.id)
        beside = await store.shop_products(connection, found.shop.id)
    call.shows(shared.NAMES, f"shop:{found.shop.id}", f"product:{found.id}")
    current = chosen_sku(call, found)
    assert current is not None  # on_shelf is not empty
    told = dict(found.parameters)
    blocks = await call.resource(ProductBlocks).fill(call, found)
    filled = [block for slot in blocks.values() for block in slot]
    data = _structured(call.app.settings.base_url, found, current, [one for block in filled for one in block.offers])
    for block in filled:
        data |= block.structured
    values = {
        "product": found,
        "facts": [*found.parameters, *(pair for pair in described if pair[0] not in told)],
        "current": current,
        "axes": axes(found.on_shelf, current, found.spec_names),
        "table": table(found.on_shelf, found.spec_names),
        "pictures": _pictures(found, current),
        "trail": trail,
        "beside": beside,
        "related": [] if blocks[Slot.AFTER] else await _related(call, found),
        "description": html(found.description),
        "blocks": blocks,
        "data": data,
    }
    return Page("catalogue/product.html", values)


async def _related(call: Call, product: Product) -> list[Card]:
    """Return what stands near a product where no feature knows better."""
    async with call.database.connection() as connection:
        found = await store.related(connection, product.id, product.category_id, product.shop.id, RELATED)
    call.shows(*(f"product:{item.id}" for item in found))
    return found


def _pictures(product: Product, current: Sku) -> list[str]:
    """Return the gallery: the chosen SKU's picture first, then the product's, then what other SKUs add."""
    skus = (sku.picture for sku in product.on_shelf)
    return list(dict.fromkeys(picture for picture in (current.picture, *product.pictures, *skus) if picture))


def _structured(base: str, product: Product, current: Sku, selling: list[Offer]) -> dict[str, Any]:
    """Return the product for search engines; the first offer is the one that the page shows.

    In stock is what can be ordered this moment, at the price that it then has. What lies in the warehouse and is not
    ``selling`` counts as out of stock, which of schema.org's words says the least that is untrue.
    """
    best = {offer.sku_id: offer for offer in sorted(selling, key=lambda offer: -offer.price)}
    offers = [
        _offer(base, product, sku, best.get(sku.id))
        for sku in sorted(product.on_shelf, key=lambda sku: sku.id != current.id)
    ]
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Product",
        "@id": f"{base}/products/{product.id}",
        "name": product.title,
        "description": product.subtitle,
        "image": [f"{base}{picture}" if picture.startswith("/") else picture for picture in product.pictures],
        "offers": offers,
    }
    if product.brand is not None:
        data["brand"] = {"@type": "Brand", "name": product.brand.name}
    return data


def _offer(base: str, product: Product, sku: Sku, sold: Offer | None) -> dict[str, Any]:
    price = sku.price if sold is None else sold.price
    offer: dict[str, Any] = {
        "@type": "Offer",
        "sku": sku.code,
        "name": "·".join(sku.specs.values()),
        "url": base + (f"/products/{product.id}?sku={sku.id}" if sold is None else sold.href),
        "price": f"{price // 100}.{price % 100:02d}",
        "priceCurrency": "CNY",
        "availability": f"https://schema.org/{'OutOfStock' if sold is None else 'InStock'}",
        "seller": {"@type": "Organization", "name": product.shop.name},
    }
    if sold is not None:
        offer["availabilityEnds"] = wire(sold.ends_at)
    return offer
