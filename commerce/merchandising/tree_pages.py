"""The pages of categories with their attributes, and of brands."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

from commerce.catalogue.types import AttributeKind
from commerce.catalogue.words import cleaned, pattern
from commerce.merchandising import brands, store, tree, tree_store
from commerce.merchandising.editor import who
from commerce.merchandising.tree import CATALOGUE, StillUsed
from commerce.merchandising.tree_api import used
from commerce.merchandising.types import Described
from server.database import Connection
from server.errors import Invalid, NotFound, Problem
from server.http import Call, Routes, StaffWith
from server.http import Kind as Realm
from server.http.pages import Page, Redirect
from server.seen import ChangedMeanwhile

routes = Routes("back office: categories", realm=Realm.STAFF)
CATEGORIES, BRANDS = "/backoffice/categories", "/backoffice/brands"
SIZE = 50
_ICONS = ("", "home", "bed", "lamp", "sofa", "pot", "bowl", "leaf", "shirt", "bag", "run", "tent", "phone", "headset",
          "lip", "toy", "gift", "star", "spark", "box")  # fmt: skip


class ValuesStay(Problem):
    """The attribute was kept, with values that were to go."""

    code, status, message = "values_stay", 422, "有商品在用，没有去掉：{values}"


@routes.page(CATEGORIES, StaffWith(CATALOGUE))
async def categories_page(call: Call) -> Page:
    """Show the tree, and one category to be changed."""
    chosen = call.request.query.get("id", "")
    async with call.database.connection() as connection:
        return await _shown(call, connection, int(chosen) if re.fullmatch("[0-9]{1,18}", chosen) else None)


@routes.page(CATEGORIES, StaffWith(CATALOGUE), "POST")
async def add_category(call: Call) -> Page | Redirect:
    """Add a category and show it."""
    fields = await call.fields()
    parent = _id(fields, "parent_id")
    try:
        async with call.transaction() as connection:
            icon = _icon(fields)
            made = await tree.add_category(connection, parent, _text(fields, "name"), icon, who(call))
    except (Invalid, StillUsed) as problem:
        async with call.database.connection() as connection:
            return await _shown(call, connection, parent, problem, _typed(fields, "new"))
    return Redirect(f"{CATEGORIES}?id={made}")


@routes.page(f"{CATEGORIES}/{{category_id}}", StaffWith(CATALOGUE), "POST")
async def change_category(call: Call, category_id: int) -> Page | Redirect:
    """Rename, move, merge or remove a category."""
    fields = await call.fields()
    doing, back = _text(fields, "do") or "save", f"{CATEGORIES}?id={category_id}"
    try:
        async with call.transaction() as connection, used():
            if doing in ("up", "down"):
                await tree.step_category(connection, category_id, None, -1 if doing == "up" else 1, who(call))
            elif doing == "before":
                await tree.step_category(connection, category_id, _id(fields, "before"), 0, who(call))
            elif doing == "merge":
                into = _id(fields, "into") or 0
                if not into:
                    raise Invalid("into", "选另一个分类")
                await tree.merge_category(connection, category_id, into, who(call))
                back = f"{CATEGORIES}?id={into}"
            elif doing == "remove":
                await tree.remove_category(connection, category_id, who(call))
                back = CATEGORIES
            else:
                await tree.change_category(
                    connection,
                    category_id,
                    _text(fields, "name"),
                    _text(fields, "slug"),
                    _icon(fields),
                    _id(fields, "parent_id"),
                    who(call),
                    _text(fields, "seen"),
                )
    except (Invalid, StillUsed, ChangedMeanwhile) as problem:
        async with call.database.connection() as connection:
            typed = _typed(fields, "category" if doing == "save" else "")
            return await _shown(call, connection, category_id, problem, typed)
    return Redirect(back)


@routes.page(f"{CATEGORIES}/{{category_id}}/attributes", StaffWith(CATALOGUE), "POST")
async def change_attribute(call: Call, category_id: int) -> Page | Redirect:
    """Add, change, order or remove one of a category's own attributes."""
    fields = await call.fields()
    doing, attribute_id = _text(fields, "do") or "save", _id(fields, "attribute_id")
    kept: list[str] = []
    try:
        async with call.transaction() as connection, used():
            if doing in ("up", "down") and attribute_id:
                await tree.step_attribute(connection, category_id, attribute_id, -1 if doing == "up" else 1, who(call))
            elif doing == "remove" and attribute_id:
                await tree.remove_attribute(connection, category_id, attribute_id, who(call))
            else:
                kind = _text(fields, "kind")
                kept = await tree.save_attribute(
                    connection,
                    category_id,
                    attribute_id,
                    name=_text(fields, "name"),
                    kind=AttributeKind(kind) if kind in set(AttributeKind) else AttributeKind.CHOICE,
                    unit=_text(fields, "unit"),
                    filterable=_text(fields, "filterable") == "1",
                    values=_split(_text(fields, "values")),
                    who=who(call),
                    seen=_text(fields, "seen"),
                )
    except (Invalid, StillUsed, ChangedMeanwhile) as problem:
        async with call.database.connection() as connection:
            typed = _typed(fields, f"attribute {attribute_id or 'new'}" if doing == "save" else "")
            return await _shown(call, connection, category_id, problem, typed)
    if kept:
        async with call.database.connection() as connection:
            return await _shown(call, connection, category_id, ValuesStay(values="、".join(kept[:5])))
    return Redirect(f"{CATEGORIES}?id={category_id}#attributes")


