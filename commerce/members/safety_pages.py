"""Pages for devices, both passwords, the file of everything, and deleting the account."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from commerce.credentials import OldPasswordWrong
from commerce.members import devices, exports, leaving, pay_store
from commerce.members.api import visitor_of
from commerce.members.contact_pages import SECURITY, own
from commerce.members.errors import ExportTooSoon, LeavingHeld
from commerce.members.pages import told
from commerce.members.pay_password import pay_password_ok, set_pay_password
from commerce.members.proof import Proof, send_proof, wait_for_proof, ways
from commerce.members.proof_form import ProofForm, missing, proof_of
from commerce.members.security import change_password, hold_new
from commerce.members.types import Member
from server.errors import Invalid, NotFound, Problem
from server.http import Body, Call, Kind, LoggedIn, Routes
from server.http.pages import File, Page, Redirect
from server.http.session import COOKIES

routes = Routes("accounts")
DEVICES, DATA = "/me/devices", "/me/data"
_PLACES = {
    "password": "members/password.html",
    "pay-password": "members/pay_password.html",
    "leave": "members/leave.html",
}
"""Pages that ask for a proof."""


class DevicesQuery(Body, frozen=True, kw_only=True):
    """Whether something was just logged out."""

    done: Annotated[str, Meta(max_length=8)] = ""


class PayQuery(Body, frozen=True, kw_only=True):
    """Whether the payment password was just found right."""

    right: Annotated[str, Meta(max_length=1)] = ""


class PayForm(Body, frozen=True, kw_only=True):
    """A try of the payment password."""

    pay_password: Annotated[str, Meta(max_length=256)] = ""


class ProvenForm(ProofForm, frozen=True, kw_only=True):
    """A proof, and what else the page asks for."""

    new: Annotated[str, Meta(max_length=256)] = ""
    again: Annotated[str, Meta(max_length=256)] = ""
    sure: bool = False


@routes.page(DEVICES, LoggedIn())
async def show_devices(call: Call, query: DevicesQuery) -> Page:
    """Show where the member is logged in."""
    held = await devices.devices_of(call.app, call.member.id)
    here = call.session.digest if call.session is not None else b""
    shown = [(each, *devices.words_of(each.agent), each.digest == here) for each in held]
    shown.sort(key=lambda one: not one[3])
    return Page("members/devices.html", {"devices": shown, "done": query.done})


@routes.page(DEVICES + "/others/end", LoggedIn(), "POST")
async def end_others(call: Call) -> Redirect:
    """Log out every other device."""
    assert call.session is not None  # the route wants a member
    await devices.end_others(call.app, call.member.id, call.session.digest)
    return Redirect(DEVICES + "?done=others")


@routes.page(DEVICES + "/{session_id}/end", LoggedIn(), "POST")
async def end_device(call: Call, session_id: str) -> Redirect:
    """Log a device out."""
    await devices.end_one(call.app, call.member.id, session_id)
    return Redirect(DEVICES + "?done=one")


@routes.page("/me/password", LoggedIn())
async def show_password(call: Call) -> Page:
    """Show the form that sets or replaces the password; a code does where it is lost."""
    return await _proven(call, "password", await own(call), ProvenForm())


@routes.page("/me/password", LoggedIn(), "POST", limit="30/minute")
async def change_my_password(call: Call) -> Page | Redirect:
    """Set or replace the password, or show the form again with what is wrong; every other session ends."""
    form, member = await call.form(ProvenForm), await own(call)
    faults = missing(call, _proof("password", member, form))
    try:
        hold_new(member, form.new)
    except Invalid as problem:
        faults["new"] = told(call, problem)
    if form.new != form.again:
        faults["again"] = call.tr("两次填的不一样")
    if faults:
        return await _proven(call, "password", member, form, faults, status=422)
    try:
        proof = _proof("password", member, form)
        issued = await change_password(call.app, member.id, proof, form.new, visitor_of(call))
    except Problem as problem:
        field = "password" if isinstance(problem, OldPasswordWrong) else problem.field or "code"
        return await _proven(call, "password", member, form, {field: told(call, problem)}, status=problem.status)
    call.renew(issued)
    return Redirect(f"{SECURITY}?done=" + ("first" if member.password_hash is None else "password"))


@routes.page("/me/pay-password", LoggedIn())
async def show_pay_password(call: Call, query: PayQuery) -> Page:
    """Show the form that sets or resets the payment password."""
    return await _proven(call, "pay-password", await own(call), ProvenForm(), right=query.right == "1")


@routes.page("/me/leave", LoggedIn())
async def show_leave(call: Call) -> Page:
    """Show what deleting the account means, and what stands against it."""
    return await _proven(call, "leave", await own(call), ProvenForm())


@routes.page("/me/proof/{place}", LoggedIn(), "POST", limit="60/minute")
async def ask_proof(call: Call, place: str) -> Page:
    """Send a code to the account's own phone or mail address and show the page again."""
    form, member = await call.form(ProvenForm), await own(call)
    if place not in _PLACES:
        raise NotFound
    try:
        await send_proof(call.app, member, _proof(place, member, form).by, call.address, call.tr)
    except Problem as problem:
        return await _proven(call, place, member, form, {"code": told(call, problem)}, status=problem.status)
    return await _proven(call, place, member, form)


