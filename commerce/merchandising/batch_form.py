"""The form that says what a batch does: in yuan and percent, and in Shanghai's time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from commerce.catalogue.types import Status
from commerce.merchandising.batch import Amount, BatchEdit, Counted, How, Replace, Round, Units, Where
from commerce.merchandising.schedule import moment
from commerce.merchandising.types import MOST_UNITS, Faults
from server.errors import Invalid
from server.money import parse_yuan

NAMES = (
    *("price_how", "price", "price_round", "list_how", "list", "stock_how", "stock", "category_id", "brand_id"),
    *("tags_add", "tags_remove", "find", "replace", "picture", "status", "at"),
)
_SPLIT = re.compile(r"[,，、;；\n]+")
_PERCENT = re.compile(r"[0-9]{1,4}(\.[0-9]{1,2})?")


def read(fields: Mapping[str, Any]) -> tuple[BatchEdit, Faults]:
    """Return what the form asks for and what could not be read of it."""
    texts = {name: str(fields.get(name, "")).strip() for name in NAMES}
    faults: Faults = {}
    where = fields.get("where", [])
    where = [Where(name) for name in (where if isinstance(where, list) else [where]) if name in set(Where)]
    if texts["find"] and not where:
        faults["find"] = "选在哪里替换"
    at = None
    if texts["at"] and texts["status"]:
        try:
            at = moment(texts["at"])
        except Invalid as problem:
            faults["at"] = str(problem.values["reason"])
    tags = {
        name: [t.strip()[:21] for t in _SPLIT.split(texts[name]) if t.strip()] for name in ("tags_add", "tags_remove")
    }
    if any(len(several) > 10 or any(len(tag) > 20 for tag in several) for several in tags.values()):
        faults["tags_add"] = "最多 10 个标签，每个 20 字以内"
    tags = {} if "tags_add" in faults else tags
    edit = BatchEdit(
        price=_amount(texts, "price", faults),
        list_price=_amount(texts, "list", faults),
        stock=_units(texts, faults),
        category_id=texts["category_id"] if re.fullmatch("[0-9]{1,18}", texts["category_id"]) else None,
        brand_id=texts["brand_id"] if re.fullmatch("[0-9]{1,18}", texts["brand_id"]) else None,
        tags_add=tags.get("tags_add", []),
        tags_remove=tags.get("tags_remove", []),
        text=Replace(find=texts["find"][:200], replace=texts["replace"][:500], where=where)
        if texts["find"] and where
        else None,
        picture=texts["picture"][:200],
        status=Status(texts["status"]) if texts["status"] in set(Status) else None,
        at=at,
    )
    if edit.empty and not faults:
        faults[""] = "先选要改什么"
    return edit, faults


def _amount(texts: Mapping[str, str], name: str, faults: Faults) -> Amount | None:
    how, text = texts[f"{name}_how"], texts[name]
    if how not in set(How):
        return None
    rounding = texts.get(f"{name}_round", "")
    round_ = Round(rounding) if rounding in set(Round) else Round.FEN
    if how == How.REMOVE:
        return Amount(how=How.REMOVE)
    try:
        sign = -1 if text.startswith(("-", "−")) else 1
        bare = text.lstrip("+-−").removeprefix("¥").rstrip("%％").strip()
        if how == How.PERCENT:
            if _PERCENT.fullmatch(bare) is None:
                raise ValueError
            change = int(Decimal(bare) * 100) * sign
            if not -10_000 < change <= 100_000:
                raise ValueError
            return Amount(how=How.PERCENT, value=10_000 + change, round=round_)
        return Amount(how=How(how), value=parse_yuan(bare) * sign, round=round_)
    except ValueError:
        faults[name] = "填 -5 这样的百分数" if how == How.PERCENT else "写成 49.90 这样的金额"
        return None


def _units(texts: Mapping[str, str], faults: Faults) -> Units | None:
    how, text = texts["stock_how"], texts["stock"].replace("−", "-")
    if how not in set(Counted):
        return None
    if not re.fullmatch(r"[+-]?[0-9]{1,10}", text) or abs(int(text)) > MOST_UNITS:
        faults["stock"] = "填整数"
        return None
    return Units(how=Counted(how), value=int(text))
