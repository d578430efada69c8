"""What superiors do with the accounts of the back office: add, rename, give roles, close, open, log out, reset."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

import msgspec

from commerce.credentials import hash_password, new_password
from commerce.staff import people_store, roles_store
from commerce.staff.audit import On, audit
from commerce.staff.audit import account as account_of
from commerce.staff.rules import (
    NotYourself,
    fits,
    hold_gift,
    hold_over,
    hold_owner,
    hold_shop,
    person,
    superior,
)
from commerce.staff.types import Role
from server.application import Application
from server.errors import Conflict, Invalid
from server.http import Identity, Kind
from server.seen import hold_state

_ACCOUNT = re.compile(r"[a-z0-9][a-z0-9._@-]{2,39}", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
MOST_ROLES = 20


class AccountTaken(Conflict):
    """Another person has the account."""

    code, message = "account_taken", "这个账号已有人用"


class Deed(StrEnum):
    """What is done to an account."""

    DISABLE = "disable"
    ENABLE = "enable"
    SIGN_OUT = "sign-out"
    PASSWORD = "password"  # noqa: S105  # the name of a deed
    OTP = "otp"


KINDS = {
    Deed.DISABLE: "staff_disabled",
    Deed.ENABLE: "staff_enabled",
    Deed.SIGN_OUT: "staff_signed_out",
    Deed.PASSWORD: "staff_password_reset",
    Deed.OTP: "staff_otp_reset",
}
"""What the audit log calls each."""


class Invited(msgspec.Struct, frozen=True):
    """A new account, and the password to be handed over; it is shown this once and good for choosing another one."""

    staff_id: int
    password: str


async def invite(
    app: Application, caller: Identity, account: str, name: str, shop_id: int | None, codes: Sequence[str]
) -> Invited:
    """Add somebody who belongs to a shop (None: to the platform) with these roles there.

    Raises Invalid, AccountTaken, NotFound for another shop, NotHeld.
    """
    account, name = account.strip(), _name(name)
    if not _ACCOUNT.fullmatch(account):
        raise Invalid("account", "3 到 40 个字母、数字或 . _ @ -，以字母或数字开头")
    password = new_password()
    kept = await hash_password(password)
    async with app.database.transaction() as connection:
        above = await superior(connection, caller)
        hold_gift(above, shop_id, ())
        await hold_shop(app, connection, shop_id)
        roles = _wanted(codes, await roles_store.by_codes(connection, codes), shop_id)
        hold_gift(above, shop_id, roles)
        staff_id = await people_store.add(connection, account, name, kept, shop_id)
        if staff_id is None:
            raise AccountTaken(field="account")
        await people_store.set_roles(connection, staff_id, None, [role.id for role in roles])
        after = {"account": account, "name": name, "shop_id": shop_id, "roles": [role.name for role in roles]}
        on_it = On("staff", staff_id, account)
        await audit(connection, caller.id, "staff_added", on_it, shop_id=shop_id, before={}, after=after)
    return Invited(staff_id, password)


async def rename(app: Application, caller: Identity, staff_id: int, name: str) -> None:
    """Call somebody something else. Raises Invalid, NotFound, Outranked, NotYourself."""
    name = _name(name)
    async with app.database.transaction() as connection:
        above = await superior(connection, caller)
        someone = await person(connection, staff_id, above, lock=True)
        hold_over(above, someone)
        if name != someone.name:
            await people_store.rename(connection, staff_id, name)
            await audit(
                connection,
                caller.id,
                "staff_renamed",
                account_of(someone),
                shop_id=someone.shop_id,
                before={"name": someone.name},
                after={"name": name},
            )


async def set_roles(
    app: Application, caller: Identity, staff_id: int, shop_id: int | None, codes: Sequence[str], seen: str = ""
) -> None:
    """Let somebody have exactly these roles in a shop (None: on the whole platform), from their next request on.

    ``seen`` is the ``state_of`` the codes that they had there for all the caller knows. Raises Invalid, NotFound,
    NotYourself, NotHeld, LastOwner, ChangedMeanwhile.
    """
    async with app.database.transaction() as connection:
        above = await superior(connection, caller)
        someone = await person(connection, staff_id, above, lock=True)
        if someone.id == caller.id:
            raise NotYourself
        if shop_id is None and someone.shop_id is not None:
            raise Invalid("shop_id", "这个人属于一家店，不能有全平台的角色")
        hold_gift(above, shop_id, ())
        await hold_shop(app, connection, shop_id)
        wanted = _wanted(codes, await roles_store.by_codes(connection, codes), shop_id)
        had_codes = [one.code for one in someone.roles if one.shop_id == shop_id]
        hold_state(seen, sorted(had_codes))
        had = await roles_store.by_codes(connection, had_codes)
        added = [role for role in wanted if role.code not in had_codes]
        taken = [role for role in had if role.code not in codes]
        hold_gift(above, shop_id, [*added, *taken])
        if not added and not taken:
            return
        place = None if shop_id == someone.shop_id else shop_id
        await people_store.set_roles(connection, staff_id, place, [role.id for role in wanted])
        await hold_owner(connection)
        await audit(
            connection,
            caller.id,
            "staff_roles_changed",
            account_of(someone),
            shop_id=shop_id,
            before={"roles": [role.name for role in had]},
            after={"roles": [role.name for role in wanted]},
        )


async def do(app: Application, caller: Identity, staff_id: int, deed: Deed, reason: str) -> str | None:
    """Close an account, open it, end its sessions, give it a new password (returned) or take its second factor away.

    Each but opening it again ends the person's sessions at once. Raises Invalid (field ``reason``), NotFound,
    NotYourself, Outranked, LastOwner, Conflict when it is so already.
    """
    reason = reason.strip()
    if not reason or len(reason) > 200 or _CONTROL.search(reason):
        raise Invalid("reason", "写一句原因，最多 200 个字")
    password = new_password() if deed is Deed.PASSWORD else None
    kept = await hash_password(password) if password is not None else ""
    ended: list[bytes] = []
    async with app.database.transaction() as connection:
        above = await superior(connection, caller)
        someone = await person(connection, staff_id, above, lock=True)
        hold_over(above, someone)
        before, after = {}, {}
        match deed:
            case Deed.DISABLE | Deed.ENABLE:
                if not await people_store.set_disabled(connection, staff_id, deed is Deed.DISABLE):
                    raise Conflict
                before, after = {"disabled": deed is Deed.ENABLE}, {"disabled": deed is Deed.DISABLE}
                await hold_owner(connection)
            case Deed.PASSWORD:
                await people_store.give_password(connection, staff_id, kept)
            case Deed.OTP:
                if not await people_store.drop_factor(connection, staff_id):
                    raise Conflict
                before, after = {"second_factor": True}, {"second_factor": False}
            case Deed.SIGN_OUT:
                pass
        if deed is not Deed.ENABLE:
            ended = await app.sessions.revoke_all(connection, Kind.STAFF, staff_id)
        await audit(
            connection,
            caller.id,
            KINDS[deed],
            account_of(someone),
            shop_id=someone.shop_id,
            before=before,
            after=after,
            reason=reason,
            detail={"sessions_ended": len(ended)},
        )
    for digest in ended:
        app.sessions.forget(digest)
    return password


def _name(text: str) -> str:
    name = text.strip()
    if not name or len(name) > 40 or _CONTROL.search(name):
        raise Invalid("name", "姓名 1 到 40 个字")
    return name


def _wanted(codes: Sequence[str], found: list[Role], shop_id: int | None) -> list[Role]:
    """Return the roles of ``codes``. Raises Invalid for one that is none, or that nobody can hold there."""
    if len(codes) > MOST_ROLES or {role.code for role in found} != set(codes):
        raise Invalid("roles", "没有这个角色")
    if not all(fits(role, shop_id) for role in found):
        raise Invalid("roles", "这个角色不能在这里分配")
    return found
