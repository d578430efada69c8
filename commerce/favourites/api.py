"""Favourites and footprints over JSON."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import Meta

from commerce.behaviour import Favoured, note
from commerce.favourites import footprint_store, store
from commerce.favourites.keep import keep, let_go
from commerce.favourites.trail import DAYS, MOST, Trail
from commerce.favourites.types import (
    AmongView,
    FavouriteBody,
    FavouriteState,
    FavouriteView,
    FootprintView,
    Recording,
    RecordingView,
    RemoveBody,
    RemovedView,
    Show,
    TooManyFavourites,
    favourite_view,
    footprint_view,
)
from server.errors import NotFound
from server.http import Body, Call, Listing, LoggedIn, Paging, Routes

favourites = Routes("favourites")
footprints = Routes("footprints")
BASE, TRAIL = "/api/v1/me/favourites", "/api/v1/me/footprints"


class FavouriteQuery(Paging, frozen=True, kw_only=True):
    """Which favourites to list."""

    show: Show = Show.ALL


class AmongQuery(Body, frozen=True, kw_only=True):
    """Which products to look for."""

    ids: Annotated[str, Meta(pattern="^([0-9]{1,18}(,[0-9]{1,18}){0,99})?$", description="Ids, commas between.")] = ""


class DayQuery(Body, frozen=True, kw_only=True):
    """Of which day; of all days when left out."""

    day: date | None = None


@favourites.get(BASE, LoggedIn())
async def list_favourites(call: Call, query: FavouriteQuery) -> Listing[FavouriteView]:
    """List what the caller keeps, the newest first."""
    async with call.database.connection() as connection:
        found, counts = await store.page(connection, call.member.id, query.show, query.offset, query.size)
    items = [favourite_view(one) for one in found]
    return Listing(items=items, total=counts.of(query.show), page=query.page, size=query.size)


@favourites.get(BASE + "/among", LoggedIn())
async def list_among(call: Call, query: AmongQuery) -> AmongView:
    """Tell which of some products the caller keeps."""
    wanted = [int(one) for one in query.ids.split(",") if one]
    async with call.database.connection() as connection:
        found = await store.among(connection, call.member.id, wanted) if wanted else set()
    return AmongView(product_ids=[str(one) for one in sorted(found)])


@favourites.post(BASE, LoggedIn(), status=201, errors=(NotFound, TooManyFavourites))
async def add(call: Call, body: FavouriteBody) -> FavouriteState:
    """Keep a product; its price of now is remembered. Again: no change."""
    async with call.transaction() as connection:
        await keep(connection, call.member.id, int(body.product_id))
        note(call, Favoured(product_id=int(body.product_id)))
    return FavouriteState(product_id=body.product_id, on=True)


@favourites.post(BASE + "/remove", LoggedIn())
async def remove_some(call: Call, body: RemoveBody) -> RemovedView:
    """Keep several products no longer."""
    async with call.transaction() as connection:
        removed = await let_go(connection, call.member.id, [int(one) for one in body.product_ids])
    return RemovedView(removed=removed)


@favourites.delete(BASE + "/{product_id}", LoggedIn())
async def remove(call: Call, product_id: int) -> FavouriteState:
    """Keep a product no longer. Raises NotFound when it is not kept."""
    async with call.transaction() as connection:
        if not await let_go(connection, call.member.id, [product_id]):
            raise NotFound
        note(call, Favoured(product_id=product_id, on=False))
    return FavouriteState(product_id=str(product_id), on=False)


@footprints.get(TRAIL, LoggedIn())
async def list_footprints(call: Call, query: Paging) -> Listing[FootprintView]:
    """List the products that the caller looked at, the last one first: at most 300 of 90 days."""
    async with call.database.connection() as connection:
        found, total = await footprint_store.page(connection, call.member.id, DAYS, MOST, query.offset, query.size)
    return Listing(items=[footprint_view(one) for one in found], total=total, page=query.page, size=query.size)


@footprints.delete(TRAIL, LoggedIn())
async def forget_days(call: Call, query: DayQuery) -> RemovedView:
    """Remove the caller's footprints, of one day or all."""
    return RemovedView(removed=await forget(call, None, query.day))


@footprints.delete(TRAIL + "/{product_id}", LoggedIn())
async def forget_product(call: Call, product_id: int, query: DayQuery) -> RemovedView:
    """Remove the caller's footprints at a product, of one day or all."""
    removed = await forget(call, product_id, query.day)
    if not removed:
        raise NotFound
    return RemovedView(removed=removed)


async def forget(call: Call, product_id: int | None, day: date | None) -> int:
    """Remove the caller's footprints, those that this process has not written yet too."""
    await call.resource(Trail).flush()
    async with call.transaction() as connection:
        return await footprint_store.remove(connection, call.member.id, product_id, day)


@footprints.get(TRAIL + "/recording", LoggedIn())
async def show_recording(call: Call) -> RecordingView:
    """Tell whether the caller's footprints are kept."""
    async with call.database.connection() as connection:
        return RecordingView(on=await footprint_store.recording(connection, call.member.id))


@footprints.add("PUT", TRAIL + "/recording", LoggedIn())
async def change_recording(call: Call, body: Recording) -> RecordingView:
    """Keep footprints from now on, or none: then those there are go too."""
    async with call.transaction() as connection:
        await footprint_store.record(connection, call.member.id, body.on)
    return RecordingView(on=body.on)
