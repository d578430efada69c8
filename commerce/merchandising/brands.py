"""Brands: added, renamed, merged, removed; old addresses lead on."""

from __future__ import annotations

from typing import Any

from commerce.merchandising import tree_store
from commerce.merchandising.check import SLUG
from commerce.merchandising.save import Who, slug_of
from commerce.merchandising.tree import StillUsed, note, told
from commerce.merchandising.tree_store import BrandRow
from server.database import Connection
from server.errors import Invalid, NotFound
from server.seen import hold_state, state_of


async def brand(connection: Connection, brand_id: int) -> BrandRow:
    """Return a brand. Raises NotFound."""
    found = await tree_store.brand(connection, brand_id)
    if found is None:
        raise NotFound
    return found


async def save(connection: Connection, brand_id: int | None, name: str, slug: str, who: Who, seen: str = "") -> int:
    """Add a brand (None) or rename it; its old address leads to it. Returns its id.

    ``seen`` is its ``state`` to the caller. Raises Invalid, NotFound, ChangedMeanwhile.
    """
    await tree_store.alone(connection)
    before = None if brand_id is None else await brand(connection, brand_id)
    hold_state(seen, {} if before is None else _told(before))
    if not 0 < len(name) <= 40:
        raise Invalid("name", "名称 1 到 40 个字")
    slug = slug or (before.slug if before is not None else slug_of(name))
    if not SLUG.fullmatch(slug) or len(slug) > 60:
        raise Invalid("slug", "只用小写字母、数字和连字符")
    if await tree_store.slug_taken(connection, "brand", slug, brand_id or 0):
        raise Invalid("slug", "别的品牌在用这个地址")
    await tree_store.forget(connection, "brand", slug)
    if before is None:
        brand_id = await tree_store.add_brand(connection, slug, name)
        await note(connection, who, "brand_added", brand_id, None, {"name": name, "slug": slug})
        return brand_id
    if slug != before.slug:
        await tree_store.remember(connection, "brand", before.slug, before.id)
    await tree_store.write_brand(connection, before.id, slug, name)
    was, after = _told(before), {"name": name, "slug": slug}
    if was != after:
        await note(connection, who, "brand_changed", before.id, was, after)
    return before.id


async def merge(connection: Connection, brand_id: int, into: int, who: Who) -> int:
    """Give a brand's products to another and remove it; its address leads there. Returns how many moved."""
    await tree_store.alone(connection)
    if brand_id == into:
        raise Invalid("into", "选另一个品牌")
    gone, target = await brand(connection, brand_id), await brand(connection, into)
    moved = await tree_store.move_products(connection, "brand_id", brand_id, target.id)
    await told(connection, moved, "brand_id", brand_id, into, who)
    await tree_store.redirect(connection, "brand", brand_id, into)
    await tree_store.remember(connection, "brand", gone.slug, into)
    await tree_store.remove_brand(connection, brand_id)
    await note(connection, who, "brand_merged", brand_id, gone.name, {"into": into, "products": len(moved)})
    return len(moved)


async def remove(connection: Connection, brand_id: int, who: Who) -> None:
    """Remove a brand that no product carries. Raises StillUsed."""
    await tree_store.alone(connection)
    gone = await brand(connection, brand_id)
    if gone.products:
        raise StillUsed
    await tree_store.remove_brand(connection, brand_id)
    await note(connection, who, "brand_removed", brand_id, gone.name, None)


def state(row: BrandRow) -> str:
    """Return what tells a brand as it is from what it was or will be."""
    return state_of(_told(row))


def _told(row: BrandRow) -> dict[str, Any]:
    return {"name": row.name, "slug": row.slug}
