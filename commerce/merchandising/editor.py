"""The editor's pages: a new product, a copy, one that is there; on and off the shelf."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from commerce import stock
from commerce.catalogue.markdown import html
from commerce.catalogue.types import Status
from commerce.merchandising import batch_store, form, schedule_store, store, three_way
from commerce.merchandising.form import Sheet
from commerce.merchandising.save import Who, current, save, told_since
from commerce.merchandising.three_way import Joined
from commerce.merchandising.types import MANAGE, VIEW, Choices, Described, Faults, Faulty, Goods, Stale
from server.database import Connection
from server.errors import NotFound
from server.http import Body, Call, Kind, Routes, StaffWith
from server.http.pages import Page, Redirect

routes = Routes("back office: products", realm=Kind.STAFF)
HOME = "/backoffice/products"
MOST_FORM = 1_000_000
CHARGED_WITHIN = 30
"""Days within which a struck-through price must have been asked."""
_LINES = 10
_ORDER = (
    *("title", "subtitle", "category_id", "brand_id", "shop_id", "tags", "slug", "attributes", "pictures", "video"),
    *("spec_names", "skus", "description", "parameters"),
)
_CELLS = ("code", "price", "list_price", "on_hand", "picture")
_MOST_JOINED = 1000
"""Changes of others that a form is joined with."""


class StatusForm(Body, frozen=True, kw_only=True):
    """Where a product is put."""

    status: Status


def who(call: Call, ref: str = "") -> Who:
    """Return who calls, as a change's author."""
    staff = call.staff
    return Who(staff_id=staff.id, shops=staff.shops, say=call.tr, ref=ref, address=call.address, agent=call.agent)


@routes.page(f"{HOME}/new", StaffWith(MANAGE))
async def new_page(call: Call) -> Page:
    """Show the form of a new product; `?copy=` begins it with another one."""
    copied = call.request.query.get("copy", "")
    async with call.database.connection() as connection:
        choices = await store.choices(connection, call.staff.shops)
        if re.fullmatch("[0-9]{1,18}", copied):
            sheet = form.of_goods(await current(connection, int(copied), call.staff.shops), copy=True)
        else:
            sheet = form.blank(choices.shops[0].id if len(choices.shops) == 1 else None)
        return await shown(call, connection, sheet, None, choices)


@routes.page(f"{HOME}/new", StaffWith(MANAGE), "POST", most=MOST_FORM)
async def create_by_form(call: Call) -> Page | Redirect:
    """Add a product, or show the form again: with more rows, filled, or with its faults."""
    return await _posted(call, None)


@routes.page(f"{HOME}/{{product_id}}", StaffWith(VIEW))
async def product_page(call: Call, product_id: int) -> Page:
    """Show a product to be changed, with the history of its prices and stock."""
    async with call.database.connection() as connection:
        goods = await current(connection, product_id, call.staff.shops)
        choices = await store.choices(connection, call.staff.shops)
        return await shown(call, connection, form.of_goods(goods), goods, choices)


@routes.page(f"{HOME}/{{product_id}}", StaffWith(MANAGE), "POST", most=MOST_FORM)
async def change_by_form(call: Call, product_id: int) -> Page | Redirect:
    """Change a product, or show the form again: with more rows, filled, with its faults, or with what others did."""
    return await _posted(call, product_id)


@routes.page(f"{HOME}/{{product_id}}/status", StaffWith(MANAGE), method="POST")
async def put_by_form(call: Call, product_id: int) -> Page | Redirect:
    """Put a product on or off the shelf and show it again, with what is missing for that."""
    wanted = await call.form(StatusForm)
    try:
        await put(call, product_id, wanted.status)
    except Faulty as problem:
        async with call.database.connection() as connection:
            goods = await current(connection, product_id, call.staff.shops)
            choices = await store.choices(connection, call.staff.shops)
            sheet = form.of_goods(goods)
            return await shown(call, connection, sheet, goods, choices, faults=problem.faults, status=422)
    return Redirect(f"{HOME}/{product_id}")


