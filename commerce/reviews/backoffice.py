"""Reviews and questions for staff: what waits for a decision or a reply, and the watched words."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from commerce.reviews import moderate, queue_store
from commerce.reviews.bodies import DeskQuery, QueueQuery
from commerce.reviews.pages import REASONS, address
from commerce.reviews.queue_store import Desk, Queue
from commerce.reviews.types import AlreadyReplied, NoSuchMove, NotStanding, RemarkState, TooManyWords
from commerce.reviews.views import name_of
from commerce.reviews.withheld import opened
from commerce.staff import Permission, names
from server.errors import Invalid, Problem
from server.http import Body, Call, Kind, Routes, StaffWith
from server.http.pages import Page, Redirect

routes = Routes("back office: reviews", realm=Kind.STAFF)
QUEUE, DESK, WORDS = "/backoffice/reviews", "/backoffice/reviews/replies", "/backoffice/reviews/words"
QUEUES = {
    Queue.ALL: "待处理",
    Queue.WORDS: "敏感词",
    Queue.REPORTED: "被举报",
    Queue.PICTURES: "图片与视频",
    Queue.DECIDED: "已隐藏",
}
DESKS = {Desk.OPEN: "未回复", Desk.BAD: "差评", Desk.REVIEWS: "全部评价", Desk.QUESTIONS: "全部提问"}


class QueuePage(QueueQuery, frozen=True, kw_only=True):
    """What waits for a decision, and what the last one was."""

    done: Annotated[str, Meta(max_length=10)] = ""


class DeskPage(DeskQuery, frozen=True, kw_only=True):
    """What is said of one's products, and whether a reply was just given."""

    done: Annotated[str, Meta(max_length=10)] = ""


class DecisionForm(QueueQuery, frozen=True, kw_only=True):
    """What becomes of a remark, and the page of the queue that it stands on."""

    state: Annotated[str, Meta(max_length=10)] = ""
    reason: Annotated[str, Meta(max_length=1000)] = ""


class ReplyForm(DeskQuery, frozen=True, kw_only=True):
    """What the shop says, and the page of the list that it says it on."""

    text: Annotated[str, Meta(max_length=4000)] = ""


class WordsForm(Body, frozen=True, kw_only=True):
    """Words to watch for."""

    words: Annotated[str, Meta(max_length=20_000)] = ""


@routes.page(QUEUE, StaffWith(Permission.REVIEWS_MODERATE))
async def show_queue(call: Call, query: QueuePage) -> Page:
    """List what waits for a decision."""
    return await _queue(call, query, done=query.done)


