"""What a batch does to a product: worked out on the product alone, so that the preview and the work agree."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Annotated, Any

import msgspec
from msgspec import Meta, field

from commerce.catalogue.types import Status
from commerce.merchandising.types import MOST_FEN, MOST_UNITS, PLAIN, Change, ChangedSince, Goods, Item
from server.http import Body, Id


class Round(StrEnum):
    """Where a price that was reckoned ends."""

    FEN = "fen"
    YUAN = "yuan"
    NINETY = "ninety"
    """Just below the next whole yuan: …8.90 for anything from 8.01 to 9.00."""


class How(StrEnum):
    """What an amount does to what is there."""

    SET = "set"
    ADD = "add"
    PERCENT = "percent"
    """Of what is there, in hundredths of a percent: 9500 takes five per cent off."""
    REMOVE = "remove"


class Counted(StrEnum):
    """What units do to the stock that is there."""

    SET = "set"
    ADD = "add"


class Amount(Body, frozen=True, kw_only=True):
    """A price: fen to set or to add, or hundredths of a percent; `remove` takes a list price away."""

    how: How
    value: Annotated[int, Meta(ge=-MOST_FEN, le=MOST_FEN)] = 0
    round: Round = Round.FEN


class Units(Body, frozen=True, kw_only=True):
    """Units of stock to set or to add."""

    how: Counted
    value: Annotated[int, Meta(ge=-MOST_UNITS, le=MOST_UNITS)]


class Where(StrEnum):
    """The texts in which something is found and replaced."""

    TITLE = "title"
    SUBTITLE = "subtitle"
    DESCRIPTION = "description"


class Replace(Body, frozen=True, kw_only=True):
    """A text to be found in these fields, and what stands in its place."""

    find: Annotated[str, Meta(min_length=1, max_length=200, pattern=PLAIN)]
    replace: Annotated[str, Meta(max_length=500, pattern=PLAIN)] = ""
    where: Annotated[list[Where], Meta(min_length=1, max_length=3)] = field(default_factory=lambda: [Where.TITLE])


class BatchEdit(Body, frozen=True, kw_only=True):
    """What is to be done to each product; what is left out stays. With `at`, `status` waits for that moment (UTC).

    `brand_id` "0" means no brand; `picture` takes the first one's place.
    """

    price: Amount | None = None
    list_price: Amount | None = None
    stock: Units | None = None
    category_id: Id | None = None
    brand_id: Id | None = None
    tags_add: Annotated[list[Annotated[str, Meta(min_length=1, max_length=20, pattern=PLAIN)]], Meta(max_length=10)] = (
        field(default_factory=list)
    )
    tags_remove: Annotated[
        list[Annotated[str, Meta(min_length=1, max_length=20, pattern=PLAIN)]], Meta(max_length=10)
    ] = field(default_factory=list)
    text: Replace | None = None
    picture: Annotated[str, Meta(max_length=200, pattern=PLAIN)] = ""
    status: Status | None = None
    at: Annotated[datetime, Meta(tz=True)] | None = None

    @property
    def empty(self) -> bool:
        """Tell whether it asks for nothing."""
        return self == BatchEdit(at=self.at)


def reckoned(before: int, amount: Amount) -> int:
    """Return a price in fen after ``amount``."""
    value = amount.value
    if amount.how is How.ADD:
        value = before + value
    elif amount.how is How.PERCENT:
        value = (before * value + 5000) // 10_000
    if amount.round is Round.YUAN:
        return (value + 50) // 100 * 100
    if amount.round is Round.NINETY:
        return max(90, -(-value // 100) * 100 - 10)
    return value


def edited(goods: Goods, edit: BatchEdit) -> Goods:
    """Return the product after the batch's edit. SKUs off the shelf keep their prices and stock."""
    changes: dict[str, Any] = {"skus": [_item(item, edit) for item in goods.skus]}
    if edit.category_id is not None:
        changes["category_id"] = int(edit.category_id)
        if int(edit.category_id) != goods.category_id:
            changes["attributes"] = {}
    if edit.brand_id is not None:
        changes["brand_id"] = int(edit.brand_id) or None
    tags = [tag for tag in goods.tags if tag not in edit.tags_remove]
    changes["tags"] = list(dict.fromkeys([*tags, *edit.tags_add]))
    if edit.text is not None:
        for name in edit.text.where:
            changes[name] = getattr(goods, name).replace(edit.text.find, edit.text.replace)
    if edit.picture:
        rest = [picture for picture in goods.pictures[1:] if picture != edit.picture]
        changes["pictures"] = [edit.picture, *rest]
        changes["alts"] = {name: alt for name, alt in goods.alts.items() if name in changes["pictures"]}
    if edit.status is not None and edit.at is None:
        changes["status"] = edit.status
    return msgspec.structs.replace(goods, **changes)


def _item(item: Item, edit: BatchEdit) -> Item:
    if item.status is Status.OFF:
        return item
    price, list_price, on_hand = item.price, item.list_price, item.on_hand
    if edit.price is not None:
        price = reckoned(price, edit.price)
    if edit.list_price is not None:
        if edit.list_price.how is How.REMOVE:
            list_price = None
        elif edit.list_price.how is How.SET:
            list_price = edit.list_price.value
        else:
            list_price = reckoned(list_price if list_price is not None else item.price, edit.list_price)
    if edit.stock is not None:
        on_hand = edit.stock.value if edit.stock.how is Counted.SET else on_hand + edit.stock.value
    return msgspec.structs.replace(item, price=price, list_price=list_price, on_hand=on_hand)


def taken_back(goods: Goods, changes: list[Change]) -> Goods:
    """Return the product as it was before ``changes``; stock by the difference, as people have bought since.

    What was to happen later is the schedule's to take back. Raises ChangedSince when anything else of it is not as the
    changes left it.
    """
    for change in reversed(changes):
        if change.what == "scheduled":
            continue
        if change.what == "created":
            goods = msgspec.structs.replace(goods, status=Status.OFF)
        elif change.what == "sku_created":
            goods = _with_item(goods, change.sku, lambda item: msgspec.structs.replace(item, status=Status.OFF))
        elif change.sku:
            goods = _with_item(goods, change.sku, partial(_restored, change=change))
        else:
            restored: Goods = _restored(goods, change)
            goods = restored
    return goods


def _with_item(goods: Goods, code: str, change: Callable[[Item], Item]) -> Goods:
    if code not in {item.code for item in goods.skus}:
        raise ChangedSince("code")
    skus = [change(item) if item.code == code else item for item in goods.skus]
    return msgspec.structs.replace(goods, skus=skus)


def _restored(one: Any, change: Change) -> Any:
    now = msgspec.to_builtins(getattr(one, change.what), str_keys=True)
    if change.what == "on_hand":
        return msgspec.structs.replace(one, on_hand=one.on_hand + change.before - change.after)
    if now != change.after:
        raise ChangedSince(change.what)
    kind = next(each.type for each in msgspec.structs.fields(type(one)) if each.name == change.what)
    value = msgspec.convert(change.before, kind, strict=False, str_keys=True)
    return msgspec.structs.replace(one, **{change.what: value})
