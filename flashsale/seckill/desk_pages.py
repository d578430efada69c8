"""Flash sales for the people who run them: list, plan, publish, watch, pause and end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from commerce import stock
from commerce.catalogue.sku_store import count_skus, search_skus, sku
from commerce.staff import Figure, Tile
from flashsale.seckill import desk_form, desk_store, plan, problems, store, verify
from flashsale.seckill.api import MANAGE, VIEW
from flashsale.seckill.board import Board
from flashsale.seckill.desk_form import Draft, Faults
from flashsale.seckill.desk_views import check_values, live_values, show_of
from flashsale.seckill.types import Challenge, Item, ItemState
from server.clock import now
from server.database import Connection
from server.errors import Invalid, NotFound, Problem
from server.http import Body, Call, Kind, Paging, Routes
from server.http.pages import Page, Redirect

routes = Routes("back office: flash sales", realm=Kind.STAFF)
LIST = "/backoffice/flash-sales"
FOUND = 8
SHOW_WORDS = {"on": "进行中", "coming": "待开始", "draft": "草稿", "paused": "暂停中", "ended": "已结束"}
DONE = {
    "created": "草稿存好了，检查一遍就可以发布。",
    "saved": "改好了。",
    "publish": "已发布，到点自动开抢。",
    "open": "已发布，现在就能抢。",
    "pause": "已暂停，新的抢购会被拒绝；已抢到的不受影响。",
    "resume": "已恢复。",
    "end": "已结束，没卖出的货退回了普通库存。",
}
WARNINGS = {"sync": plan.NOT_SYNCED, "open": plan.NOT_OPEN}


async def figures(connection: Connection, shops: Sequence[int] | None) -> list[Figure]:
    """Return the sales that are on and those to come."""
    counts = await desk_store.counts(connection, shops)
    return [
        Figure(position=position, label=label, value=counts.get(show, 0), href=f"{LIST}?show={show}")
        for position, show, label in ((30, "on", "进行中的秒杀"), (40, "coming", "待开始的秒杀"))
    ]


TILE = Tile(
    title="秒杀",
    text="各场次和实时进度",
    href=LIST,
    icon="bolt",
    permission=VIEW.permission,
    figures=figures,
)


class ListQuery(Paging, frozen=True, kw_only=True):
    """What to list."""

    q: str = ""
    show: str = ""


class SaidQuery(Body, frozen=True, kw_only=True):
    """What has just been done."""

    done: str = ""
    warn: str = ""


@routes.page(LIST, VIEW)
async def list_sales(call: Call, query: ListQuery) -> Page:
    """Sales of the caller's shops by state."""
    if query.show and query.show not in desk_store.SHOWS:
        raise NotFound
    words = query.q.replace("\x00", "").strip()[:60]
    pattern = "%" + words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%" if words else ""
    async with call.database.snapshot() as connection:
        counts = await desk_store.counts(connection, call.staff.shops)
        items, total = await desk_store.listed(
            connection, call.staff.shops, query.show, pattern, query.offset, query.size
        )
        units = await desk_store.units(connection, [item.id for item in items])

    def address(**changes: Any) -> str:
        wanted = {"show": query.show, "q": words, "page": 1} | changes
        pairs = {name: value for name, value in wanted.items() if value and (name, value) != ("page", 1)}
        return LIST + (f"?{urlencode(pairs)}" if pairs else "")

    return Page(
        "seckill/desk_list.html",
        {
            "rows": [{"item": item, "show": show_of(item), "units": units[item.id]} for item in items],
            "tabs": [("", call.tr("全部"), sum(counts.values()))]
            + [(show, call.tr(SHOW_WORDS[show]), counts.get(show, 0)) for show in desk_store.SHOWS],
            "words": SHOW_WORDS,
            "show": query.show,
            "q": words,
            "total": total,
            "page": query.page,
            "pages": -(-total // query.size),
            "address": address,
            "may": call.staff.may(MANAGE.permission),
        },
    )


@routes.page(f"{LIST}/new", MANAGE)
async def new(call: Call) -> Page:
    """The form; `?sku_id=` and the other fields come along when somebody searches for a SKU without script."""
    return await _form(call, desk_form.fresh(call.request.query), find=call.request.query.get("find", ""))


@routes.page(f"{LIST}/skus", MANAGE)
async def skus(call: Call) -> Page:
    """The SKUs that match, to be put into the form."""
    query = call.request.query
    return Page("seckill/desk_skus.html", await _found(call, query.get("find", ""), query.get("sku_id", "")))


@routes.page(f"{LIST}/new", MANAGE, method="POST")
async def create(call: Call) -> Page | Redirect:
    """Save the draft, or show the form again with what is wrong."""
    fields = await call.fields()
    draft = desk_form.posted(fields)
    values, faults = await _read(call, draft)
    if not faults:
        try:
            async with call.transaction() as connection:
                item = await plan.create(connection, desk_form.new_item(values), call.staff)
            return Redirect(f"{LIST}/{item.id}?done=created")
        except NotFound:
            faults = {"sku_id": call.tr("没有这个商品规格")}
        except Invalid as problem:
            faults = _fault(call, problem)
    return await _form(call, draft, faults, find=str(fields.get("find", ""))[:60], status=422)


@routes.page(f"{LIST}/{{item_id}}", VIEW, deadline=15.0)
async def show_sale(call: Call, item_id: int, query: SaidQuery) -> Page:
    """A draft to be checked and changed, or the live board of a published sale."""
    return await _show(call, await _own(call, item_id), said=query.done, warn=query.warn)


@routes.page(f"{LIST}/{{item_id}}", MANAGE, method="POST", deadline=15.0)
async def save(call: Call, item_id: int) -> Page | Redirect:
    """Change the draft, or show it again with what is wrong."""
    draft = desk_form.posted(await call.fields())
    item = await _own(call, item_id)
    draft = Draft(draft.texts | {"sku_id": str(item.sku_id)})
    values, faults = await _read(call, draft)
    if not faults:
        try:
            async with call.transaction() as connection:
                await plan.change(connection, item_id, desk_form.item_change(values), call.staff)
            call.resource(Board).forget(item_id)
            return Redirect(f"{LIST}/{item_id}?done=saved")
        except Invalid as problem:
            faults = _fault(call, problem)
    return await _show(call, item, draft=draft, faults=faults, status=422)


@routes.page(f"{LIST}/{{item_id}}/publish", MANAGE, method="POST")
async def publish(call: Call, item_id: int) -> Page | Redirect:
    """Publish a draft."""
    try:
        warnings = await plan.publish(call.app, item_id, call.staff)
    except (Invalid, problems.StockShort, problems.IllegalMove) as problem:
        return await _refused(call, item_id, problem)
    return _moved(call, item_id, "publish", warnings)


@routes.page(f"{LIST}/{{item_id}}/pause", MANAGE, method="POST")
async def pause(call: Call, item_id: int) -> Page | Redirect:
    """Pause a sale."""
    return await _move(call, item_id, "pause", ItemState.PAUSED)


@routes.page(f"{LIST}/{{item_id}}/resume", MANAGE, method="POST")
async def resume(call: Call, item_id: int) -> Page | Redirect:
    """Go on with a paused sale."""
    return await _move(call, item_id, "resume", ItemState.PUBLISHED)


@routes.page(f"{LIST}/{{item_id}}/end", MANAGE, method="POST")
async def end(call: Call, item_id: int) -> Page | Redirect:
    """End a sale for good."""
    return await _move(call, item_id, "end", ItemState.ENDED)


@routes.page(f"{LIST}/{{item_id}}/live", VIEW)
async def live(call: Call, item_id: int) -> Page:
    """The part of the board that moves."""
    return Page("seckill/desk_live.html", await live_values(call, await _own(call, item_id)))


@routes.page(f"{LIST}/{{item_id}}/books", VIEW, deadline=15.0)
async def books(call: Call, item_id: int) -> Page:
    """Whether the books balance: the sale's verified now, the whole platform's twice a minute."""
    await _own(call, item_id)
    view = await verify.verify(call.app, item_id, platform_s=verify.Platform.MOST_S)
    return Page("seckill/desk_books.html", {"books": view, "at": now()})


async def _own(call: Call, item_id: int) -> Item:
    async with call.database.connection() as connection:
        return plan.own(await store.item(connection, item_id), call.staff)


async def _move(call: Call, item_id: int, name: str, target: ItemState) -> Page | Redirect:
    try:
        warnings = await plan.move(call.app, item_id, call.staff, target)
    except problems.IllegalMove as problem:
        return await _refused(call, item_id, problem)
    return _moved(call, item_id, name, warnings)


def _moved(call: Call, item_id: int, name: str, warnings: list[str]) -> Redirect:
    call.resource(Board).forget(item_id)
    codes = [code for code, warning in WARNINGS.items() if warning in warnings]
    pairs = {"done": name} | ({"warn": codes[0]} if codes else {})
    return Redirect(f"{LIST}/{item_id}?{urlencode(pairs)}")


async def _refused(call: Call, item_id: int, problem: Problem) -> Page:
    text = next(iter(_fault(call, problem).values()))
    return await _show(call, await _own(call, item_id), refused=text, status=problem.status)


async def _read(call: Call, draft: Draft) -> tuple[dict[str, Any], Faults]:
    """Return what was typed, and every fault at once: what cannot be read and what may not be."""
    values, faults = desk_form.read(draft, call.tr)
    async with call.database.connection() as connection:
        for problem in await plan.faults(connection, values, call.staff):
            for field, text in _fault(call, problem).items():
                faults.setdefault(field, text)
    return values, faults


def _fault(call: Call, problem: Problem) -> Faults:
    text = str(problem.values.get("reason", problem.message))
    return {problem.field or "": call.tr(text).format(**problem.values)}


async def _found(call: Call, find: str, chosen: str) -> dict[str, Any]:
    words = find.replace("\x00", "").strip()[:60]
    pattern = "%" + words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%" if words else ""
    async with call.database.snapshot() as connection:
        found = await search_skus(connection, pattern, call.staff.shops, FOUND)
        total = await count_skus(connection, pattern, call.staff.shops) if len(found) == FOUND else len(found)
        if chosen.isascii() and chosen.isdigit() and len(chosen) < 19:
            info = await sku(connection, int(chosen))
            mine = info is not None and (call.staff.shops is None or info.shop_id in call.staff.shops)
            if info is not None and mine:
                found = [info, *(one for one in found if one.sku_id != info.sku_id)]
        free = await stock.free(connection, [one.sku_id for one in found])
    return {
        "skus": [(one, free[one.sku_id]) for one in found],
        "chosen": chosen,
        "find": find,
        "most": FOUND,
        "total": total,
    }


async def _form(call: Call, draft: Draft, faults: Faults | None = None, *, find: str = "", status: int = 200) -> Page:
    values = {
        "draft": draft,
        "faults": faults or {},
        "challenges": _challenges(call),
        "pay_within": _pay_within(call, draft["pay_within_s"]),
        **await _found(call, find, draft["sku_id"]),
    }
    return Page("seckill/desk_form.html", values, status=status)


async def _show(
    call: Call,
    item: Item,
    *,
    said: str = "",
    warn: str = "",
    refused: str = "",
    draft: Draft | None = None,
    faults: Faults | None = None,
    status: int = 200,
) -> Page:
    shown: dict[str, Any] = {
        "item": item,
        "show": show_of(item),
        "word": call.tr(SHOW_WORDS[show_of(item)]),
        "said": call.tr(DONE["open" if said == "publish" and show_of(item) == "on" else said]) if said in DONE else "",
        "warning": call.tr(WARNINGS[warn]) if warn in WARNINGS else "",
        "refused": refused,
        "may": call.staff.may(MANAGE.permission, item.shop_id),
    }
    if item.state is ItemState.DRAFT:
        draft = draft or desk_form.of_item(item)
        async with call.database.connection() as connection:
            shown |= await check_values(call, connection, item)
        shown |= {
            "draft": draft,
            "faults": faults or {},
            "challenges": _challenges(call),
            "pay_within": _pay_within(call, draft["pay_within_s"]),
        }
        return Page("seckill/desk_draft.html", shown, status=status)
    view = await verify.verify(call.app, item.id, patience=0.5, platform_s=verify.Platform.MOST_S)
    return Page(
        "seckill/desk_board.html", shown | await live_values(call, item) | {"books": view, "at": now()}, status=status
    )


def _challenges(call: Call) -> list[tuple[str, str]]:
    texts = {
        Challenge.NONE: "不验证",
        Challenge.POW: "浏览器自动算一道题（买家无感）",
        Challenge.CAPTCHA: "输入图里的字母",
    }
    return [(challenge.value, call.tr(text)) for challenge, text in texts.items()]


def _pay_within(call: Call, chosen: str) -> list[tuple[str, str]]:
    odd = {int(chosen)} if chosen.isascii() and chosen.isdigit() and len(chosen) < 6 else set()
    return [
        (
            str(seconds),
            call.tr("{n} 分钟").format(n=seconds // 60) if seconds % 60 == 0 else call.tr("{n} 秒").format(n=seconds),
        )
        for seconds in sorted({*desk_form.PAY_WITHIN, *odd})
    ]
