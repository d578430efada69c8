"""A member's own reviews and questions: what waits, what was written, and the forms."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from msgspec import Meta

from commerce.reviews import store, write
from commerce.reviews.pages import address, shared
from commerce.reviews.types import (
    MOST_PICTURES,
    REVIEW_DAYS,
    AlreadyReviewed,
    Line,
    Remark,
    RemarkKind,
    RemarkState,
)
from commerce.reviews.withheld import opened
from server.errors import Invalid, NotFound
from server.http import Body, Call, LoggedIn, Paging, Routes
from server.http.bodies import convert
from server.http.pages import Page, Redirect

routes = Routes("reviews")
MINE, QUESTIONS = "/me/reviews", "/me/questions"
_SAYING = "30/minute"


class Which(StrEnum):
    """Which reviews of one's own to list."""

    PENDING = "pending"
    WRITTEN = "written"


class Said(StrEnum):
    """Which of one's words to list."""

    QUESTIONS = "questions"
    ANSWERS = "answers"


class MineQuery(Paging, frozen=True, kw_only=True):
    """Which reviews to list; ``done`` says what was just written."""

    show: Which = Which.PENDING
    done: Annotated[str, Meta(max_length=10)] = ""


class SaidQuery(Paging, frozen=True, kw_only=True):
    """Which words to list."""

    show: Said = Said.QUESTIONS


class WriteForm(Body, frozen=True, kw_only=True):
    """A review, or what is added to one; ``pictures`` are addresses of uploads."""

    rating: Annotated[str, Meta(max_length=1)] = ""
    text: Annotated[str, Meta(max_length=4000)] = ""
    pictures: tuple[Annotated[str, Meta(max_length=100)], ...] = ()
    video: Annotated[str, Meta(max_length=120)] = ""
    anonymous: Annotated[str, Meta(max_length=1)] = ""


