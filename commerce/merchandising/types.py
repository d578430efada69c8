"""What the back office makes of a product: all that can be changed of it, and what was changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from commerce.catalogue.types import AttributeKind, Category, Status
from server.errors import Conflict, Invalid

VIEW, MANAGE = "products.view", "products.manage"
MOST_SKUS, MOST_AXES, MOST_PICTURES, MOST_PARAMETERS, MOST_TAGS = 200, 3, 15, 40, 10
PLAIN = r"^[^\x00-\x1f\x7f]*$"
"""Texts of one line."""
LONG = r"^[^\x00]*$"
MOST_FEN = 100_000_000_000
MOST_UNITS = 1_000_000_000
Say = Callable[[str], str]
Faults = dict[str, str]
"""What is wrong, by field; texts are zh_CN msgids until they are said."""


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A SKU as it is kept or wanted; ``id`` None for one that is not there yet. Prices are fen."""

    id: int | None = None
    code: str
    specs: dict[str, str]
    price: int
    list_price: int | None = None
    on_hand: int = 0
    picture: str = ""
    status: Status = Status.ON

    @property
    def name(self) -> str:
        """Return what people call it within its product."""
        return "·".join(self.specs.values()) or self.code


class Goods(msgspec.Struct, frozen=True, kw_only=True):
    """A product as it is kept or wanted, with everything that people can change of it.

    ``attributes`` are texts by attribute's id: the values of a choice, or one number. ``alts`` by picture's address.
    """

    id: int = 0
    version: int = 0
    shop_id: int
    slug: str = ""
    title: str
    subtitle: str = ""
    category_id: int
    brand_id: int | None = None
    tags: list[str] = []
    description: str = ""
    parameters: list[tuple[str, str]] = []
    attributes: dict[int, list[str]] = {}
    pictures: list[str] = []
    alts: dict[str, str] = {}
    video: str = ""
    spec_names: list[str] = []
    status: Status = Status.OFF
    skus: list[Item]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was changed; ``sku`` is the SKU's code where it is one's."""

    what: str
    before: Any
    after: Any
    sku: str = ""


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """Changes that were made together."""

    version: int
    staff_id: int
    staff: str
    ref: str
    changes: list[Change]
    at: datetime


class PriceChange(msgspec.Struct, frozen=True, kw_only=True):
    """What was charged for a SKU before and after; fen."""

    id: int
    sku_id: int
    price_before: int | None
    price_after: int
    list_price_before: int | None
    list_price_after: int | None
    ref: str
    actor: str
    at: datetime


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """An attribute with the values that can be chosen; ``depth`` is how far above the category it was declared."""

    id: int
    category_id: int
    name: str
    kind: AttributeKind
    unit: str
    filterable: bool
    position: int
    values: list[str]


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """A brand or a shop among which one is chosen."""

    id: int
    name: str


class Choices(msgspec.Struct, frozen=True, kw_only=True):
    """What the form's fields are chosen from. ``shops`` are those of whoever asks."""

    categories: list[Category]
    brands: list[Named]
    shops: list[Named]

    def trail(self, category_id: int) -> list[Category]:
        """Return the categories from the top down to one."""
        return _trail({one.id: one for one in self.categories}, category_id)

    def leaves(self) -> list[tuple[int, str]]:
        """Return the categories that goods lie in, with their whole names."""
        by_id = {one.id: one for one in self.categories}
        parents = {one.parent_id for one in self.categories}
        trails = [_trail(by_id, one.id) for one in self.categories if one.id not in parents]
        trails.sort(key=lambda trail: [part.position for part in trail])
        return [(trail[-1].id, " / ".join(part.name for part in trail)) for trail in trails]


def _trail(by_id: Mapping[int, Category], category_id: int) -> list[Category]:
    found: list[Category] = []
    at = by_id.get(category_id)
    while at is not None:
        found.insert(0, at)
        at = by_id.get(at.parent_id) if at.parent_id is not None else None
    return found


class ChangedSince(Exception):
    """What a change was drawn up on is no longer so: ``what`` is the field, ``reason`` a msgid."""

    def __init__(self, what: str, reason: str = "之后又改过，不撤销") -> None:
        super().__init__(what)
        self.what, self.reason = what, reason


class Stale(Conflict):
    """Somebody changed the product since it was read; ``details`` says what."""

    code, message = "product_stale", "这件商品刚被别人改过，请核对后再保存"


class Faulty(Invalid):
    """Several inputs are wrong: ``field`` is the first, ``details`` are all, by field, in the reader's language."""

    def __init__(self, faults: Mapping[str, str], say: Say) -> None:
        field, reason = next(iter(faults.items()))
        super().__init__(field, reason, details={name: say(text) for name, text in faults.items()})
        self.faults = dict(faults)
