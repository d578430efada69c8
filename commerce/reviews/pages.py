"""Reviews on the pages of products, and what one does with others' words there."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from msgspec import Meta

from commerce.catalogue import Product, ProductBlock, Slot
from commerce.credentials import local_path
from commerce.reviews import ask, read, store, weigh
from commerce.reviews.bodies import QuestionsQuery, ReviewsQuery
from commerce.reviews.types import AlreadyReported, NotABuyer, OwnRemark, ReportReason, Show, Sort
from commerce.reviews.views import name_of
from server.errors import Invalid, NotFound
from server.http import Anyone, Body, Call, Kind, LoggedIn, Paging, Routes
from server.http.pages import Page, Redirect

routes = Routes("reviews")
STRIP = 12
"""Buyers' pictures before the list."""
SHOWS = {
    Show.ALL: "全部",
    Show.PICTURED: "有图/视频",
    Show.FOLLOWED: "追评",
    Show.GOOD: "好评",
    Show.MIDDLE: "中评",
    Show.BAD: "差评",
}
REASONS = {
    ReportReason.ADVERTISING: "广告或引流",
    ReportReason.ABUSE: "辱骂或骚扰",
    ReportReason.FALSE: "内容不实",
    ReportReason.PRIVATE: "泄露他人隐私",
    ReportReason.ILLEGAL: "违法内容",
    ReportReason.OTHER: "其他",
}


class SayForm(Body, frozen=True, kw_only=True):
    """A question or an answer."""

    text: Annotated[str, Meta(max_length=4000)] = ""
    anonymous: Annotated[str, Meta(max_length=1)] = ""


class VoteForm(Body, frozen=True, kw_only=True):
    """A vote: ``on`` is 1 for useful, and the page that it stands on."""

    on: Annotated[str, Meta(max_length=1)] = ""
    back: Annotated[str, Meta(max_length=2000)] = "/"


class ReportForm(Body, frozen=True, kw_only=True):
    """A report."""

    reason: Annotated[str, Meta(max_length=20)] = ""
    note: Annotated[str, Meta(max_length=1000)] = ""
    back: Annotated[str, Meta(max_length=2000)] = "/"


class ReportQuery(Body, frozen=True, kw_only=True):
    """The page that the remark stands on."""

    back: Annotated[str, Meta(max_length=2000)] = "/"


class QuestionQuery(Paging, frozen=True, kw_only=True):
    """Which answers to show; ``done`` says what was just written."""

    done: Annotated[str, Meta(max_length=10)] = ""


class AskedQuery(QuestionsQuery, frozen=True, kw_only=True):
    """Which questions to show; ``done`` says what was just written."""

    done: Annotated[str, Meta(max_length=10)] = ""


def may_write(call: Call) -> bool:
    """Tell whether a member calls."""
    return call.identity is not None and call.identity.kind is Kind.MEMBER


def shared(call: Call, voted: set[int]) -> dict[str, Any]:
    """Return what the templates of remarks need beside the remarks."""
    return {
        "voted": voted,
        "name_of": lambda remark: name_of(remark, call.tr),
        "mine": call.member.id if may_write(call) else None,
    }


def address(path: str, **query: object) -> str:
    """Return ``path`` with what of the query is given."""
    given = {name: value for name, value in query.items() if value}
    return f"{path}?{urlencode(given)}" if given else path


