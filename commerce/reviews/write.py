"""Write a review, add to it once, and take back what one said."""

from __future__ import annotations

import re
from collections.abc import Sequence

from commerce.reviews import media_store, queue_store, store, video_store
from commerce.reviews.plain import said
from commerce.reviews.say import say
from commerce.reviews.states import may
from commerce.reviews.types import (
    FOLLOW_UP_DAYS,
    MOST_PICTURES,
    REVIEW_DAYS,
    AlreadyAdded,
    AlreadyReviewed,
    Line,
    NewRemark,
    NoSuchMove,
    NotReceived,
    NotStanding,
    Remark,
    RemarkKind,
    RemarkState,
    ReviewClosed,
)
from commerce.reviews.withheld import settle_later
from server import uploads
from server.database import Connection
from server.errors import Invalid, NotFound
from server.media import Withheld

MOST_TEXT = 1000
_UPLOAD = re.compile(r"/media/u/([0-9a-f]{2})/(\1[0-9a-f]{62})\.webp")


async def review(
    connection: Connection,
    member_id: int,
    line_id: int,
    rating: int,
    text: str,
    pictures: Sequence[str],
    anonymous: bool,
    video: str = "",
) -> Remark:
    """Review a line of an order that the member has received, once.

    Raises NotFound, NotReceived, ReviewClosed, AlreadyReviewed, Invalid. Two at once: the second is AlreadyReviewed.
    """
    found = await store.line(connection, member_id, line_id)
    if found is None:
        raise NotFound
    hold_open(found)
    return await say(
        connection,
        NewRemark(
            kind=RemarkKind.REVIEW,
            product_id=found.product_id,
            shop_id=found.shop_id,
            text=said(text, "text", MOST_TEXT, required=False),
            member_id=member_id,
            line_id=line_id,
            spec=found.spec,
            rating=rating,
            anonymous=anonymous,
            pictures=await own_pictures(connection, pictures),
            video=await own_video(connection, member_id, video),
        ),
        AlreadyReviewed,
    )


def hold_open(line: Line) -> None:
    """Raise NotReceived or ReviewClosed unless a line may be reviewed now."""
    if not line.done:
        raise NotReceived
    if not line.open_review:
        raise ReviewClosed(days=REVIEW_DAYS)


async def follow_up(
    connection: Connection, member_id: int, review_id: int, text: str, pictures: Sequence[str], video: str = ""
) -> Remark:
    """Add to one's review, once. Locks the review.

    Raises NotFound, NotStanding, ReviewClosed, AlreadyAdded, Invalid.
    """
    mine = await own_review(connection, member_id, review_id)
    return await say(
        connection,
        NewRemark(
            kind=RemarkKind.FOLLOW_UP,
            product_id=mine.product_id,
            shop_id=mine.shop_id,
            text=said(text, "text", MOST_TEXT),
            member_id=member_id,
            parent_id=mine.id,
            anonymous=mine.anonymous,
            pictures=await own_pictures(connection, pictures),
            video=await own_video(connection, member_id, video),
        ),
        AlreadyAdded,
    )


async def own_review(connection: Connection, member_id: int, review_id: int) -> Remark:
    """Return a review of the member's that something may be added to, locked. Raises as ``follow_up``."""
    mine = await store.lock(connection, review_id)
    if mine is None or mine.member_id != member_id or mine.kind is not RemarkKind.REVIEW or mine.line_id is None:
        raise NotFound
    if mine.state in (RemarkState.HIDDEN, RemarkState.REMOVED):
        raise NotStanding
    line = await store.line(connection, member_id, mine.line_id)
    if line is None or not line.open_follow_up:
        raise ReviewClosed(days=FOLLOW_UP_DAYS)
    return mine


async def remove(connection: Connection, member_id: int, remark_id: int) -> Remark:
    """Take back what the member said, for good; of a review its follow-up goes too. Raises NotFound. Locks it."""
    mine = await store.lock(connection, remark_id)
    if mine is None or mine.member_id != member_id:
        raise NotFound
    if mine.state is RemarkState.REMOVED:
        raise NotFound
    if not may(mine.state, RemarkState.REMOVED):
        raise NoSuchMove
    gone = await media_store.media(connection, remark_id)
    await store.empty(connection, remark_id)
    await uploads.let_go(connection, gone)
    await settle_later(connection, *gone)
    await queue_store.settle(connection, remark_id)
    await queue_store.decide(connection, remark_id, None, mine.state, RemarkState.REMOVED)
    return mine


async def own_pictures(connection: Connection, pictures: Sequence[str]) -> list[str]:
    """Return addresses of pictures that have been uploaded, each once. Raises Invalid for others, and for too many."""
    unique = list(dict.fromkeys(pictures))
    if len(unique) > MOST_PICTURES:
        raise Invalid("pictures", "最多 {most} 张图片", most=MOST_PICTURES)
    found = [_UPLOAD.fullmatch(each) for each in unique]
    digests = [each[2] for each in found if each is not None]
    if len(digests) < len(unique) or await store.uploaded(connection, digests) < len(digests):
        raise Invalid("pictures", "图片不在了，请重新上传")
    await _hold_seen(connection, "pictures", unique)
    return unique


async def own_video(connection: Connection, member_id: int, address: str) -> str:
    """Return the address of a video that the member has uploaded and not shown yet; from now on it is shown.

    Empty for none. Raises Invalid. Of two at once that show the same one the second waits, and is refused.
    """
    if address and not await video_store.take(connection, member_id, address):
        if await video_store.taken(connection, member_id, address):
            raise Invalid("video", "这段视频已经用过了")
        raise Invalid("video", "视频不在了，请重新上传")
    await _hold_seen(connection, "video", [address] if address else [])
    return address


async def _hold_seen(connection: Connection, field: str, addresses: Sequence[str]) -> None:
    """Raise Invalid for what stands in remarks that others do not see: another remark would bring it back."""
    if not all((await media_store.named(connection, addresses)).values()):
        raise Invalid(field, Withheld.message)
