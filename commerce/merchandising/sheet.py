"""Products as a spreadsheet: one line a SKU, written for people, read back by what the headings say."""

from __future__ import annotations

import asyncio
import io
import re
import signal
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
import xlsxwriter

from commerce.catalogue.types import Status
from commerce.merchandising import sheet_parse
from commerce.merchandising.batch_store import NewRow
from commerce.merchandising.check import NO_UNITS, TOO_MANY_UNITS
from commerce.merchandising.import_row import ImportedProduct, ImportedSku
from commerce.merchandising.sheet_known import NONE, Known, shop_of, trail, unknown
from commerce.merchandising.types import Choices, Goods
from server.cells import meant, safe
from server.errors import Problem, Unavailable
from server.money import parse_yuan, yuan

COLUMNS = {
    "code": "货号",
    "slug": "短名",
    "shop": "店铺",
    "title": "名称",
    "subtitle": "卖点",
    "category": "分类",
    "brand": "品牌",
    "tags": "标签",
    "status": "商品状态",
    "specs": "规格",
    "price": "售价",
    "list_price": "划线价",
    "on_hand": "在库",
    "on_hand_seen": "导出时在库",
    "sku_status": "规格状态",
    "parameters": "参数",
    "description": "正文",
}
ENGLISH = {
    "code": "SKU code", "slug": "Short name", "shop": "Shop", "title": "Title", "subtitle": "Selling point",
    "category": "Category", "brand": "Brand", "tags": "Tags", "status": "Product state", "specs": "Specs",
    "price": "Price", "list_price": "List price", "on_hand": "On hand", "on_hand_seen": "On hand when exported",
    "sku_status": "SKU state", "parameters": "Parameters", "description": "Text",
}  # fmt: skip
_HEADINGS = {heading.casefold(): name for names in (COLUMNS, ENGLISH) for name, heading in names.items()}
_STATES = {
    "在售": Status.ON,
    "上架": Status.ON,
    "on": Status.ON,
    "已下架": Status.OFF,
    "下架": Status.OFF,
    "off": Status.OFF,
}
_OF_PRODUCT = ("slug", "shop", "title", "subtitle", "category", "brand", "tags", "status", "parameters", "description")
_SPLIT = re.compile(r"[,，、;；\n]+")
_turn = asyncio.Semaphore(2)


class SheetRefused(Problem):
    """The file is not taken: ``reason`` says why."""

    code, status, message = "sheet_refused", 422, "文件不能导入：{reason}"

    def __init__(self, reason: str) -> None:
        super().__init__(field="file", reason=reason)


async def rows_of(raw: bytes) -> list[list[str]]:
    """Return the texts of a file's rows, read by a process with bounds. Raises SheetRefused, Unavailable."""
    if _turn.locked():
        raise Unavailable(2)
    async with _turn:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", sheet_parse.__file__),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            async with asyncio.timeout(sheet_parse.SECONDS + 10):
                out, _ = await child.communicate(raw)
        except TimeoutError:
            raise SheetRefused("文件展开后太大") from None
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
    if child.returncode:
        slow = child.returncode in (-signal.SIGKILL, -signal.SIGXCPU)
        raise SheetRefused("文件展开后太大" if slow else "文件读不出来")
    told = msgspec.json.decode(out)
    if "refused" in told:
        raise SheetRefused(told["refused"])
    return msgspec.convert(told["rows"], list[list[str]])


