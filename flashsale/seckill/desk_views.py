"""What the board and the draft's page show of a sale."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from commerce import stock
from commerce.catalogue.sku_store import sku
from flashsale.seckill import desk_store, problems, watch
from flashsale.seckill.plot import plot
from flashsale.seckill.sessions import WORDS
from flashsale.seckill.types import Item, ItemState, Phase
from server.clock import now, shanghai
from server.database import Connection
from server.errors import IdempotencyMismatch, Problem, Unavailable
from server.http import Call

HOLDERS = 12
REFUSALS: dict[str, type[Problem]] = {
    problem.code: problem
    for problem in (
        problems.SoldOut,
        problems.LimitReached,
        problems.NotStarted,
        problems.Ended,
        problems.Paused,
        problems.AddressMissing,
        problems.AttemptVoid,
        problems.TicketInvalid,
        problems.TicketExpired,
        problems.ChallengeFailed,
        IdempotencyMismatch,
        Unavailable,
    )
}


def show_of(item: Item) -> str:
    """Return where a sale stands for its staff: coming, on, or its state."""
    if item.state is ItemState.PUBLISHED:
        return "coming" if item.starts_at > now() else "on"
    return item.state.value


async def live_values(call: Call, item: Item) -> dict[str, Any]:
    """Return what moves on the board."""
    figures = await watch.figures(call.app, item)
    async with call.database.connection() as connection:
        holders = await desk_store.holders(connection, item.id, HOLDERS)
    left = figures.available if figures.available is not None else None
    known = figures.paid + figures.held + (left or 0)
    return {
        "item": item,
        "show": show_of(item),
        "figures": figures,
        "phase": call.tr(WORDS[figures.phase or Phase.UPCOMING]),
        "running": figures.phase is Phase.RUNNING,
        "plot": plot(figures.per_second, now()),
        "refusals": [
            (call.tr(REFUSALS[code].message) if code in REFUSALS else code, code, n)
            for code, n in sorted(figures.refused.items(), key=lambda pair: -pair[1])
        ],
        "holders": holders,
        "left": left,
        "whole": max(item.allocated, known, 1),
        "moment": now(),
    }


async def check_values(call: Call, connection: Connection, item: Item) -> dict[str, Any]:
    """Return what publishing looks at: (tone, text) with tone good, wait for a warning, bad for what forbids it."""
    tr = call.tr
    info = await sku(connection, item.sku_id)
    free = (await stock.free(connection, [item.sku_id]))[item.sku_id]
    checks = []
    if info is None or not info.on_sale:
        checks.append(("bad", tr("商品已下架")))
    elif item.price >= info.price:
        checks.append(("bad", tr("抢购价须低于商品现价")))
    else:
        off = (info.price - item.price) * 100 // info.price
        checks.append(("good", tr("比现价低 {n}%").format(n=off)))
    short = item.quantity > free
    checks.append(
        ("bad", tr("超过可用库存，还剩 {free} 件").format(free=free))
        if short
        else ("good", tr("可用库存 {free} 件，发布时划走 {n} 件").format(free=free, n=item.quantity))
    )
    at = now()
    if item.ends_at <= at:
        checks.append(("bad", tr("结束时间已过")))
    elif item.starts_at <= at:
        checks.append(("wait", tr("开始时间已过，一发布就开抢")))
    else:
        checks.append(("good", tr("{at} 开抢").format(at=shanghai(item.starts_at).strftime("%m-%d %H:%M"))))
    if item.ends_at - item.starts_at < timedelta(seconds=item.pay_within_s):
        checks.append(("wait", tr("付款时限比活动还长，没付款的货来不及回流")))
    checks += [
        ("wait", tr("同一规格还有一场时间重叠：{title}").format(title=other.title))
        for other in await desk_store.overlapping(connection, item)
    ]
    return {"checks": checks, "ready": all(tone != "bad" for tone, _ in checks), "info": info, "free": free}
