"""Hand a product on: its address with the chosen SKU, as a link, through the device's own sheet, or as a picture."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Any

import segno

from commerce.catalogue import store
from commerce.catalogue.blocks import ProductBlock, Slot
from commerce.catalogue.matrix import chosen_sku
from commerce.catalogue.sku_store import sku
from commerce.catalogue.types import Product
from server.errors import NotFound
from server.http import Anyone, Body, Call, Id, Routes
from server.http.pages import File

routes = Routes("sharing")


class QrQuery(Body, frozen=True, kw_only=True):
    """Which SKU of the product; the product itself when left out."""

    sku: Id = ""


def address(base: str, product_id: int, sku_id: int | str) -> str:
    """Return the whole address of a product's page with a SKU chosen."""
    return f"{base}/products/{product_id}" + (f"?sku={sku_id}" if sku_id else "")


async def values(call: Call, product: Product) -> dict[str, Any]:
    """Return what is shared of the product of the page."""
    current = chosen_sku(call, product)
    sku_id = current.id if current is not None else 0
    return {"product": product, "sku_id": sku_id, "url": address(call.app.settings.base_url, product.id, sku_id)}


@routes.page("/products/{product_id}/qr", Anyone(), limit="120/minute")
async def qr(call: Call, product_id: int, query: QrQuery) -> File:
    """Draw the address of a product on the shelf, for a phone's camera to read off a screen."""
    async with call.database.connection() as connection:
        if query.sku:
            info = await sku(connection, int(query.sku))
            known = info is not None and info.on_sale and info.product_id == product_id
        else:
            known = bool(await store.cards(connection, [product_id]))
    if not known:
        raise NotFound
    drawn = _drawn(address(call.app.settings.base_url, product_id, query.sku))
    return File(drawn, "image/svg+xml", {"Cache-Control": "public, max-age=86400"})


@lru_cache(maxsize=256)
def _drawn(url: str) -> bytes:
    """Return a QR picture, dark on light in dark colours too: many readers take no other."""
    out = io.BytesIO()
    segno.make(url, error="m", micro=False).save(
        out, kind="svg", scale=1, border=4, dark="#000", light="#fff", omitsize=True, xmldecl=False
    )
    return out.getvalue()


BLOCK = ProductBlock(name="share", position=20, slot=Slot.MARK, template="catalogue/share.html", values=values)
