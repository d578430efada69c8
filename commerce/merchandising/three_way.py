"""What somebody typed and what others saved meanwhile, in one form: nobody's change is undone without a word.

A field that only one side changed has that side's value. One that both changed has the others', and what was typed
stands beside it until its author takes it on purpose.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from commerce.merchandising.form import ROW_TEXTS, TEXTS, Row, Sheet, numbered, of_goods, text_of, units
from commerce.merchandising.types import Edit, Goods

_CELLS = tuple(name for name in ROW_TEXTS if name not in ("id", "stock", "seen"))
_STRUCTURE = "spec_names"
_FIELD = re.compile(r"[a-z_]{1,20}|attributes\.[0-9]{1,18}|sku\.[0-9]{1,18}\.[a-z_]{1,20}")


class Clash(msgspec.Struct, frozen=True, kw_only=True):
    """A field that both changed: its name in the form, what was typed, and the SKU's code where it is one's."""

    field: str
    typed: str
    sku: str = ""
    taken: bool = False

    @property
    def what(self) -> str:
        """Return the field's own name."""
        return self.field.rpartition(".")[2] if self.field.startswith("sku.") else self.field.partition(".")[0]


class Joined(msgspec.Struct, frozen=True, kw_only=True):
    """The form with both sides' changes. ``theirs`` are the fields that others' values were put into."""

    sheet: Sheet
    theirs: frozenset[str]
    clashes: list[Clash]


def as_it_was(goods: Goods, edits: Iterable[Edit]) -> Goods:
    """Return a product as it was before ``edits``, the last one first; stock by what staff counted, not what sold."""
    for edit in edits:
        made = {change.sku for change in edit.changes if change.what == "sku_created"}
        codes = {change.after: change.before for change in edit.changes if change.what == "code"}
        # SKUs are called as they were before the edit. Their codes go back at once: one may have taken another's.
        skus = [_put(item, "code", codes.get(item.code, item.code)) for item in goods.skus if item.code not in made]
        goods = msgspec.structs.replace(goods, skus=skus)
        for change in edit.changes:
            if change.what == "on_hand":
                was = next((item.on_hand for item in goods.skus if item.code == change.sku), 0)
                goods = _with(goods, change.sku, "on_hand", was - change.after + change.before)
            elif change.sku and change.what not in ("code", "sku_created"):
                goods = _with(goods, change.sku, change.what, change.before)
            elif not change.sku and change.what in Goods.__struct_fields__:
                kept: Goods = _put(goods, change.what, change.before)
                goods = kept
    return goods


def _with(goods: Goods, code: str, name: str, value: Any) -> Goods:
    skus = [_put(item, name, value) if item.code == code else item for item in goods.skus]
    return msgspec.structs.replace(goods, skus=skus)


def _put(one: Any, name: str, value: Any) -> Any:
    kind = next(each.type for each in msgspec.structs.fields(type(one)) if each.name == name)
    return msgspec.structs.replace(one, **{name: msgspec.convert(value, kind, strict=False, str_keys=True)})


def joined(before: Goods, now: Goods, mine: Sheet, open_: Sequence[Clash] = ()) -> Joined:
    """Return the form that ``mine`` becomes now that the product it began with, ``before``, is ``now``.

    ``open_`` are clashes of before that nobody has decided.
    """
    join = _Join(of_goods(before), of_goods(now), mine, now)
    made = join.done()
    again = {clash.field for clash in made.clashes}
    still = [
        msgspec.structs.replace(one, typed=_moved(one.typed, join.left[one.field])) if one.field in join.left else one
        for one in open_
        if one.field not in again
    ]
    return msgspec.structs.replace(made, clashes=[*still, *made.clashes])


def posted(fields: Mapping[str, Any]) -> list[Clash]:
    """Return the clashes that a form was shown with, and which of them its author decided for what was typed."""
    found = []
    for at in numbered(fields, "clash"):
        given = {name: text_of(fields, f"clash.{at}.{name}") for name in ("field", "typed", "sku", "take")}
        if _FIELD.fullmatch(given["field"]):
            typed = given["typed"].replace("\r\n", "\n")
            found.append(Clash(field=given["field"], typed=typed, sku=given["sku"], taken=given["take"] == "1"))
    return found


def settled(sheet: Sheet, clashes: Sequence[Clash]) -> Sheet:
    """Return the form with what was typed in the fields whose author takes it."""
    for clash in clashes:
        if not clash.taken:
            continue
        if clash.field in TEXTS:
            sheet = msgspec.structs.replace(sheet, texts={**sheet.texts, clash.field: clash.typed})
        elif clash.field == "on":
            sheet = msgspec.structs.replace(sheet, on=clash.typed == "1")
        elif clash.field == "pictures":
            pairs = (line.partition("\t") for line in clash.typed.split("\n") if line)
            sheet = msgspec.structs.replace(sheet, pictures=tuple((url, alt) for url, _, alt in pairs))
        elif clash.field.startswith("attributes."):
            texts = tuple(text for text in clash.typed.split("\n") if text)
            sheet = msgspec.structs.replace(sheet, attributes={**sheet.attributes, int(clash.field[11:]): texts})
        elif clash.field.startswith("sku.") and clash.what in (*_CELLS, "stock", "on"):
            value: Any = clash.typed == "1" if clash.what == "on" else clash.typed
            sku_id = clash.field.split(".")[1]
            rows = tuple(
                msgspec.structs.replace(row, **{clash.what: value}) if row.id == sku_id else row for row in sheet.rows
            )
            sheet = msgspec.structs.replace(sheet, rows=rows)
    return sheet


