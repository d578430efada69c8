"""Batches at work: drawn up, looked at, done row by row in transactions of their own, taken back."""

from __future__ import annotations

from collections import Counter

import asyncpg
import msgspec

from commerce.merchandising import batch_store, schedule_store, store
from commerce.merchandising.batch import BatchEdit, edited, taken_back
from commerce.merchandising.batch_store import Batch, BatchRow, Kind, RowState, State
from commerce.merchandising.check import faults
from commerce.merchandising.differ import differences
from commerce.merchandising.import_row import ImportedProduct, imported
from commerce.merchandising.save import Who, current, save
from commerce.merchandising.types import Change, ChangedSince, Faulty, Goods, Stale
from commerce.staff import On, audit
from server.application import Application
from server.clock import wire
from server.database import Connection
from server.errors import Conflict, Invalid, NotFound
from server.jobs import Job, enqueue

MOST_PRODUCTS = 10_000
AT_ONCE = 50
"""Rows that a request does itself; more are the worker's."""
_TRIES = 5


class NotUndoable(Conflict):
    """It is older than a day, is not done, or was taken back."""

    code, message = "batch_not_undoable", "只能撤销 24 小时内完成、且没有撤销过的批次"


class NoDraft(Conflict):
    """It was begun."""

    code, message = "batch_not_draft", "这一批已经开始，不能再改"


class Edited(Conflict):
    """Somebody else said what the batch is to do after it was looked at."""

    code, message = "batch_edited", "这一批要做的刚被别人改过，请再看一遍预览"


class Nothing(Invalid):
    """The edit asks for nothing."""

    def __init__(self) -> None:
        super().__init__("edit", "先选要改什么")


class TooMany(Invalid):
    """More products than one batch takes: nothing is left out without a word."""

    def __init__(self) -> None:
        super().__init__("product_ids", "一批最多 10000 件，请先筛选再分几批改")


class BatchJob(msgspec.Struct, frozen=True):
    """The job that does a batch's rows."""

    batch_id: int


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """What would become of a row, or has."""

    row: BatchRow
    picture: str = ""
    state: RowState
    changes: list[Change]
    faults: list[tuple[str, str]] = []
    """Fields and reasons."""


def edit_of(batch: Batch) -> BatchEdit:
    """Return what a batch is to do to each product."""
    return msgspec.convert(batch.edit.get("edit", {}), BatchEdit)


async def draw_up(connection: Connection, product_ids: list[int], edit: BatchEdit, who: Who) -> int:
    """Add a batch for those products that are of one's shops and return its id. Raises Invalid for none, TooMany."""
    if len(product_ids) > MOST_PRODUCTS:
        raise TooMany
    batch_id = await batch_store.add(
        connection, Kind.EDIT, who.staff_id, who.shops, {"edit": msgspec.to_builtins(edit)}
    )
    if not await batch_store.add_products(connection, batch_id, product_ids, who.shops):
        raise Invalid("product_ids", "先选商品")
    return batch_id


async def plan(
    connection: Connection, batch: Batch, rows: list[BatchRow], shops: tuple[int, ...] | None
) -> list[Planned]:
    """Return what would become of rows that wait, and what has become of the others. Writes nothing."""
    ids = [row.product_id for row in rows if row.product_id is not None]
    known = await store.goods(connection, ids, shops)
    wanted: list[tuple[BatchRow, Goods | None, Goods | None, str, str]] = []
    for row in rows:
        before = known.get(row.product_id) if row.product_id is not None else None
        if row.state is not RowState.WAITING:
            wanted.append((row, before, None, row.field, row.reason))
            continue
        try:
            wanted.append((row, before, _wanted(batch, row, before), "", ""))
        except ChangedSince as problem:
            wanted.append((row, before, None, problem.what, problem.reason))
        except NotFound:
            wanted.append((row, before, None, "", "没有这件商品"))
    choices = await store.choices(connection, shops)
    after = [goods for _, _, goods, _, _ in wanted if goods is not None]
    described = {
        category_id: await store.attributes(connection, category_id)
        for category_id in sorted({goods.category_id for goods in after})
    }
    codes = await store.codes(connection, [item.code for goods in after for item in goods.skus])
    planned = []
    for row, before, goods, field, reason in wanted:
        picture = before.pictures[0] if before is not None and before.pictures else ""
        if goods is None:
            became = row.state if row.state is not RowState.WAITING else RowState.REFUSED
            told = [(field, reason)] if reason else []
            if row.wanted is not None and "errors" in row.wanted:
                told = [(f"{one['line']} {one['column']}", one["reason"]) for one in row.wanted["errors"]]
            planned.append(Planned(row=row, picture=picture, state=became, changes=row.changes, faults=told))
            continue
        checked = goods if goods.slug else msgspec.structs.replace(goods, slug="new")
        wrong = faults(checked, choices, described[goods.category_id], codes, before)
        changes = [*differences(before, goods), *_scheduled(batch, row, before)]
        state = RowState.REFUSED if wrong else RowState.WAITING if changes else RowState.SAME
        planned.append(Planned(row=row, picture=picture, state=state, changes=changes, faults=list(wrong.items())))
    return planned


def _wanted(batch: Batch, row: BatchRow, before: Goods | None) -> Goods:
    if batch.kind is Kind.IMPORT:
        return imported(before, msgspec.convert(row.wanted, ImportedProduct))
    if before is None:
        raise NotFound
    if batch.kind is Kind.UNDO:
        assert row.wanted is not None
        return taken_back(before, msgspec.convert(row.wanted["changes"], list[Change]))
    return edited(before, edit_of(batch))