async def put(call: Call, product_id: int, status: Status) -> Goods:
    """Put a product of one's shops on or off the shelf; again is no change. Raises NotFound, Faulty, Stale."""
    async with call.transaction() as connection:
        before = await current(connection, product_id, call.staff.shops)
        saved = await save(connection, before, msgspec.structs.replace(before, status=status), who(call))
    return saved.goods


async def _posted(call: Call, product_id: int | None) -> Page | Redirect:
    fields = await call.fields()
    clashes = three_way.posted(fields)
    sheet, doing = three_way.settled(form.posted(fields), clashes), str(fields.get("do", "save"))
    joined = Joined(sheet=sheet, theirs=frozenset(), clashes=[clash for clash in clashes if not clash.taken])
    async with call.database.connection() as connection:
        before = None if product_id is None else await current(connection, product_id, call.staff.shops)
        choices = await store.choices(connection, call.staff.shops)
        if doing != "save":
            sheet, faults = _worked(sheet, fields, doing)
            return await shown(call, connection, sheet, before, choices, faults=faults, joined=joined)
        described = await _described(connection, sheet)
    wanted, faults = form.read(sheet, before, described)
    status, stale = 422, []
    try:
        async with call.transaction() as connection:
            if before is not None and sheet.version != before.version:
                raise Stale(details=await told_since(connection, before.id, sheet.version))
            if faults:
                await _check_too(connection, before, wanted, faults, call)
            saved = await save(connection, before, wanted, who(call))
    except Faulty as problem:
        faults = faults | {name: text for name, text in problem.faults.items() if name not in faults}
    except Stale as problem:
        status, stale = 409, problem.details
    else:
        return Redirect(f"{HOME}/{saved.goods.id}?saved={len(saved.changes)}")
    async with call.database.snapshot() as connection:  # what is there and how it came about, of one moment
        if product_id is not None:
            before = await current(connection, product_id, call.staff.shops)
        if before is not None and status == 409:
            edits = await store.edits(connection, before.id, since=sheet.version, most=_MOST_JOINED)
            joined = three_way.joined(three_way.as_it_was(before, edits), before, sheet, joined.clashes)
            faults = {}  # they were said of other rows, and of fields that are others' now
        return await shown(
            call, connection, joined.sheet, before, choices, faults=faults, stale=stale, joined=joined, status=status
        )


async def _check_too(connection: Connection, before: Goods | None, wanted: Goods, faults: Faults, call: Call) -> None:
    """Raise Faulty with what could not be read and with all that is wrong beside it."""
    try:
        await save(connection, before, wanted, who(call))
    except Faulty as problem:
        raise Faulty(faults | {n: text for n, text in problem.faults.items() if n not in faults}, call.tr) from None
    raise Faulty(faults, call.tr)


def _worked(sheet: Sheet, fields: Mapping[str, Any], doing: str) -> tuple[Sheet, Faults]:
    """Return the form after what a button of it asked for, and what was wrong with that."""
    if doing == "fill":
        return form.filled(sheet, fields), {}
    if doing == "combine":
        try:
            return form.combined(sheet), {}
        except ValueError:
            return sheet, {"skus": "规格组合最多 200 个"}
    return sheet, {}


async def _described(connection: Connection, sheet: Sheet) -> list[Described]:
    category = sheet["category_id"]
    known = re.fullmatch("[0-9]{1,18}", category) is not None
    return await store.attributes(connection, int(category)) if known else []


