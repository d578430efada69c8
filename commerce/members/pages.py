"""The log-in page, the way out, and the member's own pages."""

from __future__ import annotations

import contextlib
from typing import Annotated, Any, Literal

from msgspec import Meta

from commerce.credentials import local_path
from commerce.members import pay_store, store
from commerce.members.api import log_out, visitor_of
from commerce.members.centre import Centre
from commerce.members.codes import send_code, wait_for
from commerce.members.doors import Doors
from commerce.members.errors import CodeWrong
from commerce.members.log_in import Entered, by_code, by_password
from commerce.members.profile import rename
from commerce.members.proof import masked_mail
from commerce.members.security_rows import SecurityRows
from commerce.members.targets import account_of, masked
from commerce.members.types import Member
from server.errors import Invalid, NotFound, Problem, RateLimited
from server.http import Anyone, Body, Call, Kind, LoggedIn, Routes
from server.http.pages import Page, Redirect
from server.http.session import COOKIES, LIFETIME

routes = Routes("accounts")
HOME = "/me"
Way = Annotated[str, Meta(max_length=2000)]


class DoorQuery(Body, frozen=True, kw_only=True):
    """How to log in, and where to go then."""

    next: Way = ""
    by: Literal["code", "password"] = "code"
    account: Annotated[str, Meta(max_length=254)] = ""


class DoorForm(Body, frozen=True, kw_only=True):
    """The log-in form of either kind; what is missing is told beside its field."""

    by: Literal["code", "password"] = "code"
    account: Annotated[str, Meta(max_length=254)] = ""
    code: Annotated[str, Meta(max_length=12)] = ""
    password: Annotated[str, Meta(max_length=256)] = ""
    next: Way = ""


class NameForm(Body, frozen=True, kw_only=True):
    """The name that others see."""

    nickname: Annotated[str, Meta(max_length=80)] = ""


class Done(Body, frozen=True, kw_only=True):
    """What was just done, so that the page says so."""

    done: Literal[
        "", "name", "password", "first", "bound", "unbound", "phone", "email", "merged", "pay", "avatar", "stays"
    ] = ""


def told(call: Call, problem: Problem) -> str:
    """Return a refusal in the caller's language, a wrong field's reason without the words before it."""
    return problem.reason(call.tr) if isinstance(problem, Invalid) else problem.told(call.tr)


async def let_in(call: Call, entered: Entered, way: str) -> Redirect:
    """Give the browser its session and send it on; who has just taken a deletion back is told so first."""
    call.set_cookie(COOKIES[Kind.MEMBER], entered.issued.token, int(LIFETIME[Kind.MEMBER].total_seconds()))
    await call.resource(Doors).pass_through(call, entered.member.id)
    return Redirect("/me/security?done=stays" if entered.stays else local_path(way, HOME))


@routes.page("/login", Anyone())
async def show_door(call: Call, query: DoorQuery) -> Page | Redirect:
    """Show the log-in form; whoever is logged in goes on."""
    return await _come(call, query)


async def _come(call: Call, query: DoorQuery) -> Page | Redirect:
    way = local_path(query.next, HOME)
    if call.session is not None:
        return Redirect(way)
    return await _door(call, DoorForm(by=query.by, account=query.account, next=way), looks=True)


@routes.page("/register", Anyone())
async def show_register(call: Call, query: DoorQuery) -> Page | Redirect:
    """Show the log-in form: a new phone is registered by logging in."""
    return await _come(call, query)


@routes.page("/login/code", Anyone(), "POST")
async def ask_for_code(call: Call) -> Page:
    """Send a code and show the form again; what the page's script does without a new page."""
    form = await call.form(DoorForm)
    try:
        await send_code(call.app, account_of(form.account), call.address, call.tr)
    except RateLimited as problem:
        return await _door(call, form, {"code": told(call, problem)}, status=429)
    except Problem as problem:
        return await _door(call, form, {"account": told(call, problem)}, status=problem.status)
    return await _door(call, form, sent=True)


