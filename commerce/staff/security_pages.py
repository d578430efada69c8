"""The back office's page of one's own safety: password, second factor, recovery codes; and which roles want one."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from commerce.staff import otp_store, second_factor, store
from commerce.staff.roles import set_needs
from commerce.staff.security import change_password
from commerce.staff.shown_once import keep, once
from commerce.staff.types import Permission
from server.errors import Invalid, Problem
from server.http import ANY_STAFF, Body, Call, Kind, Routes, StaffWith
from server.http.pages import Page, Redirect

routes = Routes("staff", realm=Kind.STAFF)
HERE = "/backoffice/security"
CODES = "recovery codes"
Secret = Annotated[str, Meta(max_length=256)]


class Done(Body, frozen=True, kw_only=True):
    """What was just done, so that the page says so."""

    done: Annotated[str, Meta(max_length=12)] = ""


class PasswordForm(Body, frozen=True, kw_only=True):
    """The present password and the new one, twice."""

    old: Secret = ""
    new: Secret = ""
    again: Secret = ""


class FactorForm(Body, frozen=True, kw_only=True):
    """The password, and a one-time password or a recovery code."""

    password: Secret = ""
    otp: Annotated[str, Meta(max_length=12)] = ""


class RolesForm(Body, frozen=True, kw_only=True):
    """Which roles want a second factor."""

    role: list[Annotated[str, Meta(max_length=40)]] | Annotated[str, Meta(max_length=40)] = ""


@routes.page(HERE, ANY_STAFF)
async def show(call: Call, query: Done) -> Page:
    """Show how safe the account is."""
    return await _page(call, done=query.done)


@routes.page(HERE + "/password", ANY_STAFF, "POST", limit="30/minute")
async def change(call: Call) -> Page | Redirect:
    """Change the password; every other session ends."""
    form = await call.form(PasswordForm)
    faults = {name: call.tr("必填") for name in ("old", "new") if not getattr(form, name)}
    if form.new != form.again:
        faults["again"] = call.tr("两次填的不一样")
    if faults:
        return await _page(call, faults, status=422)
    try:
        entered = await change_password(call.app, call.staff.id, form.old, form.new, call.address, call.agent)
    except Problem as problem:
        return await _page(call, {problem.field or "old": _told(call, problem)}, status=problem.status)
    call.renew(entered.issued)
    return Redirect(HERE + "?done=password")


@routes.page(HERE + "/otp", ANY_STAFF, "POST", limit="30/minute")
async def begin(call: Call) -> Page | Redirect:
    """Show a secret to be taken into an authenticator."""
    form = await call.form(FactorForm)
    try:
        await second_factor.begin(call.app, call.staff.id, form.password, form.otp)
    except Problem as problem:
        return await _page(call, {"begin": _told(call, problem)}, status=problem.status)
    return Redirect(HERE + "#otp")


@routes.page(HERE + "/otp/confirm", ANY_STAFF, "POST", limit="30/minute")
async def confirm(call: Call) -> Page | Redirect:
    """Take the second factor up and show the recovery codes for some minutes."""
    form = await call.form(FactorForm)
    assert call.session is not None  # the route wants staff
    try:
        codes = await second_factor.confirm(call.app, call.staff.id, form.otp, call.session.digest)
    except Problem as problem:
        return await _page(call, {"otp": _told(call, problem)}, status=problem.status)
    keep(call, CODES, "\n".join(codes))
    return Redirect(HERE + "?done=on")


@routes.page(HERE + "/otp/off", ANY_STAFF, "POST", limit="30/minute")
async def give_up(call: Call) -> Page | Redirect:
    """Give the second factor up."""
    form = await call.form(FactorForm)
    try:
        await second_factor.give_up(call.app, call.staff.id, form.password, form.otp)
    except Problem as problem:
        return await _page(call, {"off": _told(call, problem)}, status=problem.status)
    return Redirect(HERE + "?done=off")


@routes.page(HERE + "/otp/codes", ANY_STAFF, "POST", limit="30/minute")
async def renew(call: Call) -> Page | Redirect:
    """Make ten new recovery codes and show them for some minutes."""
    form = await call.form(FactorForm)
    try:
        codes = await second_factor.renew_codes(call.app, call.staff.id, form.password, form.otp)
    except Problem as problem:
        return await _page(call, {"codes": _told(call, problem)}, status=problem.status)
    keep(call, CODES, "\n".join(codes))
    return Redirect(HERE + "?done=codes")


@routes.page(HERE + "/roles", StaffWith(Permission.STAFF_MANAGE), "POST")
async def require(call: Call) -> Redirect:
    """Have roles want a second factor. For staff of the whole platform."""
    form = await call.form(RolesForm)
    chosen = [form.role] if isinstance(form.role, str) else form.role
    await set_needs(call.app, call.staff, [code for code in chosen if code])
    return Redirect(HERE + "?done=roles")


def _told(call: Call, problem: Problem) -> str:
    return problem.reason(call.tr) if isinstance(problem, Invalid) else problem.told(call.tr)


async def _page(
    call: Call,
    faults: dict[str, str] | None = None,
    *,
    done: str = "",
    status: int = 200,
) -> Page:
    manages = call.staff.may(Permission.STAFF_MANAGE) and call.staff.within(Permission.STAFF_MANAGE).shops is None
    async with call.database.connection() as connection:
        factor = await otp_store.factor(connection, call.staff.id)
        roles = await otp_store.roles(connection) if manages else []
        staff = await store.staff(connection, call.staff.id)
    values: dict[str, Any] = {
        "factor": factor,
        "enrolment": await second_factor.pending(call.app, call.staff.id),
        "roles": roles,
        "temporary": staff is not None and staff.password_temporary,
        "codes": once(call, CODES).split() if factor is not None and factor.secret is not None else [],
        "faults": faults or {},
        "done": done,
    }
    return Page("staff/security.html", values, status=status)
