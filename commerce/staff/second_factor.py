"""Taking up a second factor: a secret shown as a QR code, confirmed by its first password, and ten recovery codes."""

from __future__ import annotations

import hmac
import secrets

import msgspec
import pyotp
import segno

from commerce.credentials import check_password, clear_tries, count_try
from commerce.staff import otp_store, store
from commerce.staff.audit import account, audit
from commerce.staff.otp import new_secret, seal, step_of, unseal
from commerce.staff.types import Staff
from server.application import Application
from server.database import Connection
from server.errors import Conflict, NotFound, Problem
from server.http import Kind

CODES = 10
_SIGNS = "23456789abcdefghjkmnpqrstuvwxyz"
"""What recovery codes are made of: nothing that is mistaken for another."""


class SecondFactorWrong(Problem):
    """The password, the one-time password or the recovery code is another one."""

    code, status, message = "second_factor_wrong", 422, "密码或动态验证码不对"


class SecondFactorNeeded(Conflict):
    """A role of the account wants a second factor: it cannot be given up."""

    code, message = "second_factor_needed", "你的角色要求二次验证，不能关闭"


class NothingPending(Conflict):
    """No secret waits to be confirmed."""

    code, message = "nothing_pending", "先开始设置，再填动态验证码"


class Enrolment(msgspec.Struct, frozen=True):
    """A secret that waits to be confirmed: in base 32, as an address for apps, and as a picture of it (data URI)."""

    secret: str
    uri: str
    picture: str


async def begin(app: Application, staff_id: int, password: str, otp: str = "") -> Enrolment:
    """Make a secret that waits to be confirmed; to take the place of a second factor it wants a proof of that one too.

    Raises SecondFactorWrong, TooManyTries, Conflict when the second factor changed meanwhile.
    """
    staff = await _proved(app, staff_id, password)
    secret = new_secret()
    async with app.database.transaction() as connection:
        if staff.otp_secret is not None:
            await hold(app, connection, staff, otp)
        if not await otp_store.set_pending(connection, staff.id, staff.otp_secret, seal(app.settings.secret, secret)):
            raise Conflict
    return _enrolment(staff, secret)


async def pending(app: Application, staff_id: int) -> Enrolment | None:
    """Return the secret that waits to be confirmed."""
    async with app.database.connection() as connection:
        staff = await store.staff(connection, staff_id)
        factor = await otp_store.factor(connection, staff_id)
    if staff is None or factor is None or factor.pending is None:
        return None
    return _enrolment(staff, unseal(app.settings.secret, factor.pending))


def _enrolment(staff: Staff, secret: str) -> Enrolment:
    uri = pyotp.TOTP(secret).provisioning_uri(name=staff.account, issuer_name="Lingfeng")
    return Enrolment(secret, uri, str(segno.make(uri, error="m").svg_data_uri(scale=4, border=2)))


async def confirm(app: Application, staff_id: int, otp: str, here: bytes) -> list[str]:
    """Make the secret that waited the second factor, end the other sessions and return ten recovery codes, shown once.

    Raises NothingPending, SecondFactorWrong (field ``otp``), TooManyTries, Conflict.
    """
    async with app.database.connection() as connection:
        staff = await store.staff(connection, staff_id)
        factor = await otp_store.factor(connection, staff_id)
    if staff is None or factor is None:
        raise NotFound
    if factor.pending is None:
        raise NothingPending
    await count_try(app, Kind.STAFF, staff.account)
    step = step_of(unseal(app.settings.secret, factor.pending), otp.strip())
    if step is None:
        raise SecondFactorWrong(field="otp")
    async with app.database.transaction() as connection:
        if not await otp_store.confirm(connection, staff.id, factor.pending, step):
            raise Conflict
        codes = await _new_codes(app, connection, staff.id)
        await clear_tries(connection, Kind.STAFF, staff.account)
        ended = await app.sessions.revoke_others(connection, Kind.STAFF, staff.id, here)
        await audit(connection, staff.id, "otp_on", account(staff), shop_id=staff.shop_id)
    for digest in ended:
        app.sessions.forget(digest)
    app.sessions.refresh(Kind.STAFF, staff.id)
    return codes


async def give_up(app: Application, staff_id: int, password: str, otp: str) -> None:
    """Give the second factor up. Raises SecondFactorNeeded, SecondFactorWrong, TooManyTries."""
    staff = await _proved(app, staff_id, password)
    async with app.database.connection() as connection:
        factor = await otp_store.factor(connection, staff_id)
    if factor is not None and factor.needed:
        raise SecondFactorNeeded
    async with app.database.transaction() as connection:
        await hold(app, connection, staff, otp)
        await store.set_otp(connection, staff.id, None)
        await otp_store.replace_codes(connection, staff.id, ())
        await clear_tries(connection, Kind.STAFF, staff.account)
        await audit(connection, staff.id, "otp_off", account(staff), shop_id=staff.shop_id)


async def renew_codes(app: Application, staff_id: int, password: str, otp: str) -> list[str]:
    """Return ten new recovery codes; the old ones are worth nothing. Raises SecondFactorWrong, TooManyTries."""
    staff = await _proved(app, staff_id, password)
    async with app.database.transaction() as connection:
        await hold(app, connection, staff, otp)
        codes = await _new_codes(app, connection, staff.id)
        await clear_tries(connection, Kind.STAFF, staff.account)
        await audit(connection, staff.id, "recovery_codes", account(staff), shop_id=staff.shop_id)
    return codes


async def hold(app: Application, connection: Connection, staff: Staff, given: str) -> None:
    """Use up a one-time password or a recovery code in the caller's transaction.

    Raises SecondFactorWrong (field ``otp``) for any other, and where there is no second factor.
    """
    step = None
    if staff.otp_secret is not None:
        step = step_of(unseal(app.settings.secret, staff.otp_secret), given.strip())
    if step is not None and await store.use_otp(connection, staff.id, step):
        return
    if staff.otp_secret is None or not await otp_store.use_code(connection, staff.id, _mac(app, staff.id, given)):
        raise SecondFactorWrong(field="otp")


async def _proved(app: Application, staff_id: int, password: str) -> Staff:
    async with app.database.connection() as connection:
        staff = await store.staff(connection, staff_id)
    if staff is None:
        raise NotFound
    await count_try(app, Kind.STAFF, staff.account)
    if not await check_password(staff.password_hash, password):
        raise SecondFactorWrong(field="password")
    return staff


async def _new_codes(app: Application, connection: Connection, staff_id: int) -> list[str]:
    plain = ["".join(secrets.choice(_SIGNS) for _ in range(10)) for _ in range(CODES)]
    await otp_store.replace_codes(connection, staff_id, [_mac(app, staff_id, code) for code in plain])
    return [f"{code[:5]}-{code[5:]}" for code in plain]


def _mac(app: Application, staff_id: int, code: str) -> bytes:
    kept = code.strip().lower().replace("-", "").replace(" ", "")
    return hmac.digest(app.settings.secret, f"recovery:{staff_id}:{kept}".encode(errors="replace"), "sha256")
