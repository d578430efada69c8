"""Prices that a batch would move far: they are said loudly and need a word of their own before they are done."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from commerce.merchandising import batch_store
from commerce.merchandising.batch import reckoned
from commerce.merchandising.batch_run import edit_of
from commerce.merchandising.batch_store import Batch, Kind, Priced
from server.database import Connection
from server.errors import Invalid


class Steep(msgspec.Struct, frozen=True, kw_only=True):
    """A SKU whose price would fall below half or rise over double; fen."""

    product_id: int
    title: str
    code: str
    before: int
    after: int


class Unchecked(Invalid):
    """Prices would move far, and nobody said that they looked at them."""

    def __init__(self, count: int) -> None:
        super().__init__("checked", "有售价降到一半以下或涨到两倍以上，核对后勾选“我已核对”")
        self.count = count


def is_steep(before: int, after: int) -> bool:
    """Tell whether a price in fen falls below half or rises over double."""
    return after * 2 < before or after > before * 2


async def steep(connection: Connection, batch: Batch) -> list[Steep]:
    """Return the SKUs whose prices a batch that waits would move far, those that lose most first.

    What takes a batch back only restores what was: it counts as looked at.
    """
    if batch.kind is Kind.IMPORT:
        return await asyncio.to_thread(_far, batch, await batch_store.imported_prices(connection, batch.id))
    if batch.kind is Kind.EDIT and edit_of(batch).price is not None:
        return await asyncio.to_thread(_far, batch, await batch_store.prices(connection, batch.id))
    return []


async def hold_checked(connection: Connection, batch: Batch, checked: bool) -> None:
    """Raise Unchecked where prices would move far and ``checked`` does not say that somebody looked."""
    if not checked and (found := await steep(connection, batch)):
        raise Unchecked(len(found))


def _far(batch: Batch, rows: Sequence[Priced]) -> list[Steep]:
    amount = edit_of(batch).price
    found = []
    for row in rows:
        after = row.wanted if row.wanted is not None else reckoned(row.price, amount) if amount else row.price
        if after > 0 and is_steep(row.price, after):
            one = Steep(product_id=row.product_id, title=row.title, code=row.code, before=row.price, after=after)
            found.append(one)
    return sorted(found, key=lambda one: one.after / one.before)
