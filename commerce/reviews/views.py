"""Reviews and questions as members, staff and clients see them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from commerce.reviews.types import (
    Decision,
    Line,
    Remark,
    RemarkKind,
    RemarkState,
    Report,
    ReportReason,
    Show,
    Sums,
    WatchedWord,
)
from server.clock import wire
from server.http import Id, Instant, View
from server.i18n import Translator


class ReplyView(View, frozen=True, kw_only=True):
    """What the shop replied."""

    text: str
    at: Instant


class FollowUpView(View, frozen=True, kw_only=True):
    """What was added to a review later."""

    id: Id
    text: str
    images: list[str]
    video: str
    reply: ReplyView | None
    created_at: Instant


class RemarkView(View, frozen=True, kw_only=True):
    """A review, question or answer. ``rating`` and ``spec`` are a review's, ``answers`` counts a question's.

    ``video`` is the address of its video, empty for none.
    """

    id: Id
    kind: RemarkKind
    product_id: Id
    author: str
    avatar: str
    by_shop: bool
    bought: bool
    rating: int | None
    spec: str
    text: str
    images: list[str]
    video: str
    useful: int
    voted: bool
    answers: int
    reply: ReplyView | None
    follow_up: FollowUpView | None
    created_at: Instant


class QuestionView(View, frozen=True, kw_only=True):
    """A question with the answer that stands first."""

    question: RemarkView
    answer: RemarkView | None


class OwnRemarkView(View, frozen=True, kw_only=True):
    """What the caller wrote, and whether others see it; ``reason`` says why not.

    Until others see it, and when they no longer do, its images and video have addresses that last an hour and
    answer to the caller alone: a client with a bearer sends it along.
    """

    remark: RemarkView
    state: RemarkState
    reason: str
    title: str
    image: str


class StarsView(View, frozen=True, kw_only=True):
    """How many reviews gave how many stars."""

    one: int
    two: int
    three: int
    four: int
    five: int


class SummaryView(View, frozen=True, kw_only=True):
    """What the reviews of a product come to; ``average`` has one decimal and is null without reviews."""

    count: int
    average: str | None
    stars: StarsView
    pictured: int
    followed: int
    good: int
    middle: int
    bad: int
    questions: int


class LineToReview(View, frozen=True, kw_only=True):
    """An order line that the caller may review until ``days_left`` days are over."""

    line_id: Id
    order_no: str
    product_id: Id
    title: str
    spec: str
    image: str
    received_at: Instant
    days_left: int


class VoteView(View, frozen=True, kw_only=True):
    """How many find it useful, and whether the caller does."""

    useful: int
    voted: bool


class ReportView(View, frozen=True, kw_only=True):
    """A report."""

    reason: ReportReason
    note: str
    at: Instant


class DecisionView(View, frozen=True, kw_only=True):
    """A decision; ``staff_id`` null: the watched words, or its writer."""

    at: Instant
    staff_id: Id | None
    from_state: str
    to_state: str
    reason: str
    words: list[str]


class QueuedView(View, frozen=True, kw_only=True):
    """A remark before who decides. Of one that others do not see, images and video have addresses as ``OwnRemarkView``
    has them, for the caller."""

    remark: RemarkView
    state: RemarkState
    title: str
    shop: str
    reports: list[ReportView]
    decisions: list[DecisionView]


class WordView(View, frozen=True, kw_only=True):
    """A watched word, as it is looked for."""

    id: Id
    word: str
    at: Instant


def name_of(remark: Remark, tr: Translator) -> str:
    """Return who wrote a remark as others read it."""
    if remark.by_shop:
        return remark.shop_name
    if remark.member_id is None:
        return tr("已注销用户")
    name = remark.nickname or ""
    return f"{name[:1]}***{name[-1:] if len(name) > 2 else ''}" if remark.anonymous else name


def remark_view(
    remark: Remark, tr: Translator, voted: Collection[int] = (), follow_up: Remark | None = None
) -> RemarkView:
    """Return a remark for the wire."""
    return RemarkView(
        id=str(remark.id),
        kind=remark.kind,
        product_id=str(remark.product_id),
        author=name_of(remark, tr),
        avatar=remark.face,
        by_shop=remark.by_shop,
        bought=remark.bought,
        rating=remark.rating,
        spec=remark.spec,
        text=remark.text,
        images=remark.pictures,
        video=remark.video,
        useful=remark.useful,
        voted=remark.id in voted,
        answers=remark.answers,
        reply=_reply(remark),
        follow_up=None
        if follow_up is None
        else FollowUpView(
            id=str(follow_up.id),
            text=follow_up.text,
            images=follow_up.pictures,
            video=follow_up.video,
            reply=_reply(follow_up),
            created_at=wire(follow_up.created_at),
        ),
        created_at=wire(remark.created_at),
    )


def own_view(remark: Remark, tr: Translator, follow_up: Remark | None = None) -> OwnRemarkView:
    """Return what its writer sees of a remark."""
    return OwnRemarkView(
        remark=remark_view(remark, tr, (), follow_up),
        state=remark.state,
        reason=remark.reason,
        title=remark.title,
        image=remark.picture,
    )


def queued_views(
    remarks: Sequence[Remark], reports: Sequence[Report], decisions: Sequence[Decision], tr: Translator
) -> list[QueuedView]:
    """Return remarks with what was reported and decided about each."""
    return [
        QueuedView(
            remark=remark_view(each, tr),
            state=each.state,
            title=each.title,
            shop=each.shop_name,
            reports=[
                ReportView(reason=one.reason, note=one.note, at=wire(one.at))
                for one in reports
                if one.remark_id == each.id
            ],
            decisions=[
                DecisionView(
                    at=wire(one.at),
                    staff_id=None if one.staff_id is None else str(one.staff_id),
                    from_state=one.from_state,
                    to_state=one.to_state,
                    reason=one.reason,
                    words=one.words,
                )
                for one in decisions
                if one.remark_id == each.id
            ],
        )
        for each in remarks
    ]


def summary_view(sums: Sums) -> SummaryView:
    """Return what reviews come to for the wire."""
    one, two, three, four, five = sums.stars
    return SummaryView(
        count=sums.count,
        average=sums.average or None,
        stars=StarsView(one=one, two=two, three=three, four=four, five=five),
        pictured=sums.pictured,
        followed=sums.followed,
        good=sums.of(Show.GOOD),
        middle=sums.of(Show.MIDDLE),
        bad=sums.of(Show.BAD),
        questions=sums.questions,
    )


def line_view(line: Line) -> LineToReview:
    """Return a line that waits for its review."""
    return LineToReview(
        line_id=str(line.line_id),
        order_no=line.order_no,
        product_id=str(line.product_id),
        title=line.title,
        spec=line.spec,
        image=line.picture,
        received_at=wire(line.received_at),
        days_left=line.days_left,
    )


def word_view(word: WatchedWord) -> WordView:
    """Return a watched word for the wire."""
    return WordView(id=str(word.id), word=word.word, at=wire(word.at))


def question_views(
    questions: Sequence[Remark], best: Mapping[int, Remark], tr: Translator, voted: Collection[int] = ()
) -> list[QuestionView]:
    """Return questions with their first answers."""
    return [
        QuestionView(
            question=remark_view(each, tr, voted),
            answer=remark_view(best[each.id], tr, voted) if each.id in best else None,
        )
        for each in questions
    ]


def _reply(remark: Remark) -> ReplyView | None:
    if remark.reply is None or remark.replied_at is None:
        return None
    return ReplyView(text=remark.reply, at=wire(remark.replied_at))