@routes.page(BRANDS, StaffWith(CATALOGUE))
async def brands_page(call: Call) -> Page:
    """List brands."""
    async with call.database.connection() as connection:
        return await _brands(call, connection)


@routes.page(BRANDS, StaffWith(CATALOGUE), "POST")
async def add_brand(call: Call) -> Page | Redirect:
    """Add a brand."""
    fields = await call.fields()
    try:
        async with call.transaction() as connection:
            await brands.save(connection, None, _text(fields, "name"), _text(fields, "slug"), who(call))
    except Invalid as problem:
        async with call.database.connection() as connection:
            return await _brands(call, connection, problem, _typed(fields, "new"))
    return Redirect(BRANDS)


@routes.page(f"{BRANDS}/{{brand_id}}", StaffWith(CATALOGUE), "POST")
async def change_brand(call: Call, brand_id: int) -> Page | Redirect:
    """Rename, merge or remove a brand, and show the page of the list that the form was on."""
    fields = await call.fields()
    doing, name, slug = _text(fields, "do") or "save", _text(fields, "name"), _text(fields, "slug")
    try:
        async with call.transaction() as connection, used():
            if doing == "merge":
                await brands.merge(connection, brand_id, _id(fields, "into") or brand_id, who(call))
            elif doing == "remove":
                await brands.remove(connection, brand_id, who(call))
            else:
                await brands.save(connection, brand_id, name, slug, who(call), _text(fields, "seen"))
    except (Invalid, StillUsed, ChangedMeanwhile) as problem:
        async with call.database.connection() as connection:
            typed = _typed(fields, f"brand {brand_id}" if doing == "save" else "")
            return await _brands(call, connection, problem, typed)
    asked = [(name, call.request.query.get(name, "")) for name in ("q", "page")]
    pairs = [pair for pair in asked if pair[1] and pair != ("page", "1")]
    return Redirect(f"{BRANDS}?{urlencode(pairs)}" if pairs else BRANDS)


_TYPED = ("name", "slug", "icon", "parent_id", "unit", "filterable", "values", "kind", "seen")


def _typed(fields: dict[str, Any], form: str) -> dict[str, str]:
    """Return what somebody typed into a form that is shown again, and which one that is."""
    return {name: _text(fields, name) for name in _TYPED} | {"form": form}


def _wrong(call: Call, problem: Problem | None, now: dict[str, str]) -> dict[str, Any]:
    """Return what a page says of a refusal, above and at the field; of what others changed, what it is ``now``."""
    if problem is None:
        return {"fault": "", "faults": {}, "anew": False}
    said, anew = problem.told(call.tr), isinstance(problem, ChangedMeanwhile)
    if anew:
        changed = [one["field"] for one in problem.details]
        faults = {name: call.tr("现在是：{now}").format(now=now.get(name) or "—") for name in changed}
    else:
        faults = {problem.field: problem.reason(call.tr)} if isinstance(problem, Invalid) and problem.field else {}
    return {"fault": said, "faults": faults, "anew": anew}


