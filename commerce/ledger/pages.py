"""The ledger as the back office reads it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode

from msgspec import Meta

from commerce.ledger import store
from commerce.ledger.accounts import named, owed
from commerce.ledger.check import check
from commerce.ledger.types import Sought
from commerce.staff import Shops
from server.clock import day
from server.http import Call, Kind, Paging, Routes, StaffWith
from server.http.pages import Page

routes = Routes("ledger", realm=Kind.STAFF)
DAYS = 14
Day = Annotated[str, Meta(max_length=10)]


class LedgerQuery(Paging, frozen=True, kw_only=True):
    """What part of the ledger to show: an account, a ref, from a day in Shanghai to another (both included)."""

    account: Annotated[str, Meta(max_length=80)] = ""
    ref: Annotated[str, Meta(max_length=80)] = ""
    since: Day = ""
    until: Day = ""


@routes.page("/backoffice/ledger", StaffWith("ledger.view"))
async def ledger(call: Call, query: LedgerQuery) -> Page:
    """Balances of every account, what came and went by day, and the newest transactions."""
    faults: dict[str, str] = {}
    since, until = (_moment(call, query, name, more, faults) for name, more in (("since", 0), ("until", 1)))
    if since and until and since >= until:
        faults["until"] = call.tr("不能早于开始的那天")
    sought = Sought(account=query.account or None, ref=query.ref or None, since=since, until=until)
    async with call.database.snapshot() as connection:
        balances = await store.balances(connection)
        days = [] if query.ref or faults else await store.by_day(connection, sought, DAYS)
        found = ([], 0) if faults else await store.postings(connection, sought, query.offset, query.size)
        wrong = await check(connection)
        shops = await call.resource(Shops).named(connection)
    postings, total = found
    kept = {name: value for name in ("account", "ref", "since", "until") if (value := getattr(query, name))}
    return Page(
        "ledger/list.html",
        {
            "balances": balances,
            "days": days,
            "most_days": DAYS,
            "faults": faults,
            "owed": owed,
            "narrowed": bool(kept),
            "postings": postings,
            "wrong": wrong,
            "filter": query,
            "named": lambda account: named(account, shops, call.tr),
            "pages": -(-total // query.size),
            "href": lambda n: "/backoffice/ledger?" + urlencode(kept | {"page": n}),
            "only": lambda **other: "/backoffice/ledger?" + urlencode(kept | other),
        },
        status=422 if faults else 200,
    )


def _moment(call: Call, query: LedgerQuery, name: str, more: int, faults: dict[str, str]) -> datetime | None:
    """Return when a day of the query begins, or the one after it; what is no day is told in ``faults``."""
    text = getattr(query, name)
    try:
        return day(text, more) if text else None
    except ValueError:
        faults[name] = call.tr("日期不对")
        return None
