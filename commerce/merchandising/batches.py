"""The pages and the JSON of batches: draw one up, look at it, do it, see the report, take it back."""

from __future__ import annotations

import re
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from commerce.merchandising import batch_form, batch_store, listing_store, store
from commerce.merchandising.batch import BatchEdit
from commerce.merchandising.batch_run import (
    MOST_PRODUCTS,
    BatchJob,
    Edited,
    NoDraft,
    NotUndoable,
    begin,
    discard,
    draw_up,
    plan,
    undo,
    work,
)
from commerce.merchandising.batch_store import Batch, BatchRow, Kind, RowState, State
from commerce.merchandising.editor import who
from commerce.merchandising.listing import wanted
from commerce.merchandising.schedule import hold_moment
from commerce.merchandising.steep import Unchecked, hold_checked, is_steep, steep
from commerce.merchandising.types import MANAGE, VIEW, Faults
from server.clock import wire
from server.database import Connection
from server.errors import Invalid, NotFound
from server.http import Body, Call, Id, Instant, Paging, Routes, StaffWith, View
from server.http import Kind as Realm
from server.http.pages import Page, Redirect
from server.http.routes import Key

routes = Routes("back office: products", realm=Realm.STAFF)
BATCHES = "/backoffice/batches"
API = "/api/v1/backoffice/batches"
SIZE = 50
FORESEEN = 4 * SIZE
"""Rows of a draft that are looked through to say how many will change; of more the page says how many may."""
_IDS = re.compile("[0-9]{1,18}(,[0-9]{1,18})*")


class BatchBody(Body, frozen=True, kw_only=True):
    """Which products, and what is to be done to each."""

    product_ids: Annotated[list[Id], Meta(min_length=1, max_length=MOST_PRODUCTS)]
    edit: BatchEdit
    checked: bool = False
    """Prices that fall below half or rise over double were looked at; without it such a batch is refused."""


class BatchRowView(View, frozen=True, kw_only=True):
    """What became of one product; `reason` says why it was refused."""

    product_id: Id | None
    title: str
    state: RowState
    field: str
    reason: str
    changes: list[dict[str, Any]]


class BatchView(View, frozen=True, kw_only=True):
    """A batch, its figures, and a stretch of its rows, those that were refused first."""

    id: Id
    kind: Kind
    state: State
    by: str
    created_at: Instant
    total: int
    waiting: int
    done: int
    same: int
    refused: int
    undone_by: Id | None
    rows: list[BatchRowView]


@routes.page(BATCHES, StaffWith(VIEW))
async def batches_page(call: Call) -> Page:
    """List batches, the last one first."""
    page = call.request.query.get("page", "1")
    if not re.fullmatch("[1-9][0-9]{0,3}", page):
        raise NotFound
    at = int(page)
    async with call.database.connection() as connection:
        rows = await batch_store.batches(connection, call.staff.shops, (at - 1) * SIZE, SIZE + 1)
    values = {"rows": rows[:SIZE], "page": at, "more": len(rows) > SIZE}
    values |= {"mine": {batch.id for batch in rows if _may(call, batch)}}
    return Page("merchandising/batches.html", values)


@routes.page(BATCHES, StaffWith(MANAGE), "POST", most=300_000)
async def draw_up_by_form(call: Call) -> Redirect:
    """Draw up a batch for the products that were chosen in the list, or for all that the list shows."""
    fields = await call.fields()
    async with call.transaction() as connection:
        if fields.get("all") == "1":
            query = {name: str(fields.get(name, "")) for name in ("q", "show", "category", "brand", "shop")}
            ids = await listing_store.ids(connection, wanted(query).filter(call.staff.shops), MOST_PRODUCTS + 1)
        else:
            given = fields.get("ids", "")
            text = ",".join(map(str, given)) if isinstance(given, list) else str(given)
            if not _IDS.fullmatch(text):
                raise Invalid("product_ids", "先选商品")
            ids = sorted({int(one) for one in text.split(",")})
        batch_id = await draw_up(connection, ids, BatchEdit(), who(call))
    return Redirect(f"{BATCHES}/{batch_id}")


