"""The audit log in people's words: what was done, to what, and which fields went from what to what."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from commerce.staff.audit_store import Kept
from commerce.staff.audit_words import FIELDS, KINDS, OBJECTS, VALUES, Thing
from server.clock import shanghai
from server.http import Identity
from server.i18n import Translator
from server.money import amount

_STRANGERS = frozenset({"log_in_refused"})
"""What was done to an account by somebody who was not let in: whoever that was, it need not be its owner."""
_MONEY = frozenset({"price", "list_price", "amount"})
"""Fields whose whole numbers are fen."""
_ROUNDED = {"yuan": "，取整到元", "ninety": "，尾数 .90"}
_FILE = re.compile(r"/(?:media|static)/(?:[^/\s]+/)*([^/\s.]+)\.(mp4|webm|webp|png|jpe?g|svg)")
_VIDEOS = ("mp4", "webm")
_NAME_MOST = 20
"""Letters of a file's name; of longer ones, which are digests, the first eight tell one from another."""
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


class Difference(msgspec.Struct, frozen=True):
    """A field, from what to what; None where there was nothing, or is nothing any more."""

    field: str
    before: str | None
    after: str | None


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A record for people. ``shop`` is empty for what is the platform's; ``href`` where the thing is seen."""

    id: int
    at: datetime
    who: str
    account: str
    staff_id: int | None
    kind: str
    words: str
    object_kind: str
    object_words: str
    object_id: str
    object_name: str
    href: str
    shop: str
    reason: str
    differences: list[Difference]
    detail: str
    address: str
    agent: str
    request_id: str


def told(entry: Kept, tr: Translator, shops: Mapping[int, str], reader: Identity) -> Told:
    """Return a record in people's words, with a link where its ``reader`` may follow it."""
    thing = OBJECTS.get(entry.object_kind, Thing(entry.object_kind, "", ""))
    follows = reader.may(thing.permission, entry.shop_id)
    stranger = entry.kind in _STRANGERS
    said = _Said(tr, shops)
    return Told(
        id=entry.id,
        at=entry.at,
        who=tr("有人") if stranger else entry.staff_name or tr("系统"),
        account=entry.account,
        staff_id=entry.staff_id,
        kind=entry.kind,
        words=tr(KINDS[entry.kind]) if entry.kind in KINDS else entry.kind,
        object_kind=entry.object_kind,
        object_words=tr(thing.words) if thing.words else "",
        object_id=entry.object_id,
        object_name=entry.object_name,
        href=thing.path.format(entry.object_id) if follows else "",
        shop="" if entry.shop_id is None else shops.get(entry.shop_id, str(entry.shop_id)),
        reason=entry.reason,
        differences=_differences(entry.before, entry.after, said),
        detail=said.line(entry.detail) if entry.detail else "",
        address=entry.address,
        agent=entry.agent,
        request_id=entry.request_id,
    )


def _differences(before: Any, after: Any, said: _Said) -> list[Difference]:
    if before is None and after is None:
        return []
    old = before if isinstance(before, dict) else {"": before}
    new = after if isinstance(after, dict) else {"": after}
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    return [
        Difference(
            said.field(name),
            said.line(old[name], _what(name)) if old.get(name) is not None else None,
            said.line(new[name], _what(name)) if new.get(name) is not None else None,
        )
        for name in names
    ]


def _what(name: str) -> str:
    """Return the field of a name that may have the code of a SKU before it."""
    return name.rpartition(" ")[2]


class _Said:
    """What fields and values are called in one language, shops by their names."""

    def __init__(self, tr: Translator, shops: Mapping[int, str]) -> None:
        self._tr = tr
        self._shops = shops

    def field(self, name: str) -> str:
        """Return what a field is called; that of a SKU has its code before it."""
        thing, _, what = name.rpartition(" ")
        return f"{thing} {self._tr(FIELDS.get(what, what))}".strip()

    def line(self, value: Any, name: str = "") -> str:
        """Return a value in a line."""
        tr = self._tr
        match value:
            case bool():
                return tr("是") if value else tr("否")
            case int() if name in _MONEY:
                return f"¥{amount(value)}"
            case int() if name == "shop_id":
                return self._shops.get(value, str(value))
            case str() if _MOMENT.fullmatch(value):
                return shanghai(datetime.fromisoformat(value)).strftime("%Y-%m-%d %H:%M:%S")
            case "":
                return "—"
            case str() if found := _FILE.fullmatch(value):
                what, short = ("视频" if found[2] in _VIDEOS else "图"), found[1]
                return f"{tr(what)} {short if len(short) <= _NAME_MOST else short[:8]}.{found[2]}"
            case str():
                known = VALUES.get(name, {}).get(value)
                return tr(known) if known else value
            case list():
                return tr("、").join(self.line(one, name) for one in value) or "—"
            case {"how": str(how), "value": int(by), **rest}:
                return self._reckoned(name, how, by) + tr(_ROUNDED.get(str(rest.get("round")), ""))
            case dict():
                pairs = (
                    f"{tr(FIELDS[key]) if key in FIELDS else self.line(key)}{tr('：')}{self.line(one, key)}"
                    for key, one in value.items()
                    if one is not None and (name != "edit" or one not in ("", []))
                )
                return tr("；").join(pairs) or "—"
            case None:
                return "—"
            case _:
                return str(value)

    def _reckoned(self, name: str, how: str, by: int) -> str:
        """Return what a batch does to a price or to units: hundredths of a percent are of what was there."""
        much = f"¥{amount(abs(by))}" if name in _MONEY else f"{abs(by):,}"
        match how:
            case "percent":
                return self._tr("改为原来的 {percent}%").format(percent=f"{by / 100:g}")
            case "add":
                return self._tr("加 {much}" if by >= 0 else "减 {much}").format(much=much)
            case "remove":
                return self._tr("去掉")
            case _:
                return self._tr("改为 {much}").format(much=("-" if by < 0 else "") + much)
