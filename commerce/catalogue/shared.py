"""What many pages show of the catalogue, remembered by the process until it changes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from commerce.catalogue import store
from commerce.catalogue.types import Category, Shop, Story
from server.database import Connection
from server.http import Call
from server.kept import Made

NAMES, SHELF = "catalogue", "shelf"
"""The topics of what many products share, and of which products are on the shelf."""
T = TypeVar("T")


async def categories(call: Call) -> list[Category]:
    """Return every category, in the order they are shown."""
    call.shows(NAMES)
    return await _find(call, "categories", store.categories, NAMES)


async def shops(call: Call, first: Sequence[int], most: int) -> list[Shop]:
    """Return at most so many shops that have something on the shelf: those of ``first``, then the oldest."""

    async def ask(connection: Connection) -> list[Shop]:
        ids = dict.fromkeys((*first, *await store.open_shops(connection, 0, most)))
        return await store.shops(connection, list(ids)[:most])

    call.shows(NAMES, SHELF)
    return await _find(call, f"shops {most} {first}", ask, NAMES, SHELF)


async def story(call: Call) -> Story | None:
    """Return the story that the home page tells now."""
    call.shows(NAMES)
    return await _find(call, "story", store.story, NAMES)


async def on_shelf(call: Call, most: int) -> int:
    """Return how many products people can find; up to ``most``."""
    call.shows(SHELF)
    return await _find(call, f"on shelf {most}", lambda connection: store.on_shelf(connection, most), SHELF)


async def picks(call: Call, most: int) -> list[int]:
    """Return what sells best and what is newest, by id. What has sold is up to half a minute old."""
    call.shows(SHELF)
    return await _find(call, f"picks {most}", lambda connection: store.picks(connection, most), SHELF)


async def faces(call: Call, wanted: Sequence[tuple[int, int]]) -> dict[int, str]:
    """Return pictures of what sells best in categories (store.py). What has sold is up to half a minute old."""

    async def make() -> Made[dict[int, tuple[int, str]]]:
        async with call.database.connection() as connection:
            found = await store.faces(connection, wanted)
        products = {f"product:{product_id}" for product_id, _ in found.values()}
        return Made(found, frozenset({NAMES, SHELF, *products}), size=1_000 + 200 * len(wanted))

    found = await call.app.kept.find(("catalogue", "faces", *wanted), make)
    call.shows(NAMES, SHELF, *(f"product:{product_id}" for product_id, _ in found.values()))
    return {of: picture for of, (_, picture) in found.items()}


async def _find(call: Call, name: str, ask: Callable[[Connection], Awaitable[T]], *topics: str) -> T:
    async def make() -> Made[T]:
        async with call.database.connection() as connection:
            return Made(await ask(connection), frozenset(topics))

    return await call.app.kept.find(("catalogue", name), make)