@routes.page(f"{BATCHES}/{{batch_id}}", StaffWith(VIEW))
async def batch_page(call: Call, batch_id: int) -> Page:
    """Show a draft's form with what it would do, or the report of what was done."""
    async with call.database.connection() as connection:
        batch = await found(call, connection, batch_id)
        return await _shown(call, connection, batch)


@routes.page(f"{BATCHES}/{{batch_id}}", StaffWith(MANAGE), "POST")
async def edit_by_form(call: Call, batch_id: int) -> Page | Redirect:
    """Say what a draft is to do, and see what that would be."""
    fields = await call.fields()
    async with call.transaction() as connection:
        batch = await found(call, connection, batch_id)
        edit, faults = batch_form.read(fields)
        if faults:
            return await _shown(call, connection, batch, fields=fields, faults=faults)
        if batch.kind is not Kind.EDIT:
            raise NoDraft
        form: dict[str, Any] = {name: str(fields.get(name, "")) for name in batch_form.NAMES}
        where = fields.get("where", [])
        form["where"] = where if isinstance(where, list) else [where]
        kept = {"edit": msgspec.to_builtins(edit), "form": form}
        if not await batch_store.set_edit(connection, batch.id, kept):
            raise NoDraft
    return Redirect(f"{BATCHES}/{batch_id}#preview")


@routes.page(f"{BATCHES}/{{batch_id}}/apply", StaffWith(MANAGE), "POST", deadline=60.0)
async def apply_by_form(call: Call, batch_id: int) -> Page | Redirect:
    """Do what was looked at: at once, or by the worker where it is much."""
    fields = await call.fields()
    async with call.transaction() as connection:
        batch = await found(call, connection, batch_id)
        if batch.kind is Kind.EDIT and batch.state is State.DRAFT and str(fields.get("seen", "")) != batch.stamp:
            raise Edited
        try:
            await hold_checked(connection, batch, batch.state is not State.DRAFT or fields.get("checked") == "1")
        except Unchecked as problem:
            faults = {"checked": str(problem.values["reason"])}
            return await _shown(call, connection, batch, faults=faults)
        at_once = await begin(connection, batch, who(call))
    if at_once:
        await work(call.app, BatchJob(batch_id))
    return Redirect(f"{BATCHES}/{batch_id}")


@routes.page(f"{BATCHES}/{{batch_id}}/discard", StaffWith(MANAGE), "POST")
async def discard_by_form(call: Call, batch_id: int) -> Redirect:
    """Remove a batch that was never begun."""
    async with call.transaction() as connection:
        await discard(connection, await found(call, connection, batch_id), who(call))
    return Redirect(BATCHES)


@routes.page(f"{BATCHES}/{{batch_id}}/undo", StaffWith(MANAGE), "POST")
async def undo_by_form(call: Call, batch_id: int) -> Redirect:
    """Draw up the batch that takes this one back, to be looked at."""
    async with call.transaction() as connection:
        batch = await found(call, connection, batch_id)
        undoing = batch.undone_by or await undo(connection, batch, who(call))
    return Redirect(f"{BATCHES}/{undoing}")


@routes.post(API, StaffWith(MANAGE), status=201, key=Key.REQUIRED, most=300_000, errors=(NoDraft,), deadline=60.0)
async def add_batch(call: Call, body: BatchBody) -> BatchView:
    """Change many products alike; the worker does it row by row."""
    if body.edit.at is not None:
        hold_moment(body.edit.at)
    async with call.transaction() as connection:
        ids = sorted({int(one) for one in body.product_ids})
        batch = await found(call, connection, await draw_up(connection, ids, body.edit, who(call)))
        await hold_checked(connection, batch, body.checked)
        await begin(connection, batch, who(call))
        return view(await found(call, connection, batch.id), [])


