"""Every SQL statement about where shops ship from and how soon."""

from __future__ import annotations

from collections.abc import Sequence

from commerce.catalogue.types import Delivery
from server.database import Connection, many, one


async def promises(connection: Connection, shops: Sequence[int] | None) -> list[Delivery]:
    """Return what every shop promises, of ``shops`` (None: of all), the first one first."""
    rows = await connection.fetch(
        """
        SELECT id AS shop_id, name AS shop_name, ships_from, ships_within FROM shops
        WHERE $1::bigint[] IS NULL OR id = ANY ($1) ORDER BY id
        """,
        None if shops is None else list(shops),
    )
    return many(Delivery, rows)


async def lock(connection: Connection, shop_id: int) -> Delivery | None:
    """Return what a shop promises and lock it; None if there is no such shop."""
    row = await connection.fetchrow(
        """
        SELECT id AS shop_id, name AS shop_name, ships_from, ships_within FROM shops
        WHERE id = $1 FOR NO KEY UPDATE
        """,
        shop_id,
    )
    return one(Delivery, row)


async def write(connection: Connection, shop_id: int, ships_from: str, ships_within: int | None) -> None:
    """Have a shop promise something else."""
    await connection.execute(
        "UPDATE shops SET ships_from = $2, ships_within = $3 WHERE id = $1", shop_id, ships_from, ships_within
    )