@routes.page("/me/pay-password", LoggedIn(), "POST", limit="30/minute")
async def change_pay_password(call: Call) -> Page | Redirect:
    """Set or reset the payment password, or show the form again with what is wrong."""
    form, member = await call.form(ProvenForm), await own(call)
    faults = missing(call, _proof("pay-password", member, form)) | ({} if form.new else {"new": call.tr("必填")})
    if form.new != form.again:
        faults["again"] = call.tr("两次填的不一样")
    if faults:
        return await _proven(call, "pay-password", member, form, faults, status=422)
    try:
        await set_pay_password(call.app, member.id, form.new, _proof("pay-password", member, form))
    except Problem as problem:
        faults = {problem.field or "code": told(call, problem)}
        return await _proven(call, "pay-password", member, form, faults, status=problem.status)
    return Redirect(SECURITY + "?done=pay")


@routes.page("/me/pay-password/check", LoggedIn(), "POST", limit="30/minute")
async def try_pay_password(call: Call) -> Page | Redirect:
    """Say whether it is the payment password; a wrong try counts, an empty one does not."""
    form, member = await call.form(PayForm), await own(call)
    if not form.pay_password:
        faults = {"pay_password": call.tr("必填")}
        return await _proven(call, "pay-password", member, ProvenForm(), faults, status=422)
    try:
        await pay_password_ok(call.app, member.id, form.pay_password)
    except Problem as problem:
        faults = {"pay_password": told(call, problem)}
        return await _proven(call, "pay-password", member, ProvenForm(), faults, status=problem.status)
    return Redirect("/me/pay-password?right=1")


@routes.page("/me/leave", LoggedIn(), "POST", limit="30/minute")
async def leave(call: Call) -> Page | Redirect:
    """Have the account deleted in seven days and log out, or show the page again with what is wrong."""
    form, member = await call.form(ProvenForm), await own(call)
    faults = missing(call, _proof("leave", member, form))
    if not form.sure:
        faults["sure"] = call.tr("请先确认你知道后果")
    if faults:
        return await _proven(call, "leave", member, form, faults, status=422)
    try:
        due_at = await leaving.leave(call.app, member.id, _proof("leave", member, form))
    except LeavingHeld as problem:
        return await _proven(call, "leave", member, form, status=problem.status)
    except Problem as problem:
        faults = {problem.field or "code": told(call, problem)}
        return await _proven(call, "leave", member, form, faults, status=problem.status)
    call.set_cookie(COOKIES[Kind.MEMBER], None)
    call.session = None
    return Page("members/left.html", {"due_at": due_at})


def _proof(place: str, member: Member, form: ProvenForm) -> Proof:
    """Return the proof; who changes a password mostly knows it, so that its page begins with it."""
    return proof_of(member, form, first="password" if place == "password" and member.password_hash else None)


async def _proven(
    call: Call,
    place: str,
    member: Member,
    form: ProvenForm,
    faults: dict[str, str] | None = None,
    *,
    status: int = 200,
    right: bool = False,
) -> Page:
    by = _proof(place, member, form).by
    values: dict[str, Any] = {
        "form": form,
        "member": member,
        "ways": ways(member),
        "by": by,
        "faults": faults or {},
        "waits": {"proof": await wait_for_proof(call.app, member, by)},
    }
    if place == "leave":
        values["against"] = await leaving.against(call.app, member.id)
        values["days"] = leaving.DAYS
    elif place == "pay-password":
        values["right"] = right
        async with call.database.connection() as connection:
            values["set"] = await pay_store.exists(connection, member.id)
            values["locked"] = await pay_store.locked_until(connection, member.id)
    return Page(_PLACES[place], values, status=status)


@routes.page(DATA, LoggedIn())
async def show_data(call: Call) -> Page:
    """Show the files of everything that is kept of the member."""
    return await _data(call)


async def _data(call: Call, fault: str = "", status: int = 200) -> Page:
    made = await exports.of_member(call.app, call.member.id)
    return Page("members/data.html", {"exports": made, "days": exports.DAYS, "fault": fault}, status=status)


@routes.page(DATA, LoggedIn(), "POST", limit="30/minute")
async def ask_for_data(call: Call) -> Page | Redirect:
    """Have a file made."""
    try:
        await exports.ask(call.app, call.member.id)
    except ExportTooSoon as problem:
        return await _data(call, told(call, problem), problem.status)
    return Redirect(DATA)


@routes.page(DATA + "/{export_id}", LoggedIn())
async def fetch_data(call: Call, export_id: int) -> File:
    """Give the member a file of theirs."""
    body = await exports.read(call.app, call.member.id, export_id)
    name = f"lingfeng-data-{export_id}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return File(body, "application/zip", headers)
