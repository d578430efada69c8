"""The audit log for people: sought by person, shop, thing and day; and as a file for spreadsheets."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode

import msgspec
from msgspec import Meta

from commerce.staff import audit_store
from commerce.staff.audit_store import Sought
from commerce.staff.audit_told import Told, told
from commerce.staff.audit_words import KINDS, OBJECTS
from commerce.staff.shops import Shops
from commerce.staff.types import Permission
from server.cells import safe
from server.clock import day, now, shanghai, wire
from server.errors import Invalid
from server.http import Body, Call, Id, Instant, Kind, Routes, StaffWith, View
from server.http.pages import File, Page

routes = Routes("back office: audit log", realm=Kind.STAFF)
HERE = "/backoffice/audit"
VIEW = StaffWith(Permission.AUDIT_VIEW)
SIZE = 50
MOST_EXPORTED = 10_000
AT_ONCE = 500
"""Records read and written at once: a process that does ten thousand in one go answers nobody for half a second."""
Digits = Annotated[str, Meta(max_length=18, pattern="^[0-9]*$")]
Day = Annotated[str, Meta(max_length=10, pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$")]


class AuditQuery(Body, frozen=True, kw_only=True):
    """Which records: of a person's account, a shop, a kind of deed, a thing, from a day to another (both included).

    ``before`` is the id of the record that the page begins below.
    """

    who: Annotated[str, Meta(max_length=60)] = ""
    shop: Digits = ""
    kind: Annotated[str, Meta(max_length=40)] = ""
    object: Annotated[str, Meta(max_length=40)] = ""
    id: Annotated[str, Meta(max_length=64)] = ""
    since: Day = ""
    until: Day = ""
    before: Digits = ""


class ChangeView(View, frozen=True, kw_only=True):
    """A field, from what to what."""

    field: str
    before: str | None
    after: str | None


class AuditView(View, frozen=True, kw_only=True):
    """A record: who did what, when, to what, where from, for which shop (null: the platform's business)."""

    id: Id
    at: Instant
    account: str
    staff_id: Id | None
    kind: str
    object_kind: str
    object_id: str
    object_name: str
    shop: str
    reason: str
    changes: list[ChangeView]
    address: str
    request_id: str


class AuditListing(View, frozen=True, kw_only=True):
    """Records, the last first. ``next`` is the ``before`` of the page after this one; null at the end."""

    items: list[AuditView]
    next: Id | None


@routes.page(HERE, VIEW)
async def show(call: Call, query: AuditQuery) -> Page:
    """Show the records sought, the last first."""
    faults: dict[str, str] = {}
    entries: list[Told] = []
    shops: dict[int, str] = {}
    try:
        entries, shops = await _found(call, query, SIZE + 1)
    except Invalid as problem:
        faults[problem.field or ""] = problem.reason(call.tr)
        async with call.database.connection() as connection:
            shops = await call.resource(Shops).named(connection, call.staff.shops)
    kept = {name: value for name in _FIELDS if (value := getattr(query, name))}
    values = {
        "entries": entries[:SIZE],
        "older": f"{HERE}?{urlencode(kept | {'before': entries[SIZE - 1].id})}" if len(entries) > SIZE else "",
        "export": f"{HERE}/export?{urlencode(kept)}",
        "asked": query,
        "narrowed": bool(kept),
        "shops": shops,
        "kinds": KINDS,
        "objects": OBJECTS,
        "faults": faults,
    }
    return Page("staff/audit.html", values, status=422 if faults else 200)


@routes.page(f"{HERE}/export", VIEW, deadline=30.0, limit="20/minute")
async def export(call: Call, query: AuditQuery) -> File:
    """Give the records sought as a file, at most ten thousand, the last line says if there are more.

    No cell of it is taken for a formula.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    heads = ("时间", "账号", "姓名", "操作", "对象", "编号", "名称", "店铺", "改动", "原因", "地址", "请求编号")
    writer.writerow([call.tr(head) for head in heads])
    exported, more = 0, True
    while more and exported < MOST_EXPORTED:
        entries, _ = await _found(call, query, AT_ONCE + 1)
        more = len(entries) > AT_ONCE
        for one in entries[:AT_ONCE]:
            writer.writerow([safe(cell) for cell in _row(one)])
        exported += AT_ONCE
        query = msgspec.structs.replace(query, before=str(entries[AT_ONCE - 1].id) if more else "")
    if more:
        writer.writerow([call.tr("只有最近的 {n} 条，缩小范围可以导出其余的").format(n=f"{MOST_EXPORTED:,}")])
    name = f"audit-{shanghai(now()):%Y%m%d-%H%M}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return File(out.getvalue().encode("utf-8-sig"), "text/csv; charset=utf-8", headers)


def _row(one: Told) -> tuple[str, ...]:
    changes = "\n".join(f"{each.field}: {each.before or '—'} → {each.after or '—'}" for each in one.differences)
    return (
        shanghai(one.at).strftime("%Y-%m-%d %H:%M:%S"),
        one.account,
        one.who,
        one.words,
        one.object_words,
        one.object_id,
        one.object_name,
        one.shop,
        changes or one.detail,
        one.reason,
        one.address,
        one.request_id,
    )


@routes.get("/api/v1/backoffice/audit", VIEW)
async def listed(call: Call, query: AuditQuery) -> AuditListing:
    """List the records sought, the last first."""
    entries, _ = await _found(call, query, SIZE + 1)
    return AuditListing(
        items=[
            AuditView(
                id=str(one.id),
                at=wire(one.at),
                account=one.account,
                staff_id=None if one.staff_id is None else str(one.staff_id),
                kind=one.kind,
                object_kind=one.object_kind,
                object_id=one.object_id,
                object_name=one.object_name,
                shop=one.shop,
                reason=one.reason,
                changes=[ChangeView(field=d.field, before=d.before, after=d.after) for d in one.differences],
                address=one.address,
                request_id=one.request_id,
            )
            for one in entries[:SIZE]
        ],
        next=str(entries[SIZE - 1].id) if len(entries) > SIZE else None,
    )


_FIELDS = ("who", "shop", "kind", "object", "id", "since", "until")


async def _found(call: Call, query: AuditQuery, most: int) -> tuple[list[Told], dict[int, str]]:
    sought = Sought(
        shops=call.staff.shops,
        account=query.who.strip(),
        shop_id=int(query.shop) if query.shop else None,
        kind=query.kind,
        object_kind=query.object,
        object_id=query.id.strip(),
        since=_day(query.since, "since"),
        until=_day(query.until, "until", 1),
    )
    if sought.since is not None and sought.until is not None and sought.since >= sought.until:
        raise Invalid("until", "不能早于开始的那天")
    before = int(query.before) if query.before else None
    async with call.database.connection() as connection:
        entries = await audit_store.found(connection, sought, before, most)
        shops = await call.resource(Shops).named(connection, call.staff.shops)
    return [told(entry, call.tr, shops, call.staff) for entry in entries], shops


def _day(text: str, field: str, more: int = 0) -> datetime | None:
    """Return when a day begins, or the one ``more`` days after it. Raises Invalid."""
    try:
        return day(text, more) if text else None
    except ValueError:
        raise Invalid(field, "日期不对") from None
