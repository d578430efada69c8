"""Brands over JSON, for the people who keep them."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from commerce.catalogue.words import cleaned, pattern
from commerce.merchandising import brands, tree_store
from commerce.merchandising.editor import who
from commerce.merchandising.tree import CATALOGUE, StillUsed
from commerce.merchandising.tree_api import IntoBody, Name, Slug, used
from commerce.merchandising.types import VIEW
from server.http import Body, Call, Id, Kind, Listing, Paging, Routes, StaffWith, View
from server.http.routes import Key
from server.seen import ChangedMeanwhile, Seen

routes = Routes("back office: categories", realm=Kind.STAFF)
BRANDS = "/api/v1/backoffice/brands"


class BrandView(View, frozen=True, kw_only=True):
    """A brand and how many products carry it."""

    id: Id
    slug: str
    name: str
    products: int
    state: str
    """For `seen` of a change."""


class BrandBody(Body, frozen=True, kw_only=True):
    """A brand that is to be added; without a slug it gets one of its name."""

    name: Name
    slug: Slug = ""


class BrandPatch(Body, frozen=True, kw_only=True):
    """What to change of a brand; what is left out stays."""

    name: Name | UnsetType = UNSET
    slug: Slug | UnsetType = UNSET
    seen: Seen = ""


class BrandQuery(Paging, frozen=True, kw_only=True):
    """Which brands to list."""

    q: Annotated[str, Meta(max_length=100)] = ""


@routes.get(BRANDS, StaffWith(VIEW))
async def list_brands(call: Call, query: BrandQuery) -> Listing[BrandView]:
    """List brands by their names."""
    q = cleaned(query.q)
    async with call.database.connection() as connection:
        rows, total = await tree_store.brands(connection, pattern(q) if q else "", query.offset, query.size)
    return Listing(items=[_brand(row) for row in rows], total=total, page=query.page, size=query.size)


@routes.post(BRANDS, StaffWith(CATALOGUE), status=201, key=Key.REQUIRED)
async def create_brand(call: Call, body: BrandBody) -> BrandView:
    """Add a brand."""
    async with call.transaction() as connection:
        made = await brands.save(connection, None, body.name.strip(), body.slug, who(call))
        return _brand(await brands.brand(connection, made))


@routes.patch(f"{BRANDS}/{{brand_id}}", StaffWith(CATALOGUE), errors=(ChangedMeanwhile,))
async def patch_brand(call: Call, brand_id: int, body: BrandPatch) -> BrandView:
    """Rename a brand; its old address leads to it."""
    async with call.transaction() as connection:
        await tree_store.alone(connection)
        before = await brands.brand(connection, brand_id)
        name = before.name if body.name is UNSET else body.name.strip()
        slug = before.slug if body.slug is UNSET else body.slug
        await brands.save(connection, brand_id, name, slug, who(call), body.seen)
        return _brand(await brands.brand(connection, brand_id))


@routes.post(f"{BRANDS}/{{brand_id}}/merge", StaffWith(CATALOGUE), key=Key.REQUIRED)
async def merge_brand(call: Call, brand_id: int, body: IntoBody) -> BrandView:
    """Give a brand's products to another and remove it; its address leads there."""
    async with call.transaction() as connection, used():
        await brands.merge(connection, brand_id, int(body.into), who(call))
        return _brand(await brands.brand(connection, int(body.into)))


@routes.delete(f"{BRANDS}/{{brand_id}}", StaffWith(CATALOGUE), status=204, errors=(StillUsed,))
async def delete_brand(call: Call, brand_id: int) -> None:
    """Remove a brand that no product carries."""
    async with call.transaction() as connection, used():
        await brands.remove(connection, brand_id, who(call))


def _brand(row: tree_store.BrandRow) -> BrandView:
    return BrandView(id=str(row.id), slug=row.slug, name=row.name, products=row.products, state=brands.state(row))
