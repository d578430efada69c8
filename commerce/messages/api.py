"""The message centre over JSON."""

from __future__ import annotations

from commerce.messages import mark, store
from commerce.messages.kinds import Messages
from commerce.messages.preferences import choose, preferences_view
from commerce.messages.types import (
    Category,
    DeleteBody,
    DeletedView,
    Message,
    MessageView,
    Preferences,
    PreferencesView,
    ReadBody,
    UnreadView,
    unread_view,
)
from server.clock import wire
from server.errors import NotFound
from server.http import Call, Listing, LoggedIn, Paging, Routes

routes = Routes("messages")
BASE = "/api/v1/me/messages"


class MessageQuery(Paging, frozen=True, kw_only=True):
    """Which messages to list: those of a category, or the unread ones alone."""

    category: Category | None = None
    unread: bool = False


def message_view(call: Call, message: Message) -> MessageView:
    """Return a message in the caller's language."""
    title, text = call.resource(Messages).said(call.tr, message)
    return MessageView(
        id=str(message.id),
        kind=message.kind,
        category=message.category,
        title=title,
        text=text,
        link=message.link,
        image=message.picture,
        created_at=wire(message.created_at),
        read=message.read_at is not None,
    )


@routes.get(BASE, LoggedIn())
async def list_messages(call: Call, query: MessageQuery) -> Listing[MessageView]:
    """List the caller's messages, the newest first."""
    async with call.database.connection() as connection:
        totals = await store.totals(connection, call.member.id)
        found = await store.page(connection, call.member.id, query.category, query.unread, query.offset, query.size)
    total = sum(
        counts[1 if query.unread else 0] for category, counts in totals.items() if query.category in (None, category)
    )
    items = [message_view(call, message) for message in found]
    return Listing(items=items, total=total, page=query.page, size=query.size)


@routes.get(BASE + "/unread", LoggedIn())
async def count_unread(call: Call) -> UnreadView:
    """Count the caller's unread messages; event `message` of /member tells of new ones."""
    async with call.database.connection() as connection:
        return unread_view(await store.unread(connection, call.member.id))


@routes.post(BASE + "/read", LoggedIn())
async def read_all(call: Call, body: ReadBody) -> UnreadView:
    """Mark all messages, those of a category, or some, as read."""
    ids = None if body.message_ids is None else [int(one) for one in body.message_ids]
    async with call.transaction() as connection:
        await mark.read(connection, call.member.id, body.category, ids)
        return unread_view(await store.unread(connection, call.member.id))


@routes.post(BASE + "/delete", LoggedIn())
async def remove_some(call: Call, body: DeleteBody) -> DeletedView:
    """Delete several messages; those that are gone already count for nothing."""
    async with call.transaction() as connection:
        deleted = await mark.drop(connection, call.member.id, [int(one) for one in body.message_ids])
        return DeletedView(deleted=deleted, unread=unread_view(await store.unread(connection, call.member.id)))


@routes.post(BASE + "/{message_id}/read", LoggedIn())
async def read_one(call: Call, message_id: int) -> MessageView:
    """Mark a message as read. Again: no change."""
    async with call.transaction() as connection:
        message = await mark.open_one(connection, call.member.id, message_id)
    if message is None:
        raise NotFound
    return message_view(call, message)


@routes.delete(BASE + "/{message_id}", LoggedIn(), status=204)
async def remove(call: Call, message_id: int) -> None:
    """Delete a message."""
    async with call.transaction() as connection:
        if not await mark.drop(connection, call.member.id, [message_id]):
            raise NotFound


@routes.get(BASE + "/preferences", LoggedIn())
async def show_preferences(call: Call) -> PreferencesView:
    """Show what the caller chose to hear, and by which ways."""
    async with call.database.connection() as connection:
        chosen = await store.preferences(connection, call.member.id)
    return preferences_view(call.resource(Messages), call.tr, chosen)


@routes.add("PUT", BASE + "/preferences", LoggedIn())
async def replace_preferences(call: Call, body: Preferences) -> PreferencesView:
    """Choose anew what to hear; what is left out goes back to its default."""
    async with call.transaction() as connection:
        await choose(call.resource(Messages), connection, call.member.id, body)
    return preferences_view(call.resource(Messages), call.tr, body)
