"""The message centre's pages."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import urlencode

import msgspec
from msgspec import Meta

from commerce.credentials import local_path
from commerce.messages import mark, store
from commerce.messages.api import MessageQuery, message_view
from commerce.messages.kinds import Messages
from commerce.messages.preferences import choose
from commerce.messages.types import LOCKED, Category, Channels, Preferences, Quiet, Switches, Way
from server.errors import Invalid, NotFound
from server.http import Body, Call, Id, LoggedIn, Routes
from server.http.bodies import convert
from server.http.pages import Page, Redirect

routes = Routes("messages")
LIST = "/me/messages"
SETTINGS = "/me/messages/settings"


class ListForm(Body, frozen=True, kw_only=True):
    """Which list the button stood in: its category, its page."""

    category: Category | None = None
    page: int = 1


class ChosenForm(Body, frozen=True, kw_only=True):
    """What to do with which messages, and which list they stood in."""

    do: Literal["read", "delete"] = "read"
    message_id: Annotated[list[Id], Meta(max_length=100)] = msgspec.field(default_factory=list)
    category: Category | None = None
    unread: bool = False
    page: Annotated[int, Meta(ge=1, le=10_000)] = 1


class SavedQuery(Body, frozen=True, kw_only=True):
    """Whether something was just saved."""

    saved: str = ""


def _address(category: Category | None, unread: bool = False, page: int = 1) -> str:
    pairs = {"category": category or "", "unread": "1" if unread else "", "page": page if page > 1 else ""}
    query = urlencode({name: value for name, value in pairs.items() if value})
    return f"{LIST}?{query}" if query else LIST


@routes.page(LIST, LoggedIn())
async def show_messages(call: Call, query: MessageQuery) -> Page:
    """List messages, the newest first."""
    async with call.database.connection() as connection:
        totals = await store.totals(connection, call.member.id)
        found = await store.page(connection, call.member.id, query.category, query.unread, query.offset, query.size)
    counted = [
        counts[1 if query.unread else 0] for category, counts in totals.items() if query.category in (None, category)
    ]
    values: dict[str, Any] = {
        "messages": [(message, message_view(call, message)) for message in found],
        "unread": {category.value: totals.get(category, (0, 0))[1] for category in Category},
        "category": query.category,
        "unread_only": query.unread,
        "page": query.page,
        "pages": -(-sum(counted) // query.size),
        "address": _address,
        "href": lambda page: _address(query.category, query.unread, page),
    }
    return Page("messages/list.html", values)


@routes.page(SETTINGS, LoggedIn())
async def show_settings(call: Call, query: SavedQuery) -> Page:
    """Show by which ways messages come, and when not."""
    async with call.database.connection() as connection:
        chosen = await store.preferences(connection, call.member.id)
    return _settings(call, chosen, saved=bool(query.saved))


@routes.page(SETTINGS, LoggedIn(), "POST")
async def save_settings(call: Call) -> Page | Redirect:
    """Keep what was chosen, or show the form again with what is wrong."""
    messages = call.resource(Messages)
    fields = await call.fields()
    rows = {
        category.value: {way.value: (category, way) in LOCKED or f"{category}-{way}" in fields for way in Way}
        for category in Category
    }
    chosen = Preferences(
        channels=Channels(**{category: Switches(**row) for category, row in rows.items()}),
        muted=[kind.code for kind in messages.switches if f"kind-{kind.code}" not in fields],
        language="en" if fields.get("language") == "en" else "zh-CN",
    )
    try:
        quiet = msgspec.convert(
            {"on": "quiet" in fields, "start": fields.get("start", ""), "end": fields.get("end", "")}, Quiet
        )
    except msgspec.ValidationError:
        return _settings(call, chosen, {"start": call.tr("请填时间，例如 22:00")}, status=422)
    chosen = msgspec.structs.replace(chosen, quiet=quiet)
    try:
        async with call.transaction() as connection:
            await choose(messages, connection, call.member.id, chosen)
    except Invalid as problem:
        if problem.field != "quiet.end":
            raise
        return _settings(call, chosen, {"end": problem.reason(call.tr)}, status=422)
    return Redirect(f"{SETTINGS}?saved=1")


def _settings(
    call: Call, chosen: Preferences, faults: dict[str, str] | None = None, *, saved: bool = False, status: int = 200
) -> Page:
    values = {
        "chosen": chosen,
        "categories": list(Category),
        "ways": list(Way),
        "locked": LOCKED,
        "kinds": call.resource(Messages).switches,
        "faults": faults or {},
        "saved": saved,
    }
    return Page("messages/settings.html", values, status=status)


@routes.page(LIST + "/read", LoggedIn(), "POST")
async def read_all(call: Call) -> Redirect:
    """Mark all messages, or those of a category, as read."""
    form = await call.form(ListForm)
    async with call.transaction() as connection:
        await mark.read(connection, call.member.id, form.category)
    return Redirect(_address(form.category))


@routes.page(LIST + "/chosen", LoggedIn(), "POST")
async def do_with_chosen(call: Call) -> Redirect:
    """Mark the chosen messages as read, or delete them."""
    fields = await call.fields()
    if isinstance(fields.get("message_id"), str):  # one alone comes as it is
        fields["message_id"] = [fields["message_id"]]
    form = convert(fields, ChosenForm)
    ids = [int(one) for one in form.message_id]
    async with call.transaction() as connection:
        if form.do == "delete":
            await mark.drop(connection, call.member.id, ids)
        elif ids:
            await mark.read(connection, call.member.id, ids=ids)
    return Redirect(_address(form.category, form.unread, form.page))


@routes.page(LIST + "/{message_id}", LoggedIn())
async def open_message(call: Call, message_id: int) -> Page | Redirect:
    """Open a message: it has been read then. One that leads somewhere is left for there at once."""
    async with call.transaction() as connection:
        message = await mark.open_one(connection, call.member.id, message_id)
    if message is None:
        raise NotFound
    if message.link:
        return Redirect(local_path(message.link, LIST))
    return Page("messages/message.html", {"message": message, "view": message_view(call, message)})


@routes.page(LIST + "/{message_id}/delete", LoggedIn(), "POST")
async def delete(call: Call, message_id: int) -> Redirect:
    """Delete a message."""
    form = await call.form(ListForm)
    if not 1 <= form.page <= 10_000:
        raise Invalid("page", "没有这一页")
    async with call.transaction() as connection:
        if not await mark.drop(connection, call.member.id, [message_id]):
            raise NotFound
    return Redirect(_address(form.category, page=form.page))