def written(goods: Iterable[Goods], choices: Choices, english: bool) -> bytes:
    """Return products as an .xlsx file. Blocks."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "constant_memory": False}
    )
    page = book.add_worksheet("SKU")
    head, text, number = book.add_format({"bold": True}), book.add_format({"num_format": "@"}), book.add_format()
    page.freeze_panes(1, 1)
    for at, name in enumerate(COLUMNS):
        page.write_string(0, at, (ENGLISH if english else COLUMNS)[name], head)
    page.set_column(0, len(COLUMNS) - 1, 16)
    names = dict(choices.leaves()), {b.id: b.name for b in choices.brands}, {s.id: s.name for s in choices.shops}
    line = 0
    for one in goods:
        for values in _lines(one, *names, english):
            line += 1
            for at, value in enumerate(values):
                if isinstance(value, str):
                    page.write_string(line, at, safe(value), text)
                elif value is not None:
                    page.write_number(line, at, value, number)
    book.close()
    return out.getvalue()


def _lines(
    goods: Goods, categories: Mapping[int, str], brands: Mapping[int, str], shops: Mapping[int, str], english: bool
) -> Iterable[list[str | float | None]]:
    states = {Status.ON: "on", Status.OFF: "off"} if english else {Status.ON: "在售", Status.OFF: "已下架"}
    for item in goods.skus:
        yield [
            item.code,
            goods.slug,
            shops.get(goods.shop_id, ""),
            goods.title,
            goods.subtitle,
            categories.get(goods.category_id, ""),
            brands.get(goods.brand_id or 0, NONE[english]),
            "、".join(goods.tags),
            states[goods.status],
            "；".join(f"{name}={value}" for name, value in item.specs.items()),
            float(yuan(item.price)),
            float(yuan(item.list_price)) if item.list_price is not None else None,
            item.on_hand,
            item.on_hand,
            states[item.status],
            "\n".join(f"{name}：{value}" for name, value in goods.parameters),
            goods.description,
        ]


def headings(row: Sequence[str]) -> list[str]:
    """Return the columns' names. Raises SheetRefused for what is unknown, twice, or missing."""
    names = [_HEADINGS.get(cell.casefold(), "") for cell in row]
    if any(cell and not name for cell, name in zip(row, names, strict=True)):
        raise SheetRefused("有不认识的列名，请用导出的表头")
    given = [name for name in names if name]
    if len(set(given)) < len(given):
        raise SheetRefused("有重复的列")
    if "code" not in given:
        raise SheetRefused("缺少“货号”这一列")
    return names


def products(rows: Sequence[Sequence[str]], known: Known) -> list[NewRow]:
    """Return what a file asks for, product by product; those with a bad cell are refused with every one of them.

    Blocks: a file may have many lines.
    """
    names = headings(rows[0])
    groups: dict[tuple[str, str | int], list[tuple[int, dict[str, str]]]] = {}
    seen: dict[str, int] = {}
    twice: set[int] = set()
    for at, row in enumerate(rows[1:], 2):
        cells = {name: meant(cell) for name, cell in zip(names, row, strict=False) if name and cell}
        if not cells:
            continue
        code, slug = cells.get("code", ""), cells.get("slug", "")
        if code and seen.setdefault(code, at) != at:
            twice.add(at)
        product_id = known.by_code.get(code) or known.by_slug.get(slug)
        key: tuple[str, str | int] = ("id", product_id) if product_id else ("new", slug or cells.get("title") or code)
        groups.setdefault(key, []).append((at, cells))
    return [_product(key, lines, twice, known) for key, lines in groups.items()]


def _product(
    key: tuple[str, str | int],
    lines: list[tuple[int, dict[str, str]]],
    twice: set[int],
    known: Known,
) -> NewRow:
    errors: list[dict[str, Any]] = []

    def wrong(at: int, name: str, reason: str) -> None:
        errors.append({"line": at, "column": COLUMNS[name], "reason": reason})

    product_id = int(key[1]) if key[0] == "id" else None
    fields: dict[str, Any] = {}
    given: dict[str, str] = {}
    named: set[str] = set()
    skus = []
    for at, cells in lines:
        if at in twice:
            wrong(at, "code", "货号重复")
        if product_id is not None and "slug" in cells and known.by_slug.get(cells["slug"]) != product_id:
            wrong(at, "slug", "货号和短名不是同一件商品的")
        for name, reason in unknown(cells, known):
            wrong(at, name, reason)
            cells = {key: text for key, text in cells.items() if key != name}
            named.add(name)
        for name in _OF_PRODUCT:
            if name in cells and given.setdefault(name, cells[name]) != cells[name]:
                wrong(at, name, "同一件商品的几行不一致")
        skus.append(_sku(at, cells, product_id is None, wrong))
    first = lines[0][0]
    if product_id is not None and product_id not in known.own:
        wrong(first, "code", "别的商品在用这个货号")
    _read_fields(
        given,
        fields,
        known,
        lambda name, reason: None if name in named else wrong(first, name, reason),
        product_id is None,
    )
    shop_id = shop_of(given.get("shop", ""), known)
    if product_id is None and shop_id is None and "shop" not in named:
        wrong(first, "shop", "请选择店铺")
    if product_id in known.own and "shop" in given and shop_id != known.own[product_id].shop_id:
        wrong(first, "shop", "商品不能换店铺")
    specs = [list(sku.specs) for sku in skus if sku.specs is not None]
    if any(set(one) != set(specs[0]) for one in specs):
        wrong(first, "specs", "每个规格都要有名称和取值")
    wanted = ImportedProduct(
        slug=given.get("slug", ""),
        shop_id=shop_id or 0,
        lines=[at for at, _ in lines],
        fields=fields,
        spec_names=specs[0] if specs else None,
        skus=skus,
    )
    own = known.own.get(product_id) if product_id is not None else None
    label = given.get("title") or (own.title if own is not None else str(key[1]))
    errors.sort(key=lambda one: int(one["line"]))
    by_title = key[0] == "new" and "slug" not in given and len(lines) > 1
    kept = (
        msgspec.to_builtins(wanted) | ({"errors": errors} if errors else {}) | ({"by_title": True} if by_title else {})
    )
    owned = own.id if own is not None else None
    if errors:
        return NewRow(product_id=owned, label=label, wanted=kept, field=errors[0]["column"], reason=errors[0]["reason"])
    return NewRow(product_id=owned, label=label, wanted=kept)


