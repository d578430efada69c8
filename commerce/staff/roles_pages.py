"""The back office's pages of roles: which there are and what each permits, and the grid in which one's own are made."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from commerce.staff import roles, roles_store, rules
from commerce.staff.people_pages import MANAGE, PLATFORM, Codes, Place, chosen, place, words_of
from commerce.staff.permissions import grouped
from commerce.staff.roles import Change, Wanted
from commerce.staff.shops import Shops
from commerce.staff.types import Level, Role, held_in
from server.errors import NotFound, Problem
from server.http import Body, Call, Kind, Routes
from server.http.pages import Page, Redirect
from server.seen import ChangedMeanwhile

routes = Routes("back office: roles", realm=Kind.STAFF)
LIST = "/backoffice/roles"


class RolesQuery(Body, frozen=True, kw_only=True):
    """What was just done."""

    done: Annotated[str, Meta(max_length=20)] = ""


class NewQuery(Body, frozen=True, kw_only=True):
    """Which role to begin from."""

    copy: Annotated[str, Meta(max_length=18, pattern="^[0-9]*$")] = ""


class RoleForm(Body, frozen=True, kw_only=True):
    """A role as it is to be."""

    name: Annotated[str, Meta(max_length=200)] = ""
    note: Annotated[str, Meta(max_length=500)] = ""
    shop_id: Place = ""
    level: Annotated[str, Meta(pattern="^(any|platform|shop)$")] = "any"
    permissions: Codes = ""
    seen: Annotated[str, Meta(max_length=64)] = ""


@routes.page(LIST, MANAGE)
async def show_roles(call: Call, query: RolesQuery) -> Page:
    """Show every role against every permission."""
    async with call.database.connection() as connection:
        found = await roles_store.roles(connection, call.staff.shops)
        shops = await call.resource(Shops).named(connection, call.staff.shops)
    columns = [(role, held_in(role.shop_id, role.permissions), _changeable(call, role)) for role in found]
    values = {"columns": columns, "groups": grouped(), "shops": shops, "done": query.done}
    return Page("staff/roles.html", values)


@routes.page(f"{LIST}/new", MANAGE)
async def show_new(call: Call, query: NewQuery) -> Page:
    """Show an empty grid, or a copy of another role."""
    form = RoleForm()
    if query.copy:
        async with call.database.connection() as connection:
            role = await roles.seen(connection, int(query.copy), call.staff)
        form = RoleForm(
            name=f"{role.name} 2"[:20],
            note=role.note,
            level=role.level,
            permissions=sorted(held_in(None if "*" not in role.permissions else 0, role.permissions)),
        )
    return await _grid(call, form)


@routes.page(f"{LIST}/new", MANAGE, "POST")
async def make(call: Call) -> Page | Redirect:
    """Make a role, or show the grid again with what is wrong."""
    form = await call.form(RoleForm)
    try:
        await roles.make(call.app, call.staff, _wanted(form), place(call, form.shop_id))
    except Problem as problem:
        return await _grid(call, form, fault=problem, status=problem.status)
    return Redirect(f"{LIST}?done=added")


@routes.page(f"{LIST}/{{role_id}}", MANAGE)
async def show_role(call: Call, role_id: int) -> Page:
    """Show a role's grid."""
    async with call.database.connection() as connection:
        role = await roles.seen(connection, role_id, call.staff)
    form = RoleForm(
        name=role.name,
        note=role.note,
        level=role.level,
        shop_id=PLATFORM if role.shop_id is None else str(role.shop_id),
        permissions=sorted(role.permissions),
    )
    return await _grid(call, form, role)


@routes.page(f"{LIST}/{{role_id}}", MANAGE, "POST")
async def change(call: Call, role_id: int) -> Page | Redirect:
    """Change a role, or show the grid again with what is wrong."""
    form = await call.form(RoleForm)
    try:
        wanted = _wanted(form)
        whole = Change(name=wanted.name, note=wanted.note, permissions=wanted.permissions, level=wanted.level)
        await roles.change(call.app, call.staff, role_id, whole, form.seen)
    except NotFound:
        raise
    except Problem as problem:
        async with call.database.connection() as connection:
            role = await roles.seen(connection, role_id, call.staff)
        return await _grid(call, form, role, fault=problem, status=problem.status)
    return Redirect(f"{LIST}?done=changed")


@routes.page(f"{LIST}/{{role_id}}/remove", MANAGE, "POST")
async def remove(call: Call, role_id: int) -> Redirect:
    """Remove a role that nobody has."""
    await roles.remove(call.app, call.staff, role_id)
    return Redirect(f"{LIST}?done=removed")


def _wanted(form: RoleForm) -> Wanted:
    return Wanted(name=form.name, note=form.note, permissions=chosen(form.permissions), level=Level(form.level))


def _changeable(call: Call, role: Role) -> bool:
    """Tell whether the caller may change a role: one of theirs, that permits nothing they do not hold."""
    mine = call.staff.shops is None or role.shop_id in call.staff.shops
    return (
        mine
        and not role.built_in
        and rules.holds(call.staff.grants, role.shop_id, held_in(role.shop_id, role.permissions))
    )


async def _grid(
    call: Call, form: RoleForm, role: Role | None = None, *, fault: Problem | None = None, status: int = 200
) -> Page:
    async with call.database.connection() as connection:
        shops = await call.resource(Shops).named(connection, call.staff.shops)
    places = [role.shop_id] if role is not None else [*([None] if call.staff.shops is None else []), *shops]
    values: dict[str, Any] = {
        "form": form,
        "picked": set(chosen(form.permissions)),
        "role": role,
        "seen": form.seen if fault and not isinstance(fault, ChangedMeanwhile) else roles.state(role) if role else "",
        "changeable": role is None or _changeable(call, role),
        "groups": grouped(),
        "mine": {
            right.permission
            for rights in grouped().values()
            for right in rights
            if any(rules.holds(call.staff.grants, at, frozenset({str(right.permission)})) for at in places)
        },
        "shops": shops,
        "everywhere": call.staff.shops is None,
        "faults": {} if fault is None else {fault.field or "": words_of(call, fault)},
    }
    return Page("staff/role.html", values, status=status)
