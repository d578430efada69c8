"""Devices, the payment password, the file of everything, and deleting the account, over JSON."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from commerce.credentials import TooManyTries
from commerce.members import devices, exports, leaving, pay_store
from commerce.members.errors import (
    ExportTooSoon,
    LeavingHeld,
    PayPasswordLocked,
    PayPasswordMissing,
    PayPasswordWrong,
    ProofSpent,
    ProofWrong,
)
from commerce.members.leaving_store import Export
from commerce.members.pay_password import pay_password_ok, set_pay_password
from commerce.members.proof import Proof
from commerce.members.security_api import as_in_body
from server.clock import wire
from server.http import Body, Call, Id, Instant, LoggedIn, Routes, View
from server.http.routes import Key

routes = Routes("accounts")


class DeviceView(View, frozen=True, kw_only=True):
    """Where the caller is logged in. ``program`` and ``system`` are empty where the client does not tell."""

    id: str
    program: str
    system: str
    address: str
    created_at: Instant
    seen_at: Instant
    current: bool


class DevicesView(View, frozen=True, kw_only=True):
    """Every device, the one last used first."""

    items: list[DeviceView]


class EndedView(View, frozen=True, kw_only=True):
    """How many devices were logged out."""

    ended: int


class PayPasswordBody(Body, frozen=True, kw_only=True):
    """The new payment password, and the proof that the account is the caller's."""

    new: Annotated[str, Meta(pattern="^[0-9]{6}$")]
    proof: Proof


class PayPasswordTry(Body, frozen=True, kw_only=True):
    """What the caller takes for the payment password."""

    pay_password: Annotated[str, Meta(max_length=256)]


class PayPasswordView(View, frozen=True, kw_only=True):
    """Whether there is a payment password, and until when it is locked."""

    is_set: bool
    locked_until: Instant | None


class LeaveBody(Body, frozen=True, kw_only=True):
    """The proof that the account is the caller's."""

    proof: Proof


class LeavingView(View, frozen=True, kw_only=True):
    """When the account will be deleted; logging in before takes it back."""

    due_at: Instant


class ExportView(View, frozen=True, kw_only=True):
    """A file of everything that is kept of the caller; ``url`` is empty while it is being made."""

    id: Id
    asked_at: Instant
    size: int | None
    expires_at: Instant | None
    url: str


class ExportsView(View, frozen=True, kw_only=True):
    """The caller's files, the newest first."""

    items: list[ExportView]


@routes.get("/api/v1/me/sessions", LoggedIn())
async def list_devices(call: Call) -> DevicesView:
    """List where the caller is logged in."""
    here = call.session.digest if call.session is not None else b""
    items = []
    for held in await devices.devices_of(call.app, call.member.id):
        program, system = devices.words_of(held.agent)
        items.append(
            DeviceView(
                id=held.id,
                program=call.tr(program),
                system=system,
                address=held.address,
                created_at=wire(held.created_at),
                seen_at=wire(held.seen_at),
                current=held.digest == here,
            )
        )
    return DevicesView(items=items)


@routes.delete("/api/v1/me/sessions/{session_id}", LoggedIn(), status=204)
async def end_device(call: Call, session_id: str) -> None:
    """Log a device out."""
    await devices.end_one(call.app, call.member.id, session_id)


@routes.post("/api/v1/me/sessions/end-others", LoggedIn(), key=Key.OWN)
async def end_others(call: Call) -> EndedView:
    """Log out every device but the caller's."""
    assert call.session is not None  # the route wants a member
    return EndedView(ended=await devices.end_others(call.app, call.member.id, call.session.digest))


@routes.get("/api/v1/me/pay-password", LoggedIn())
async def show_pay_password(call: Call) -> PayPasswordView:
    """Tell whether the caller has a payment password."""
    async with call.database.connection() as connection:
        is_set = await pay_store.exists(connection, call.member.id)
        locked = await pay_store.locked_until(connection, call.member.id)
    return PayPasswordView(is_set=is_set, locked_until=wire(locked) if locked is not None else None)


@routes.post(
    "/api/v1/me/pay-password",
    LoggedIn(),
    status=204,
    key=Key.OWN,
    limit="30/minute",
    errors=(ProofWrong, ProofSpent, TooManyTries),
)
async def change_pay_password(call: Call, body: PayPasswordBody) -> None:
    """Set or reset the caller's payment password."""
    with as_in_body():
        await set_pay_password(call.app, call.member.id, body.new, body.proof)


@routes.post(
    "/api/v1/me/pay-password/checks",
    LoggedIn(),
    status=204,
    key=Key.OWN,
    limit="30/minute",
    errors=(PayPasswordMissing, PayPasswordWrong, PayPasswordLocked),
)
async def try_pay_password(call: Call, body: PayPasswordTry) -> None:
    """Tell whether it is the caller's payment password; five wrong tries lock it."""
    await pay_password_ok(call.app, call.member.id, body.pay_password)


@routes.post(
    "/api/v1/me/departure",
    LoggedIn(),
    status=202,
    key=Key.OWN,
    limit="30/minute",
    errors=(ProofWrong, ProofSpent, LeavingHeld, TooManyTries),
)
async def leave(call: Call, body: LeaveBody) -> LeavingView:
    """Have the caller's account deleted in seven days. Every session ends, this one too."""
    with as_in_body():
        return LeavingView(due_at=wire(await leaving.leave(call.app, call.member.id, body.proof)))


@routes.post("/api/v1/me/exports", LoggedIn(), status=202, key=Key.OWN, errors=(ExportTooSoon,))
async def ask_for_export(call: Call) -> ExportView:
    """Have a file made of everything that is kept of the caller; once a day."""
    return _view(await exports.ask(call.app, call.member.id))


@routes.get("/api/v1/me/exports", LoggedIn())
async def list_exports(call: Call) -> ExportsView:
    """List the caller's files."""
    return ExportsView(items=[_view(each) for each in await exports.of_member(call.app, call.member.id)])


def _view(export: Export) -> ExportView:
    return ExportView(
        id=str(export.id),
        asked_at=wire(export.asked_at),
        size=export.size,
        expires_at=wire(export.expires_at) if export.expires_at is not None else None,
        url=f"/me/data/{export.id}" if export.done_at is not None else "",
    )
