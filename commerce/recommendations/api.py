"""Recommendations over JSON."""

from __future__ import annotations

from commerce.behaviour import Dismissed, Shelf, note
from commerce.catalogue import product as find_product
from commerce.recommendations import store
from commerce.recommendations.serve import guess, near, person_of
from commerce.recommendations.types import (
    DismissBody,
    DismissedView,
    GuessQuery,
    GuessView,
    NearView,
    pick_view,
)
from server.clock import from_ms, to_ms
from server.errors import NotFound, Unauthenticated
from server.http import Anyone, Call, Routes

routes = Routes("recommendations")
BASE = "/api/v1/recommendations"


@routes.get(BASE, Anyone())
async def list_guess(call: Call, query: GuessQuery) -> GuessView:
    """List what the caller may like. ``basis`` says whether it goes by what they did, or by what everybody does."""
    found = await guess(call, query.page, from_ms(int(query.moment)) if query.moment else None)
    return GuessView(
        items=[pick_view(pick) for pick in found.picks],
        basis=found.basis,
        page=found.page,
        more=found.more,
        moment=str(to_ms(found.moment)),
    )


@routes.get("/api/v1/products/{product_id}/recommendations", Anyone())
async def list_near(call: Call, product_id: int) -> NearView:
    """List what is near a product: bought in one order with it, bought later on, and alike."""
    async with call.database.connection() as connection:
        if await find_product(connection, product_id) is None:
            raise NotFound
    found = await near(call, product_id)
    return NearView(
        together=[pick_view(pick) for pick in found[Shelf.TOGETHER]],
        also=[pick_view(pick) for pick in found[Shelf.ALSO]],
        related=[pick_view(pick) for pick in found[Shelf.RELATED]],
    )


@routes.post(BASE + "/dismissals", Anyone(), errors=(Unauthenticated, NotFound), limit="120/minute")
async def dismiss(call: Call, body: DismissBody) -> DismissedView:
    """Keep a product out of the caller's lists. Raises Unauthenticated for a guest who did not agree to be known."""
    await keep_out(call, int(body.product_id))
    return DismissedView(product_id=body.product_id, on=True)


@routes.delete(BASE + "/dismissals/{product_id}", Anyone())
async def let_back(call: Call, product_id: int) -> DismissedView:
    """Let a product back into the caller's lists. Raises NotFound when it was not kept out."""
    async with call.transaction() as connection:
        if not await store.let_back(connection, person_of(call), product_id):
            raise NotFound
    return DismissedView(product_id=str(product_id), on=False)


async def keep_out(call: Call, product_id: int) -> None:
    """Keep a product out of the caller's lists. Raises Unauthenticated, NotFound."""
    person = person_of(call)
    if not person.known:
        raise Unauthenticated
    async with call.transaction() as connection:
        if not await store.dismiss(connection, person, product_id):
            raise NotFound
    note(call, Dismissed(product_id=product_id))
