"""The form that plans a sale: read as people type it, in yuan and in Shanghai's time, with every fault at its field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from flashsale.seckill.types import MOST_PER_MEMBER, MOST_UNITS, Challenge, Item
from flashsale.seckill.views import ItemChange, NewItem
from server.clock import SHANGHAI, now, shanghai
from server.money import parse_yuan, yuan

FIELDS = (
    "sku_id",
    "title",
    "price",
    "quantity",
    "limit_per_member",
    "starts_at",
    "ends_at",
    "pay_within_s",
    "challenge",
)
PAY_WITHIN = (60, 180, 300, 600, 900, 1800, 3600)
Faults = dict[str, str]
Say = Callable[[str], str]


class Draft(msgspec.Struct, frozen=True):
    """What is in the fields, as it was typed."""

    texts: dict[str, str]

    def __getitem__(self, name: str) -> str:
        return self.texts.get(name, "")


def fresh(given: Mapping[str, Any]) -> Draft:
    """Return an empty form for a sale of the next hour, with what the address brings along."""
    start = shanghai(now()).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    usual = {
        "quantity": "100",
        "limit_per_member": "1",
        "starts_at": _local(start),
        "ends_at": _local(start + timedelta(hours=1)),
        "pay_within_s": "600",
        "challenge": "none",
    }
    return Draft(usual | {name: str(given[name])[:200] for name in FIELDS if given.get(name)})


def of_item(item: Item) -> Draft:
    """Return the form of a draft."""
    return Draft(
        {
            "sku_id": str(item.sku_id),
            "title": item.title,
            "price": yuan(item.price),
            "quantity": str(item.quantity),
            "limit_per_member": str(item.limit_per_member),
            "starts_at": _local(item.starts_at),
            "ends_at": _local(item.ends_at),
            "pay_within_s": str(item.pay_within_s),
            "challenge": item.challenge.value,
        }
    )


def posted(fields: Mapping[str, Any]) -> Draft:
    """Return the form as it came; a name given twice counts once."""
    return Draft({name: _first(fields[name]) for name in FIELDS if name in fields})


def read(draft: Draft, say: Say) -> tuple[dict[str, Any], Faults]:
    """Return the values that could be read, and what is wrong with the others in the reader's language."""
    values: dict[str, Any] = {}
    faults: Faults = {}
    readers: dict[str, Callable[[str], Any]] = {
        "sku_id": _sku,
        "title": _title,
        "price": _price,
        "quantity": lambda text: _whole(text, MOST_UNITS, "填 1 到 1,000,000 的整数"),
        "limit_per_member": lambda text: _whole(text, MOST_PER_MEMBER, "填 1 到 10,000 的整数"),
        "starts_at": _moment,
        "ends_at": _moment,
        "pay_within_s": lambda text: _whole(text, 86_400, "填 1 到 86,400 的整数"),
        "challenge": _challenge,
    }
    for name, reader in readers.items():
        text = draft[name].strip()
        if not text:
            faults[name] = say("请选择商品规格") if name == "sku_id" else say("必填")
            continue
        try:
            values[name] = reader(text)
        except ValueError as error:
            faults[name] = say(str(error))
    return values, faults


def new_item(values: Mapping[str, Any]) -> NewItem:
    """Return the body that drafts the sale."""
    return NewItem(**values)


def item_change(values: Mapping[str, Any]) -> ItemChange:
    """Return the body that changes the draft; its SKU stays."""
    return ItemChange(**{name: value for name, value in values.items() if name != "sku_id"})


def _first(value: Any) -> str:
    return str(value[0] if isinstance(value, list) else value)[:200]


def _local(moment: datetime) -> str:
    return shanghai(moment).strftime("%Y-%m-%dT%H:%M:%S" if moment.second else "%Y-%m-%dT%H:%M")


def _sku(text: str) -> str:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise ValueError("没有这个商品规格")
    return text


def _title(text: str) -> str:
    if len(text) > 80:
        raise ValueError("最多 80 个字")
    return text


def _price(text: str) -> int:
    try:
        fen = parse_yuan(text.removeprefix("¥").replace(",", "")[:14])
    except ValueError:
        raise ValueError("写成 49.90 这样的金额") from None
    if fen < 1:
        raise ValueError("写成 49.90 这样的金额")
    if fen > 100_000_000_000:
        raise ValueError("最高 10 亿元")
    return fen


def _whole(text: str, most: int, fault: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 12 and 1 <= int(text) <= most):
        raise ValueError(fault)
    return int(text)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        # A local time near the ends of the calendar has no moment in UTC.
        if not 2000 <= moment.year <= 2100:
            raise ValueError
    except ValueError:
        raise ValueError("时间不对") from None
    return moment.replace(tzinfo=SHANGHAI) if moment.tzinfo is None else moment


def _challenge(text: str) -> Challenge:
    if text not in set(Challenge):
        raise ValueError("没有这种验证")
    return Challenge(text)
