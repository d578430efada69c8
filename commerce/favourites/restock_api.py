"""Reminders of what is there again over JSON."""

from __future__ import annotations

from commerce.favourites import restock_store as store
from commerce.favourites.restock import remind
from commerce.favourites.restock_types import (
    InStock,
    ReminderBody,
    ReminderState,
    ReminderView,
    TooManyReminders,
    reminder_view,
)
from server.errors import NotFound
from server.http import Call, Listing, LoggedIn, Paging, Routes

routes = Routes("restock reminders")
BASE = "/api/v1/me/restock"


@routes.get(BASE, LoggedIn())
async def list_reminders(call: Call, query: Paging) -> Listing[ReminderView]:
    """List what the caller waits for, and what they were told of within thirty days: that first."""
    async with call.database.connection() as connection:
        found, total = await store.page(connection, call.member.id, query.offset, query.size)
    return Listing(items=[reminder_view(one) for one in found], total=total, page=query.page, size=query.size)


@routes.post(BASE, LoggedIn(), status=201, errors=(NotFound, InStock, TooManyReminders))
async def add(call: Call, body: ReminderBody) -> ReminderState:
    """Have the caller told once when a sold-out SKU is there again. Again: no change."""
    async with call.transaction() as connection:
        await remind(connection, call.member.id, int(body.sku_id))
    return ReminderState(sku_id=body.sku_id, on=True)


@routes.delete(BASE + "/{sku_id}", LoggedIn())
async def remove(call: Call, sku_id: int) -> ReminderState:
    """Have the caller wait no longer, or take what they were told of out of the list. Raises NotFound."""
    async with call.transaction() as connection:
        if not await store.remove(connection, call.member.id, sku_id):
            raise NotFound
    return ReminderState(sku_id=str(sku_id), on=False)
