"""Messages for staff: what every kind says, and to tell a member or everybody something."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from commerce.courier import Channel
from commerce.members.store import member_by_email, member_by_phone
from commerce.members.targets import target_of
from commerce.members.types import Member
from commerce.messages import store
from commerce.messages.announce import announce, faults
from commerce.messages.kinds import Messages
from commerce.staff import Permission, names
from server.database import Connection
from server.errors import Invalid
from server.http import Body, Call, Kind, Paging, Routes, StaffWith
from server.http.pages import Page, Redirect

routes = Routes("back office: messages", realm=Kind.STAFF)
DESK = "/backoffice/messages"


class SendForm(Body, frozen=True, kw_only=True):
    """What to tell whom: ``to`` is a phone or mail address, ``all`` says everybody.

    It is sent once ``sure`` is said, to the member who was ``shown`` (their id; empty for all): ``to`` may be another's
    by then. ``edit`` goes back from there to the form.
    """

    title: Annotated[str, Meta(max_length=60, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    text: Annotated[str, Meta(max_length=500)] = ""
    link: Annotated[str, Meta(max_length=500)] = ""
    audience: Annotated[str, Meta(max_length=10)] = "one"
    to: Annotated[str, Meta(max_length=254)] = ""
    sure: Annotated[str, Meta(max_length=1)] = ""
    shown: Annotated[str, Meta(max_length=20)] = ""
    edit: Annotated[str, Meta(max_length=1)] = ""


@routes.page(DESK, StaffWith(Permission.MESSAGES_SEND))
async def show_desk(call: Call, query: Paging) -> Page:
    """Show the form, what was sent, and what the kinds of messages say."""
    return await _desk(call, SendForm(), query=query)


@routes.page(DESK, StaffWith(Permission.MESSAGES_SEND), "POST")
async def send(call: Call) -> Page | Redirect:
    """Show what is to be sent and ask; send it once that is answered; or show the form with all that is wrong."""
    form = await call.form(SendForm)
    title, text = " ".join(form.title.split()), form.text.replace("\r\n", "\n").strip()
    link, member = form.link.strip(), None
    wrong = faults(title, text, link)
    async with call.transaction() as connection:
        if form.audience != "all":
            try:
                member = await _receiver(connection, form.to)
            except Invalid as problem:
                wrong.append(problem)
        now = "" if member is None else str(member.id)
        if form.sure and form.shown == now and not wrong and not form.edit:
            await announce(call, connection, title, text, link, None if member is None else member.id)
            return Redirect(f"{DESK}#sent")
    if form.edit or wrong:
        told = {problem.field or "to": problem.reason(call.tr) for problem in reversed(wrong)}
        return await _desk(call, form, told, status=422 if wrong else 200)
    whom = call.tr("全部会员") if member is None else member.nickname
    asked = {"form": form, "whom": whom, "shown": now, "title": title, "text": text, "link": link}
    return Page("messages/desk_sure.html", asked)


async def _receiver(connection: Connection, to: str) -> Member:
    """Return the member of a phone number or mail address. Raises Invalid (field ``to``)."""
    target = target_of(to, "to")
    find = member_by_phone if target.channel is Channel.SMS else member_by_email
    member = await find(connection, target.value)
    if member is None:
        raise Invalid("to", "没有这位会员")
    return member


async def _desk(
    call: Call, form: SendForm, told: dict[str, str] | None = None, *, query: Paging | None = None, status: int = 200
) -> Page:
    query = query or Paging()
    chinese, english = (call.app.translations.of(locale) for locale in ("zh-CN", "en"))
    async with call.database.connection() as connection:
        sent, total = await store.announcements(connection, query.offset, query.size)
        people = await names(connection, {one.staff_id for one in sent})
    values: dict[str, Any] = {
        "form": form,
        "faults": told or {},
        "sent": sent,
        "people": people,
        "page": query.page,
        "pages": -(-total // query.size),
        "href": lambda page: f"{DESK}?page={page}",
        "kinds": [
            (kind, kind.said(chinese, kind.example), kind.said(english, kind.example))
            for kind in call.resource(Messages)
        ],
    }
    return Page("messages/desk.html", values, status=status)
