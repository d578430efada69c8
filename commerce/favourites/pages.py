"""The pages of favourites and footprints, and the hearts on others' pages."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from urllib.parse import quote, unquote, urlencode

from msgspec import Meta

from commerce.behaviour import Favoured, note
from commerce.catalogue import Product
from commerce.credentials import local_path
from commerce.favourites import footprint_store, store
from commerce.favourites.api import FavouriteQuery, forget
from commerce.favourites.keep import keep, let_go
from commerce.favourites.trail import DAYS, MOST
from commerce.favourites.types import Show, TooManyFavourites, by_day
from server.errors import Invalid, NotFound
from server.http import Anyone, Body, Call, Id, Kind, LoggedIn, Paging, Routes
from server.http.pages import Page, Redirect

routes = Routes("favourites")
LIST, TRAIL = "/me/favourites", "/me/footprints"
WISH = "lf_wish"
"""The cookie of a guest's wish: a product's id and the way back, kept for as long as logging in may take."""
_WISH_S = 900


class HeartForm(Body, frozen=True, kw_only=True):
    """A heart: the product to keep (``on``) or to keep no longer (``off``), and the page that it stands on."""

    on: Id = ""
    off: Id = ""
    back: Annotated[str, Meta(max_length=2000)] = "/"


class ForgetForm(Body, frozen=True, kw_only=True):
    """Which footprints to remove: those at a product, of a day, or both."""

    product_id: Id = ""
    day: date | None = None


class RecordingForm(Body, frozen=True, kw_only=True):
    """Whether footprints are kept."""

    on: Annotated[str, Meta(max_length=1)] = ""


def _address(show: Show, page: int = 1) -> str:
    pairs = {"show": show if show is not Show.ALL else "", "page": page if page > 1 else ""}
    query = urlencode({name: value for name, value in pairs.items() if value})
    return f"{LIST}?{query}" if query else LIST


@routes.page("/favourites", Anyone(), "POST")
async def press(call: Call) -> Redirect:
    """Keep a product, or no longer, and go back; a guest logs in first and comes back with it done."""
    form = await call.form(HeartForm)
    back = local_path(form.back, "/")
    if call.session is None:
        if form.on:
            call.set_cookie(WISH, f"{form.on}|{quote(back, safe='/')}", _WISH_S)
        return Redirect(f"/login?next={quote(LIST if form.on else back, safe='')}")
    async with call.transaction() as connection:
        if form.on:
            await keep(connection, call.member.id, int(form.on))
            note(call, Favoured(product_id=int(form.on)))
        elif form.off:
            note(call, Favoured(product_id=int(form.off), on=False))
            await let_go(connection, call.member.id, [int(form.off)])
    return Redirect(back)


async def _granted(call: Call) -> Redirect | None:
    """Do what a guest asked for before logging in, and return the way back. Only our own form sets the cookie."""
    product_id, _, back = call.request.cookies.get(WISH, "").partition("|")
    if not product_id:
        return None
    call.set_cookie(WISH, None)
    if not (product_id.isascii() and product_id.isdigit() and len(product_id) <= 18):
        return None
    try:
        async with call.transaction() as connection:
            await keep(connection, call.member.id, int(product_id))
    except (NotFound, TooManyFavourites):
        return None  # the list says what there is
    return Redirect(local_path(unquote(back), LIST))


@routes.page(LIST, LoggedIn())
async def show_favourites(call: Call, query: FavouriteQuery) -> Page | Redirect:
    """List what the member keeps."""
    granted = await _granted(call)
    if granted is not None:
        return granted
    async with call.database.connection() as connection:
        found, counts = await store.page(connection, call.member.id, query.show, query.offset, query.size)
    values: dict[str, Any] = {
        "items": found,
        "counts": counts,
        "show": query.show,
        "page": query.page,
        "pages": -(-counts.of(query.show) // query.size),
        "href": lambda page: _address(query.show, page),
    }
    return Page("favourites/list.html", values)


@routes.page(LIST + "/remove", LoggedIn(), "POST")
async def remove(call: Call) -> Redirect:
    """Keep the chosen products no longer."""
    fields = await call.fields()
    chosen = fields.pop("product_id", [])
    ids = [chosen] if isinstance(chosen, str) else list(chosen)
    if not all(isinstance(one, str) and one.isascii() and one.isdigit() and len(one) <= 18 for one in ids):
        raise Invalid("product_id")
    shown = fields.get("show", "")
    async with call.transaction() as connection:
        await let_go(connection, call.member.id, [int(one) for one in ids[:100]])
    return Redirect(_address(Show(shown) if shown in set(Show) else Show.ALL))


@routes.page(TRAIL, LoggedIn())
async def show_footprints(call: Call, query: Paging) -> Page:
    """List the products that the member looked at, day by day."""
    async with call.database.connection() as connection:
        on = await footprint_store.recording(connection, call.member.id)
        found, total = await footprint_store.page(connection, call.member.id, DAYS, MOST, query.offset, query.size)
    values: dict[str, Any] = {
        "days": by_day(found),
        "total": total,
        "on": on,
        "kept_days": DAYS,
        "most": MOST,
        "page": query.page,
        "pages": -(-total // query.size),
        "href": lambda page: f"{TRAIL}?page={page}" if page > 1 else TRAIL,
    }
    return Page("favourites/footprints.html", values)


@routes.page(TRAIL + "/remove", LoggedIn(), "POST")
async def forget_some(call: Call) -> Redirect:
    """Remove footprints: one, a day's, or all."""
    form = await call.form(ForgetForm)
    await forget(call, int(form.product_id) if form.product_id else None, form.day)
    return Redirect(TRAIL)


@routes.page(TRAIL + "/recording", LoggedIn(), "POST")
async def change_recording(call: Call) -> Redirect:
    """Keep footprints from now on, or none."""
    form = await call.form(RecordingForm)
    async with call.transaction() as connection:
        await footprint_store.record(connection, call.member.id, form.on == "1")
    return Redirect(TRAIL)


async def heart(call: Call, product: Product) -> dict[str, Any]:
    """Return whether the caller keeps the product of the page."""
    who = call.identity
    if who is None or who.kind is not Kind.MEMBER:
        return {"product": product, "kept": False}
    async with call.database.connection() as connection:
        return {"product": product, "kept": bool(await store.among(connection, who.id, [product.id]))}
