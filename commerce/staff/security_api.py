"""The second factor over JSON."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from commerce.credentials import TooManyTries
from commerce.staff import second_factor
from commerce.staff.second_factor import NothingPending, SecondFactorNeeded, SecondFactorWrong
from server.http import ANY_STAFF, Body, Call, Kind, Routes, View
from server.http.routes import Key

routes = Routes("staff", realm=Kind.STAFF)
Secret = Annotated[str, Meta(min_length=1, max_length=256)]
Otp = Annotated[str, Meta(min_length=1, max_length=12)]


class FactorBegin(Body, frozen=True, kw_only=True):
    """The caller's password; where there is a second factor already, a one-time password or a recovery code too."""

    password: Secret
    otp: Annotated[str, Meta(max_length=12)] = ""


class FactorConfirm(Body, frozen=True, kw_only=True):
    """The first one-time password of the new secret."""

    otp: Otp


class FactorProof(Body, frozen=True, kw_only=True):
    """The caller's password, and a one-time password or a recovery code."""

    password: Secret
    otp: Otp


class EnrolmentView(View, frozen=True, kw_only=True):
    """A secret to be taken into an authenticator, in base 32 and as an address for apps."""

    secret: str
    uri: str


class RecoveryView(View, frozen=True, kw_only=True):
    """Ten recovery codes, each good once. They are shown this once."""

    recovery_codes: list[str]


@routes.post(
    "/api/v1/staff/me/otp", ANY_STAFF, key=Key.OWN, limit="30/minute", errors=(SecondFactorWrong, TooManyTries)
)
async def begin(call: Call, body: FactorBegin) -> EnrolmentView:
    """Make a secret that waits to be confirmed."""
    made = await second_factor.begin(call.app, call.staff.id, body.password, body.otp)
    return EnrolmentView(secret=made.secret, uri=made.uri)


@routes.post(
    "/api/v1/staff/me/otp/confirm",
    ANY_STAFF,
    key=Key.OWN,
    limit="30/minute",
    errors=(NothingPending, SecondFactorWrong, TooManyTries),
)
async def confirm(call: Call, body: FactorConfirm) -> RecoveryView:
    """Take the second factor up; every other session ends."""
    assert call.session is not None  # the route wants staff
    codes = await second_factor.confirm(call.app, call.staff.id, body.otp, call.session.digest)
    return RecoveryView(recovery_codes=codes)


@routes.post(
    "/api/v1/staff/me/otp/codes",
    ANY_STAFF,
    key=Key.OWN,
    limit="30/minute",
    errors=(SecondFactorWrong, TooManyTries),
)
async def renew(call: Call, body: FactorProof) -> RecoveryView:
    """Replace the recovery codes."""
    codes = await second_factor.renew_codes(call.app, call.staff.id, body.password, body.otp)
    return RecoveryView(recovery_codes=codes)


@routes.post(
    "/api/v1/staff/me/otp/off",
    ANY_STAFF,
    status=204,
    key=Key.OWN,
    limit="30/minute",
    errors=(SecondFactorNeeded, SecondFactorWrong, TooManyTries),
)
async def give_up(call: Call, body: FactorProof) -> None:
    """Give the second factor up, unless a role of the caller wants it."""
    await second_factor.give_up(call.app, call.staff.id, body.password, body.otp)
