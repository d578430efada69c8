"""Recommendations on pages: a list of their own, and blocks of the home page, the product page, the member centre."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from commerce.behaviour import Shelf
from commerce.catalogue import Product, shared
from commerce.catalogue.pages import SIZE as GOODS_AT_HOME
from commerce.credentials import local_path
from commerce.recommendations import serve
from commerce.recommendations.api import keep_out
from commerce.recommendations.serve import person_of
from commerce.recommendations.types import ListQuery
from server.clock import from_ms, to_ms
from server.http import Anyone, Body, Call, Id, Routes
from server.http.pages import Page, Redirect

routes = Routes("recommendation pages")
LIST = "/recommendations"


class DismissForm(Body, frozen=True, kw_only=True):
    """What not to be shown again, and the page that it stood on."""

    product_id: Id
    back: Annotated[str, Meta(max_length=2000)] = LIST


@routes.page(LIST, Anyone())
async def show(call: Call, query: ListQuery) -> Page:
    """Show what the caller may like, page by page."""
    return Page("recommendations/list.html", await _guessed(call, query))


@routes.page(LIST + "/more", Anyone())
async def more(call: Call, query: ListQuery) -> Page:
    """Show a further page as the cards alone, to be put under those that are there."""
    return Page("recommendations/more.html", await _guessed(call, query))


@routes.page(LIST + "/dismiss", Anyone(), "POST", limit="120/minute")
async def dismiss(call: Call) -> Redirect:
    """Keep a product out of the caller's lists and go back."""
    form = await call.form(DismissForm)
    await keep_out(call, int(form.product_id))
    return Redirect(local_path(form.back, LIST))


async def _guessed(call: Call, query: ListQuery) -> dict[str, Any]:
    beside = set(await shared.picks(call, GOODS_AT_HOME)) if query.after else set()
    found = await serve.guess(call, query.page, from_ms(int(query.moment)) if query.moment else None, beside)
    same = f"&moment={to_ms(found.moment)}" + (f"&after={query.after}" if query.after else "")
    return {
        "guess": found,
        "known": person_of(call).known,
        "next": f"{LIST}?page={found.page + 1}{same}" if found.more else "",
        "before": f"{LIST}?page={found.page - 1}{same}" if found.page > 1 else "",
    }


async def at_home(call: Call) -> dict[str, Any] | None:
    """Return the first of what the caller may like, for the end of the home page."""
    values = await _guessed(call, ListQuery(after="home"))
    return {**values, "last": True} if values["guess"].picks else None


async def in_centre(call: Call) -> dict[str, Any] | None:
    """Return the first of what the member may like, for the member centre."""
    values = await _guessed(call, ListQuery())
    return values if values["guess"].picks else None


async def beside(call: Call, product: Product) -> dict[str, Any] | None:
    """Return what is near a product, for the end of its page."""
    if "HX-Request" in call.request.headers:
        return None  # another SKU of it was chosen: this part of the page stays
    found = await serve.near(call, product.id)
    if not any(found.values()):
        return None
    return {"shelves": [(shelf.value, found[shelf]) for shelf in (Shelf.TOGETHER, Shelf.ALSO, Shelf.RELATED)]}
