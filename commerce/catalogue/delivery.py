"""Where a shop ships from and within how many hours: said by its staff, shown on its products' pages."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from commerce.catalogue import delivery_store as store
from commerce.catalogue.types import Delivery
from commerce.catalogue.words import cleaned
from commerce.staff import On, Permission, audit, differing
from server.database import Connection
from server.errors import Invalid, NotFound
from server.http import Body, Call, Id, Kind, Routes, StaffWith, View
from server.http.pages import Page, Redirect

routes = Routes("back office: delivery", realm=Kind.STAFF)
DESK, BASE = "/backoffice/delivery", "/api/v1/backoffice/delivery"
LONGEST, MOST_HOURS = 20, 720
VIEW, MANAGE = StaffWith(Permission.PRODUCTS_VIEW), StaffWith(Permission.PRODUCTS_MANAGE)


class DeliveryBody(Body, frozen=True, kw_only=True):
    """What a shop promises from now on. ``ships_from`` may be empty, ``ships_within`` null: nothing is shown then."""

    ships_from: Annotated[str, Meta(max_length=LONGEST)] = ""
    ships_within: Annotated[int, Meta(ge=1, le=MOST_HOURS)] | None = None


class DeliveryForm(Body, frozen=True, kw_only=True):
    """The same as people fill it in."""

    ships_from: Annotated[str, Meta(max_length=200)] = ""
    ships_within: Annotated[str, Meta(max_length=10)] = ""


class DeliveryView(View, frozen=True, kw_only=True):
    """Where a shop ships from, and within how many hours of payment; empty and null: nothing is promised."""

    shop_id: Id
    shop: str
    ships_from: str
    ships_within: int | None


async def promise(
    connection: Connection, shop_id: int, ships_from: str, ships_within: int | None, call: Call
) -> Delivery:
    """Have a shop of the caller's promise this from now on; the same again is no change. Locks the shop.

    Raises NotFound for a shop that is not the caller's.
    """
    staff = call.staff
    before = await store.lock(connection, shop_id) if staff.shops is None or shop_id in staff.shops else None
    if before is None:
        raise NotFound
    after = msgspec.structs.replace(before, ships_from=cleaned(ships_from), ships_within=ships_within)
    if before != after:
        await store.write(connection, shop_id, after.ships_from, after.ships_within)
        was, now = differing(msgspec.structs.asdict(before), msgspec.structs.asdict(after))
        await audit(
            connection,
            staff.id,
            "delivery_changed",
            On("delivery", shop_id, before.shop_name),
            shop_id=shop_id,
            before=was,
            after=now,
        )
    return after


@routes.page(DESK, VIEW)
async def desk(call: Call) -> Page:
    """Show what the caller's shops promise."""
    return await _desk(call)


@routes.page(DESK + "/{shop_id}", MANAGE, "POST")
async def change_by_form(call: Call, shop_id: int) -> Page | Redirect:
    """Change what a shop promises, or show the form again with what is wrong."""
    form = await call.form(DeliveryForm)
    try:
        within = _hours(form.ships_within)
        if len(cleaned(form.ships_from)) > LONGEST:
            raise Invalid("ships_from", "发货地最多 20 个字")
        async with call.transaction() as connection:
            await promise(connection, shop_id, form.ships_from, within, call)
    except Invalid as problem:
        return await _desk(call, shop_id, form, {problem.field or "": problem.reason(call.tr)})
    return Redirect(f"{DESK}?saved={shop_id}")


@routes.get(BASE, VIEW)
async def list_promises(call: Call) -> list[DeliveryView]:
    """List what the caller's shops promise."""
    async with call.database.connection() as connection:
        return [_view(one) for one in await store.promises(connection, call.staff.shops)]


@routes.add("PUT", BASE + "/{shop_id}", MANAGE)
async def change(call: Call, shop_id: int, body: DeliveryBody) -> DeliveryView:
    """Change what one of the caller's shops promises."""
    async with call.transaction() as connection:
        return _view(await promise(connection, shop_id, body.ships_from, body.ships_within, call))


def _hours(text: str) -> int | None:
    """Return hours as somebody wrote them, None for nothing. Raises Invalid."""
    text = text.strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= MOST_HOURS:
        raise Invalid("ships_within", "写 1 到 720 之间的整数")
    return int(text)


def _view(one: Delivery) -> DeliveryView:
    return DeliveryView(
        shop_id=str(one.shop_id), shop=one.shop_name, ships_from=one.ships_from, ships_within=one.ships_within
    )


async def _desk(
    call: Call, shop_id: int = 0, form: DeliveryForm | None = None, faults: dict[str, str] | None = None
) -> Page:
    async with call.database.connection() as connection:
        shops = await store.promises(connection, call.staff.shops)
    values: dict[str, Any] = {
        "shops": shops,
        "wrong": shop_id,
        "form": form,
        "faults": faults or {},
        "saved": call.request.query.get("saved", ""),
        "may": {one.shop_id: call.staff.may(Permission.PRODUCTS_MANAGE, one.shop_id) for one in shops},
    }
    return Page("catalogue/delivery.html", values, status=422 if faults else 200)
