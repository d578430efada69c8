"""On and off the shelf at a moment: set, cancelled, and done by the worker when it is due."""

from __future__ import annotations

import re
import time
from datetime import datetime, timedelta
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from commerce.catalogue.types import Status
from commerce.merchandising import form, schedule_store, store
from commerce.merchandising.editor import HOME, shown, who
from commerce.merchandising.save import Who, current, save
from commerce.merchandising.schedule_store import Due, DueState
from commerce.merchandising.types import MANAGE, VIEW, Faulty, Stale
from commerce.staff import On, audit
from server.application import Application
from server.clock import SHANGHAI, now, wire
from server.database import Connection
from server.errors import Invalid, NotFound
from server.http import Body, Call, Id, Instant, Kind, Listing, Paging, Routes, StaffWith, View
from server.http.pages import Page, Redirect
from server.http.routes import Key
from server.jobs import Schedule

routes = Routes("back office: products", realm=Kind.STAFF)
DUES = "/backoffice/shelf-changes"
API = "/api/v1/backoffice/shelf-changes"
FURTHEST = timedelta(days=366)
SIZE = 50
RUN_FOR = 20.0
"""Seconds after which a run leaves the rest to the next one."""


class DueBody(Body, frozen=True, kw_only=True):
    """Where a product is to be put, and when (UTC)."""

    product_id: Id
    status: Status
    at: Annotated[datetime, Meta(tz=True)]


class DueForm(Body, frozen=True, kw_only=True):
    """The same of a form; the time is Shanghai's."""

    status: Status
    at: str = ""


class DueQuery(Paging, frozen=True, kw_only=True):
    """What to list; an empty state lists all."""

    state: DueState | None = None


class DueView(View, frozen=True, kw_only=True):
    """A product that goes on or off the shelf at a moment, or did."""

    id: Id
    product_id: Id
    title: str
    status: Status
    at: Instant
    by: str
    state: DueState
    reason: str


def moment(text: str) -> datetime:
    """Return the moment that a person wrote on Shanghai's clock. Raises Invalid."""
    try:
        made = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid("at", "请填时间") from None
    made = made.replace(tzinfo=SHANGHAI) if made.tzinfo is None else made
    hold_moment(made)
    return made


def hold_moment(at: datetime) -> None:
    """Raise Invalid unless a moment lies ahead, at most a year."""
    if not now() < at <= now() + FURTHEST:
        raise Invalid("at", "时间要在将来一年之内")


async def set_due(connection: Connection, product_id: int, status: Status, at: datetime, who_: Who) -> int:
    """Have a product of one's shops put on or off the shelf at a moment; return its id. Raises Invalid, NotFound."""
    hold_moment(at)
    goods = await current(connection, product_id, who_.shops)
    change_id = await schedule_store.add(connection, goods.id, status, at, who_.staff_id)
    await audit(
        connection,
        who_.staff_id,
        "shelf_change_set",
        On("product", goods.id, goods.title),
        shop_id=goods.shop_id,
        before={},
        after={"status": status, "at": wire(at)},
        detail={"change_id": change_id},
    )
    return change_id


async def cancel(connection: Connection, change_id: int, who_: Who) -> Due:
    """Cancel what waits. Raises NotFound."""
    found = await schedule_store.cancel(connection, change_id, who_.shops)
    if found is None:
        raise NotFound
    await audit(
        connection,
        who_.staff_id,
        "shelf_change_cancelled",
        On("product", found.product_id, found.title),
        shop_id=found.shop_id,
        before={"status": found.status, "at": wire(found.due_at)},
        after={},
        detail={"change_id": change_id},
    )
    return found


async def run_due(app: Application) -> None:
    """Do what is due, each in its own transaction, until nothing is."""
    until = time.monotonic() + RUN_FOR
    while time.monotonic() < until:
        try:
            async with app.database.transaction() as connection:
                due = await schedule_store.next_due(connection)
                if due is None:
                    return
                await _do(connection, due)
        except Stale:
            continue  # changed at this very moment: it is read again


