"""Who may change whose rights. Nobody gives what they do not hold, rules over who holds more, or changes themselves."""

from __future__ import annotations

from collections.abc import Iterable

from commerce.staff import people_store, store
from commerce.staff.directory import identity_of
from commerce.staff.shops import Shops
from commerce.staff.types import Grants, Level, Permission, Role, Staff, held_in
from server.application import Application
from server.database import Connection
from server.errors import Conflict, Forbidden, Invalid, NotFound
from server.http import Identity


class NotYourself(Forbidden):
    """People change their own account on the page of their own safety, and their rights nowhere."""

    code, message = "not_yourself", "不能改自己的角色和账号状态，请让别的管理员来改"


class Outranked(Forbidden):
    """The person holds something that the caller does not hold there."""

    code, message = "outranked", "对方的权限比你多，你不能动这个账号"


class NotHeld(Forbidden):
    """The role permits something that the caller does not hold there."""

    code, message = "not_held", "这个角色里有你自己没有的权限，你不能分配、收回或修改它"


class LastOwner(Conflict):
    """Nobody would be left who may do everything."""

    code, message = "last_owner", "平台至少要有一位在岗的管理员"


async def superior(connection: Connection, caller: Identity) -> Identity:
    """Begin a change of rights in the caller's transaction and return who they are by now, limited to where they may.

    Locks the rights of everybody until the end of the transaction. Raises Forbidden when they may no longer.
    """
    await people_store.alone(connection)
    staff = await store.staff(connection, caller.id, lock=True)
    if staff is None or staff.disabled_at is not None:
        raise Forbidden
    fresh = identity_of(staff)
    if not fresh.may(Permission.STAFF_MANAGE):
        raise Forbidden
    return fresh.within(Permission.STAFF_MANAGE)


async def person(connection: Connection, staff_id: int, caller: Identity, *, lock: bool = False) -> Staff:
    """Return somebody who works where the caller manages staff. Raises NotFound."""
    found = await store.staff(connection, staff_id, lock=lock)
    if found is None or not sees(caller, found):
        raise NotFound
    return found


def sees(caller: Identity, someone: Staff) -> bool:
    """Tell whether somebody works where the caller manages staff."""
    return caller.shops is None or not set(caller.shops).isdisjoint(someone.grants)


def hold_over(caller: Identity, someone: Staff) -> None:
    """Raise NotYourself, NotFound or Outranked unless the caller may close, open or reset somebody's account."""
    if someone.id == caller.id:
        raise NotYourself
    if caller.shops is not None and someone.shop_id not in caller.shops:
        raise NotFound
    if not all(holds(caller.grants, shop, held) for shop, held in someone.grants.items()):
        raise Outranked


def hold_gift(caller: Identity, shop_id: int | None, roles: Iterable[Role]) -> None:
    """Raise NotFound or NotHeld unless the caller may give or take these roles in a shop (None: on the platform)."""
    if caller.shops is not None and shop_id not in caller.shops:
        raise NotFound
    for role in roles:
        if not holds(caller.grants, shop_id, held_in(shop_id, role.permissions)):
            raise NotHeld


async def hold_shop(app: Application, connection: Connection, shop_id: int | None) -> None:
    """Raise Invalid (field ``shop_id``) for a shop that there is not."""
    if shop_id is not None and shop_id not in await app.resource(Shops).named(connection):
        raise Invalid("shop_id", "没有这家店铺")


def fits(role: Role, shop_id: int | None) -> bool:
    """Tell whether a role is one that can be held there."""
    if role.shop_id is not None:
        return role.shop_id == shop_id
    return role.level is not (Level.SHOP if shop_id is None else Level.PLATFORM)


def holds(grants: Grants, shop_id: int | None, wanted: frozenset[str]) -> bool:
    """Tell whether all that is wanted there is held there; what is held on the whole platform is held in every shop."""
    held = grants.get(None, frozenset()) | (grants.get(shop_id, frozenset()) if shop_id is not None else frozenset())
    return "*" in held or wanted <= held


async def hold_owner(connection: Connection) -> None:
    """Raise LastOwner when nobody is left who may do everything. The caller has called ``superior``."""
    if not await people_store.owners(connection):
        raise LastOwner
