"""The pages of spreadsheets: take products out, bring them in."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Sequence
from pathlib import PurePath

from aiohttp import web

from commerce.merchandising import batch_store, listing_store, sheet, sheet_store, store
from commerce.merchandising.batch_store import Kind
from commerce.merchandising.batches import BATCHES, BatchView, found, view
from commerce.merchandising.editor import who
from commerce.merchandising.listing import Filter, wanted
from commerce.merchandising.sheet import COLUMNS, ENGLISH, SheetRefused
from commerce.merchandising.sheet_known import Known
from commerce.merchandising.sheet_parse import MOST_BYTES, MOST_LINES
from commerce.merchandising.types import MANAGE, VIEW
from server.cells import meant
from server.clock import now, shanghai
from server.database import Connection
from server.errors import BadRequest, Invalid, NotFound, TooLarge, UnsupportedMedia
from server.http import Call, Routes, StaffWith
from server.http import Kind as Realm
from server.http.forms import posted
from server.http.pages import File, Page, Redirect
from server.http.routes import Key

routes = Routes("back office: products", realm=Realm.STAFF)
FILES = "/backoffice/product-files"
MOST_EXPORTED = 5_000
"""Products of one file; more of them come as several files."""
_MOST_PARTS = 200
_SLACK = 4096
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@routes.page(FILES, StaffWith(MANAGE))
async def files_page(call: Call) -> Page:
    """Show the ways in and out."""
    return _shown(call)


@routes.page(f"{FILES}/export", StaffWith(VIEW), deadline=60.0)
async def export(call: Call) -> File | Page:
    """Give the products that the list shows as a spreadsheet; with `empty=1` its headings alone.

    Where they are more than one file holds, show the files instead: `part` is one of them, from 1.
    """
    query = call.request.query
    part = query.get("part", "")
    if part and not re.fullmatch("[1-9][0-9]{0,2}", part):
        raise NotFound
    asked = wanted(query)
    async with call.database.connection() as connection:
        choices = await store.choices(connection, call.staff.shops)
        filter_ = asked.filter(call.staff.shops)
        ids = [] if query.get("empty") == "1" else await _ids(connection, filter_, int(part or 1))
        if len(ids) > MOST_EXPORTED and not part:
            total = (await listing_store.listed(connection, filter_, 0, 1))[1]
            return _shown(call, parts=_parts(asked.link(), total))
        by_id = await store.goods(connection, ids[:MOST_EXPORTED], call.staff.shops)
        goods = [by_id[product_id] for product_id in ids[:MOST_EXPORTED] if product_id in by_id]
    body = await asyncio.to_thread(sheet.written, goods, choices, call.tr.locale == "en")
    name = f"products-{shanghai(now()):%Y%m%d-%H%M}{f'-{part}' if part else ''}.xlsx"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return File(body, _XLSX, headers)


async def _ids(connection: Connection, asked: Filter, part: int) -> list[int]:
    """Return the ids of one file's products, in the order they were added, and one more where another file follows."""
    return await listing_store.ids(connection, asked, MOST_EXPORTED + 1, (part - 1) * MOST_EXPORTED)


