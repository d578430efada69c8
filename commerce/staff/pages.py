"""The back office's door and first page."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from msgspec import Meta

from commerce.credentials import local_path
from commerce.staff import otp_store, store
from commerce.staff.api import log_out
from commerce.staff.log_in import STEP_LASTS, StaffEntered, StepOver, begin, finish, waiting
from commerce.staff.tiles import Figure, Tiles
from server.database import Connection
from server.errors import Problem
from server.http import ANY_STAFF, Anyone, Body, Call, Kind, Routes
from server.http.pages import Page, Redirect
from server.http.session import COOKIES, LIFETIME

routes = Routes("staff", realm=Kind.STAFF)
HOME = "/backoffice"
DOOR, CODE = "/backoffice/login", "/backoffice/login/code"
STEP = "lf_staff_step"
"""The cookie with the proof that the password was right, while the second factor is asked for."""


class Next(Body, frozen=True, kw_only=True):
    """Where to go after logging in, and whether the second factor came too late."""

    next: Annotated[str, Meta(max_length=2000)] = ""
    late: Annotated[str, Meta(max_length=1)] = ""


class DoorForm(Body, frozen=True, kw_only=True):
    """The log-in form; what is missing is told beside its field."""

    account: Annotated[str, Meta(max_length=254)] = ""
    password: Annotated[str, Meta(max_length=256)] = ""
    next: Annotated[str, Meta(max_length=2000)] = ""


class CodeForm(Body, frozen=True, kw_only=True):
    """The second step of logging in: a one-time password, or a recovery code."""

    otp: Annotated[str, Meta(max_length=12)] = ""
    next: Annotated[str, Meta(max_length=2000)] = ""


@routes.page(DOOR, Anyone())
async def show_door(call: Call, query: Next) -> Page | Redirect:
    """Show the log-in form, or let in who is logged in."""
    way = local_path(query.next, HOME)
    if call.session is not None:
        return Redirect(way)
    return _door(DoorForm(next=way), fault=StepOver().told(call.tr) if query.late else "")


@routes.page(DOOR, Anyone(), "POST", limit="120/minute")
async def enter(call: Call) -> Page | Redirect:
    """Log in, or go on to the second factor, or show the form again with what is wrong."""
    form = await call.form(DoorForm)
    missing = [name for name in ("account", "password") if not getattr(form, name)]
    if missing:
        return _door(form, faults=dict.fromkeys(missing, call.tr("必填")), status=422)
    try:
        entered = await begin(call.app, form.account, form.password, call.address, call.agent)
    except Problem as problem:
        return _door(form, faults={"password": problem.told(call.tr)}, status=problem.status)
    way = local_path(form.next, HOME)
    if isinstance(entered, str):
        call.set_cookie(STEP, entered, STEP_LASTS)
        return Redirect(_way(CODE, way))
    return _in(call, entered, way)


@routes.page(CODE, Anyone())
async def show_code(call: Call, query: Next) -> Page | Redirect:
    """Ask for the second factor of who has given the right password; it is theirs alone who has the proof of that."""
    way = local_path(query.next, HOME)
    staff = await waiting(call.app, call.request.cookies.get(STEP, ""))
    if staff is None:
        return Redirect(way if call.session is not None else _way(DOOR, way))
    return _code(staff.account, way)


@routes.page(CODE, Anyone(), "POST", limit="120/minute")
async def enter_code(call: Call) -> Page | Redirect:
    """Log in by the second factor, or ask for it again; for the password again once its proof is worth nothing."""
    form = await call.form(CodeForm)
    way = local_path(form.next, HOME)
    proof = call.request.cookies.get(STEP, "")
    staff = await waiting(call.app, proof)
    try:
        if staff is None:
            raise StepOver
        if not form.otp.strip():
            return _code(staff.account, way, call.tr("必填"), 422)
        entered = await finish(call.app, proof, form.otp, call.address, call.agent)
    except StepOver:
        call.set_cookie(STEP, None)
        return Redirect(_way(DOOR, way, late="1"))
    except Problem as problem:
        return _code("" if staff is None else staff.account, way, problem.told(call.tr), problem.status)
    call.set_cookie(STEP, None)
    return _in(call, entered, way)


def _in(call: Call, entered: StaffEntered, way: str) -> Redirect:
    call.set_cookie(COOKIES[Kind.STAFF], entered.issued.token, int(LIFETIME[Kind.STAFF].total_seconds()))
    return Redirect(way)


def _way(path: str, way: str, **more: str) -> str:
    return f"{path}?{urlencode({'next': way, **more})}"


def _door(form: DoorForm, *, faults: dict[str, str] | None = None, fault: str = "", status: int = 200) -> Page:
    """Return the form. A password is never sent back; ``fault`` is what is wrong with no field of it."""
    return Page("staff/login.html", {"form": form, "faults": faults or {}, "fault": fault}, status=status)


def _code(account: str, way: str, fault: str = "", status: int = 200) -> Page:
    return Page("staff/login_code.html", {"account": account, "next": way, "fault": fault}, status=status)


@routes.page("/backoffice/logout", ANY_STAFF, "POST")
async def leave(call: Call) -> Redirect:
    """Log out."""
    await log_out(call)
    call.set_cookie(COOKIES[Kind.STAFF], None)
    return Redirect(DOOR)


@routes.page("/backoffice", ANY_STAFF)
async def show_home(call: Call) -> Page | Redirect:
    """Show the figures of what the caller may see, or the doors where there are none; first what bars the caller."""
    tiles, figures = call.resource(Tiles).of(call.staff), list[Figure]()
    async with call.database.connection() as connection:
        if not call.staff.permissions and await _barred(connection, call.staff.id):
            return Redirect("/backoffice/security")
        for tile in tiles:
            if tile.figures is not None:
                figures += await tile.figures(connection, call.staff.within(tile.permission).shops)
    figures.sort(key=lambda one: one.position)
    waiting = [one for one in figures if one.waits]
    groups = [("要处理的", waiting), ("今天", [one for one in figures if not one.waits])]
    return Page("staff/home.html", {"groups": [group for group in groups if group[1]], "tiles": tiles})


async def _barred(connection: Connection, staff_id: int) -> bool:
    """Tell whether somebody has a password to choose, or a second factor to take up, before anything else."""
    staff = await store.staff(connection, staff_id)
    return (staff is not None and staff.password_temporary) or await otp_store.lacking(connection, staff_id)