async def _queue(call: Call, query: QueueQuery, fault: tuple[int, str, str] | None = None, *, done: str = "") -> Page:
    async with call.database.snapshot() as connection:
        found, counts = await queue_store.queue(connection, query.show, query.offset, query.size)
        ids = [each.id for each in found]
        reports = await queue_store.reports(connection, ids)
        decisions = await queue_store.decisions(connection, ids)
        people = await names(connection, {one.staff_id for one in decisions if one.staff_id is not None})
    values: dict[str, Any] = {
        "remarks": [opened(call, each) for each in found],
        "reports": {key: [one for one in reports if one.remark_id == key] for key in ids},
        "decisions": {key: [one for one in decisions if one.remark_id == key] for key in ids},
        "people": people,
        "reasons": {reason: call.tr(text) for reason, text in REASONS.items()},
        "fault": fault,
        "done": done,
        "show": query.show,
        "tabs": [
            (call.tr(text), address(QUEUE, show=which), which is query.show, counts[which] if which != "decided" else 0)
            for which, text in QUEUES.items()
        ],
        "name_of": lambda remark: name_of(remark, call.tr),
        "page": query.page,
        "pages": -(-counts[query.show] // query.size),
        "href": lambda page: address(QUEUE, show=query.show, page=page),
    }
    return Page("reviews/queue.html", values, status=422 if fault else 200)


@routes.page(QUEUE + "/queue/{queued_id}", StaffWith(Permission.REVIEWS_MODERATE), "POST")
async def decide(call: Call, queued_id: int) -> Page | Redirect:
    """Show or hide a remark, or say why not."""
    form = await call.form(DecisionForm)
    try:
        if form.state not in set(RemarkState):
            raise Invalid("state")
        async with call.transaction() as connection:
            await moderate.decide(connection, call.staff.id, queued_id, RemarkState(form.state), form.reason)
    except Invalid as problem:
        return await _queue(call, form, (queued_id, form.reason, problem.reason(call.tr)))
    except NoSuchMove as problem:
        return await _queue(call, form, (queued_id, form.reason, problem.told(call.tr)))
    return Redirect(address(QUEUE, show=form.show, done=form.state))


@routes.page(DESK, StaffWith(Permission.REVIEWS_REPLY))
async def show_desk(call: Call, query: DeskPage) -> Page:
    """List what is said of the products of the caller's shops."""
    return await _desk(call, query, done=query.done)


async def _desk(call: Call, query: DeskQuery, fault: tuple[int, str, str] | None = None, *, done: str = "") -> Page:
    async with call.database.snapshot() as connection:
        found, total = await queue_store.desk(connection, query.show, call.staff.shops, query.offset, query.size)
    values = {
        "remarks": found,
        "fault": fault,
        "done": done,
        "show": query.show,
        "tabs": [
            (call.tr(text), address(DESK, show=which), which is query.show, total if which is query.show else 0)
            for which, text in DESKS.items()
        ],
        "name_of": lambda remark: name_of(remark, call.tr),
        "page": query.page,
        "pages": -(-total // query.size),
        "href": lambda page: address(DESK, show=query.show, page=page),
    }
    return Page("reviews/desk.html", values, status=422 if fault else 200)


@routes.page(DESK + "/{remark_id}", StaffWith(Permission.REVIEWS_REPLY), "POST")
async def reply(call: Call, remark_id: int) -> Page | Redirect:
    """Reply for the shop, or say why not."""
    form = await call.form(ReplyForm)
    try:
        async with call.transaction() as connection:
            await moderate.reply(connection, call.staff.id, call.staff.shops, remark_id, form.text)
    except Invalid as problem:
        return await _desk(call, form, (remark_id, form.text, problem.reason(call.tr)))
    except (AlreadyReplied, NotStanding) as problem:
        return await _desk(call, form, (remark_id, form.text, problem.told(call.tr)))
    return Redirect(address(DESK, show=form.show, done="replied"))


@routes.page(WORDS, StaffWith(Permission.REVIEWS_MODERATE))
async def show_words(call: Call) -> Page:
    """List the watched words."""
    return await _words(call, WordsForm())


async def _words(call: Call, form: WordsForm, fault: str = "") -> Page:
    async with call.database.connection() as connection:
        found = await queue_store.words(connection)
    values = {"words": found, "form": form, "fault": fault}
    return Page("reviews/words.html", values, status=422 if fault else 200)


@routes.page(WORDS, StaffWith(Permission.REVIEWS_MODERATE), "POST")
async def add_words(call: Call) -> Page | Redirect:
    """Watch for more words, or show the form again with what is wrong."""
    form = await call.form(WordsForm)
    try:
        async with call.transaction() as connection:
            await moderate.watch(connection, call.staff.id, form.words)
    except (Invalid, TooManyWords) as problem:
        return await _words(call, form, _why(call, problem))
    return Redirect(WORDS)


@routes.page(WORDS + "/{word_id}/remove", StaffWith(Permission.REVIEWS_MODERATE), "POST")
async def remove_word(call: Call, word_id: int) -> Redirect:
    """Watch for a word no longer."""
    async with call.transaction() as connection:
        await moderate.unwatch(connection, call.staff.id, word_id)
    return Redirect(WORDS)


def _why(call: Call, problem: Problem) -> str:
    return problem.reason(call.tr) if isinstance(problem, Invalid) else problem.told(call.tr)