def _parts(listed: str, total: int) -> list[tuple[str, int, int]]:
    """Return the files that a list comes in: address, first and last product."""
    query = listed.partition("?")[2]
    start = f"{FILES}/export?{query}&part=" if query else f"{FILES}/export?part="
    count = min(_MOST_PARTS, -(-total // MOST_EXPORTED))
    return [(f"{start}{at + 1}", at * MOST_EXPORTED + 1, min(total, (at + 1) * MOST_EXPORTED)) for at in range(count)]


@routes.page(FILES, StaffWith(MANAGE), "POST", most=MOST_BYTES + _SLACK, limit="20/minute", deadline=60.0)
async def bring_by_form(call: Call) -> Page | Redirect:
    """Read a file and show what it would do, or why it is refused."""
    try:
        name, raw = await read_file(call)
        batch_id = await bring(call, name, raw)
    except (SheetRefused, Invalid) as problem:
        return _shown(call, problem.told(call.tr))
    return Redirect(f"{BATCHES}/{batch_id}")


@routes.post(
    "/api/v1/backoffice/product-files",
    StaffWith(MANAGE),
    status=201,
    key=Key.OWN,
    most=MOST_BYTES + _SLACK,
    limit="20/minute",
    deadline=60.0,
    errors=(SheetRefused,),
)
async def bring_file(call: Call) -> BatchView:
    """Read a spreadsheet (.xlsx or .csv, the form's field `file`) into a batch that is not begun, to be looked at."""
    name, raw = await read_file(call)
    batch_id = await bring(call, name, raw)
    async with call.database.connection() as connection:
        batch = await found(call, connection, batch_id)
        return view(batch, await batch_store.rows(connection, batch.id, 0, 100))


async def bring(call: Call, name: str, raw: bytes) -> int:
    """Draw up the batch that a file asks for and return its id. Raises SheetRefused, Unavailable.

    Reading a file takes seconds: no connection is held meanwhile.
    """
    if PurePath(name).suffix.casefold() not in (".xlsx", ".csv", ".xls"):  # the last one is told what to do
        raise SheetRefused("只支持 .xlsx 和 .csv")
    rows = await sheet.rows_of(raw)
    names = sheet.headings(rows[0])
    codes = [row[names.index("code")] for row in rows[1:] if len(row) > names.index("code")]
    slugs = [row[names.index("slug")] for row in rows[1:] if "slug" in names and len(row) > names.index("slug")]
    async with call.database.connection() as connection:
        by_code = await store.codes(connection, [meant(code) for code in codes])
        by_slug = await sheet_store.slugs(connection, slugs)
        own = await sheet_store.owned(connection, sorted({*by_code.values(), *by_slug.values()}), call.staff.shops)
        choices = await store.choices(connection, call.staff.shops)
    made = await asyncio.to_thread(sheet.products, rows, Known.of(by_code, by_slug, own, choices))
    if not made:
        raise SheetRefused("文件是空的")
    edit = {"file": PurePath(name).name[:100], "lines": len(rows) - 1}
    async with call.transaction() as connection:
        batch_id = await batch_store.add(connection, Kind.IMPORT, who(call).staff_id, call.staff.shops, edit)
        await batch_store.add_rows(connection, batch_id, made)
    return batch_id


async def read_file(call: Call) -> tuple[str, bytes]:
    """Return name and bytes of the form's ``file``. Raises UnsupportedMedia, TooLarge, Invalid, SheetRefused."""
    if call.request.content_type != "multipart/form-data":
        raise UnsupportedMedia
    try:
        form = await posted(call.request)
    except TooLarge:
        raise SheetRefused("文件最大 5 MB") from None
    except BadRequest:
        raise Invalid("file", "表单读不出来") from None
    unknown = set(form) - {"file", "csrf_token"}
    if unknown:
        raise Invalid(min(unknown), "没有这个字段")
    field = form.get("file")
    if not isinstance(field, web.FileField) or not field.filename:
        raise Invalid("file", "必填")
    with contextlib.closing(field.file):
        raw = await asyncio.to_thread(field.file.read, MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise SheetRefused("文件最大 5 MB")
    return field.filename.replace("\x00", "").encode(errors="replace").decode(), raw


def _shown(call: Call, fault: str = "", parts: Sequence[tuple[str, int, int]] = ()) -> Page:
    columns = [(name, COLUMNS[name], ENGLISH[name]) for name in COLUMNS]
    values = {"columns": columns, "fault": fault, "lines": MOST_LINES, "exported": MOST_EXPORTED, "parts": parts}
    values |= {"may": call.staff.may(MANAGE)}
    return Page("merchandising/files.html", values, status=422 if fault else 200)
