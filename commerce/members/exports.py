"""Everything that is kept of a member, as a file they ask for: JSON and CSV in a zip, made by a job, for seven days."""

from __future__ import annotations

import asyncio
import csv
import io
import secrets
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from commerce.members import leaving_store, store
from commerce.members.belongings import Belongings
from commerce.members.errors import ExportTooSoon
from commerce.members.leaving_store import Export
from commerce.members.types import Secured
from server import files
from server.application import Application
from server.cells import safe
from server.clock import now, wire
from server.errors import NotFound
from server.events import publish
from server.jobs import Job, enqueue

DAYS = 7
"""How long a file may be fetched."""
MAKE = "members.export"


class Wanted(msgspec.Struct, frozen=True):
    """The job that makes a file."""

    export_id: int


async def ask(app: Application, member_id: int) -> Export:
    """Have a file made. Locks the member. Raises ExportTooSoon."""
    async with app.database.transaction() as connection:
        await store.lock(connection, [member_id])
        made = await leaving_store.ask_export(connection, member_id, f"{secrets.token_hex(16)}.zip")
        if made is None:
            raise ExportTooSoon(86_400)
        await enqueue(connection, MAKE, Wanted(made.id))
        await store.note(connection, member_id, "export_asked", f"member:{member_id}")
    return made


async def of_member(app: Application, member_id: int) -> list[Export]:
    """Return a member's files."""
    async with app.database.connection() as connection:
        return await leaving_store.exports_of(connection, member_id)


async def read(app: Application, member_id: int, export_id: int) -> bytes:
    """Return a file of this member. Raises NotFound for another's, and for one that is not there yet or any more."""
    async with app.database.connection() as connection:
        found = await leaving_store.export(connection, export_id)
    if found is None or found.member_id != member_id or found.expires_at is None or found.expires_at <= now():
        raise NotFound
    try:
        return await asyncio.to_thread(_path(app, found.name).read_bytes)
    except FileNotFoundError:
        raise NotFound from None


async def make(app: Application, wanted: Wanted) -> None:
    """Make a file: all of it as it was at one moment."""
    async with app.database.connection() as connection:
        found = await leaving_store.export(connection, wanted.export_id)
    if found is None or found.done_at is not None or found.expires_at is not None:
        return
    tables: dict[str, list[dict[str, Any]]] = {}
    async with app.database.snapshot() as connection:
        for each in app.resource(Belongings).all:
            if each.tell is not None:
                tables |= await each.tell(connection, found.member_id)
    packed = await asyncio.to_thread(pack, tables)
    await asyncio.to_thread(files.keep, _path(app, found.name), packed)
    async with app.database.transaction() as connection:
        if done := await leaving_store.export_done(connection, found.id, len(packed), DAYS):
            await publish(connection, Secured(member_id=found.member_id, what="export_ready"))
    if not done and not await _wanted(app, found.id):  # merged or deleted while it was being made
        await asyncio.to_thread(_path(app, found.name).unlink, missing_ok=True)


async def _wanted(app: Application, export_id: int) -> bool:
    async with app.database.connection() as connection:
        found = await leaving_store.export(connection, export_id)
    return found is not None and found.done_at is not None


def pack(tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> bytes:
    """Return a zip with everything as one JSON file, and a CSV file for each table that has rows."""
    plain = {
        name: [{key: _plain(value) for key, value in row.items()} for row in rows] for name, rows in tables.items()
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("everything.json", msgspec.json.format(msgspec.json.encode(plain), indent=2))
        for name, rows in plain.items():
            if rows:
                archive.writestr(f"{name}.csv", _csv(rows))
    return made.getvalue()


def _plain(value: Any) -> Any:
    return wire(value) if isinstance(value, datetime) else value


def _csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Return rows as a spreadsheet reads them: with a mark of UTF-8, and nothing that it would take for a formula."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(rows[0])
    for row in rows:
        writer.writerow([_cell(value) for value in row.values()])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (dict, list)):
        return msgspec.json.encode(value).decode()
    return safe(value) if isinstance(value, str) else str(value)


def _path(app: Application, name: str) -> Path:
    return app.settings.home / "exports" / name


async def tidy(app: Application) -> None:
    """Remove files that have ended, before the rows that name them: no file is left that nothing knows of."""
    async with app.database.transaction() as connection:
        ended = await leaving_store.ended_exports(connection)
        for name in ended:
            await asyncio.to_thread(_path(app, name).unlink, missing_ok=True)
        await leaving_store.drop_exports(connection, ended)


JOB = Job(name=MAKE, payload=Wanted, run=make, timeout=120.0)
