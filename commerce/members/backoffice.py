"""Members for staff: to find them, and to close and open their accounts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal
from urllib.parse import urlencode

from msgspec import Meta

from commerce.members import address_store, desk_store, store
from commerce.members.desk import MemberDesk
from commerce.members.security import ban, unban
from commerce.members.targets import masked, masked_contact
from commerce.members.types import Status
from commerce.staff import Figure, names
from server.clock import day_start
from server.database import Connection
from server.errors import Invalid, NotFound
from server.http import Body, Call, Kind, Paging, Routes, StaffWith
from server.http.pages import Page, Redirect

routes = Routes("members", realm=Kind.STAFF)
LIST = "/backoffice/members"
_CLOSINGS = 20


class MembersQuery(Paging, frozen=True, kw_only=True):
    """Which members to list: those of a phone number, a mail address, or a part of a name; of today alone."""

    q: Annotated[str, Meta(max_length=80, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    joined: Literal["", "today"] = ""


class ReasonForm(Body, frozen=True, kw_only=True):
    """Why an account is closed or opened; kept with who did it."""

    reason: Annotated[str, Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""


async def figures(connection: Connection, shops: Sequence[int] | None) -> list[Figure]:
    """Return who registered today; members belong to no shop."""
    joined = await store.joined_since(connection, day_start())
    return [Figure(position=20, label="今日新会员", value=joined, href=f"{LIST}?joined=today")]


@routes.page(LIST, StaffWith("members.view"))
async def show_members(call: Call, query: MembersQuery) -> Page:
    """List members, the newest first."""
    words = query.q.strip()
    since = day_start() if query.joined else None
    async with call.database.connection() as connection:
        members, total = await store.search(connection, words or None, since, query.offset, query.size)
    kept = {name: value for name, value in (("q", words), ("joined", query.joined)) if value} | (
        {"size": query.size} if query.size != 20 else {}
    )
    return Page(
        "members/desk_list.html",
        {
            "members": [(member, masked_contact(member.phone, member.email)) for member in members],
            "banned": Status.BANNED,
            "q": words,
            "joined": query.joined,
            "total": total,
            "page": query.page,
            "pages": -(-total // query.size),
            "href": lambda page: f"{LIST}?{urlencode(kept | {'page': page})}",
        },
    )


@routes.page(LIST + "/{member_id}", StaffWith("members.view"))
async def show_member(call: Call, member_id: int) -> Page:
    """Show one member: how the account stands, and what became of it. Nothing by which to reach the person."""
    async with call.database.snapshot() as connection:
        member = await store.member(connection, member_id)
        if member is None:
            raise NotFound
        devices, seen_at = await desk_store.devices(connection, member_id)
        addresses = await address_store.count(connection, member_id)
        closings = await desk_store.closings(connection, member_id, _CLOSINGS)
        people = await names(connection, {staff_id for one in closings if (staff_id := _staff(one.actor))})
        blocks = await call.resource(MemberDesk).blocks(call, connection, member_id)
    return Page(
        "members/desk_one.html",
        {
            "member": member,
            "phone": masked(member.phone) if member.phone else "",
            "email": masked_contact(None, member.email),
            "banned": Status.BANNED,
            "devices": devices,
            "seen_at": seen_at,
            "addresses": addresses,
            "closings": [(one, people.get(_staff(one.actor), "")) for one in closings],
            "blocks": blocks,
        },
    )


def _staff(actor: str) -> int:
    """Return whose ``staff:7`` is; 0 for anybody else."""
    kind, _, number = actor.partition(":")
    return int(number) if kind == "staff" else 0


@routes.page(LIST + "/{member_id}/ban", StaffWith("members.manage"), "POST")
async def close(call: Call, member_id: int) -> Redirect:
    """Close an account and end its sessions."""
    await ban(call.app, member_id, call.staff.id, await _reason(call))
    return Redirect(f"{LIST}/{member_id}")


@routes.page(LIST + "/{member_id}/unban", StaffWith("members.manage"), "POST")
async def open_again(call: Call, member_id: int) -> Redirect:
    """Open an account again."""
    await unban(call.app, member_id, call.staff.id, await _reason(call))
    return Redirect(f"{LIST}/{member_id}")


async def _reason(call: Call) -> str:
    reason = (await call.form(ReasonForm)).reason.strip()
    if not reason:
        raise Invalid("reason", "必填")
    return reason
