"""Reviews and questions over JSON, for staff."""

from __future__ import annotations

from commerce.reviews import moderate, queue_store
from commerce.reviews.bodies import DecisionBody, DeskQuery, QueueQuery, ReplyBody, WordsBody
from commerce.reviews.types import AlreadyReplied, NoSuchMove, NotStanding, TooManyWords
from commerce.reviews.views import OwnRemarkView, QueuedView, WordView, own_view, queued_views, word_view
from commerce.reviews.withheld import opened
from commerce.staff import Permission
from server.errors import NotFound
from server.http import Call, Kind, Listing, Routes, StaffWith

routes = Routes("back office: reviews", realm=Kind.STAFF)
API = "/api/v1/backoffice/remarks"
WORDS = "/api/v1/backoffice/watched-words"


@routes.get(API, StaffWith(Permission.REVIEWS_REPLY))
async def list_remarks(call: Call, query: DeskQuery) -> Listing[OwnRemarkView]:
    """List what is said about the products of the caller's shops, the newest first; `total` counts up to 1,000."""
    async with call.database.snapshot() as connection:
        found, total = await queue_store.desk(connection, query.show, call.staff.shops, query.offset, query.size)
    items = [own_view(each, call.tr) for each in found]
    return Listing(items=items, total=total, page=query.page, size=query.size)


@routes.post(
    API + "/{remark_id}/reply",
    StaffWith(Permission.REVIEWS_REPLY),
    status=201,
    errors=(NotFound, NotStanding, AlreadyReplied),
)
async def reply(call: Call, remark_id: int, body: ReplyBody) -> OwnRemarkView:
    """Reply to a review or follow-up for its shop, once, or answer a question."""
    async with call.transaction() as connection:
        made = await moderate.reply(connection, call.staff.id, call.staff.shops, remark_id, body.text)
    return own_view(made, call.tr)


@routes.get(API + "/queue", StaffWith(Permission.REVIEWS_MODERATE))
async def list_queue(call: Call, query: QueueQuery) -> Listing[QueuedView]:
    """List what waits for a decision, with its reports and what was decided before; `total` counts up to 1,000."""
    async with call.database.snapshot() as connection:
        found, counts = await queue_store.queue(connection, query.show, query.offset, query.size)
        ids = [each.id for each in found]
        reports = await queue_store.reports(connection, ids)
        decisions = await queue_store.decisions(connection, ids)
    items = queued_views([opened(call, each) for each in found], reports, decisions, call.tr)
    return Listing(items=items, total=counts[query.show], page=query.page, size=query.size)


@routes.post(API + "/queue/{queued_id}/decision", StaffWith(Permission.REVIEWS_MODERATE), errors=(NotFound, NoSuchMove))
async def decide(call: Call, queued_id: int, body: DecisionBody) -> OwnRemarkView:
    """Show a remark, or hide it with a reason. Its writer hears of it; open reports are settled."""
    async with call.transaction() as connection:
        made = await moderate.decide(connection, call.staff.id, queued_id, body.state, body.reason)
    return own_view(opened(call, made), call.tr)


@routes.get(WORDS, StaffWith(Permission.REVIEWS_MODERATE))
async def list_words(call: Call) -> list[WordView]:
    """List the words that hold a remark back until somebody has looked at it; at most 2,000."""
    async with call.database.connection() as connection:
        return [word_view(each) for each in await queue_store.words(connection)]


@routes.post(WORDS, StaffWith(Permission.REVIEWS_MODERATE), errors=(TooManyWords,))
async def add_words(call: Call, body: WordsBody) -> list[WordView]:
    """Watch for more words; returns all of them."""
    async with call.transaction() as connection:
        await moderate.watch(connection, call.staff.id, body.words)
        return [word_view(each) for each in await queue_store.words(connection)]


@routes.delete(WORDS + "/{word_id}", StaffWith(Permission.REVIEWS_MODERATE), status=204, errors=(NotFound,))
async def remove_word(call: Call, word_id: int) -> None:
    """Watch for a word no longer."""
    async with call.transaction() as connection:
        await moderate.unwatch(connection, call.staff.id, word_id)
