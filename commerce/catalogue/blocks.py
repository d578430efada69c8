"""Places on the home and product pages that features above the catalogue fill.

    app.resource(HomeBlocks).add(HomeBlock(name="seckill", position=10, template="seckill/home.html", values=on_now))

``values(call)`` returns what the template reads as ``data``; None leaves the block out. Templates come from the
feature's own folder and are included in the page: they import the macros that they use.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from commerce.catalogue.types import Product
from server.http import Call

Values = dict[str, Any]


class Slot(StrEnum):
    """Where on a product page a block stands."""

    OFFER = "offer"
    """Under the gallery, before the price: something that changes what one would do here."""
    MARK = "mark"
    """In the corner of the panel with price and title: small buttons that keep the product, or share it."""
    NAME = "name"
    """Under the title: one line that says what others hold of it."""
    STOCK = "stock"
    """Beside how much is left of the chosen SKU, and under the choice of one: what can be done about it."""
    BAR = "bar"
    """In the bar that stays in sight: buttons that sell."""
    INSTEAD = "instead"
    """In the bar where nothing sells: what else can be done now."""
    HEARD = "heard"
    """Before the parameters and the description: what buyers say."""
    BELOW = "below"
    """After the parameters and the description."""
    AFTER = "after"
    """At the end of the page, in its whole width: what else there is."""


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """A SKU that can be had now: at ``price`` (fen), on the page ``href``, until ``ends_at`` (UTC)."""

    sku_id: int
    price: int
    href: str
    ends_at: datetime


class _Named(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def position(self) -> int: ...


class HomeBlock(msgspec.Struct, frozen=True, kw_only=True):
    """A block of the home page. Lower positions stand first; the catalogue's own goods come after all of them, but for
    those whose values have a true ``last``."""

    name: str
    position: int
    template: str
    values: Callable[[Call], Awaitable[Values | None]]


class ProductBlock(msgspec.Struct, frozen=True, kw_only=True):
    """A block of the product page.

    ``others`` are further templates in other slots that read the same values; ``structured`` returns what these add to
    the page's data for search engines, so that both say the same. ``offers`` returns what of the product the block
    sells at this moment: nothing else of it can be had.
    """

    name: str
    position: int
    slot: Slot
    template: str
    values: Callable[[Call, Product], Awaitable[Values | None]]
    others: tuple[tuple[Slot, str], ...] = ()
    structured: Callable[[Values], dict[str, Any]] | None = None
    offers: Callable[[Values], list[Offer]] | None = None


class Filled(msgspec.Struct, frozen=True):
    """A block with what its template reads."""

    template: str
    data: Values
    structured: dict[str, Any] = {}
    offers: list[Offer] = []


B = TypeVar("B", bound=_Named)


class _Blocks(Generic[B]):
    def __init__(self) -> None:
        self._blocks: dict[str, B] = {}

    def add(self, block: B) -> None:
        """Add a block. Raises ValueError when its name is taken."""
        if block.name in self._blocks:
            raise ValueError(f"block {block.name} is declared twice")
        self._blocks[block.name] = block

    def __iter__(self) -> Iterator[B]:
        return iter(sorted(self._blocks.values(), key=lambda block: (block.position, block.name)))


class HomeBlocks(_Blocks[HomeBlock]):
    """The blocks of the home page."""

    async def fill(self, call: Call) -> list[Filled]:
        """Return the blocks that have something to show, in their order."""
        filled = [(block, await block.values(call)) for block in self]
        return [Filled(block.template, values) for block, values in filled if values is not None]


class ProductBlocks(_Blocks[ProductBlock]):
    """The blocks of the product page."""

    async def fill(self, call: Call, product: Product) -> dict[str, list[Filled]]:
        """Return the blocks that have something to show, in their order, by slot."""
        by_slot: dict[str, list[Filled]] = {slot.value: [] for slot in Slot}
        for block in self:
            values = await block.values(call, product)
            if values is not None:
                told = block.structured(values) if block.structured is not None else {}
                offers = block.offers(values) if block.offers is not None else []
                by_slot[block.slot].append(Filled(block.template, values, told, offers))
                for slot, template in block.others:
                    by_slot[slot].append(Filled(template, values))
        return by_slot
