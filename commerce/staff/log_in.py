"""Logging in to the back office."""

from __future__ import annotations

import hashlib
import hmac
import secrets

import msgspec

from commerce.credentials import check_password, clear_tries, count_try
from commerce.staff import step_store, store
from commerce.staff.audit import account, audit
from commerce.staff.second_factor import SecondFactorWrong, hold
from commerce.staff.types import Staff, StaffLogIn
from server.application import Application
from server.database import Connection
from server.errors import Unauthenticated
from server.http import Kind
from server.http.session import Issued

STEP_LASTS = 300
"""Seconds to give the second factor in, once the password was right."""


class StaffCredentialsWrong(Unauthenticated):
    """No such account, a closed one, or another password; which of them is not told."""

    code, message = "credentials_wrong", "账号或密码不对"


class OtpRequired(Unauthenticated):
    """The password is right; the account has a second factor."""

    code, message = "otp_required", "请填写动态验证码"


class OtpWrong(Unauthenticated):
    """The one-time password, or the recovery code, is another one, or was used."""

    code, message = "otp_wrong", "动态验证码不对或已用过"


class StepOver(Unauthenticated):
    """Nobody waits for this second factor any more: too late, already used, or the account has changed since."""

    code, message = "step_over", "等太久了，请重新填账号和密码"


class StaffEntered(msgspec.Struct, frozen=True):
    """Somebody has logged in."""

    staff: Staff
    issued: Issued


async def log_in(app: Application, body: StaffLogIn, address: str, agent: str) -> StaffEntered:
    """Log in. Raises StaffCredentialsWrong, OtpRequired, OtpWrong, TooManyTries."""
    staff = await _known(app, body.account, body.password)
    if staff.otp_secret is None:
        async with app.database.transaction() as connection:
            return await _opened(app, connection, staff, address, agent)
    if not body.otp or not body.otp.strip():
        raise OtpRequired
    return await _held(app, staff, body.otp, address, agent)


async def begin(app: Application, account: str, password: str, address: str, agent: str) -> StaffEntered | str:
    """Log in by the password alone, or return the proof that it was right, for ``finish`` to go on from.

    The proof opens nothing by itself: it stands for the password, once, for ``STEP_LASTS`` seconds.
    Raises StaffCredentialsWrong, TooManyTries.
    """
    staff = await _known(app, account, password)
    async with app.database.transaction() as connection:
        if staff.otp_secret is None:
            return await _opened(app, connection, staff, address, agent)
        proof = secrets.token_urlsafe(32)
        step = step_store.Step(staff.id, _bound(app, staff))
        await step_store.begin(connection, _digest(proof), step, STEP_LASTS)
    return proof


async def waiting(app: Application, proof: str) -> Staff | None:
    """Return whose second factor a proof waits for, None when it waits no more."""
    async with app.database.connection() as connection:
        step = await step_store.step(connection, _digest(proof))
        staff = None if step is None else await store.staff(connection, step.staff_id)
    if step is None or staff is None or staff.disabled_at is not None or staff.otp_secret is None:
        return None
    return staff if hmac.compare_digest(step.bound, _bound(app, staff)) else None


async def finish(app: Application, proof: str, otp: str, address: str, agent: str) -> StaffEntered:
    """Log in by a proof of the password and the second factor. Raises StepOver, OtpWrong, TooManyTries."""
    staff = await waiting(app, proof)
    if staff is None:
        raise StepOver
    await count_try(app, Kind.STAFF, staff.account)
    try:
        return await _held(app, staff, otp, address, agent, proof)
    except StaffCredentialsWrong:
        raise StepOver from None


async def _known(app: Application, given: str, password: str) -> Staff:
    """Return whose account and password these are; the try is counted before. Raises as ``begin`` does."""
    given = given.strip().replace("\x00", "")
    await count_try(app, Kind.STAFF, given)
    async with app.database.connection() as connection:
        staff_id = await store.staff_id_of(connection, given)
        staff = None if staff_id is None else await store.staff(connection, staff_id)
    good = await check_password(staff.password_hash if staff else None, password)
    if staff is None or staff.disabled_at is not None or not good:
        if staff is not None:
            await _refused(app, staff, "password")
        raise StaffCredentialsWrong
    return staff


async def _held(
    app: Application, staff: Staff, otp: str, address: str, agent: str, proof: str | None = None
) -> StaffEntered:
    """Open a session by the second factor; with a ``proof`` of the password, which is used up by it."""
    try:
        async with app.database.transaction() as connection:
            if proof is not None and not await step_store.use(connection, _digest(proof)):
                raise StepOver
            await hold(app, connection, staff, otp)
            return await _opened(app, connection, staff, address, agent)
    except SecondFactorWrong:
        await _refused(app, staff, "otp")
        raise OtpWrong(field="otp") from None


def _digest(proof: str) -> bytes:
    return hashlib.sha256(proof.encode(errors="replace")).digest()


def _bound(app: Application, staff: Staff) -> bytes:
    """Return what tells an account's password and second factor from any others."""
    of = staff.password_hash.encode() + b":" + (staff.otp_secret or b"")
    return hmac.digest(app.settings.secret, b"staff.step:" + of, "sha256")


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
