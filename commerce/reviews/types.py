"""What reviews and questions are made of."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from commerce.catalogue.types import mean
from server.errors import Conflict, Forbidden

REVIEW_DAYS = 30
"""Days after receipt in which a line may be reviewed."""
FOLLOW_UP_DAYS = 180
"""Days after receipt in which something may be added to its review, once."""
MOST_PICTURES = 9
MOST_WORDS = 2000
"""Words that are watched for."""
ASKED = 10
"""Buyers who hear of a question."""


class RemarkKind(StrEnum):
    """What somebody said."""

    REVIEW = "review"
    FOLLOW_UP = "follow_up"
    QUESTION = "question"
    ANSWER = "answer"


class RemarkState(StrEnum):
    """Whether people see it. What may follow what is in states.py."""

    WAITING = "waiting"
    """It met a watched word: nobody but its writer sees it until somebody decides."""
    SHOWN = "shown"
    HIDDEN = "hidden"
    REMOVED = "removed"
    """By its writer, for good."""


class Show(StrEnum):
    """Which reviews to list."""

    ALL = "all"
    PICTURED = "pictured"
    FOLLOWED = "followed"
    GOOD = "good"
    """Four and five stars."""
    MIDDLE = "middle"
    BAD = "bad"
    """One and two stars."""


class Sort(StrEnum):
    """In which order to list."""

    USEFUL = "useful"
    NEWEST = "newest"


class ReportReason(StrEnum):
    """Why somebody reports a remark."""

    ADVERTISING = "advertising"
    ABUSE = "abuse"
    FALSE = "false"
    PRIVATE = "private"
    ILLEGAL = "illegal"
    OTHER = "other"


class Sums(msgspec.Struct, frozen=True, kw_only=True):
    """What the shown reviews of a product come to."""

    ones: int = 0
    twos: int = 0
    threes: int = 0
    fours: int = 0
    fives: int = 0
    pictured: int = 0
    followed: int = 0
    questions: int = 0

    @property
    def stars(self) -> tuple[int, int, int, int, int]:
        """Return how many reviews gave one star, two, … five."""
        return self.ones, self.twos, self.threes, self.fours, self.fives

    @property
    def count(self) -> int:
        """Return how many reviews there are."""
        return sum(self.stars)

    @property
    def average(self) -> str:
        """Return the mean rating as cards show it too; empty without reviews."""
        return mean(sum(stars * number for stars, number in enumerate(self.stars, 1)), self.count)

    @property
    def praise(self) -> int:
        """Return the share of four and five stars in percent, rounded down: 100 means all."""
        return (self.fours + self.fives) * 100 // self.count if self.count else 0

    def of(self, show: Show) -> int:
        """Return how many reviews a list has."""
        return {
            Show.ALL: self.count,
            Show.PICTURED: self.pictured,
            Show.FOLLOWED: self.followed,
            Show.GOOD: self.fours + self.fives,
            Show.MIDDLE: self.threes,
            Show.BAD: self.ones + self.twos,
        }[show]


class Shot(msgspec.Struct, frozen=True):
    """Something to look at in a review: a picture, or a video behind one of the same review, or else of the product."""

    review_id: int
    picture: str
    video: str


class NewRemark(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody says: a member, or for the shop one of its staff."""

    kind: RemarkKind
    product_id: int
    shop_id: int
    text: str
    member_id: int | None = None
    staff_id: int | None = None
    parent_id: int | None = None
    line_id: int | None = None
    spec: str = ""
    rating: int | None = None
    anonymous: bool = False
    bought: bool = False
    pictures: list[str] = []
    video: str = ""

    @property
    def media(self) -> list[str]:
        """Return the addresses of what it shows."""
        return [*self.pictures, self.video] if self.video else self.pictures


class Remark(msgspec.Struct, frozen=True, kw_only=True):
    """A remark with what its readers see of who said it and about what. Times are UTC."""

    id: int
    kind: RemarkKind
    product_id: int
    shop_id: int
    member_id: int | None
    staff_id: int | None
    parent_id: int | None
    line_id: int | None
    spec: str
    rating: int | None
    anonymous: bool
    bought: bool
    text: str
    pictures: list[str]
    video: str
    state: RemarkState
    reason: str
    useful: int
    reports: int
    answers: int
    reply: str | None
    replied_at: datetime | None
    created_at: datetime
    nickname: str | None
    avatar: str | None
    title: str
    picture: str
    shop_name: str
    on_shelf: bool
    upheld: bool
    """Whether what it was added to, or answers, is shown."""

    @property
    def seen(self) -> bool:
        """Tell whether others see it."""
        return self.state is RemarkState.SHOWN and self.upheld

    @property
    def by_shop(self) -> bool:
        """Tell whether the shop said it."""
        return self.staff_id is not None

    @property
    def face(self) -> str:
        """Return the writer's picture, empty for none and for who wants not to be known."""
        return "" if self.anonymous or self.member_id is None else self.avatar or ""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """An order line that may be reviewed, or might have been. ``done`` says whether its order is completed."""

    line_id: int
    order_no: str
    product_id: int
    shop_id: int
    title: str
    specs: dict[str, str]
    picture: str
    done: bool
    received_at: datetime
    open_review: bool
    open_follow_up: bool
    days_left: int

    @property
    def spec(self) -> str:
        """Return the specs in one line."""
        return "·".join(self.specs.values())


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided about a remark."""

    remark_id: int
    staff_id: int | None
    at: datetime
    from_state: str
    to_state: str
    reason: str
    words: list[str]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody reported."""

    remark_id: int
    reason: ReportReason
    note: str
    at: datetime


class WatchedWord(msgspec.Struct, frozen=True, kw_only=True):
    """A word that holds remarks back."""

    id: int
    word: str
    staff_id: int | None
    at: datetime


class AlreadyReviewed(Conflict):
    """The line has its review."""

    code, message = "already_reviewed", "这件商品已经评价过了"


class NotReceived(Conflict):
    """The order is not completed, or was given back whole."""

    code, message = "not_received", "确认收货后才能评价"


class ReviewClosed(Conflict):
    """The time to say something is over."""

    code, message = "review_closed", "已过评价期，收货后 {days} 天内可以写"


class AlreadyAdded(Conflict):
    """The review has its follow-up."""

    code, message = "already_added", "已经追评过了"


class NotStanding(Conflict):
    """The remark is hidden or removed: nothing can be added to it."""

    code, message = "not_standing", "这条内容已不再展示"


class AlreadyReplied(Conflict):
    """The shop has replied."""

    code, message = "already_replied", "已经回复过了"


class AlreadyReported(Conflict):
    """The caller has reported it."""

    code, message = "already_reported", "你已经举报过了"


class OwnRemark(Conflict):
    """One does not vote for or report what one said oneself."""

    code, message = "own_remark", "不能对自己写的这样做"


class NotABuyer(Forbidden):
    """Only who has received the product may answer."""

    code, message = "not_a_buyer", "买过并收到这件商品的人才能回答"


class NoSuchMove(Conflict):
    """What was decided does not follow from where the remark stands."""

    code, message = "no_such_move", "这条内容的状态已经变了，刷新后再看"


class TooManyWords(Conflict):
    """The list is full."""

    code, message = "too_many_words", "词表最多 {most} 个词"