def _sku(at: int, cells: Mapping[str, str], new: bool, wrong: Any) -> ImportedSku:
    amounts: dict[str, int | None] = {"price": None, "list_price": None}
    for name in amounts:
        if name in cells:
            try:
                amounts[name] = parse_yuan(cells[name].removeprefix("¥").replace(",", ""))
            except ValueError:
                wrong(at, name, "写成 49.90 这样的金额")
    if new and "price" not in cells:
        wrong(at, "price", "必填")
    if "code" not in cells:
        wrong(at, "code", "必填")
    units: dict[str, int | None] = {"on_hand": None, "on_hand_seen": None}
    for name in units:
        if text := cells.get(name, "").replace(",", ""):
            if re.fullmatch("[0-9]{1,10}", text):
                units[name] = int(text)
            else:
                wrong(at, name, TOO_MANY_UNITS if re.fullmatch("[0-9]+", text) else NO_UNITS)
    specs: dict[str, str] | None = None
    if "specs" in cells:
        pairs = [
            part.partition("=") for part in re.split("[;；\n]+", cells["specs"].replace("＝", "=")) if part.strip()
        ]
        specs = {name.strip(): value.strip() for name, _, value in pairs}
        if any(not sign or not value.strip() for _, sign, value in pairs):
            wrong(at, "specs", "写成 颜色=墨；容量=500ml")
    state = cells.get("sku_status", "").casefold()
    if state and state not in _STATES:
        wrong(at, "sku_status", "填 在售 或 已下架")
    return ImportedSku(
        code=cells.get("code", ""),
        specs=specs,
        price=amounts["price"],
        list_price=amounts["list_price"],
        on_hand=units["on_hand"],
        on_hand_seen=units["on_hand_seen"],
        status=_STATES.get(state),
    )


def _read_fields(given: Mapping[str, str], fields: dict[str, Any], known: Known, wrong: Any, new: bool) -> None:
    for name in ("title", "subtitle", "description"):
        if name in given:
            fields[name] = given[name]
    if new and "title" not in given:
        wrong("title", "必填")
    if "category" in given:
        fields["category_id"] = known.leaves[trail(given["category"])][0]
    elif new:
        wrong("category", "必填")
    if "brand" in given:
        if given["brand"].casefold() in NONE:
            fields["brand_id"] = None
        else:
            fields["brand_id"] = known.brands[given["brand"].casefold()]
    if "tags" in given:
        fields["tags"] = list(dict.fromkeys(tag.strip() for tag in _SPLIT.split(given["tags"]) if tag.strip()))
    if "status" in given:
        if given["status"].casefold() in _STATES:
            fields["status"] = _STATES[given["status"].casefold()].value
        else:
            wrong("status", "填 在售 或 已下架")
    if "parameters" in given:
        lines = [line.replace("：", ":", 1).partition(":") for line in given["parameters"].splitlines() if line.strip()]
        fields["parameters"] = [[name.strip(), value.strip()] for name, _, value in lines]