@routes.page("/products/{product_id}/reviews", Anyone())
async def show_reviews(call: Call, product_id: int, query: ReviewsQuery) -> Page:
    """List what buyers say of a product."""
    async with call.database.snapshot() as connection:
        title, picture, _ = await read.on_shelf(connection, product_id)
        sums = await store.sums(connection, product_id)
        found = await read.reviews(connection, call, product_id, sums, query.show, query.sort, query.offset, query.size)
        strip = await store.shots(connection, product_id, STRIP) if sums.pictured else []
    path = f"/products/{product_id}/reviews"

    def to(show: Show, sort: Sort, page: int = 1) -> str:
        return address(
            path,
            show=show if show is not Show.ALL else "",
            sort=sort if sort is not Sort.USEFUL else "",
            page=page if page > 1 else "",
        )

    values = {
        "product_id": product_id,
        "title": title,
        "picture": picture,
        "sums": sums,
        "reviews": found.reviews,
        "follow_ups": found.follow_ups,
        "strip": strip,
        "show": query.show,
        "sort": query.sort,
        "tags": [
            (call.tr(text), to(show, query.sort), show is query.show, sums.of(show)) for show, text in SHOWS.items()
        ],
        "sorts": [
            (call.tr("最有用"), to(query.show, Sort.USEFUL), query.sort is Sort.USEFUL),
            (call.tr("最新"), to(query.show, Sort.NEWEST), query.sort is Sort.NEWEST),
        ],
        "page": query.page,
        "pages": -(-sums.of(query.show) // query.size),
        "href": lambda page: to(query.show, query.sort, page),
    }
    return Page("reviews/list.html", values | shared(call, found.voted))


@routes.page("/products/{product_id}/questions", Anyone())
async def show_questions(call: Call, product_id: int, query: AskedQuery) -> Page:
    """List what is asked about a product, with a form to ask more."""
    return await _questions(call, product_id, query)


async def _questions(
    call: Call, product_id: int, query: AskedQuery, form: SayForm | None = None, fault: str = ""
) -> Page:
    async with call.database.snapshot() as connection:
        title, picture, _ = await read.on_shelf(connection, product_id)
        sums = await store.sums(connection, product_id)
        found = await read.questions(connection, call, product_id, sums, query.sort, query.offset, query.size)
    path = f"/products/{product_id}/questions"
    values = {
        "product_id": product_id,
        "title": title,
        "picture": picture,
        "total": found.total,
        "questions": found.questions,
        "best": found.best,
        "form": form or SayForm(),
        "fault": fault,
        "done": query.done,
        "page": query.page,
        "pages": -(-found.total // query.size),
        "href": lambda page: address(path, page=page if page > 1 else ""),
    }
    return Page("reviews/questions.html", values | shared(call, found.voted), status=422 if fault else 200)


@routes.page("/products/{product_id}/questions", LoggedIn(), "POST", limit="30/minute")
async def ask_about(call: Call, product_id: int) -> Page | Redirect:
    """Take a question, or show the form again with what is wrong."""
    form = await call.form(SayForm)
    try:
        async with call.transaction() as connection:
            made = await ask.ask(connection, call.member.id, product_id, form.text, form.anonymous == "1")
    except Invalid as problem:
        return await _questions(call, product_id, AskedQuery(), form, problem.reason(call.tr))
    return Redirect(f"/products/{product_id}/questions?done={made.state}")


@routes.page("/questions/{question_id}", Anyone())
async def show_question(call: Call, question_id: int, query: QuestionQuery) -> Page:
    """Show a question with its answers."""
    return await _question(call, question_id, query)


async def _question(
    call: Call, question_id: int, query: QuestionQuery, form: SayForm | None = None, fault: str = ""
) -> Page:
    async with call.database.snapshot() as connection:
        question = await read.question(connection, question_id)
        found = await store.answers(connection, question_id, query.offset, query.size)
        voted = await read.votes(connection, call, [question, *found])
        buyer = may_write(call) and await store.has_bought(connection, question.product_id, call.member.id)
    values = {
        "question": question,
        "answers": found,
        "buyer": buyer,
        "form": form or SayForm(),
        "fault": fault,
        "done": query.done,
        "page": query.page,
        "pages": -(-question.answers // query.size),
        "href": lambda page: address(f"/questions/{question_id}", page=page if page > 1 else ""),
    }
    return Page("reviews/question.html", values | shared(call, voted), status=422 if fault else 200)


@routes.page("/questions/{question_id}/answers", LoggedIn(), "POST", limit="30/minute")
async def answer(call: Call, question_id: int) -> Page | Redirect:
    """Take an answer, or show the form again with what is wrong."""
    form = await call.form(SayForm)
    try:
        async with call.transaction() as connection:
            made = await ask.answer(connection, call.member.id, question_id, form.text, form.anonymous == "1")
    except Invalid as problem:
        return await _question(call, question_id, QuestionQuery(), form, problem.reason(call.tr))
    except NotABuyer as problem:
        return await _question(call, question_id, QuestionQuery(), form, problem.told(call.tr))
    return Redirect(f"/questions/{question_id}?done={made.state}")


@routes.page("/remarks/{remark_id}/vote", LoggedIn(), "POST", limit="120/minute")
async def vote(call: Call, remark_id: int) -> Redirect:
    """Find a remark useful or no longer, and go back."""
    form = await call.form(VoteForm)
    async with call.transaction() as connection:
        await weigh.vote(connection, call.member.id, remark_id, on=form.on == "1")
    return Redirect(f"{local_path(form.back, '/')}#r{remark_id}")


@routes.page("/remarks/{remark_id}/report", LoggedIn())
async def show_report(call: Call, remark_id: int, query: ReportQuery) -> Page:
    """Ask why a remark should not stand."""
    return await _report(call, remark_id, ReportForm(back=query.back))


async def _report(call: Call, remark_id: int, form: ReportForm, fault: str = "", *, done: bool = False) -> Page:
    async with call.database.connection() as connection:
        found = await store.remark(connection, remark_id)
    if found is None or not found.seen:
        raise NotFound
    values = {
        "remark": found,
        "form": form,
        "fault": fault,
        "done": done,
        "back": local_path(form.back, "/"),
        "reasons": [(reason, call.tr(text)) for reason, text in REASONS.items()],
    }
    return Page("reviews/report.html", values | shared(call, set()), status=422 if fault else 200)


@routes.page("/remarks/{remark_id}/report", LoggedIn(), "POST", limit="30/minute")
async def report(call: Call, remark_id: int) -> Page:
    """Take a report, or show the form again with what is wrong."""
    form = await call.form(ReportForm)
    if form.reason not in set(ReportReason):
        return await _report(call, remark_id, form, call.tr("选一个原因"))
    try:
        async with call.transaction() as connection:
            await weigh.report(connection, call.member.id, remark_id, ReportReason(form.reason), form.note)
    except Invalid as problem:
        return await _report(call, remark_id, form, problem.reason(call.tr))
    except (AlreadyReported, OwnRemark) as problem:
        return await _report(call, remark_id, form, problem.told(call.tr))
    return await _report(call, remark_id, form, done=True)


async def on_product(call: Call, product: Product) -> dict[str, Any]:
    """Return what a product's page says of its reviews and questions."""
    async with call.database.snapshot() as connection:
        sums = await store.sums(connection, product.id)
        heard = await read.reviews(connection, call, product.id, sums, Show.ALL, Sort.USEFUL, 0, 3)
        strip = await store.shots(connection, product.id, 8) if sums.pictured else []
        asked = await read.questions(connection, call, product.id, sums, Sort.USEFUL, 0, 6)
    return {
        "product": product,
        "sums": sums,
        "reviews": heard.reviews,
        "follow_ups": heard.follow_ups,
        "strip": strip,
        "questions": sorted(asked.questions, key=lambda one: one.answers == 0)[:2],
        "best": asked.best,
        "tags": [
            (call.tr(text), address(f"/products/{product.id}/reviews", show=show), sums.of(show))
            for show, text in SHOWS.items()
            if show is not Show.ALL and sums.of(show)
        ],
    } | shared(call, heard.voted)


def structured(values: dict[str, Any]) -> dict[str, Any]:
    """Return the rating for search engines: the same figures as the page's, none without reviews."""
    sums = values["sums"]
    if not sums.count:
        return {}
    return {
        "aggregateRating": {
            "@type": "AggregateRating",
            "ratingValue": sums.average,
            "reviewCount": sums.count,
            "bestRating": 5,
            "worstRating": 1,
        }
    }


PRODUCT = ProductBlock(
    name="reviews",
    position=10,
    slot=Slot.HEARD,
    template="reviews/product.html",
    values=on_product,
    others=((Slot.NAME, "reviews/rating.html"),),
    structured=structured,
)