@routes.page("/login", Anyone(), "POST", limit="120/minute")
async def enter(call: Call) -> Page | Redirect:
    """Log in and go on, or show the form again with what is wrong."""
    form = await call.form(DoorForm)
    given = form.code if form.by == "code" else form.password
    missing = [name for name, value in (("account", form.account), (form.by, given)) if not value]
    if missing:
        return await _door(call, form, dict.fromkeys(missing, call.tr("必填")), status=422)
    try:
        if form.by == "code":
            entered = await by_code(call.app, account_of(form.account), form.code, visitor_of(call))
        else:
            entered = await by_password(call.app, form.account, form.password, visitor_of(call))
    except Problem as problem:
        field = "code" if isinstance(problem, CodeWrong) else problem.field or form.by
        return await _door(call, form, {field: told(call, problem)}, status=problem.status)
    return await let_in(call, entered, form.next)


async def _door(
    call: Call,
    form: DoorForm,
    faults: dict[str, str] | None = None,
    *,
    status: int = 200,
    sent: bool = False,
    looks: bool = False,
) -> Page:
    """Return the form, which counts the seconds until another code may be asked for; no password is sent back.

    Who only ``looks``, with any number in the address, is not told whether a code was just sent to it.
    """
    wait = 0
    if form.by == "code" and not looks:
        with contextlib.suppress(Invalid):
            wait = await wait_for(call.app, account_of(form.account))
    return Page("members/login.html", {"form": form, "faults": faults or {}, "sent": sent, "wait": wait}, status=status)


@routes.page("/logout", Anyone(), "POST")
async def leave(call: Call) -> Redirect:
    """Log out."""
    await log_out(call)
    call.set_cookie(COOKIES[Kind.MEMBER], None)
    return Redirect("/")


async def _me(call: Call) -> Member:
    async with call.database.connection() as connection:
        member = await store.member(connection, call.member.id)
    if member is None:
        raise NotFound
    return member


@routes.page("/me", LoggedIn())
async def show_centre(call: Call) -> Page:
    """Show the member centre."""
    member = await _me(call)
    async with call.database.connection() as connection:
        orders = await call.resource(Centre).orders(connection, member.id)
        entries = await call.resource(Centre).entries(connection, member.id)
    values = {"member": member, "contact": _contact(member), "orders": orders, "entries": entries}
    values["blocks"] = await call.resource(Centre).blocks(call)
    return Page("members/centre.html", values)


@routes.page("/me/security", LoggedIn())
async def show_security(call: Call, query: Done) -> Page:
    """Show name and password."""
    return await _security(call, await _me(call), done=query.done)


@routes.page("/me/name", LoggedIn(), "POST")
async def change_name(call: Call) -> Page | Redirect:
    """Change the name that others see."""
    form = await call.form(NameForm)
    try:
        await rename(call.app, call.member.id, form.nickname)
    except Invalid as problem:
        return await _security(
            call, await _me(call), {"nickname": told(call, problem)}, nickname=form.nickname, status=422
        )
    return Redirect("/me/security?done=name")


async def refused_profile(call: Call, field: str, problem: Problem) -> Page:
    """Return the page with what is wrong with a part of the profile."""
    return await _security(call, await _me(call), {field: told(call, problem)}, status=problem.status)


async def _security(
    call: Call,
    member: Member,
    faults: dict[str, str] | None = None,
    *,
    nickname: str | None = None,
    done: str = "",
    status: int = 200,
) -> Page:
    async with call.database.connection() as connection:
        pays = await pay_store.exists(connection, member.id)
        rows = await call.resource(SecurityRows).of(call.app, connection, member.id)
    values: dict[str, Any] = {
        "member": member,
        "rows": rows,
        "pays": pays,
        "contact": _contact(member),
        "mail": masked_mail(member.email) if member.email else "",
        "nickname": member.nickname if nickname is None else nickname,
        "faults": faults or {},
        "done": done,
    }
    return Page("members/security.html", values, status=status)


def _contact(member: Member) -> str:
    return masked(member.phone) if member.phone else member.email or ""