@routes.page(MINE, LoggedIn())
async def show_mine(call: Call, query: MineQuery) -> Page:
    """List what waits for a review, or what the member wrote."""
    me = call.member.id
    lines: list[Line] = []
    reviews: list[Remark] = []
    added: dict[int, Remark] = {}
    received: dict[int, Line] = {}
    async with call.database.snapshot() as connection:
        waiting = await store.count_waiting_lines(connection, me)
        if query.show is Which.PENDING:
            total = waiting
            lines = await store.waiting_lines(connection, me, query.offset, query.size)
        else:
            reviews, total = await store.of_member(connection, me, [RemarkKind.REVIEW], query.offset, query.size)
            added = await store.follow_ups(connection, [each.id for each in reviews], every=True)
            received = await store.lines(connection, me, [each.line_id for each in reviews if each.line_id])
    values: dict[str, Any] = {
        "show": query.show,
        "done": query.done,
        "waiting": waiting,
        "lines": lines,
        "reviews": [opened(call, each) for each in reviews],
        "follow_ups": {review_id: opened(call, each) for review_id, each in added.items()},
        "may_add": {each.id for each in reviews if each.id not in added and _may_add(each, received)},
        "days": REVIEW_DAYS,
        "page": query.page,
        "pages": -(-total // query.size),
        "href": lambda page: address(MINE, show=query.show, page=page if page > 1 else ""),
    }
    return Page("reviews/mine.html", values | shared(call, set()))


def _may_add(review: Remark, received: dict[int, Line]) -> bool:
    """Whether a button to add to a review stands beside it."""
    line = received.get(review.line_id or 0)
    return line is not None and line.open_follow_up and review.state in (RemarkState.SHOWN, RemarkState.WAITING)


@routes.page(QUESTIONS, LoggedIn())
async def show_questions(call: Call, query: SaidQuery) -> Page:
    """List what the member asked or answered."""
    kind = RemarkKind.QUESTION if query.show is Said.QUESTIONS else RemarkKind.ANSWER
    async with call.database.snapshot() as connection:
        found, total = await store.of_member(connection, call.member.id, [kind], query.offset, query.size)
    values = {
        "show": query.show,
        "items": found,
        "page": query.page,
        "pages": -(-total // query.size),
        "href": lambda page: address(QUESTIONS, show=query.show, page=page if page > 1 else ""),
    }
    return Page("reviews/my_questions.html", values | shared(call, set()))


@routes.page("/me/order-lines/{line_id}/review", LoggedIn())
async def show_form(call: Call, line_id: int) -> Page | Redirect:
    """Show the form of a review."""
    return await _form(call, await _line(call, line_id), WriteForm())


async def _line(call: Call, line_id: int) -> Line:
    async with call.database.connection() as connection:
        line = await store.line(connection, call.member.id, line_id)
    if line is None:
        raise NotFound
    write.hold_open(line)
    return line


async def _form(call: Call, line: Line, form: WriteForm, faults: dict[str, str] | None = None) -> Page:
    values = {
        "line": line,
        "review": None,
        "action": f"/me/order-lines/{line.line_id}/review",
        "form": form,
        "faults": faults or {},
        "most": MOST_PICTURES,
        "longest": write.MOST_TEXT,
    }
    return Page("reviews/write.html", values, status=422 if faults else 200)


async def _posted(call: Call) -> WriteForm:
    """Return the form. One picture comes as a text, several as a list."""
    fields = await call.fields()
    given = fields.get("pictures", [])
    fields["pictures"] = [given] if isinstance(given, str) else given
    return convert(fields, WriteForm)


@routes.page("/me/order-lines/{line_id}/review", LoggedIn(), "POST", limit=_SAYING)
async def add(call: Call, line_id: int) -> Page | Redirect:
    """Take a review, or show the form again with what is wrong."""
    form = await _posted(call)
    line = await _line(call, line_id)
    if form.rating not in ("1", "2", "3", "4", "5"):
        return await _form(call, line, form, {"rating": call.tr("点星打分")})
    try:
        async with call.transaction() as connection:
            made = await write.review(
                connection,
                call.member.id,
                line_id,
                int(form.rating),
                form.text,
                form.pictures,
                form.anonymous == "1",
                form.video,
            )
    except Invalid as problem:
        return await _form(call, line, form, {problem.field or "text": problem.reason(call.tr)})
    except AlreadyReviewed:
        return Redirect(f"{MINE}?show=written&done=twice")
    return Redirect(f"{MINE}?show=written&done={made.state}")


@routes.page("/me/reviews/{own_id}/follow-up", LoggedIn())
async def show_follow_up(call: Call, own_id: int) -> Page:
    """Show the form that adds to a review."""
    async with call.transaction() as connection:
        mine = await write.own_review(connection, call.member.id, own_id)
    return _follow_up_form(mine, WriteForm())


def _follow_up_form(review: Remark, form: WriteForm, faults: dict[str, str] | None = None) -> Page:
    values = {
        "line": None,
        "review": review,
        "action": f"/me/reviews/{review.id}/follow-up",
        "form": form,
        "faults": faults or {},
        "most": MOST_PICTURES,
        "longest": write.MOST_TEXT,
    }
    return Page("reviews/write.html", values, status=422 if faults else 200)


@routes.page("/me/reviews/{own_id}/follow-up", LoggedIn(), "POST", limit=_SAYING)
async def add_follow_up(call: Call, own_id: int) -> Page | Redirect:
    """Take what is added to a review, or show the form again with what is wrong."""
    form = await _posted(call)
    try:
        async with call.transaction() as connection:
            made = await write.follow_up(connection, call.member.id, own_id, form.text, form.pictures, form.video)
    except Invalid as problem:
        async with call.transaction() as connection:
            mine = await write.own_review(connection, call.member.id, own_id)
        return _follow_up_form(mine, form, {problem.field or "text": problem.reason(call.tr)})
    return Redirect(f"{MINE}?show=written&done={made.state}")


@routes.page("/me/remarks/{own_id}/remove", LoggedIn(), "POST")
async def remove(call: Call, own_id: int) -> Redirect:
    """Take back what the member said, and go back to the list that it stood in."""
    async with call.transaction() as connection:
        gone = await write.remove(connection, call.member.id, own_id)
    return Redirect(_list_of(gone.kind))


def _list_of(kind: RemarkKind) -> str:
    lists: dict[RemarkKind, str] = {
        RemarkKind.QUESTION: QUESTIONS,
        RemarkKind.ANSWER: f"{QUESTIONS}?show={Said.ANSWERS}",
    }
    return lists.get(kind, f"{MINE}?show={Which.WRITTEN}")
