"""What a file asks of one product, and the product after that. What a file leaves empty stays as it is."""

from __future__ import annotations

from typing import Any

import msgspec

from commerce.catalogue.types import Status
from commerce.merchandising.types import ChangedSince, Goods, Item


class ImportedSku(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a file. Prices are fen; a list price of 0 takes it away.

    ``on_hand_seen`` is the stock that the file was made with: units that moved since are not to be counted away.
    """

    code: str
    specs: dict[str, str] | None = None
    price: int | None = None
    list_price: int | None = None
    on_hand: int | None = None
    on_hand_seen: int | None = None
    status: Status | None = None


class ImportedProduct(msgspec.Struct, frozen=True, kw_only=True):
    """The lines of a file that are one product's; ``fields`` are the product's own, only those that the file gives."""

    slug: str
    shop_id: int
    lines: list[int]
    fields: dict[str, Any] = {}
    spec_names: list[str] | None = None
    skus: list[ImportedSku]


def imported(before: Goods | None, wanted: ImportedProduct) -> Goods:
    """Return the product as the file asks for it. Checks nothing.

    Raises ChangedSince for another stock than the file was made with where it asks for one.
    """
    fields = dict(wanted.fields)
    if "status" in fields:
        fields["status"] = Status(fields["status"])
    if before is None:
        before = Goods(shop_id=wanted.shop_id, slug=wanted.slug, title="", category_id=0, skus=[])
    if "parameters" in fields:
        fields["parameters"] = [(name, value) for name, value in fields["parameters"]]
    for name in ("title", "subtitle", "description"):  # cells lose the space around their texts
        if fields.get(name) == getattr(before, name).strip():
            fields[name] = getattr(before, name)
    names = wanted.spec_names if wanted.spec_names is not None else before.spec_names
    if names != before.spec_names:
        fields["spec_names"] = names
    by_code = {sku.code: sku for sku in wanted.skus}
    skus = [_merged(item, by_code.pop(item.code, None)) for item in before.skus]
    skus += [_merged(Item(code=sku.code, specs=sku.specs or {}, price=sku.price or 0), sku) for sku in by_code.values()]
    if fields.get("category_id", before.category_id) != before.category_id:
        fields["attributes"] = {}
    return msgspec.structs.replace(before, **fields, skus=skus)


def _merged(item: Item, sku: ImportedSku | None) -> Item:
    if sku is None:
        return item
    changes: dict[str, Any] = {
        name: value for name in ("specs", "price", "status") if (value := getattr(sku, name)) is not None
    }
    if sku.on_hand is not None and sku.on_hand != sku.on_hand_seen:
        if item.id is not None and sku.on_hand_seen not in (None, item.on_hand) and sku.on_hand != item.on_hand:
            raise ChangedSince("on_hand", "导出之后库存动过，请重新导出再改")
        changes["on_hand"] = sku.on_hand
    if sku.list_price is not None:
        changes["list_price"] = sku.list_price or None
    return msgspec.structs.replace(item, **changes)
