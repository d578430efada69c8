"""What many pages show of the catalogue, remembered by the process until it changes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
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


async def shops(call: Call) -> list[Shop]:
    """Return the shops that have something on the shelf, the first one first."""
    call.shows(NAMES, SHELF)
    return await _find(call, "shops", store.shops, NAMES, SHELF)


async def story(call: Call) -> Story | None:
    """Return the story that the home page tells now."""
    call.shows(NAMES)
    return await _find(call, "story", store.story, NAMES)


async def on_shelf(call: Call) -> int:
    """Return how many products people can find."""
    call.shows(SHELF)
    return await _find(call, "on shelf", store.on_shelf, SHELF)


async def picks(call: Call, most: int) -> list[int]:
    """Return what sells best and what is newest, by id. What has sold is up to half a minute old."""
    call.shows(SHELF)
    return await _find(call, f"picks {most}", lambda connection: store.picks(connection, most), SHELF)


async def _find(call: Call, name: str, ask: Callable[[Connection], Awaitable[T]], *topics: str) -> T:
    async def make() -> Made[T]:
        async with call.database.connection() as connection:
            return Made(await ask(connection), frozenset(topics))

    return await call.app.kept.find(("catalogue", name), make)
