"""Roles of one's own: made by the platform or by a shop, of permissions that their maker holds there."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from typing import Any

import msgspec

from commerce.staff import otp_store, roles_store
from commerce.staff.audit import On, audit, differing
from commerce.staff.rules import NotHeld, hold_gift, hold_shop, holds, superior
from commerce.staff.types import OF_THE_PLATFORM, Level, Permission, Role
from server.application import Application
from server.database import Connection
from server.errors import Conflict, Forbidden, Invalid, NotFound
from server.http import Identity
from server.seen import hold_state, state_of

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
MOST = 100
"""Roles of one shop, and of the platform."""
GIVEABLE = tuple(str(one) for one in Permission if one is not Permission.EVERYTHING)


class BuiltIn(Conflict):
    """The platform brings the role along: it is copied, not changed."""

    code, message = "built_in", "内置角色不能改也不能删，可以复制一份再改"


class StillHeld(Conflict):
    """Somebody has the role."""

    code, message = "still_held", "还有人在用这个角色，先把它从这些人身上收回"


class RolesFull(Conflict):
    """The place has as many roles as it may."""

    code, message = "roles_full", "这里的角色太多了（最多 100 个），先删掉不用的"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A role as it is to be."""

    name: str
    note: str = ""
    permissions: Sequence[str]
    level: Level = Level.ANY


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What of a role is to be otherwise; None stays as it is when the change is made."""

    name: str | None = None
    note: str | None = None
    permissions: Sequence[str] | None = None
    level: Level | None = None

    def of(self, role: Role) -> Wanted:
        """Return the role as it is to be."""
        return Wanted(
            name=role.name if self.name is None else self.name,
            note=role.note if self.note is None else self.note,
            permissions=role.permissions if self.permissions is None else self.permissions,
            level=role.level if self.level is None else self.level,
        )


def on(role: Role) -> On:
    """Return a role as the audit log names it."""
    return On("role", role.id, role.name)


async def seen(connection: Connection, role_id: int, caller: Identity) -> Role:
    """Return a role that the caller may see. Raises NotFound for another shop's."""
    role = await roles_store.role(connection, role_id)
    if role is None or (role.shop_id is not None and caller.shops is not None and role.shop_id not in caller.shops):
        raise NotFound
    return role


async def make(app: Application, caller: Identity, wanted: Wanted, shop_id: int | None) -> int:
    """Make a role of a shop (None: of the platform, for everywhere that its level says) and return its id.

    Raises Invalid, NotFound for another shop, NotHeld, RolesFull.
    """
    async with app.database.transaction() as connection:
        above = await superior(connection, caller)
        hold_gift(above, shop_id, ())
        await hold_shop(app, connection, shop_id)
        wanted = await _checked(connection, above, wanted, shop_id, 0)
        if await roles_store.made(connection, shop_id) >= MOST:
            raise RolesFull
        code = f"own_{secrets.token_hex(6)}"
        role_id = await roles_store.add(
            connection, code, wanted.name, wanted.note, wanted.permissions, shop_id, wanted.level
        )
        after = msgspec.to_builtins(wanted)
        role_on = On("role", role_id, wanted.name)
        await audit(connection, caller.id, "role_added", role_on, shop_id=shop_id, before={}, after=after)
    return role_id


async def change(app: Application, caller: Identity, role_id: int, change: Change, seen: str = "") -> None:
    """Change a role, for everybody who has it from their next request on; ``seen`` is its ``state`` to the caller.

    Raises Invalid, NotFound, BuiltIn, NotHeld when it permits, or is to permit, what the caller does not hold,
    StillHeld when somebody has it where it could then not be given, ChangedMeanwhile.
    """
    async with app.database.transaction() as connection:
        above = await superior(connection, caller)
        role = await _own(connection, role_id, above)
        hold_state(seen, _told(role))
        wanted = await _checked(connection, above, change.of(role), role.shop_id, role.id)
        was = _told(role)
        if wanted.level is not role.level and await roles_store.held_outside(connection, role.id, wanted.level):
            raise StillHeld
        before, after = differing(was, msgspec.to_builtins(wanted))
        if after:
            await roles_store.write(connection, role.id, wanted.name, wanted.note, wanted.permissions, wanted.level)
            await audit(
                connection, caller.id, "role_changed", on(role), shop_id=role.shop_id, before=before, after=after
            )


async def remove(app: Application, caller: Identity, role_id: int) -> None:
    """Remove a role that nobody has. Raises NotFound, BuiltIn, NotHeld, StillHeld."""
    async with app.database.transaction() as connection:
        above = await superior(connection, caller)
        role = await _own(connection, role_id, above)
        if role.holders:
            raise StillHeld
        await roles_store.remove(connection, role.id)
        was = _told(role)
        await audit(connection, caller.id, "role_removed", on(role), shop_id=role.shop_id, before=was, after={})


async def set_needs(app: Application, caller: Identity, codes: Sequence[str]) -> None:
    """Have exactly these roles want a second factor. For who manages staff of the whole platform.

    Raises Forbidden, NotHeld for a role that permits what the caller does not hold.
    """
    async with app.database.transaction() as connection:
        above = await superior(connection, caller)
        if above.shops is not None:
            raise Forbidden
        turned = await roles_store.needing_otherwise(connection, codes)
        hold_gift(above, None, turned)
        await otp_store.set_needs(connection, codes)
        for role in turned:
            before, after = {"needs_otp": role.needs_otp}, {"needs_otp": not role.needs_otp}
            await audit(
                connection,
                caller.id,
                "role_needs_otp",
                on(role),
                shop_id=role.shop_id,
                before=before,
                after=after,
            )


def state(role: Role) -> str:
    """Return what tells the role as it is from what it was or will be."""
    return state_of(_told(role))


def _told(role: Role) -> dict[str, Any]:
    return {"name": role.name, "note": role.note, "permissions": sorted(role.permissions), "level": str(role.level)}


async def _own(connection: Connection, role_id: int, above: Identity) -> Role:
    """Return a role that the caller may change: nobody of a shop changes what the platform has made."""
    role = await seen(connection, role_id, above)
    if role.built_in:
        raise BuiltIn
    if role.shop_id is None and above.shops is not None:
        raise NotHeld
    hold_gift(above, role.shop_id, [role])
    return role


async def _checked(
    connection: Connection, above: Identity, wanted: Wanted, shop_id: int | None, role_id: int
) -> Wanted:
    name, note = wanted.name.strip(), wanted.note.strip()
    if not name or len(name) > 20 or _CONTROL.search(name):
        raise Invalid("name", "角色名 1 到 20 个字")
    if len(note) > 100 or _CONTROL.search(note):
        raise Invalid("note", "说明最多 100 个字")
    permissions = sorted(set(wanted.permissions))
    if not permissions:
        raise Invalid("permissions", "至少选一项权限")
    if not set(permissions) <= set(GIVEABLE):
        raise Invalid("permissions", "没有这项权限")
    level = Level.SHOP if shop_id is not None else wanted.level
    if level is Level.SHOP and set(permissions) & OF_THE_PLATFORM:
        raise Invalid("permissions", "店铺的角色不能有全平台的权限")
    if not holds(above.grants, shop_id, frozenset(permissions)):
        raise NotHeld(field="permissions")
    if await roles_store.name_taken(connection, name, shop_id, role_id):
        raise Invalid("name", "已有同名的角色")
    return Wanted(name=name, note=note, permissions=permissions, level=level)
