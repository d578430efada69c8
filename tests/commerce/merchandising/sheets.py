"""Spreadsheets as people send them, and what comes of them."""

from __future__ import annotations

import io
from typing import Any

import aiohttp
import xlsxwriter

from commerce.merchandising.batch_run import BatchJob, work
from tests.commerce.catalogue.conftest import Shelf
from tests.commerce.merchandising.browser import Browser

FILES = "/api/v1/backoffice/product-files"
EXPORT = "/backoffice/product-files/export"


def book(rows: list[list[Any]], **options: Any) -> bytes:
    """Return an .xlsx of these cells; what begins with = is a formula."""
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out, options)
    page = made.add_worksheet()
    for at, row in enumerate(rows):
        page.write_row(at, 0, row)
    made.close()
    return out.getvalue()


async def send(shelf: Shelf, raw: bytes, headers: dict[str, str], status: int = 201, name: str = "a.xlsx") -> Any:
    """Upload a file and return the answer."""
    form = aiohttp.FormData()
    form.add_field("file", raw, filename=name)
    async with shelf.client.post(FILES, data=form, headers=headers) as response:
        told = await response.json()
        assert response.status == status, told
        return told


async def exported(shelf: Shelf, headers: dict[str, str], query: str = "") -> bytes:
    """Return the file that the list gives."""
    async with shelf.client.get(f"/backoffice/product-files/export{query}", headers=headers) as response:
        assert response.status == 200
        assert response.headers["Content-Disposition"].startswith("attachment")
        return await response.read()


async def apply(shelf: Shelf, batch_id: str, staff: dict[str, str]) -> Any:
    """Begin a batch as a browser does and return its report."""
    browser = Browser(shelf, staff)
    csrf = shelf.app.sessions.csrf(staff["Authorization"].removeprefix("Bearer "))
    status, _, text = await browser.post(f"/backoffice/batches/{batch_id}/apply", {"csrf_token": csrf})
    assert status == 303, text[:500]
    await work(shelf.app, BatchJob(int(batch_id)))
    return await shelf.get(f"/api/v1/backoffice/batches/{batch_id}", headers=staff, params={"size": "100"})
