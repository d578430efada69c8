"""The back office's pages of who works here: the list, a new account, and one person with what may be done to them."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from msgspec import Meta

from commerce.staff import audit_store, people, people_store, roles_store, rules, store
from commerce.staff.audit_told import told
from commerce.staff.people import Deed
from commerce.staff.shops import Shops
from commerce.staff.shown_once import keep, once
from commerce.staff.types import Permission, Role, Staff, held_in
from server.database import Connection
from server.errors import Invalid, NotFound, Problem
from server.http import Body, Call, Identity, Kind, Routes, StaffWith
from server.http.pages import Page, Redirect
from server.seen import state_of

routes = Routes("back office: staff", realm=Kind.STAFF)
LIST = "/backoffice/staff"
MANAGE = StaffWith(Permission.STAFF_MANAGE)
SIZE = 50
PLATFORM = "platform"
"""What the forms call the place that is no shop."""
Place = Annotated[str, Meta(max_length=18, pattern=r"^([0-9]{0,18}|platform)$")]
Line = Annotated[str, Meta(max_length=200)]
Codes = list[Annotated[str, Meta(max_length=60)]] | Annotated[str, Meta(max_length=60)]


class PeopleQuery(Body, frozen=True, kw_only=True):
    """Whom to list: a part of account or name, a shop, a role; and what was just done."""

    q: Annotated[str, Meta(max_length=60)] = ""
    shop: Place = ""
    role: Annotated[str, Meta(max_length=18, pattern="^[0-9]*$")] = ""
    done: Annotated[str, Meta(max_length=20)] = ""
    page: Annotated[int, Meta(ge=1, le=10_000)] = 1


class PersonQuery(Body, frozen=True, kw_only=True):
    """A shop to give roles in, and what was just done."""

    shop: Place = ""
    done: Annotated[str, Meta(max_length=20)] = ""


class InviteForm(Body, frozen=True, kw_only=True):
    """A new account; what is missing is told beside its field."""

    account: Line = ""
    name: Line = ""
    shop_id: Place = ""
    roles: Codes = ""


class PersonForm(Body, frozen=True, kw_only=True):
    """The roles of one place, or a new name, or why something is done."""

    shop_id: Place = ""
    roles: Codes = ""
    name: Line = ""
    reason: Annotated[str, Meta(max_length=2000)] = ""
    seen: Annotated[str, Meta(max_length=64)] = ""


@routes.page(LIST, MANAGE)
async def show_people(call: Call, query: PeopleQuery) -> Page:
    """List who works where the caller manages staff."""
    words = query.q.strip()
    like = f"%{_literal(words)}%" if words else ""
    shop_id = int(query.shop) if query.shop.isdigit() else None
    role_id = int(query.role) if query.role else None
    offset = (query.page - 1) * SIZE
    async with call.database.connection() as connection:
        shops = call.staff.shops
        total = await people_store.count(connection, shops, like, shop_id, role_id)
        found = await people_store.colleagues(connection, shops, like, shop_id, role_id, offset, SIZE)
        names = await call.resource(Shops).named(connection, shops)
        roles = await roles_store.roles(connection, shops)
    kept = {name: value for name, value in (("q", words), ("shop", query.shop), ("role", query.role)) if value}
    values = {
        "people": found,
        "total": total,
        "shops": names,
        "roles": roles,
        "query": query,
        "narrowed": bool(kept),
        "page": query.page,
        "pages": max(1, -(-total // SIZE)),
        "href": lambda page: f"{LIST}?{urlencode(kept | {'page': page})}",
    }
    return Page("staff/people.html", values)


@routes.page(f"{LIST}/new", MANAGE)
async def show_form(call: Call) -> Page:
    """Show the form of a new account."""
    return await _form(call, InviteForm())


@routes.page(f"{LIST}/new", MANAGE, "POST", limit="60/minute")
async def invite(call: Call) -> Page | Redirect:
    """Add an account and show its password for some minutes; or the form again with what is wrong."""
    form = await call.form(InviteForm)
    try:
        made = await people.invite(
            call.app, call.staff, form.account, form.name, place(call, form.shop_id), chosen(form.roles)
        )
    except Problem as problem:
        fault = {problem.field or "": words_of(call, problem)}
        return await _form(call, form, fault, problem.status)
    async with call.database.connection() as connection:
        someone = await rules.person(connection, made.staff_id, call.staff)
    keep(call, _password_of(someone), made.password)
    return Redirect(f"{LIST}/{someone.id}?done=added")


@routes.page(f"{LIST}/{{staff_id}}", MANAGE)
async def show_person(call: Call, staff_id: int, query: PersonQuery) -> Page:
    """Show one person: where they have which roles, and what may be done."""
    async with call.database.connection() as connection:
        someone = await rules.person(connection, staff_id, call.staff)
        more = int(query.shop) if query.shop.isdigit() else None
        return await _page(call, connection, someone, more=more, done=query.done)


@routes.page(f"{LIST}/{{staff_id}}/roles", MANAGE, "POST")
async def set_roles(call: Call, staff_id: int) -> Page | Redirect:
    """Give and take roles in one place."""
    form = await call.form(PersonForm)
    try:
        await people.set_roles(call.app, call.staff, staff_id, place(call, form.shop_id), chosen(form.roles), form.seen)
    except NotFound:
        raise
    except Problem as problem:
        return await _again(call, staff_id, problem)
    async with call.database.connection() as connection:
        someone = await store.staff(connection, staff_id)
    still = someone is not None and rules.sees(call.staff, someone)
    return Redirect(f"{LIST}/{staff_id}?done=roles" if still else f"{LIST}?done=roles")


@routes.page(f"{LIST}/{{staff_id}}/name", MANAGE, "POST")
async def rename(call: Call, staff_id: int) -> Page | Redirect:
    """Call somebody something else."""
    form = await call.form(PersonForm)
    try:
        await people.rename(call.app, call.staff, staff_id, form.name)
    except NotFound:
        raise
    except Problem as problem:
        return await _again(call, staff_id, problem)
    return Redirect(f"{LIST}/{staff_id}?done=name")


@routes.page(f"{LIST}/{{staff_id}}/{{deed}}", MANAGE, "POST", limit="60/minute")
async def do(call: Call, staff_id: int, deed: str) -> Page | Redirect:
    """Close an account, open it, end its sessions, give it a new password or take its second factor away."""
    form = await call.form(PersonForm)
    try:
        password = await people.do(call.app, call.staff, staff_id, deed_of(deed), form.reason)
    except NotFound:
        raise
    except Problem as problem:
        return await _again(call, staff_id, problem)
    if password is None:
        return Redirect(f"{LIST}/{staff_id}?done={deed}")
    async with call.database.connection() as connection:
        someone = await rules.person(connection, staff_id, call.staff)
    keep(call, _password_of(someone), password)
    return Redirect(f"{LIST}/{staff_id}?done={deed}")


def _password_of(someone: Staff) -> str:
    """Return what a password made here is kept under: with another password it opens no more."""
    return f"password:{someone.id}:{someone.password_hash}"


def deed_of(text: str) -> Deed:
    """Return the deed of an address. Raises NotFound."""
    if text not in set(Deed):
        raise NotFound
    return Deed(text)


def place(call: Call, text: str) -> int | None:
    """Return the shop that a form means, None for the platform; empty is where the caller manages, if that is one."""
    text = text.strip()  # a newline at the end is in the pattern
    if text == PLATFORM:
        return None
    if text:
        return int(text)
    if call.staff.shops is None:
        return None
    if len(call.staff.shops) == 1:
        return call.staff.shops[0]
    raise Invalid("shop_id", "请选择店铺")


def chosen(codes: Codes) -> list[str]:
    """Return the codes that a form sent, one or many."""
    return [code for code in ([codes] if isinstance(codes, str) else dict.fromkeys(codes)) if code]


def words_of(call: Call, problem: Problem) -> str:
    """Return what is wrong, in the caller's language."""
    return problem.reason(call.tr) if isinstance(problem, Invalid) else problem.told(call.tr)


