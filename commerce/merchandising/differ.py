"""What differs between two states of a product."""

from __future__ import annotations

from typing import Any

from commerce.merchandising.types import Change, Goods, Item

FIELDS = (
    *("slug", "title", "subtitle", "category_id", "brand_id", "tags", "description", "parameters", "attributes"),
    *("pictures", "alts", "video", "spec_names", "status"),
)
ITEM_FIELDS = ("code", "specs", "price", "list_price", "on_hand", "picture", "status")


def differences(before: Goods | None, after: Goods) -> list[Change]:
    """Return what was changed, the product's own fields first; of a new product, that it is new."""
    if before is None:
        return [Change(what="created", before=None, after=after.title)]
    found = [
        Change(what=name, before=_plain(getattr(before, name)), after=_plain(getattr(after, name)))
        for name in FIELDS
        if getattr(before, name) != getattr(after, name)
    ]
    kept = {item.id: item for item in before.skus}
    for item in after.skus:
        was = kept.get(item.id) if item.id is not None else None
        if was is None:
            found.append(Change(what="sku_created", sku=item.code, before=None, after=item.name))
            continue
        found += [
            Change(what=name, sku=was.code, before=getattr(was, name), after=getattr(item, name))
            for name in ITEM_FIELDS
            if getattr(was, name) != getattr(item, name)
        ]
    return found


def item_differs(before: Item, after: Item) -> bool:
    """Tell whether a SKU's own columns differ; its stock is kept elsewhere."""
    return any(getattr(before, name) != getattr(after, name) for name in ITEM_FIELDS if name != "on_hand")


def _plain(value: Any) -> Any:
    return {str(key): one for key, one in value.items()} if isinstance(value, dict) else value
