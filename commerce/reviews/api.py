"""Reviews and questions over JSON, for shoppers."""

from __future__ import annotations

from commerce.reviews import ask, read, store, weigh, write
from commerce.reviews.bodies import FollowUpBody, QuestionBody, QuestionsQuery, ReportBody, ReviewBody, ReviewsQuery
from commerce.reviews.types import (
    AlreadyAdded,
    AlreadyReported,
    AlreadyReviewed,
    NotABuyer,
    NotReceived,
    NotStanding,
    OwnRemark,
    RemarkKind,
    ReviewClosed,
)
from commerce.reviews.views import (
    LineToReview,
    OwnRemarkView,
    QuestionView,
    RemarkView,
    SummaryView,
    VoteView,
    line_view,
    own_view,
    question_views,
    remark_view,
    summary_view,
)
from commerce.reviews.withheld import opened
from server.errors import NotFound
from server.http import Anyone, Call, Listing, LoggedIn, Paging, Routes

routes = Routes("reviews")
_SAYING = "30/minute"
_VOTING = "120/minute"
"""Each has a product's kept page made again."""


@routes.get("/api/v1/products/{product_id}/review-summary", Anyone(), errors=(NotFound,))
async def show_summary(call: Call, product_id: int) -> SummaryView:
    """Say what the reviews of a product come to."""
    async with call.database.snapshot() as connection:
        await read.on_shelf(connection, product_id)
        return summary_view(await store.sums(connection, product_id))


@routes.get("/api/v1/products/{product_id}/reviews", Anyone(), errors=(NotFound,))
async def list_reviews(call: Call, product_id: int, query: ReviewsQuery) -> Listing[RemarkView]:
    """List the reviews of a product with what was added to them."""
    async with call.database.snapshot() as connection:
        await read.on_shelf(connection, product_id)
        sums = await store.sums(connection, product_id)
        found = await read.reviews(connection, call, product_id, sums, query.show, query.sort, query.offset, query.size)
    items = [remark_view(each, call.tr, found.voted, found.follow_ups.get(each.id)) for each in found.reviews]
    return Listing(items=items, total=sums.of(query.show), page=query.page, size=query.size)


@routes.get("/api/v1/products/{product_id}/questions", Anyone(), errors=(NotFound,))
async def list_questions(call: Call, product_id: int, query: QuestionsQuery) -> Listing[QuestionView]:
    """List the questions about a product, each with the answer that stands first."""
    async with call.database.snapshot() as connection:
        await read.on_shelf(connection, product_id)
        sums = await store.sums(connection, product_id)
        found = await read.questions(connection, call, product_id, sums, query.sort, query.offset, query.size)
    items = question_views(found.questions, found.best, call.tr, found.voted)
    return Listing(items=items, total=found.total, page=query.page, size=query.size)


@routes.get("/api/v1/questions/{question_id}/answers", Anyone(), errors=(NotFound,))
async def list_answers(call: Call, question_id: int, query: Paging) -> Listing[RemarkView]:
    """List the answers to a question: the shop's first, then the most useful."""
    async with call.database.snapshot() as connection:
        question = await read.question(connection, question_id)
        found = await store.answers(connection, question_id, query.offset, query.size)
        voted = await read.votes(connection, call, found)
    items = [remark_view(each, call.tr, voted) for each in found]
    return Listing(items=items, total=question.answers, page=query.page, size=query.size)


@routes.get("/api/v1/me/reviews/pending", LoggedIn())
async def list_pending(call: Call, query: Paging) -> Listing[LineToReview]:
    """List the order lines that the caller may review, those received last first."""
    async with call.database.snapshot() as connection:
        total = await store.count_waiting_lines(connection, call.member.id)
        found = await store.waiting_lines(connection, call.member.id, query.offset, query.size)
    return Listing(items=[line_view(each) for each in found], total=total, page=query.page, size=query.size)


@routes.get("/api/v1/me/reviews", LoggedIn())
async def list_mine(call: Call, query: Paging) -> Listing[OwnRemarkView]:
    """List the caller's reviews, the newest first, and whether others see them."""
    async with call.database.snapshot() as connection:
        found, total = await store.of_member(connection, call.member.id, [RemarkKind.REVIEW], query.offset, query.size)
        added = await store.follow_ups(connection, [each.id for each in found], every=True)
    added = {review_id: opened(call, each) for review_id, each in added.items()}
    items = [own_view(opened(call, each), call.tr, added.get(each.id)) for each in found]
    return Listing(items=items, total=total, page=query.page, size=query.size)