@routes.get(f"{API}/{{batch_id}}", StaffWith(VIEW))
async def get_batch(call: Call, batch_id: int, query: Paging) -> BatchView:
    """Return how far a batch is, and a stretch of its rows."""
    async with call.database.connection() as connection:
        batch = await found(call, connection, batch_id)
        return view(batch, await batch_store.rows(connection, batch.id, query.offset, query.size))


@routes.post(f"{API}/{{batch_id}}/undo", StaffWith(MANAGE), status=201, key=Key.REQUIRED, errors=(NotUndoable,))
async def undo_batch(call: Call, batch_id: int) -> BatchView:
    """Take a batch back where nothing was changed since, within a day."""
    async with call.transaction() as connection:
        undoing = await undo(connection, await found(call, connection, batch_id), who(call))
        batch = await found(call, connection, undoing)
        await begin(connection, batch, who(call))
        return view(await found(call, connection, batch.id), [])


async def found(call: Call, connection: Connection, batch_id: int) -> Batch:
    """Return a batch of one's shops. Raises NotFound."""
    batch = await batch_store.batch(connection, batch_id, call.staff.shops)
    if batch is None:
        raise NotFound
    return batch


def _may(call: Call, batch: Batch) -> bool:
    """Tell whether whoever sees a batch may also do something about it: in every shop that it reaches into."""
    shops = call.staff.within(MANAGE).shops
    return call.staff.may(MANAGE) and (shops is None or (batch.shops is not None and set(batch.shops) <= set(shops)))


async def _shown(
    call: Call,
    connection: Connection,
    batch: Batch,
    *,
    fields: dict[str, Any] | None = None,
    faults: Faults | None = None,
) -> Page:
    page = call.request.query.get("page", "1")
    if not re.fullmatch("[1-9][0-9]{0,3}", page):
        raise NotFound
    at, draft, asks = int(page), batch.state is State.DRAFT, batch.asks
    start, ahead = (at - 1) * SIZE, draft and asks and batch.total <= FORESEEN
    rows = await batch_store.rows(connection, batch.id, 0 if ahead else start, FORESEEN if ahead else SIZE)
    planned = await plan(connection, batch, rows, call.staff.shops)
    values: dict[str, Any] = {
        "batch": batch,
        "planned": planned[start : start + SIZE] if ahead else planned,
        "changing": sum(one.state is RowState.WAITING for one in planned) if ahead else batch.waiting,
        "exact": ahead,
        "steep": await steep(connection, batch) if draft and asks else [],
        "is_steep": is_steep,
        "draft": draft,
        "asks": asks,
        "page": at,
        "pages": -(-batch.total // SIZE),
        "form": fields if fields is not None else batch.edit.get("form", {}),
        "faults": {name: call.tr(text) for name, text in (faults or {}).items()},
        "may": _may(call, batch),
    }
    if draft and batch.kind is Kind.EDIT:
        choices = await store.choices(connection, call.staff.shops)
        values |= {"choices": choices, "leaves": choices.leaves()}
    return Page("merchandising/batch.html", values, status=422 if faults else 200)


def view(batch: Batch, rows: list[BatchRow]) -> BatchView:
    """Return a batch as clients get it."""
    return BatchView(
        id=str(batch.id),
        kind=batch.kind,
        state=batch.state,
        by=batch.staff,
        created_at=wire(batch.created_at),
        total=batch.total,
        waiting=batch.waiting,
        done=batch.done,
        same=batch.same,
        refused=batch.refused,
        undone_by=None if batch.undone_by is None else str(batch.undone_by),
        rows=[
            BatchRowView(
                product_id=None if row.product_id is None else str(row.product_id),
                title=row.label,
                state=row.state,
                field=row.field,
                reason=row.reason,
                changes=[msgspec.to_builtins(change) for change in row.changes],
            )
            for row in rows
        ],
    )
