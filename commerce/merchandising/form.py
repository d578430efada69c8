"""The editor's form: read as people type it, in yuan and one line a parameter, and shown again as it was typed.

The page may ask for more rows (``do=combine``) or for the same figure in many (``do=fill``) before anything is kept;
both work on the form alone.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from commerce.catalogue.types import Status
from commerce.merchandising.check import NO_UNITS, TOO_MANY_UNITS
from commerce.merchandising.types import MOST_AXES, MOST_SKUS, MOST_UNITS, Described, Faults, Goods, Item
from server.money import parse_yuan, yuan

TEXTS = (
    *("title", "subtitle", "slug", "description", "category_id", "brand_id", "shop_id", "tags", "parameters"),
    "video",
)
ROW_TEXTS = ("id", "code", "price", "list_price", "stock", "seen", "picture")
_SPLIT = re.compile(r"[,，、;；\n]+")
_MOST_ROWS = 2 * MOST_SKUS + 1
"""Rows that are read at all: more than a product may have, so that too many are refused and not left out."""
_NO_AMOUNT = "写成 49.90 这样的金额"


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One SKU as it was typed. ``seen`` is the stock that the page showed when it was made."""

    values: tuple[str, ...]
    id: str = ""
    code: str = ""
    price: str = ""
    list_price: str = ""
    stock: str = ""
    seen: str = ""
    picture: str = ""
    on: bool = True


class Axis(msgspec.Struct, frozen=True):
    """A spec's name and the values that people typed."""

    name: str
    values: tuple[str, ...]


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """What is in the fields. ``axes`` are what the rows are made of once somebody asks for them."""

    texts: dict[str, str]
    version: int = 0
    on: bool = False
    axes: tuple[Axis, ...] = ()
    spec_names: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    pictures: tuple[tuple[str, str], ...] = ()
    attributes: dict[int, tuple[str, ...]] = {}

    def __getitem__(self, name: str) -> str:
        return self.texts.get(name, "")

    @property
    def combinations(self) -> int:
        """Return how many rows the axes ask for."""
        count = 1
        for axis in self.axes:
            count *= max(1, len(axis.values))
        return count


def blank(shop_id: int | None) -> Sheet:
    """Return the form of a new product."""
    return Sheet(texts={"shop_id": str(shop_id or "")}, rows=(Row(values=()),))


def of_goods(goods: Goods, *, copy: bool = False) -> Sheet:
    """Return the form of a product; of a copy everything but what makes it this one: codes, stock, address."""
    rows = tuple(
        Row(
            values=tuple(item.specs.get(name, "") for name in goods.spec_names),
            id="" if copy else str(item.id),
            code="" if copy else item.code,
            price=yuan(item.price),
            list_price=yuan(item.list_price) if item.list_price is not None else "",
            stock="0" if copy else str(item.on_hand),
            seen="" if copy else str(item.on_hand),
            picture=item.picture,
            on=item.status is Status.ON,
        )
        for item in goods.skus
        if item.status is Status.ON or not copy
    )
    current = [row for row, item in zip(rows, goods.skus, strict=False) if set(item.specs) == set(goods.spec_names)]
    return Sheet(
        texts={
            "title": goods.title,
            "subtitle": goods.subtitle,
            "slug": "" if copy else goods.slug,
            "description": goods.description,
            "category_id": str(goods.category_id),
            "brand_id": str(goods.brand_id or ""),
            "shop_id": str(goods.shop_id),
            "tags": "、".join(goods.tags),
            "parameters": "\n".join(f"{name}：{value}" for name, value in goods.parameters),
            "video": goods.video,
        },
        version=goods.version,
        on=goods.status is Status.ON and not copy,
        axes=tuple(
            Axis(name, tuple(dict.fromkeys(row.values[at] for row in (current or rows) if row.values[at])))
            for at, name in enumerate(goods.spec_names)
        ),
        spec_names=tuple(goods.spec_names),
        rows=rows,
        pictures=tuple((picture, goods.alts.get(picture, "")) for picture in goods.pictures),
        attributes={attribute_id: tuple(texts) for attribute_id, texts in goods.attributes.items()},
    )


