"""What clients send of reviews and questions."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from commerce.reviews.queue_store import Desk, Queue
from commerce.reviews.types import MOST_PICTURES, RemarkState, ReportReason, Show, Sort
from server.http import Body, Paging

Text = Annotated[str, Meta(max_length=4000)]
Picture = Annotated[str, Meta(max_length=100, description="The `url` of an upload.")]


Film = Annotated[str, Meta(max_length=120, description="The `url` of an upload to `/api/v1/me/review-videos`.")]


class ReviewsQuery(Paging, frozen=True, kw_only=True):
    """Which reviews to list, in which order."""

    show: Show = Show.ALL
    sort: Sort = Sort.USEFUL


class QuestionsQuery(Paging, frozen=True, kw_only=True):
    """In which order to list questions."""

    sort: Sort = Sort.NEWEST


class DeskQuery(Paging, frozen=True, kw_only=True):
    """Which remarks of a shop to list."""

    show: Desk = Desk.OPEN


class QueueQuery(Paging, frozen=True, kw_only=True):
    """Which remarks that wait for a decision to list."""

    show: Queue = Queue.ALL


class ReviewBody(Body, frozen=True, kw_only=True):
    """A review; with ``anonymous`` the writer's name is masked."""

    rating: Annotated[int, Meta(ge=1, le=5)]
    text: Text = ""
    pictures: Annotated[list[Picture], Meta(max_length=MOST_PICTURES)] = msgspec.field(default_factory=list)
    video: Film = ""
    anonymous: bool = False


class FollowUpBody(Body, frozen=True, kw_only=True):
    """What is added to a review."""

    text: Text
    pictures: Annotated[list[Picture], Meta(max_length=MOST_PICTURES)] = msgspec.field(default_factory=list)
    video: Film = ""


class QuestionBody(Body, frozen=True, kw_only=True):
    """A question or an answer."""

    text: Text
    anonymous: bool = False


class ReportBody(Body, frozen=True, kw_only=True):
    """Why a remark should not stand; ``other`` needs a note."""

    reason: ReportReason
    note: Annotated[str, Meta(max_length=1000)] = ""


class ReplyBody(Body, frozen=True, kw_only=True):
    """What the shop says."""

    text: Text


class DecisionBody(Body, frozen=True, kw_only=True):
    """What becomes of a remark: ``shown`` or ``hidden``, the latter with a reason for its writer."""

    state: RemarkState
    reason: Annotated[str, Meta(max_length=1000)] = ""


class WordsBody(Body, frozen=True, kw_only=True):
    """Words to watch for, commas or line breaks between."""

    words: Annotated[str, Meta(max_length=20_000)]
