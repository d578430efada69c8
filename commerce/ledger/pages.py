"""The ledger as the back office reads it."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from msgspec import Meta

from commerce.ledger import store
from commerce.ledger.accounts import named
from commerce.ledger.check import check
from commerce.staff import Shops
from server.http import Call, Kind, Paging, Routes, StaffWith
from server.http.pages import Page

routes = Routes("ledger", realm=Kind.STAFF)


class LedgerQuery(Paging, frozen=True, kw_only=True):
    """What part of the ledger to show."""

    account: Annotated[str, Meta(max_length=80)] | None = None
    ref: Annotated[str, Meta(max_length=80)] | None = None


@routes.page("/backoffice/ledger", StaffWith("ledger.view"))
async def ledger(call: Call, query: LedgerQuery) -> Page:
    """Balances of every account and the newest transactions."""
    async with call.database.transaction() as connection:
        balances = await store.balances(connection)
        postings, total = await store.postings(connection, query.account, query.ref, query.offset, query.size)
        wrong = await check(connection)
        shops = await call.resource(Shops).named(connection)
    kept = {name: value for name, value in (("account", query.account), ("ref", query.ref)) if value}
    return Page(
        "ledger/list.html",
        {
            "balances": balances,
            "postings": postings,
            "wrong": wrong,
            "filter": query,
            "named": lambda account: named(account, shops, call.tr),
            "pages": -(-total // query.size),
            "href": lambda n: "/backoffice/ledger?" + urlencode(kept | {"page": n}),
        },
    )