def _status(problem: Problem | None) -> int:
    return 200 if problem is None else 409 if isinstance(problem, ChangedMeanwhile) else 422


def _now(call: Call, whole: tree.Tree, node: tree_store.Node | None, one: Described | None) -> dict[str, str]:
    """Return what the fields of an attribute, or else of a category, are now, in words."""
    if one is not None:
        yes = call.tr("是") if one.filterable else call.tr("否")
        return {"name": one.name, "unit": one.unit, "filterable": yes, "values": "、".join(one.values)}
    if node is None:
        return {}
    above = "" if node.parent_id is None else " / ".join(part.name for part in whole.path(node.parent_id))
    return {"name": node.name, "slug": node.slug, "icon": node.icon, "parent_id": above or call.tr("顶级")}


async def _shown(
    call: Call,
    connection: Connection,
    chosen: int | None,
    problem: Problem | None = None,
    typed: dict[str, str] | None = None,
) -> Page:
    whole = await tree.tree(connection)
    if chosen is not None and chosen not in whole.nodes:
        raise NotFound
    described: list[Described] = await store.attributes(connection, chosen) if chosen is not None else []
    node = whole.nodes[chosen] if chosen is not None else None
    below = {under.id for under, _ in tree.Tree(list(whole.nodes.values())).rows(chosen)} if chosen else set()
    values: dict[str, Any] = {
        "rows": whole.rows(),
        "node": node,
        "parents": [
            (one.id, " / ".join(part.name for part in whole.path(one.id)))
            for one, depth in whole.rows()
            if depth < tree.MOST_DEPTH - 1 and not one.products and one.id != chosen and one.id not in below
        ],
        "leaves": [
            (one.id, " / ".join(part.name for part in whole.path(one.id)))
            for one, _ in whole.rows()
            if not one.children and one.id != chosen
        ],
        "described": described,
        "typed": typed or {"form": ""},
        "icons": _ICONS,
        "category_state": tree.category_state,
        "attribute_state": tree.attribute_state,
    }
    mine = next((one for one in described if typed and typed["form"] == f"attribute {one.id}"), None)
    wrong = _wrong(call, problem, _now(call, whole, node, mine))
    return Page("merchandising/categories.html", values | wrong, status=_status(problem))


async def _brands(
    call: Call, connection: Connection, problem: Problem | None = None, typed: dict[str, str] | None = None
) -> Page:
    q, page = cleaned(call.request.query.get("q", "")), call.request.query.get("page", "1")
    if not re.fullmatch("[1-9][0-9]{0,3}", page):
        raise NotFound
    at = int(page)
    rows, total = await tree_store.brands(connection, pattern(q) if q else "", (at - 1) * SIZE, SIZE)
    everybody = (await store.choices(connection, ())).brands
    values: dict[str, Any] = {"rows": rows, "total": total, "q": q, "page": at, "pages": -(-total // SIZE)}
    mine = next((row for row in rows if typed and typed["form"] == f"brand {row.id}"), None)
    now = {} if mine is None else {"name": mine.name, "slug": mine.slug}
    return Page(
        "merchandising/brands.html",
        values
        | {"typed": typed or {"form": ""}, "brands": everybody, "state": brands.state}
        | _wrong(call, problem, now),
        status=_status(problem),
    )


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name, "")
    return str(value[0] if isinstance(value, list) else value).strip()[:20_000]


def _id(fields: dict[str, Any], name: str) -> int | None:
    text = _text(fields, name)
    return int(text) if re.fullmatch("[0-9]{1,18}", text) else None


def _icon(fields: dict[str, Any]) -> str:
    icon = _text(fields, "icon")
    return icon if re.fullmatch("[a-z-]{0,30}", icon) else ""


def _split(text: str) -> list[str]:
    return list(dict.fromkeys(part.strip() for part in re.split(r"[,，、;；\n]+", text) if part.strip()))
