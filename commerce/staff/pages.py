"""The back office's door and first page."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from commerce.credentials import local_path
from commerce.staff import otp_store, store
from commerce.staff.api import log_out
from commerce.staff.log_in import OtpRequired, log_in
from commerce.staff.tiles import Figure, Tiles
from commerce.staff.types import StaffLogIn
from server.database import Connection
from server.errors import Problem
from server.http import ANY_STAFF, Anyone, Body, Call, Kind, Routes
from server.http.pages import Page, Redirect
from server.http.session import COOKIES, LIFETIME

routes = Routes("staff", realm=Kind.STAFF)
HOME = "/backoffice"


class Next(Body, frozen=True, kw_only=True):
    """Where to go after logging in."""

    next: Annotated[str, Meta(max_length=2000)] = ""


class DoorForm(Body, frozen=True, kw_only=True):
    """The log-in form; what is missing is told beside its field."""

    account: Annotated[str, Meta(max_length=254)] = ""
    password: Annotated[str, Meta(max_length=256)] = ""
    otp: Annotated[str, Meta(max_length=12)] = ""
    next: Annotated[str, Meta(max_length=2000)] = ""


@routes.page("/backoffice/login", Anyone())
async def show_door(call: Call, query: Next) -> Page | Redirect:
    """Show the log-in form, or let in who is logged in."""
    way = local_path(query.next, HOME)
    return Redirect(way) if call.session is not None else _door(DoorForm(next=way))


@routes.page("/backoffice/login", Anyone(), "POST", limit="120/minute")
async def enter(call: Call) -> Page | Redirect:
    """Log in and go on, or show the form again with what is wrong."""
    form = await call.form(DoorForm)
    missing = [name for name in ("account", "password") if not getattr(form, name)]
    if missing:
        return _door(form, faults=dict.fromkeys(missing, call.tr("必填")), status=422)
    body = StaffLogIn(account=form.account, password=form.password, otp=form.otp or None)
    try:
        entered = await log_in(call.app, body, call.address, call.agent)
    except Problem as problem:
        text = problem.told(call.tr)
        asks = isinstance(problem, OtpRequired) or problem.field == "otp"
        return _door(form, faults={} if asks else {"password": text}, otp=text if asks else "", status=problem.status)
    call.set_cookie(COOKIES[Kind.STAFF], entered.issued.token, int(LIFETIME[Kind.STAFF].total_seconds()))
    return Redirect(local_path(form.next, HOME))


def _door(form: DoorForm, *, faults: dict[str, str] | None = None, otp: str = "", status: int = 200) -> Page:
    """Return the form. A password is never sent back; ``otp`` is what to say beside the second factor's field."""
    return Page("staff/login.html", {"form": form, "faults": faults or {}, "otp": otp}, status=status)


@routes.page("/backoffice/logout", ANY_STAFF, "POST")
async def leave(call: Call) -> Redirect:
    """Log out."""
    await log_out(call)
    call.set_cookie(COOKIES[Kind.STAFF], None)
    return Redirect("/backoffice/login")


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
    idle = bool(waiting) and not any(one.value for one in waiting)
    return Page("staff/home.html", {"groups": [group for group in groups if group[1]], "idle": idle, "tiles": tiles})


async def _barred(connection: Connection, staff_id: int) -> bool:
    """Tell whether somebody has a password to choose, or a second factor to take up, before anything else."""
    staff = await store.staff(connection, staff_id)
    return (staff is not None and staff.password_temporary) or await otp_store.lacking(connection, staff_id)
