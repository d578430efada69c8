"""The address book for people; it works without a script, the region picker included."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

import msgspec
from msgspec import Meta

from commerce.credentials import local_path
from commerce.members import address_store, pasted
from commerce.members.addresses import (
    MOST,
    add_address,
    change_address,
    hold_field,
    remove_address,
    restore_address,
)
from commerce.members.pages import told
from commerce.members.regions import Place, regions
from commerce.members.types import Address, AddressBody, AddressPatch
from server.errors import Invalid, NotFound, Problem
from server.http import Anyone, Body, Call, Id, Listing, LoggedIn, Routes, View
from server.http.bodies import convert
from server.http.pages import Page, Redirect

routes = Routes("addresses")
BOOK = "/me/addresses"
Text = Annotated[str, Meta(max_length=400)]


class BookQuery(Body, frozen=True, kw_only=True):
    """The address that was just removed, so that it can be brought back, and where the reader came from."""

    removed: Id = ""
    next: Annotated[str, Meta(max_length=2000)] = ""


class FormQuery(Body, frozen=True, kw_only=True):
    """Where to go once it is saved."""

    next: Annotated[str, Meta(max_length=2000)] = ""


class AddressForm(Body, frozen=True, kw_only=True):
    """The form as it was filled in. ``refresh`` asks for the next level of regions, ``read`` to read ``pasted``."""

    name: Text = ""
    phone: Text = ""
    province: Text = ""
    city: Text = ""
    region_code: Text = ""
    detail: Text = ""
    is_default: bool = False
    next: Annotated[str, Meta(max_length=2000)] = ""
    refresh: Text = ""
    pasted: Text = ""
    read: Text = ""


class PlaceView(View, frozen=True, kw_only=True):
    """A division: its code and its name."""

    code: str
    name: str


class RegionQuery(Body, frozen=True, kw_only=True):
    """Whose divisions to list: a province's cities, a city's districts, or, with neither, the provinces."""

    province: Annotated[str, Meta(pattern="^[0-9]{6}$")] | None = None
    city: Annotated[str, Meta(pattern="^[0-9]{6}$")] | None = None


@routes.get("/api/v1/regions", Anyone())
async def list_regions(call: Call, query: RegionQuery) -> Listing[PlaceView]:
    """List administrative divisions of GB/T 2260, one level at a time."""
    table = regions()
    if query.city is not None:
        places = table.districts(query.city)
    elif query.province is not None:
        places = table.cities(query.province)
    else:
        places = table.provinces
    items = [PlaceView(code=place.code, name=place.name) for place in places]
    return Listing(items=items, total=len(items), page=1, size=len(items))


@routes.page(BOOK, LoggedIn())
async def show_book(call: Call, query: BookQuery) -> Page:
    """Show the member's addresses."""
    async with call.database.connection() as connection:
        addresses = await address_store.page(connection, call.member.id, 0, MOST)
        removed = None
        if query.removed:
            removed = await address_store.find(connection, call.member.id, int(query.removed), deleted=True)
    way = _way(query.next)
    values = {
        "addresses": addresses,
        "removed": removed,
        "most": MOST,
        "back": way,
        "book": BOOK + (f"?{urlencode({'next': way})}" if way else ""),
    }
    return Page("members/addresses.html", values)


@routes.page("/me/addresses/new", LoggedIn())
async def show_new(call: Call, query: FormQuery) -> Page:
    """Show an empty form."""
    return _form(AddressForm(next=local_path(query.next, BOOK)))


@routes.page(BOOK, LoggedIn(), "POST")
async def add(call: Call) -> Page | Redirect:
    """Add an address."""
    form = await call.form(AddressForm)
    if form.refresh or form.read:
        return _form(_read(form) if form.read else form)
    filled, faults = _filled(call, form)
    if faults:
        return _form(form, faults, status=422)
    try:
        body = convert(filled, AddressBody)
        async with call.transaction() as connection:
            await add_address(connection, call.member.id, body)
    except Problem as problem:
        return _form(form, _faults(call, problem), status=problem.status)
    return Redirect(local_path(form.next, BOOK))


@routes.page("/me/addresses/{address_id}", LoggedIn())
async def show_one(call: Call, address_id: int, query: FormQuery) -> Page:
    """Show the form of an address."""
    async with call.database.connection() as connection:
        address = await address_store.find(connection, call.member.id, address_id)
    if address is None:
        raise NotFound
    return _form(_form_of(address, local_path(query.next, BOOK)), address_id=address.id)