def _literal(words: str) -> str:
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


async def _form(call: Call, form: InviteForm, faults: dict[str, str] | None = None, status: int = 200) -> Page:
    async with call.database.connection() as connection:
        names = await call.resource(Shops).named(connection, call.staff.shops)
        roles = await roles_store.roles(connection, call.staff.shops)
    values = {
        "form": form,
        "picked": chosen(form.roles),
        "faults": faults or {},
        "shops": names,
        "everywhere": call.staff.shops is None,
        "roles": [role for role in roles if any(_givable(call.staff, role, at) for at in _places(call, names))],
    }
    return Page("staff/invite.html", values, status=status)


def _places(call: Call, shops: dict[int, str]) -> list[int | None]:
    return [*([None] if call.staff.shops is None else []), *shops]


def _givable(caller: Identity, role: Role, shop_id: int | None) -> bool:
    return rules.fits(role, shop_id) and rules.holds(caller.grants, shop_id, held_in(shop_id, role.permissions))


def _read_by(caller: Identity) -> tuple[int, ...] | None:
    """Return those of the shops where the caller manages staff whose records they may read; None for all."""
    managed, read = caller.shops, caller.within(Permission.AUDIT_VIEW).shops
    if managed is None or read is None:
        return read if managed is None else managed
    return tuple(shop for shop in managed if shop in read)


async def _again(call: Call, staff_id: int, problem: Problem) -> Page:
    async with call.database.connection() as connection:
        someone = await rules.person(connection, staff_id, call.staff)
        return await _page(call, connection, someone, fault=words_of(call, problem), status=problem.status)


async def _page(
    call: Call,
    connection: Connection,
    someone: Staff,
    *,
    more: int | None = None,
    fault: str = "",
    done: str = "",
    status: int = 200,
) -> Page:
    caller = call.staff
    names = await call.resource(Shops).named(connection, caller.shops)
    roles = await roles_store.roles(connection, caller.shops)
    fresh = await store.staff(connection, someone.id) or someone
    mine: list[int | None] = [at for at in fresh.grants if caller.shops is None or at in caller.shops]
    if more is not None and more in names and more not in mine:
        mine.append(more)
    had = {(one.shop_id, one.code) for one in fresh.roles}
    places = [
        (
            at,
            [(role, (at, role.code) in had, _givable(caller, role, at)) for role in roles if rules.fits(role, at)],
            state_of(sorted(code for shop, code in had if shop == at)),
        )
        for at in mine
    ]
    try:
        rules.hold_over(caller, fresh)
        barred = ""
    except Problem as problem:
        barred = words_of(call, problem)
    sought = audit_store.Sought(shops=_read_by(caller), object_kind="staff", object_id=str(fresh.id))
    entries = await audit_store.found(connection, sought, None, 8)
    values: dict[str, Any] = {
        "person": fresh,
        "shops": names,
        "places": places,
        "others": {shop: name for shop, name in names.items() if shop not in mine},
        "oneself": fresh.id == caller.id,
        "barred": barred,
        "entries": [told(entry, call.tr, names, caller) for entry in entries],
        "password": once(call, _password_of(fresh)),
        "fault": fault,
        "done": done,
    }
    return Page("staff/person.html", values, status=status)