@routes.get("/api/v1/me/questions", LoggedIn())
async def list_my_questions(call: Call, query: Paging) -> Listing[OwnRemarkView]:
    """List the caller's questions and answers, the newest first."""
    kinds = [RemarkKind.QUESTION, RemarkKind.ANSWER]
    async with call.database.snapshot() as connection:
        found, total = await store.of_member(connection, call.member.id, kinds, query.offset, query.size)
    items = [own_view(each, call.tr) for each in found]
    return Listing(items=items, total=total, page=query.page, size=query.size)


@routes.post(
    "/api/v1/order-lines/{line_id}/review",
    LoggedIn(),
    status=201,
    limit=_SAYING,
    errors=(NotFound, NotReceived, ReviewClosed, AlreadyReviewed),
)
async def add_review(call: Call, line_id: int, body: ReviewBody) -> OwnRemarkView:
    """Review what one has received, once a line, within 30 days. A watched word has it wait unseen (`waiting`)."""
    async with call.transaction() as connection:
        made = await write.review(
            connection, call.member.id, line_id, body.rating, body.text, body.pictures, body.anonymous, body.video
        )
    return own_view(opened(call, made), call.tr)


@routes.post(
    "/api/v1/me/reviews/{own_id}/follow-up",
    LoggedIn(),
    status=201,
    limit=_SAYING,
    errors=(NotFound, NotStanding, ReviewClosed, AlreadyAdded),
)
async def add_follow_up(call: Call, own_id: int, body: FollowUpBody) -> OwnRemarkView:
    """Add to one's review, once, within 180 days of the receipt."""
    async with call.transaction() as connection:
        made = await write.follow_up(connection, call.member.id, own_id, body.text, body.pictures, body.video)
    return own_view(opened(call, made), call.tr)


@routes.delete("/api/v1/me/remarks/{own_id}", LoggedIn(), status=204, errors=(NotFound,))
async def remove(call: Call, own_id: int) -> None:
    """Take back a review, follow-up, question or answer for good; its line cannot be reviewed again."""
    async with call.transaction() as connection:
        await write.remove(connection, call.member.id, own_id)


@routes.add("PUT", "/api/v1/remarks/{remark_id}/vote", LoggedIn(), limit=_VOTING, errors=(NotFound, OwnRemark))
async def vote(call: Call, remark_id: int) -> VoteView:
    """Find a review, question or answer useful. Again: no change."""
    async with call.transaction() as connection:
        _, useful = await weigh.vote(connection, call.member.id, remark_id, on=True)
    return VoteView(useful=useful, voted=True)


@routes.delete("/api/v1/remarks/{remark_id}/vote", LoggedIn(), limit=_VOTING, errors=(NotFound, OwnRemark))
async def unvote(call: Call, remark_id: int) -> VoteView:
    """Find it useful no longer. Again: no change."""
    async with call.transaction() as connection:
        _, useful = await weigh.vote(connection, call.member.id, remark_id, on=False)
    return VoteView(useful=useful, voted=False)


@routes.post(
    "/api/v1/remarks/{remark_id}/report",
    LoggedIn(),
    status=204,
    limit=_SAYING,
    errors=(NotFound, OwnRemark, AlreadyReported),
)
async def report(call: Call, remark_id: int, body: ReportBody) -> None:
    """Report what should not stand, once each; it stays until somebody has decided."""
    async with call.transaction() as connection:
        await weigh.report(connection, call.member.id, remark_id, body.reason, body.note)


@routes.post("/api/v1/products/{product_id}/questions", LoggedIn(), status=201, limit=_SAYING, errors=(NotFound,))
async def add_question(call: Call, product_id: int, body: QuestionBody) -> OwnRemarkView:
    """Ask those who bought a product, and its shop."""
    async with call.transaction() as connection:
        made = await ask.ask(connection, call.member.id, product_id, body.text, body.anonymous)
    return own_view(made, call.tr)


@routes.post(
    "/api/v1/questions/{question_id}/answers", LoggedIn(), status=201, limit=_SAYING, errors=(NotFound, NotABuyer)
)
async def add_answer(call: Call, question_id: int, body: QuestionBody) -> OwnRemarkView:
    """Answer a question about what one has bought and received."""
    async with call.transaction() as connection:
        made = await ask.answer(connection, call.member.id, question_id, body.text, body.anonymous)
    return own_view(made, call.tr)
