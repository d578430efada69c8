"""Keep products, and keep them no longer."""

from __future__ import annotations

from collections.abc import Sequence

from commerce.favourites import store
from commerce.favourites.types import MOST, TooManyFavourites
from server.database import Connection
from server.errors import NotFound


async def keep(connection: Connection, member_id: int, product_id: int) -> None:
    """Keep a product at its price of now; again is no change. Raises NotFound off the shelf, TooManyFavourites."""
    price = await store.price(connection, product_id)
    if price is None:
        raise NotFound
    if await store.add(connection, member_id, product_id, price) and await store.count(connection, member_id) > MOST:
        raise TooManyFavourites(most=MOST)


async def let_go(connection: Connection, member_id: int, product_ids: Sequence[int]) -> int:
    """Keep products no longer and return how many of them were."""
    return await store.remove(connection, member_id, product_ids)