async def shown(
    call: Call,
    connection: Connection,
    sheet: Sheet,
    before: Goods | None,
    choices: Choices,
    *,
    faults: Faults | None = None,
    stale: list[dict[str, Any]] | None = None,
    joined: Joined | None = None,
    timer: dict[str, str] | None = None,
    status: int = 200,
) -> Page:
    """Return the editor's page; ``timer`` is what was asked of the form that has a product go on or off later."""
    told = {name: call.tr(text) for name, text in sorted((faults or {}).items(), key=_place)}
    if "parameters" in told and (lines := form.unread_parameters(sheet)):
        told["parameters"] += "：" + call.tr("第 %(n)s 行") % {"n": ", ".join(map(str, lines))}
    ids = [item.id for item in before.skus if item.id is not None] if before is not None else []
    charged = await store.charged(connection, ids, CHARGED_WITHIN)
    values = {
        "sheet": sheet,
        "product": before,
        "faults": told,
        "stale": stale or [],
        "theirs": joined.theirs if joined is not None else frozenset(),
        "timer": timer or {},
        "clashes": joined.clashes if joined is not None else [],
        "choices": choices,
        "leaves": choices.leaves(),
        "described": await _described(connection, sheet),
        "preview": html(sheet["description"]),
        "levels": {level.sku_id: level for level in await stock.levels(connection, ids)},
        "codes": {item.id: item.code for item in before.skus} if before is not None else {},
        "dishonest": _dishonest(before, charged),
        "prices": await store.price_changes(connection, ids, _LINES),
        "moves": await stock.movements(connection, ids, _LINES),
        "edits": await store.edits(connection, before.id, most=_LINES) if before is not None else [],
        "margin": await store.margin(connection, before.id) if before is not None else None,
        "scheduled": await schedule_store.waiting(connection, [before.id]) if before is not None else [],
        "may": call.staff.may(MANAGE, None if before is None else before.shop_id),
        "kinds": list(stock.Kind),
        "saved": call.request.query.get("saved", ""),
    }
    if before is not None and not values["may"]:
        return Page("merchandising/plain.html", values, status=status)
    return Page("merchandising/editor.html", values, status=status)


def _place(fault: tuple[str, str]) -> tuple[int, int, int]:
    """Return where on the page a fault's field stands."""
    name, _, rest = fault[0].partition(".")
    row, _, cell = rest.partition(".")
    top = _ORDER.index(name) if name in _ORDER else len(_ORDER)
    return top, int(row) if row.isdigit() else 0, _CELLS.index(cell) if cell in _CELLS else 0


def _dishonest(goods: Goods | None, charged: Mapping[int, int]) -> list[tuple[str, int, int]]:
    """Return the SKUs whose struck-through price nobody was asked lately: name, list price, highest price; fen."""
    if goods is None:
        return []
    return [
        (item.name, item.list_price, highest)
        for item in goods.skus
        if item.list_price is not None
        and item.status is Status.ON
        and (highest := charged.get(item.id or 0, item.list_price)) < item.list_price
    ]


@routes.page(f"{HOME}/{{product_id}}/history", StaffWith(VIEW))
async def history_page(call: Call, product_id: int) -> Page:
    """Show what was changed of a product, its prices or its stock, all the way back."""
    kind, page = call.request.query.get("show", "edits"), call.request.query.get("page", "1")
    if kind not in ("edits", "prices", "stock") or not re.fullmatch("[1-9][0-9]{0,3}", page):
        raise NotFound
    size, at = 50, int(page)
    async with call.database.connection() as connection:
        goods = await current(connection, product_id, call.staff.shops)
        ids = [item.id for item in goods.skus if item.id is not None]
        lists: dict[str, list[Any]] = {"edits": [], "prices": [], "moves": []}
        if kind == "edits":
            lists["edits"] = (await store.edits(connection, product_id, most=at * size + 1))[(at - 1) * size :]
        elif kind == "prices":
            lists["prices"] = await store.price_changes(connection, ids, size + 1, (at - 1) * size)
        else:
            lists["moves"] = (await stock.movements(connection, ids, at * size + 1))[(at - 1) * size :]
        actors = {row.actor.partition(":") for row in (*lists["prices"], *lists["moves"])}
        people = await store.names(connection, [int(key) for kind, _, key in actors if kind == "staff"])
        refs = {row.ref.partition(":") for rows in lists.values() for row in rows}
        ids = [int(key) for kind, _, key in refs if kind == "batch"]
        batches = {str(batch_id) for batch_id in await batch_store.visible(connection, ids, call.staff.shops)}
    more = any(len(rows) > size for rows in lists.values())
    values: dict[str, Any] = {name: rows[:size] for name, rows in lists.items()} | {"people": people}
    values["open"] = {"batches": batches, "orders": call.staff.may("orders.view", goods.shop_id)}
    values["codes"] = {item.id: item.code for item in goods.skus}
    return Page(
        "merchandising/history.html",
        values | {"product": goods, "kind": kind, "page": at, "more": more},
    )
