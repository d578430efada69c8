"""What keeps an account of the back office its owner's: the password, and the end of all other sessions."""

from __future__ import annotations

from commerce.credentials import (
    OldPasswordWrong,
    check_password,
    clear_tries,
    count_try,
    hash_password,
    hold_strength,
)
from commerce.staff import store
from commerce.staff.audit import account, audit
from commerce.staff.log_in import StaffEntered
from server.application import Application
from server.errors import Conflict, NotFound
from server.http import Kind


async def change_password(
    app: Application, staff_id: int, old: str, new: str, address: str, agent: str
) -> StaffEntered:
    """Replace somebody's password, end all their sessions and open a new one for who asked.

    Raises OldPasswordWrong, TooManyTries, Invalid (field ``new``), Conflict when it was replaced meanwhile.
    """
    async with app.database.connection() as connection:
        staff = await store.staff(connection, staff_id)
    if staff is None:
        raise NotFound
    hold_strength("new", new, staff.account, staff.name)
    await count_try(app, Kind.STAFF, staff.account)
    if not await check_password(staff.password_hash, old):
        async with app.database.connection() as connection:
            await audit(connection, staff.id, "password_refused", account(staff), shop_id=staff.shop_id)
        raise OldPasswordWrong(field="old")
    made = await hash_password(new)
    async with app.database.transaction() as connection:
        if not await store.replace_password(connection, staff.id, staff.password_hash, made):
            raise Conflict
        await clear_tries(connection, Kind.STAFF, staff.account)
        ended = await app.sessions.revoke_all(connection, Kind.STAFF, staff.id)
        issued = await app.sessions.issue(connection, Kind.STAFF, staff.id, address, agent)
        await audit(connection, staff.id, "password_changed", account(staff), shop_id=staff.shop_id)
    for digest in ended:
        app.sessions.forget(digest)
    return StaffEntered(staff, issued)
