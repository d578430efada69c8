"""Who works here and what they may do, over JSON."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from commerce.staff import people, people_store, roles, roles_store, rules, store
from commerce.staff.people import AccountTaken
from commerce.staff.people_pages import MANAGE, deed_of
from commerce.staff.permissions import RIGHTS_THERE_ARE
from commerce.staff.roles import BuiltIn, Change, RolesFull, StillHeld, Wanted
from commerce.staff.rules import LastOwner, NotHeld, NotYourself, Outranked
from commerce.staff.types import GrantView, Level, Role, Staff
from server.clock import wire
from server.errors import Conflict, NotFound
from server.http import Body, Call, Id, Instant, Kind, Listing, Paging, Routes, View
from server.http.routes import Key
from server.seen import ChangedMeanwhile, Seen

routes = Routes("back office: rights", realm=Kind.STAFF)
_STAFF, _ROLES = "/api/v1/backoffice/staff", "/api/v1/backoffice/roles"
Code = Annotated[str, Meta(min_length=1, max_length=60)]
Codes = Annotated[list[Code], Meta(max_length=20)]
Reason = Annotated[str, Meta(min_length=1, max_length=200)]


class PersonBody(Body, frozen=True, kw_only=True):
    """A new account. ``shop_id`` null belongs to the platform; ``roles`` are codes, held where it belongs."""

    account: Annotated[str, Meta(min_length=3, max_length=40)]
    name: Annotated[str, Meta(min_length=1, max_length=40)]
    shop_id: Id | None = None
    roles: Codes | UnsetType = UNSET


class PersonChange(Body, frozen=True, kw_only=True):
    """A new name."""

    name: Annotated[str, Meta(min_length=1, max_length=40)]


class PlaceRoles(Body, frozen=True, kw_only=True):
    """All the roles that somebody is to have in a shop; for ``shop_id`` null on the whole platform."""

    shop_id: Id | None
    roles: Codes


class ReasonBody(Body, frozen=True, kw_only=True):
    """Why it is done; kept in the audit log."""

    reason: Reason


class RoleBody(Body, frozen=True, kw_only=True):
    """A new role. ``shop_id`` null: of the platform; ``level`` says where it may be given."""

    name: Annotated[str, Meta(min_length=1, max_length=20)]
    note: Annotated[str, Meta(max_length=100)] = ""
    shop_id: Id | None = None
    level: Level = Level.ANY
    permissions: Annotated[list[Code], Meta(min_length=1, max_length=100)]


class RoleChange(Body, frozen=True, kw_only=True):
    """What of a role is to be otherwise; what is left out stays."""

    name: Annotated[str, Meta(min_length=1, max_length=20)] | UnsetType = UNSET
    note: Annotated[str, Meta(max_length=100)] | UnsetType = UNSET
    level: Level | UnsetType = UNSET
    permissions: Annotated[list[Code], Meta(min_length=1, max_length=100)] | UnsetType = UNSET
    seen: Seen = ""


class PlaceRole(View, frozen=True, kw_only=True):
    """A role that somebody has in a shop (null: on the whole platform)."""

    shop_id: Id | None
    code: str
    name: str


class PersonView(View, frozen=True, kw_only=True):
    """Somebody who works here."""

    id: Id
    account: str
    name: str
    shop_id: Id | None
    has_otp: bool
    password_temporary: bool
    disabled_at: Instant | None
    roles: list[PlaceRole]
    grants: list[GrantView]


class ColleagueView(View, frozen=True, kw_only=True):
    """A line of the list of staff."""

    id: Id
    account: str
    name: str
    shop_id: Id | None
    has_otp: bool
    disabled_at: Instant | None


class InvitedView(View, frozen=True, kw_only=True):
    """A new account with its password, shown this once and good for nothing but choosing another one."""

    id: Id
    password: str


class DoneView(View, frozen=True, kw_only=True):
    """What was done; after ``password`` the new one, shown this once."""

    person: PersonView
    password: str | None


class RoleView(View, frozen=True, kw_only=True):
    """A role. A built-in one is not changed."""

    id: Id
    code: str
    name: str
    note: str
    shop_id: Id | None
    built_in: bool
    level: Level
    needs_otp: bool
    permissions: list[str]
    holders: int
    state: str
    """For `seen` of a change."""


class PermissionView(View, frozen=True, kw_only=True):
    """A permission, in the caller's language. One of the platform is never held in a shop."""

    code: str
    group: str
    name: str
    text: str
    of_the_platform: bool


