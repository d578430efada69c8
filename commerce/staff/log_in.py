"""Logging in to the back office."""

from __future__ import annotations

import msgspec

from commerce.credentials import check_password, clear_tries, count_try
from commerce.staff import store
from commerce.staff.audit import account, audit
from commerce.staff.second_factor import SecondFactorWrong, hold
from commerce.staff.types import Staff, StaffLogIn
from server.application import Application
from server.database import Connection
from server.errors import Unauthenticated
from server.http import Kind
from server.http.session import Issued


class StaffCredentialsWrong(Unauthenticated):
    """No such account, a closed one, or another password; which of them is not told."""

    code, message = "credentials_wrong", "账号或密码不对"


class OtpRequired(Unauthenticated):
    """The password is right; the account has a second factor."""

    code, message = "otp_required", "请填写动态验证码"


class OtpWrong(Unauthenticated):
    """The one-time password, or the recovery code, is another one, or was used."""

    code, message = "otp_wrong", "动态验证码不对或已用过"


class StaffEntered(msgspec.Struct, frozen=True):
    """Somebody has logged in."""

    staff: Staff
    issued: Issued


async def log_in(app: Application, body: StaffLogIn, address: str, agent: str) -> StaffEntered:
    """Log in. Raises StaffCredentialsWrong, OtpRequired, OtpWrong, TooManyTries."""
    account = body.account.strip().replace("\x00", "")
    await count_try(app, Kind.STAFF, account)
    async with app.database.connection() as connection:
        staff_id = await store.staff_id_of(connection, account)
        staff = None if staff_id is None else await store.staff(connection, staff_id)
    good = await check_password(staff.password_hash if staff else None, body.password)
    if staff is None or staff.disabled_at is not None or not good:
        if staff is not None:
            await _refused(app, staff, "password")
        raise StaffCredentialsWrong
    if staff.otp_secret is not None and (not body.otp or not body.otp.strip()):
        raise OtpRequired
    try:
        async with app.database.transaction() as connection:
            if staff.otp_secret is not None:
                await hold(app, connection, staff, body.otp or "")
            return await _opened(app, connection, staff, address, agent)
    except SecondFactorWrong:
        await _refused(app, staff, "otp")
        raise OtpWrong(field="otp") from None


async def _opened(app: Application, connection: Connection, staff: Staff, address: str, agent: str) -> StaffEntered:
    # Checking a password takes a while, in which it may have been replaced and every session ended.
    if not await store.hold_proofs(connection, staff):
        raise StaffCredentialsWrong
    await clear_tries(connection, Kind.STAFF, staff.account)
    issued = await app.sessions.issue(connection, Kind.STAFF, staff.id, address, agent)
    await audit(connection, staff.id, "log_in", account(staff), shop_id=staff.shop_id)
    return StaffEntered(staff, issued)


async def _refused(app: Application, staff: Staff, why: str) -> None:
    async with app.database.connection() as connection:
        await audit(connection, staff.id, "log_in_refused", account(staff), shop_id=staff.shop_id, detail={"why": why})