def posted(fields: Mapping[str, Any]) -> Sheet:
    """Return the form as it came."""
    names = tuple(_split(text_of(fields, "spec_names")))
    rows = []
    for at in numbered(fields, "skus"):
        texts = {name: text_of(fields, f"skus.{at}.{name}") for name in ROW_TEXTS}
        values = tuple(text_of(fields, f"skus.{at}.value.{n}") for n in range(len(names)))
        rows.append(Row(values=values, on=text_of(fields, f"skus.{at}.on") == "1", **texts))
    axes = [
        Axis(text_of(fields, f"axes.{at}.name"), tuple(_split(text_of(fields, f"axes.{at}.values"))))
        for at in range(MOST_AXES)
    ]
    attributes = {
        int(name[11:]): tuple(text for text in _texts(fields[name]) if text)
        for name in fields
        if re.fullmatch(r"attributes\.[0-9]{1,18}", name)
    }
    version = text_of(fields, "version")
    return Sheet(
        texts={name: text_of(fields, name) for name in TEXTS},
        version=int(version) if re.fullmatch("[0-9]{1,18}", version) else 0,
        on=text_of(fields, "on") == "1",
        axes=tuple(axis for axis in axes if axis.name),
        spec_names=names,
        rows=tuple(rows),
        pictures=tuple(
            (text_of(fields, f"pictures.{at}.url"), text_of(fields, f"pictures.{at}.alt"))
            for at in numbered(fields, "pictures")
        ),
        attributes={attribute_id: texts for attribute_id, texts in attributes.items() if texts},
    )


def combined(sheet: Sheet) -> Sheet:
    """Return the form with a row for each combination of the axes.

    A row that is there already keeps its figures and its id, also where an axis or one value in its place was renamed.
    A new one takes the price of the first. Raises ValueError for too many.
    """
    if sheet.combinations > MOST_SKUS:
        raise ValueError
    axes = [axis for axis in sheet.axes if axis.values]
    before = [
        list(dict.fromkeys(row.values[at] for row in sheet.rows if row.on or not row.id))
        for at in range(len(sheet.spec_names))
    ]
    known = {_renamed(row.values, before, axes): row for row in sheet.rows}
    usual = next((row for row in sheet.rows if row.price), Row(values=()))
    rows = []
    for values in itertools.product(*(axis.values for axis in axes)):
        kept = known.pop(values, None)
        if kept is not None:
            rows.append(msgspec.structs.replace(kept, values=values))
        else:
            rows.append(Row(values=values, price=usual.price, list_price=usual.list_price, stock="0"))
    gone = [msgspec.structs.replace(row, on=False) for row in known.values() if row.id and not row.on]
    same = tuple(axis.name for axis in axes) == sheet.spec_names
    return msgspec.structs.replace(
        sheet, axes=tuple(axes), spec_names=tuple(axis.name for axis in axes), rows=(*rows, *(gone if same else ()))
    )


def _renamed(values: tuple[str, ...], before: Sequence[Sequence[str]], axes: Sequence[Axis]) -> tuple[str, ...]:
    """Return a row's values as they are called now: an axis that kept its length and lost a value renamed it."""
    if len(values) != len(axes):
        return values
    made = []
    for value, old, axis in zip(values, before, axes, strict=True):
        new = axis.values
        if value not in new and len(old) == len(new) and value in old and new[old.index(value)] not in old:
            value = new[old.index(value)]
        made.append(value)
    return tuple(made)


def filled(sheet: Sheet, fields: Mapping[str, Any]) -> Sheet:
    """Return the form with the same price, list price or stock in every row, and codes made of one beginning."""
    given = {name: text_of(fields, f"fill.{name}") for name in ("price", "list_price", "stock")}
    start = text_of(fields, "fill.code")
    rows = []
    for at, row in enumerate(sheet.rows, 1):
        changed = {name: text for name, text in given.items() if text}
        if start:
            changed["code"] = start if len(sheet.rows) == 1 else f"{start}-{at:02d}"
        rows.append(msgspec.structs.replace(row, **changed))
    return msgspec.structs.replace(sheet, rows=tuple(rows))


def read(sheet: Sheet, before: Goods | None, described: Sequence[Described]) -> tuple[Goods, Faults]:
    """Return the product that the form asks for, and what could not be read; the rest is for check to judge.

    Stock is changed by the difference between what the page showed and what was typed: what was sold meanwhile stays
    sold. ``before`` says what is there now.
    """
    faults: Faults = {}
    stock_now = {item.id: item.on_hand for item in before.skus} if before is not None else {}
    known = {one.id for one in described}
    parameters = []
    for line in sheet["parameters"].splitlines():
        name, found, value = line.replace("：", ":", 1).partition(":")
        if found:
            parameters.append((name.strip(), value.strip()))
        elif line.strip():
            faults["parameters"] = "最多 40 行，每行“名称：内容”"
    goods = Goods(
        id=before.id if before is not None else 0,
        version=sheet.version if before is not None else 0,
        shop_id=before.shop_id if before is not None else _id(sheet["shop_id"]) or 0,
        slug=sheet["slug"] or (before.slug if before is not None else ""),
        title=sheet["title"],
        subtitle=sheet["subtitle"],
        category_id=_id(sheet["category_id"]) or 0,
        brand_id=_id(sheet["brand_id"]),
        tags=list(dict.fromkeys(_split(sheet["tags"]))),
        description=sheet["description"].replace("\r\n", "\n"),
        parameters=parameters,
        attributes={
            attribute_id: list(texts) for attribute_id, texts in sheet.attributes.items() if attribute_id in known
        }
        | _kept(sheet, before, known),
        pictures=[url for url, _ in sheet.pictures],
        alts={url: alt for url, alt in sheet.pictures if alt},
        video=sheet["video"],
        spec_names=list(sheet.spec_names),
        status=Status.ON if sheet.on else Status.OFF,
        skus=[_item(row, at, sheet.spec_names, before, stock_now, faults) for at, row in enumerate(sheet.rows)],
    )
    return goods, faults


