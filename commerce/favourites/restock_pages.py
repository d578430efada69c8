"""The page of what a member waits for, and the button beside what is sold out."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from commerce.catalogue import Product, chosen_sku, sku
from commerce.favourites import restock_store as store
from commerce.favourites import store as favourites_store
from commerce.favourites.restock import remind
from commerce.favourites.restock_types import MOST, TOLD_DAYS, InStock, TooManyReminders
from commerce.favourites.types import Show
from server.database import Connection
from server.errors import NotFound
from server.http import Anyone, Body, Call, Id, Kind, LoggedIn, Paging, Routes
from server.http.pages import Page, Redirect

routes = Routes("restock reminders")
LIST = "/me/restock"
WISH = "lf_await"
"""The cookie of a guest's wish, a SKU's id, kept for as long as logging in may take."""
_WISH_S = 900


class ReminderForm(Body, frozen=True, kw_only=True):
    """The SKU to wait for (``on``) or to wait for no longer (``off``)."""

    on: Id = ""
    off: Id = ""


@routes.page("/restock", Anyone(), "POST")
async def press(call: Call) -> Redirect:
    """Wait for a SKU, or no longer, and go back to it; a guest logs in first and comes back with it done."""
    form = await call.form(ReminderForm)
    wanted = form.on or form.off
    if not wanted:
        return Redirect(LIST)
    if call.session is None:
        if form.on:
            call.set_cookie(WISH, form.on, _WISH_S)
        return Redirect(f"/login?next={quote(LIST, safe='')}")
    async with call.transaction() as connection:
        if form.on:
            try:
                await remind(connection, call.member.id, int(form.on))
            except InStock:
                pass  # it came back meanwhile: the page that is shown again says so
        else:
            await store.remove(connection, call.member.id, int(form.off))
        return Redirect(await _place(connection, int(wanted)))


async def _place(connection: Connection, sku_id: int) -> str:
    found = await sku(connection, sku_id)
    return LIST if found is None or not found.on_sale else f"/products/{found.product_id}?sku={sku_id}"


async def _granted(call: Call) -> Redirect | None:
    """Do what a guest asked for before logging in, and return the way back. Only our own form sets the cookie."""
    wish = call.request.cookies.get(WISH, "")
    if not wish:
        return None
    call.set_cookie(WISH, None)
    if not (wish.isascii() and wish.isdigit() and len(wish) <= 18):
        return None
    async with call.database.connection() as connection:
        back = await _place(connection, int(wish))
    try:
        async with call.transaction() as connection:
            await remind(connection, call.member.id, int(wish))
    except (NotFound, TooManyReminders):
        return None  # the list says what there is
    except InStock:
        pass  # its page says so
    return Redirect(back)


@routes.page(LIST, LoggedIn())
async def show(call: Call, query: Paging) -> Page | Redirect:
    """List what the member waits for."""
    granted = await _granted(call)
    if granted is not None:
        return granted
    async with call.database.connection() as connection:
        found, total = await store.page(connection, call.member.id, query.offset, query.size)
        _, counts = await favourites_store.page(connection, call.member.id, Show.ALL, 0, 1)
    values: dict[str, Any] = {
        "items": found,
        "total": total,
        "counts": counts,
        "most": MOST,
        "days": TOLD_DAYS,
        "page": query.page,
        "pages": -(-total // query.size),
        "href": lambda page: f"{LIST}?page={page}" if page > 1 else LIST,
    }
    return Page("favourites/restock.html", values)


@routes.page(LIST + "/remove", LoggedIn(), "POST")
async def remove(call: Call) -> Redirect:
    """Wait for a SKU no longer."""
    form = await call.form(ReminderForm)
    if form.off:
        async with call.transaction() as connection:
            await store.remove(connection, call.member.id, int(form.off))
    return Redirect(LIST)


async def beside(call: Call, product: Product) -> dict[str, Any] | None:
    """Return whether the caller waits for the SKU of the page; None while there is some of it."""
    current = chosen_sku(call, product)
    if current is None or current.free > 0:
        return None
    who = call.identity
    if who is None or who.kind is not Kind.MEMBER:
        return {"sku_id": current.id, "waits": False}
    async with call.database.connection() as connection:
        return {"sku_id": current.id, "waits": await store.waits(connection, who.id, current.id)}