@routes.page("/me/addresses/{address_id}", LoggedIn(), "POST")
async def change(call: Call, address_id: int) -> Page | Redirect:
    """Change an address."""
    form = await call.form(AddressForm)
    if form.refresh or form.read:
        return _form(_read(form) if form.read else form, address_id=address_id)
    filled, faults = _filled(call, form)
    if faults:
        return _form(form, faults, address_id=address_id, status=422)
    try:
        body = convert(filled, AddressPatch)
        async with call.transaction() as connection:
            await change_address(connection, call.member.id, address_id, body)
    except NotFound:
        raise
    except Problem as problem:
        return _form(form, _faults(call, problem), address_id=address_id, status=problem.status)
    return Redirect(local_path(form.next, BOOK))


@routes.page("/me/addresses/{address_id}/default", LoggedIn(), "POST")
async def make_default(call: Call, address_id: int) -> Redirect:
    """Make an address the default one."""
    async with call.transaction() as connection:
        await change_address(connection, call.member.id, address_id, AddressPatch(is_default=True))
    return await _book(call)


@routes.page("/me/addresses/{address_id}/remove", LoggedIn(), "POST")
async def remove(call: Call, address_id: int) -> Redirect:
    """Remove an address; the page that follows offers to bring it back."""
    async with call.transaction() as connection:
        await remove_address(connection, call.member.id, address_id)
    return await _book(call, removed=str(address_id))


@routes.page("/me/addresses/{address_id}/restore", LoggedIn(), "POST")
async def restore(call: Call, address_id: int) -> Redirect:
    """Bring a removed address back."""
    async with call.transaction() as connection:
        await restore_address(connection, call.member.id, address_id)
    return await _book(call)


def _read(form: AddressForm) -> AddressForm:
    """Return the form with what was read from the pasted text; what was not read stays as it is."""
    found = msgspec.structs.asdict(pasted.read(form.pasted))
    if found["province"]:  # of a new place the old levels say nothing
        form = msgspec.structs.replace(form, province="", city="", region_code="")
    return msgspec.structs.replace(form, **{name: value for name, value in found.items() if value})


def _way(given: str) -> str:
    """Return where the reader of the book came from; empty for nowhere in this site, and for the book itself."""
    way = local_path(given, "")
    return "" if way.partition("?")[0] == BOOK else way


async def _book(call: Call, **query: str) -> Redirect:
    way = _way(str((await call.fields()).get("next", "")))
    pairs = query | ({"next": way} if way else {})
    return Redirect(BOOK + (f"?{urlencode(pairs)}" if pairs else ""))


def _filled(call: Call, form: AddressForm) -> tuple[dict[str, object], dict[str, str]]:
    """Return what the API would be sent, and everything that is wrong with it, in people's words."""
    filled: dict[str, str] = {}
    faults: dict[str, str] = {}
    for name in ("name", "phone", "region_code", "detail"):
        value = filled[name] = getattr(form, name).strip()
        if not value:
            faults[name] = call.tr("请选择到区县" if name == "region_code" else "必填")
            continue
        try:
            hold_field(convert({name: value}, AddressPatch))
        except Invalid as problem:
            faults |= _faults(call, problem)
    return filled | {"is_default": form.is_default}, faults


def _faults(call: Call, problem: Problem) -> dict[str, str]:
    """Return what to say beside the field at fault, or above them all; a schema does not know what it is for."""
    words = {"phone": "请填写能联系到收货人的电话", "region_code": "请选择到区县"}
    if isinstance(problem, Invalid) and problem.details is not None and problem.field in words:
        return {problem.field: call.tr(words[problem.field])}
    return {problem.field or "": told(call, problem)}


def _form_of(address: Address, way: str) -> AddressForm:
    region = regions().known(address.region_code)
    return AddressForm(
        name=address.name,
        phone=address.phone,
        province=region.province.code if region else "",
        city=region.city.code if region else "",
        region_code=address.region_code,
        detail=address.detail,
        is_default=address.is_default,
        next=way,
    )


def _form(
    form: AddressForm, faults: dict[str, str] | None = None, *, address_id: int | None = None, status: int = 200
) -> Page:
    """Return the form with the choices of each level; a level with one choice is chosen."""
    table = regions()
    cities = table.cities(form.province)
    city = _chosen(cities, form.city)
    districts = table.districts(city)
    values = {
        "form": form,
        "faults": faults or {},
        "address_id": address_id,
        "levels": (table.provinces, cities, districts),
        "chosen": (form.province, city, _chosen(districts, form.region_code)),
    }
    return Page("members/address.html", values, status=status)


def _chosen(places: list[Place], code: str) -> str:
    if len(places) == 1:
        return places[0].code
    return code if any(place.code == code for place in places) else ""