def unread_parameters(sheet: Sheet) -> list[int]:
    """Return the lines of the parameters, from 1, that are not a name and what it is."""
    bad = []
    for at, line in enumerate(sheet["parameters"].splitlines(), 1):
        name, sign, value = (part.strip() for part in line.replace("：", ":", 1).partition(":"))
        if line.strip() and not (sign and 0 < len(name) <= 40 and 0 < len(value) <= 200):
            bad.append(at)
    return bad


def _kept(sheet: Sheet, before: Goods | None, known: set[int]) -> dict[int, list[str]]:
    """Return the attributes that the form does not show because the category was moved or merged."""
    if before is None or _id(sheet["category_id"]) != before.category_id:
        return {}
    return {attribute_id: texts for attribute_id, texts in before.attributes.items() if attribute_id not in known}


def _item(
    row: Row,
    at: int,
    names: Sequence[str],
    before: Goods | None,
    stock_now: Mapping[int | None, int],
    faults: Faults,
) -> Item:
    sku_id = _id(row.id)
    if sku_id not in stock_now:
        sku_id = None
    now = stock_now.get(sku_id, 0) if sku_id is not None else 0
    typed, seen = units(row.stock or "0"), units(row.seen or "0")
    if typed is None or seen is None:
        faults[f"skus.{at}.on_hand"] = (
            TOO_MANY_UNITS if re.fullmatch("[0-9]+", row.stock.replace(",", "")) else NO_UNITS
        )
        typed = seen = 0
    price, list_price = _fen(row.price), _fen(row.list_price)
    if price is None:
        faults[f"skus.{at}.price"] = _NO_AMOUNT
    if row.list_price and list_price is None:
        faults[f"skus.{at}.list_price"] = _NO_AMOUNT
    specs = {name: value for name, value in zip(names, row.values, strict=True) if value}
    if sku_id is not None and before is not None and not row.on:
        # A SKU off the shelf keeps the specs it was sold under, whatever the product's are called by now.
        specs = next(item.specs for item in before.skus if item.id == sku_id) if len(specs) < len(names) else specs
    return Item(
        id=sku_id,
        code=row.code,
        specs=specs,
        price=price or 0,
        list_price=list_price,
        on_hand=now + typed - seen if sku_id is not None else typed,
        picture=row.picture,
        status=Status.ON if row.on else Status.OFF,
    )


def _fen(text: str) -> int | None:
    try:
        return parse_yuan(text.removeprefix("¥").replace(",", ""))
    except ValueError:
        return None


def units(text: str) -> int | None:
    """Return a count as people type it; None for what is none, or too many."""
    text = text.replace(",", "")
    return int(text) if text.isascii() and text.isdigit() and int(text[:12]) <= MOST_UNITS and len(text) < 12 else None


def _id(text: str) -> int | None:
    return int(text) if re.fullmatch("[0-9]{1,18}", text) else None


def _split(text: str) -> list[str]:
    return list(dict.fromkeys(part.strip() for part in _SPLIT.split(text) if part.strip()))


def _texts(value: Any) -> list[str]:
    return [str(one).strip() for one in (value if isinstance(value, list) else [value])]


def text_of(fields: Mapping[str, Any], name: str) -> str:
    """Return what a form brings in a field, once; empty without it."""
    return _texts(fields[name])[0] if name in fields else ""


def numbered(fields: Mapping[str, Any], start: str) -> list[int]:
    """Return the numbers of the rows that a form brings, in their order; a row begins with any of its fields."""
    pattern = re.compile(rf"{start}\.([0-9]{{1,4}})\..+")
    return sorted({int(match[1]) for name in fields if (match := pattern.fullmatch(name))})[:_MOST_ROWS]