@routes.get("/api/v1/backoffice/permissions", MANAGE)
async def permissions(call: Call) -> list[PermissionView]:
    """List what roles may permit."""
    return [
        PermissionView(
            code=right.permission,
            group=call.tr(right.group),
            name=call.tr(right.name),
            text=call.tr(right.text),
            of_the_platform=right.of_the_platform,
        )
        for right in RIGHTS_THERE_ARE
    ]


@routes.get(_STAFF, MANAGE)
async def listed(call: Call, query: Paging) -> Listing[ColleagueView]:
    """List who works where the caller manages staff."""
    shops = call.staff.shops
    async with call.database.connection() as connection:
        total = await people_store.count(connection, shops)
        found = await people_store.colleagues(connection, shops, offset=query.offset, size=query.size)
    items = [
        ColleagueView(
            id=str(one.id),
            account=one.account,
            name=one.name,
            shop_id=_id(one.shop_id),
            has_otp=one.has_otp,
            disabled_at=None if one.disabled_at is None else wire(one.disabled_at),
        )
        for one in found
    ]
    return Listing(items=items, total=total, page=query.page, size=query.size)


@routes.post(_STAFF, MANAGE, status=201, key=Key.OWN, limit="60/minute", errors=(AccountTaken, NotHeld))
async def invite(call: Call, body: PersonBody) -> InvitedView:
    """Add an account. The answer holds its password, so it is not kept: a second request makes no second account."""
    codes = [] if body.roles is UNSET else list(dict.fromkeys(body.roles))
    made = await people.invite(call.app, call.staff, body.account, body.name, _int(body.shop_id), codes)
    return InvitedView(id=str(made.staff_id), password=made.password)


@routes.get(f"{_STAFF}/{{staff_id}}", MANAGE)
async def show(call: Call, staff_id: int) -> PersonView:
    """Show one person."""
    return await _shown(call, staff_id)


@routes.patch(f"{_STAFF}/{{staff_id}}", MANAGE, errors=(NotYourself, Outranked))
async def rename(call: Call, staff_id: int, body: PersonChange) -> PersonView:
    """Call somebody something else."""
    await people.rename(call.app, call.staff, staff_id, body.name)
    return await _shown(call, staff_id)


@routes.add("PUT", f"{_STAFF}/{{staff_id}}/roles", MANAGE, errors=(NotYourself, NotHeld, LastOwner))
async def set_roles(call: Call, staff_id: int, body: PlaceRoles) -> PersonView:
    """Let somebody have exactly these roles in a shop or on the platform, from their next request on."""
    await people.set_roles(call.app, call.staff, staff_id, _int(body.shop_id), list(dict.fromkeys(body.roles)))
    async with call.database.connection() as connection:
        someone = await store.staff(connection, staff_id)
    if someone is None:
        raise NotFound
    return _person(someone, call)  # also if it was the last that made them one of the caller's people


@routes.post(
    f"{_STAFF}/{{staff_id}}/{{deed}}",
    MANAGE,
    key=Key.OWN,
    limit="60/minute",
    errors=(NotYourself, Outranked, LastOwner, Conflict),
)
async def do(call: Call, staff_id: int, deed: str, body: ReasonBody) -> DoneView:
    """Do ``disable``, ``enable``, ``sign-out``, ``password`` or ``otp`` to an account; all but ``enable`` log out."""
    password = await people.do(call.app, call.staff, staff_id, deed_of(deed), body.reason)
    return DoneView(person=await _shown(call, staff_id), password=password)


