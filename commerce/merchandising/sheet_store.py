"""The statements about what a file names: products by slug, and those of one's own shops."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from server.database import Connection, many


class Owned(msgspec.Struct, frozen=True, kw_only=True):
    """A product of one's own."""

    id: int
    shop_id: int
    title: str


async def slugs(connection: Connection, wanted: Sequence[str]) -> dict[str, int]:
    """Return the products that have these slugs, by slug."""
    rows = await connection.fetch("SELECT slug, id FROM products WHERE slug = ANY ($1::text[])", list(wanted))
    return {row["slug"]: row["id"] for row in rows}


async def owned(connection: Connection, product_ids: Sequence[int], shops: Sequence[int] | None) -> dict[int, Owned]:
    """Return those products that are of ``shops`` (None: all), by id."""
    rows = await connection.fetch(
        """
        SELECT id, shop_id, title FROM products
        WHERE id = ANY ($1::bigint[]) AND ($2::bigint[] IS NULL OR shop_id = ANY ($2::bigint[]))
        """,
        list(product_ids),
        None if shops is None else list(shops),
    )
    return {one.id: one for one in many(Owned, rows)}