def _scheduled(batch: Batch, row: BatchRow, before: Goods | None) -> list[Change]:
    """Return what is to happen later, or what was to and is not any more."""
    if batch.kind is Kind.UNDO and row.wanted is not None:
        made = msgspec.convert(row.wanted["changes"], list[Change])
        return [Change(what=one.what, before=one.after, after=None) for one in made if one.what == "scheduled"]
    if batch.kind is not Kind.EDIT or before is None:
        return []
    edit = edit_of(batch)
    if edit.status is None or edit.at is None:
        return []
    return [Change(what="scheduled", before=None, after={"status": edit.status.value, "at": wire(edit.at)})]


async def begin(connection: Connection, batch: Batch, who: Who) -> bool:
    """Begin a batch in the caller's transaction; the worker does it, whatever becomes of the caller.

    True when it is so little that the caller may ``work`` it off after the commit. Raises NoDraft, Nothing.
    """
    if batch.kind is Kind.EDIT and edit_of(batch).empty:
        raise Nothing
    if not await batch_store.start(connection, batch.id, batch.edit):
        raise NoDraft
    detail = {"batch_id": batch.id, "kind": batch.kind, "products": batch.total, "edit": batch.edit.get("edit", {})}
    one_shop = batch.shops[0] if batch.shops is not None and len(batch.shops) == 1 else None
    await audit(connection, who.staff_id, "batch_begun", On("batch", batch.id), shop_id=one_shop, detail=detail)
    await enqueue(connection, JOB.name, BatchJob(batch.id), dedupe=f"batch:{batch.id}")
    return batch.waiting <= AT_ONCE


async def discard(connection: Connection, batch: Batch, who: Who) -> None:
    """Remove a batch that was never begun. Raises NoDraft."""
    if not await batch_store.discard(connection, batch.id):
        raise NoDraft
    detail = {"batch_id": batch.id, "kind": batch.kind, "products": batch.total}
    one_shop = batch.shops[0] if batch.shops is not None and len(batch.shops) == 1 else None
    await audit(connection, who.staff_id, "batch_discarded", On("batch", batch.id), shop_id=one_shop, detail=detail)


async def undo(connection: Connection, batch: Batch, who: Who) -> int:
    """Draw up the batch that takes another back and return its id. Raises NotUndoable."""
    if batch.state is not State.DONE or not batch.fresh or batch.undone_by is not None or batch.kind is Kind.UNDO:
        raise NotUndoable
    try:
        batch_id = await batch_store.add(connection, Kind.UNDO, who.staff_id, batch.shops, {}, batch.id)
    except asyncpg.UniqueViolationError:  # somebody else did at this moment
        raise NotUndoable from None
    await batch_store.add_undo_rows(connection, batch_id, batch.id)
    return batch_id


async def work(app: Application, job: BatchJob) -> None:
    """Do every row that waits, each in its own transaction, and note that the batch is done. Harmless twice."""
    async with app.database.connection() as connection:
        batch = await batch_store.batch(connection, job.batch_id, None)
    if batch is None or batch.state is not State.RUNNING:
        return
    shops = None if batch.shops is None else tuple(batch.shops)
    who = Who(staff_id=batch.staff_id, shops=shops, say=str, ref=f"batch:{batch.id}")
    while await _do_one(app, batch, who):
        pass
    async with app.database.transaction() as connection:
        await batch_store.finish(connection, batch.id)


async def _do_one(app: Application, batch: Batch, who: Who) -> bool:
    """Do the next row; False when none is left. A product that somebody else changes meanwhile is read again."""
    tried: Counter[int] = Counter()
    while True:
        try:
            async with app.database.transaction() as connection:
                row = await batch_store.next_row(connection, batch.id)
                if row is None:
                    return False
                try:
                    await _do(connection, batch, row, who)
                except Stale:
                    tried[row.id] += 1
                    if tried[row.id] < _TRIES:
                        raise
                    await batch_store.close_row(connection, row.id, RowState.REFUSED, reason=Stale.message)
                return True
        except Stale:
            continue


async def _do(connection: Connection, batch: Batch, row: BatchRow, who: Who) -> None:
    try:
        async with connection.transaction():
            before = None if row.product_id is None else await current(connection, row.product_id, who.shops)
            saved = await save(connection, before, _wanted(batch, row, before), who)
            later = _scheduled(batch, row, before)
            changes = [*saved.changes, *later]
            if later:
                await _schedule(connection, batch, saved.goods.id, who)
    except Faulty as problem:
        field, reason = next(iter(problem.faults.items()))
        await batch_store.close_row(connection, row.id, RowState.REFUSED, field=field, reason=reason)
    except ChangedSince as problem:
        await batch_store.close_row(connection, row.id, RowState.REFUSED, field=problem.what, reason=problem.reason)
    except NotFound:
        await batch_store.close_row(connection, row.id, RowState.REFUSED, reason="没有这件商品")
    else:
        state = RowState.DONE if changes else RowState.SAME
        await batch_store.close_row(connection, row.id, state, changes, product_id=saved.goods.id)


async def _schedule(connection: Connection, batch: Batch, product_id: int, who: Who) -> None:
    """Have happen later what the batch asks for, or take it back. Raises ChangedSince where it has happened."""
    if batch.kind is Kind.UNDO:
        if batch.undoes is None or not await schedule_store.cancel_of(connection, batch.undoes, product_id):
            raise ChangedSince("scheduled")
        return
    edit = edit_of(batch)
    assert edit.status is not None
    assert edit.at is not None
    await schedule_store.add(connection, product_id, edit.status, edit.at, who.staff_id, batch.id)


JOB = Job(name="merchandising.batch", payload=BatchJob, run=work, timeout=900.0)