async def _do(connection: Connection, due: Due) -> None:
    who_ = Who(staff_id=due.staff_id, shops=(due.shop_id,), say=str, ref=f"schedule:{due.id}")
    try:
        async with connection.transaction():
            before = await current(connection, due.product_id, who_.shops)
            saved = await save(connection, before, msgspec.structs.replace(before, status=due.status), who_)
    except Faulty as problem:
        await schedule_store.close(connection, due.id, DueState.REFUSED, next(iter(problem.faults.values())))
    else:
        await schedule_store.close(connection, due.id, DueState.DONE if saved.changes else DueState.SAME)


SCHEDULE = Schedule(name="merchandising.shelf", every=2.0, run=run_due)


@routes.page(f"{HOME}/{{product_id}}/schedule", StaffWith(MANAGE), "POST")
async def set_by_form(call: Call, product_id: int) -> Page | Redirect:
    """Have a product put on or off the shelf at a moment, and show it again, with what is wrong with the moment."""
    given = await call.form(DueForm)
    async with call.transaction() as connection:
        goods = await current(connection, product_id, call.staff.shops)
        try:
            await set_due(connection, product_id, given.status, moment(given.at), who(call))
        except Invalid as problem:
            timer = {"status": given.status.value, "at": given.at[:30], "fault": call.tr(str(problem.values["reason"]))}
            choices = await store.choices(connection, call.staff.shops)
            return await shown(call, connection, form.of_goods(goods), goods, choices, timer=timer, status=422)
    return Redirect(f"{HOME}/{product_id}")


@routes.page(DUES, StaffWith(VIEW))
async def dues_page(call: Call) -> Page:
    """List what is due and what was."""
    state, page = call.request.query.get("show", "waiting"), call.request.query.get("page", "1")
    if state not in (*DueState, "") or not re.fullmatch("[1-9][0-9]{0,3}", page):
        raise NotFound
    at = int(page)
    async with call.database.connection() as connection:
        rows, total = await schedule_store.listed(
            connection, call.staff.shops, DueState(state) if state else None, (at - 1) * SIZE, SIZE
        )
    values: dict[str, Any] = {"rows": rows, "total": total, "state": state, "page": at, "pages": -(-total // SIZE)}
    return Page("merchandising/dues.html", values | {"may": call.staff.may, "manage": MANAGE})


@routes.page(f"{DUES}/{{change_id}}/cancel", StaffWith(MANAGE), "POST")
async def cancel_by_form(call: Call, change_id: int) -> Redirect:
    """Cancel what waits and go back to the product."""
    async with call.transaction() as connection:
        found = await cancel(connection, change_id, who(call))
    back = str((await call.fields()).get("back", ""))
    return Redirect(DUES if back == "list" else f"{HOME}/{found.product_id}")


@routes.get(API, StaffWith(VIEW))
async def list_dues(call: Call, query: DueQuery) -> Listing[DueView]:
    """List what goes on or off the shelf at a moment, what waits first."""
    async with call.database.connection() as connection:
        rows, total = await schedule_store.listed(connection, call.staff.shops, query.state, query.offset, query.size)
    return Listing(items=[view(row) for row in rows], total=total, page=query.page, size=query.size)


@routes.post(API, StaffWith(MANAGE), status=201, key=Key.REQUIRED)
async def add_due(call: Call, body: DueBody) -> DueView:
    """Have a product put on or off the shelf at a moment."""
    async with call.transaction() as connection:
        change_id = await set_due(connection, int(body.product_id), body.status, body.at, who(call))
        found = next(
            due for due in await schedule_store.waiting(connection, [int(body.product_id)]) if due.id == change_id
        )
    return view(found)


@routes.delete(f"{API}/{{change_id}}", StaffWith(MANAGE))
async def cancel_due(call: Call, change_id: int) -> DueView:
    """Cancel what waits."""
    async with call.transaction() as connection:
        return view(await cancel(connection, change_id, who(call)))


def view(due: Due) -> DueView:
    """Return what clients get of it."""
    return DueView(
        id=str(due.id),
        product_id=str(due.product_id),
        title=due.title,
        status=due.status,
        at=wire(due.due_at),
        by=due.staff,
        state=due.state,
        reason=due.reason,
    )