class _Join:
    """The work of one join: base, theirs and mine, and what it came to so far."""

    def __init__(self, base: Sheet, theirs: Sheet, mine: Sheet, now: Goods) -> None:
        self.base, self.other, self.mine = base, theirs, mine
        self.codes = {str(item.id): item.code for item in now.skus}
        self.theirs: set[str] = set()
        self.clashes: list[Clash] = []
        self.left: dict[str, int] = {}  # by how many units a field's stock moved by itself since it was seen

    def done(self) -> Joined:
        texts = {
            name: self._choice(name, self.base[name], self.other[name], self.mine[name])
            for name in TEXTS
            if name != "shop_id"
        }
        attributes = {
            one: self._choice(
                f"attributes.{one}",
                self.base.attributes.get(one, ()),
                self.other.attributes.get(one, ()),
                self.mine.attributes.get(one, ()),
            )
            for one in sorted({*self.base.attributes, *self.other.attributes, *self.mine.attributes})
        }
        pictures = self._choice("pictures", self.base.pictures, self.other.pictures, self.mine.pictures)
        sheet = msgspec.structs.replace(
            self.mine,
            texts={**self.mine.texts, **texts},
            version=self.other.version,
            on=self._choice("on", self.base.on, self.other.on, self.mine.on),
            pictures=pictures,
            attributes={one: values for one, values in attributes.items() if values},
        )
        return Joined(sheet=self._structured(sheet), theirs=frozenset(self.theirs), clashes=self.clashes)

    def _choice(self, name: str, base: Any, theirs: Any, mine: Any, sku: str = "") -> Any:
        """Return the one side's value that changed, or theirs where both did and what was typed is kept beside it."""
        base, plain_theirs, plain = _plain(base), _plain(theirs), _plain(mine)
        if plain == plain_theirs or plain_theirs == base:
            return mine
        self.theirs.add(name)
        if plain != base:
            self.clashes.append(Clash(field=name, typed=_typed(mine), sku=sku))
        return theirs

    def _structured(self, sheet: Sheet) -> Sheet:
        """Return the form with its rows: in my combinations, or in theirs where they made new ones and I did not."""
        base, theirs, mine = self.base, self.other, self.mine
        ours_new = [row for row in mine.rows if not row.id]
        moved = theirs.spec_names != base.spec_names
        if moved and (mine.spec_names != base.spec_names or ours_new):
            self.clashes.append(Clash(field=_STRUCTURE, typed="、".join(mine.spec_names)))
        if moved:
            self.theirs.add(_STRUCTURE)
        frame = theirs if moved else mine
        known = {row.id: row for row in base.rows}
        others, own = {row.id: row for row in theirs.rows}, {row.id: row for row in mine.rows if row.id}
        rows = []
        for row in frame.rows:
            sku_id = row.id
            if not sku_id:  # mine, new; where they made the same one meanwhile, it is theirs
                same = next((one for one in theirs.rows if one.values == row.values and one.id not in known), None)
                if same is None:
                    rows.append(row)
                continue
            if sku_id in others and sku_id in own and sku_id in known:
                rows.append(self._row(known[sku_id], others[sku_id], own[sku_id], row.values))
            elif sku_id in others and (sku_id in own or sku_id not in known):
                rows.append(others[sku_id])
        fresh = [] if moved else [row for row in theirs.rows if row.id not in known and row.id not in own]
        if fresh:
            self.theirs.add("skus")
        axes = theirs.axes if moved or mine.axes == base.axes else mine.axes
        return msgspec.structs.replace(sheet, axes=axes, spec_names=frame.spec_names, rows=(*rows, *fresh))

    def _row(self, base: Row, theirs: Row, mine: Row, values: tuple[str, ...]) -> Row:
        start, code = f"sku.{base.id}.", self.codes[base.id]
        cells = {
            name: self._choice(start + name, getattr(base, name), getattr(theirs, name), getattr(mine, name), code)
            for name in (*_CELLS, "on")
        }
        stock = theirs.stock
        if mine.stock != mine.seen and theirs.stock == base.stock:
            return msgspec.structs.replace(mine, **cells, values=values)
        seen = units(mine.seen or "0")
        left = int(base.stock) - seen if seen is not None else 0
        self.left[f"{start}stock"] = left
        if mine.stock != mine.seen:
            stock = self._choice(f"{start}stock", base.stock, theirs.stock, _moved(mine.stock, left), code)
        elif theirs.stock != base.stock:  # what sold since the form was opened is no change of anybody's
            self.theirs.add(f"{start}stock")
        return msgspec.structs.replace(mine, **cells, values=values, stock=stock, seen=theirs.stock)


def _plain(value: Any) -> Any:
    return value.replace("\r\n", "\n").strip() if isinstance(value, str) else value


def _moved(text: str, by: int) -> str:
    """Return a count that was typed, moved by what came and went meanwhile; what is none stays for check to judge."""
    typed = units(text or "0")
    return text if typed is None else str(typed + by)


def _typed(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else ""
    if isinstance(value, tuple):
        return "\n".join(one if isinstance(one, str) else "\t".join(one) for one in value)
    return str(value)
