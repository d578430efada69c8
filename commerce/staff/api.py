"""Staff over JSON: logging in and out."""

from __future__ import annotations

from commerce.credentials import OldPasswordWrong, TooManyTries
from commerce.staff import store
from commerce.staff.audit import account, audit
from commerce.staff.log_in import OtpRequired, OtpWrong, StaffCredentialsWrong, StaffEntered, log_in
from commerce.staff.security import change_password
from commerce.staff.types import StaffLogIn, StaffPasswordChange, StaffSessionView, StaffView, staff_view
from server.clock import wire
from server.errors import NotFound
from server.http import ANY_STAFF, Anyone, Call, Kind, Routes
from server.http.routes import Key

routes = Routes("staff", realm=Kind.STAFF)


@routes.post(
    "/api/v1/staff/sessions",
    Anyone(),
    status=201,
    key=Key.OWN,  # an answer with a token is not kept
    limit="120/minute",
    errors=(StaffCredentialsWrong, OtpRequired, OtpWrong, TooManyTries),
)
async def open_session(call: Call, body: StaffLogIn) -> StaffSessionView:
    """Log in to the back office."""
    return _opened(await log_in(call.app, body, call.address, call.agent))


def _opened(entered: StaffEntered) -> StaffSessionView:
    issued = entered.issued
    return StaffSessionView(token=issued.token, expires_at=wire(issued.expires_at), staff=staff_view(entered.staff))


@routes.delete("/api/v1/staff/sessions/current", ANY_STAFF, status=204)
async def close_session(call: Call) -> None:
    """Log out of the back office."""
    await log_out(call)


async def log_out(call: Call) -> None:
    """End the caller's session, here at once and in other processes within a second or so."""
    if call.session is None:
        return
    async with call.transaction() as connection:
        await call.app.sessions.revoke(connection, call.session.digest)
        staff = await store.staff(connection, call.staff.id)
        if staff is not None:
            await audit(connection, staff.id, "log_out", account(staff), shop_id=staff.shop_id)
    call.app.sessions.forget(call.session.digest)


@routes.get("/api/v1/staff/me", ANY_STAFF)
async def show_me(call: Call) -> StaffView:
    """Show who calls, with roles and permissions."""
    async with call.database.connection() as connection:
        staff = await store.staff(connection, call.staff.id)
    if staff is None:
        raise NotFound
    return staff_view(staff)


@routes.post(
    "/api/v1/staff/me/password",
    ANY_STAFF,
    status=201,
    key=Key.OWN,
    limit="30/minute",
    errors=(OldPasswordWrong, TooManyTries),
)
async def replace_password(call: Call, body: StaffPasswordChange) -> StaffSessionView:
    """Change the caller's password. Every session ends, this one too; the answer opens a new one."""
    entered = await change_password(call.app, call.staff.id, body.old, body.new, call.address, call.agent)
    call.renew(entered.issued)
    return _opened(entered)