@routes.get(_ROLES, MANAGE)
async def list_roles(call: Call) -> list[RoleView]:
    """List the roles that the caller may see, the built-in ones first."""
    async with call.database.connection() as connection:
        return [_role(role) for role in await roles_store.roles(connection, call.staff.shops)]


@routes.post(_ROLES, MANAGE, status=201, key=Key.OWN, errors=(NotHeld, RolesFull))
async def make_role(call: Call, body: RoleBody) -> RoleView:
    """Make a role. Names are unique where they are seen, so a second request is refused."""
    wanted = Wanted(name=body.name, note=body.note, permissions=body.permissions, level=body.level)
    role_id = await roles.make(call.app, call.staff, wanted, _int(body.shop_id))
    return await _shown_role(call, role_id)


@routes.get(f"{_ROLES}/{{role_id}}", MANAGE)
async def show_role(call: Call, role_id: int) -> RoleView:
    """Show a role."""
    return await _shown_role(call, role_id)


@routes.patch(f"{_ROLES}/{{role_id}}", MANAGE, errors=(BuiltIn, NotHeld, StillHeld, ChangedMeanwhile))
async def change_role(call: Call, role_id: int, body: RoleChange) -> RoleView:
    """Change a role, for everybody who has it from their next request on."""
    change = Change(
        name=None if body.name is UNSET else body.name,
        note=None if body.note is UNSET else body.note,
        level=None if body.level is UNSET else body.level,
        permissions=None if body.permissions is UNSET else body.permissions,
    )
    await roles.change(call.app, call.staff, role_id, change, body.seen)
    return await _shown_role(call, role_id)


@routes.delete(f"{_ROLES}/{{role_id}}", MANAGE, status=204, errors=(BuiltIn, NotHeld, StillHeld))
async def remove_role(call: Call, role_id: int) -> None:
    """Remove a role that nobody has."""
    await roles.remove(call.app, call.staff, role_id)


async def _shown(call: Call, staff_id: int) -> PersonView:
    async with call.database.connection() as connection:
        return _person(await rules.person(connection, staff_id, call.staff), call)


async def _shown_role(call: Call, role_id: int) -> RoleView:
    async with call.database.connection() as connection:
        return _role(await roles.seen(connection, role_id, call.staff))


def _person(staff: Staff, call: Call) -> PersonView:
    """Return somebody as the caller may see them: what they have in shops that are not the caller's is left out."""
    mine = call.staff.shops
    return PersonView(
        id=str(staff.id),
        account=staff.account,
        name=staff.name,
        shop_id=_id(staff.shop_id),
        has_otp=staff.otp_secret is not None,
        password_temporary=staff.password_temporary,
        disabled_at=None if staff.disabled_at is None else wire(staff.disabled_at),
        roles=[
            PlaceRole(shop_id=_id(one.shop_id), code=one.code, name=call.tr(one.name))
            for one in staff.roles
            if mine is None or one.shop_id in mine
        ],
        grants=[
            GrantView(shop_id=_id(shop), permissions=sorted(held))
            for shop, held in staff.grants.items()
            if mine is None or shop in mine
        ],
    )


def _role(role: Role) -> RoleView:
    return RoleView(
        id=str(role.id),
        code=role.code,
        name=role.name,
        note=role.note,
        shop_id=_id(role.shop_id),
        built_in=role.built_in,
        level=role.level,
        needs_otp=role.needs_otp,
        permissions=role.permissions,
        holders=role.holders,
        state=roles.state(role),
    )


def _id(number: int | None) -> str | None:
    return None if number is None else str(number)


def _int(text: str | None) -> int | None:
    return None if text is None else int(text)
