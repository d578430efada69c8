"""What staff do: decide what may stand, reply for their shop, and keep the watched words."""

from __future__ import annotations

from collections.abc import Sequence

from commerce.reviews import ask, media_store, queue_store, store
from commerce.reviews.letters import cut, tell_decided, tell_later, tell_replied
from commerce.reviews.plain import said
from commerce.reviews.states import may
from commerce.reviews.types import (
    MOST_WORDS,
    AlreadyReplied,
    NoSuchMove,
    NotStanding,
    Remark,
    RemarkKind,
    RemarkState,
    TooManyWords,
)
from commerce.reviews.watched import squeezed
from commerce.reviews.withheld import settle_later
from commerce.staff import On, audit
from server.database import Connection
from server.errors import Invalid, NotFound

MOST_REASON, MOST_REPLY, LONGEST_WORD = 200, 500, 40


async def decide(connection: Connection, staff_id: int, remark_id: int, state: RemarkState, reason: str) -> Remark:
    """Show a remark, or hide it with a reason for its writer, who hears of it; open reports are settled. Locks it.

    ``state`` SHOWN for one that is shown says that it stands. Raises NotFound, NoSuchMove, Invalid.
    """
    if state not in (RemarkState.SHOWN, RemarkState.HIDDEN):
        raise Invalid("state")
    reason = said(reason, "reason", MOST_REASON, required=state is RemarkState.HIDDEN)
    found = await store.lock(connection, remark_id)
    if found is None or found.state is RemarkState.REMOVED:
        raise NotFound
    if not may(found.state, state):
        raise NoSuchMove
    await store.move(connection, remark_id, state, reason if state is RemarkState.HIDDEN else "")
    await queue_store.settle(connection, remark_id)
    await queue_store.decide(connection, remark_id, staff_id, found.state, state, reason)
    await audit(
        connection,
        staff_id,
        "remark_decided",
        On("remark", remark_id, cut(found.text) or found.title),
        shop_id=found.shop_id,
        before={"state": found.state, "reports": found.reports},
        after={"state": state, "reports": 0},
        reason=reason,
    )
    now = await store.remark(connection, remark_id)
    assert now is not None
    if found.state is not state:
        await settle_later(connection, *await media_store.media(connection, remark_id))
        await tell_decided(connection, now, state, reason)
    if found.state is RemarkState.WAITING and state is RemarkState.SHOWN:
        await tell_later(connection, now)
    return now


async def reply(
    connection: Connection, staff_id: int, shops: Sequence[int] | None, remark_id: int, text: str
) -> Remark:
    """Say for the shop what it has to say: reply to a review once, or answer a question. Locks the remark.

    ``shops`` are the caller's, None all; another shop's is NotFound. Raises NotStanding, AlreadyReplied, Invalid.
    """
    found = await store.lock(connection, remark_id)
    if found is None or (shops is not None and found.shop_id not in shops):
        raise NotFound
    if found.kind is RemarkKind.QUESTION:
        made = await ask.answer_as_shop(connection, staff_id, found, text)
        await _note_reply(connection, staff_id, found, made.text)
        return made
    if found.kind is RemarkKind.ANSWER:
        raise NotFound
    if not found.seen:
        raise NotStanding
    if found.reply is not None:
        raise AlreadyReplied
    text = said(text, "text", MOST_REPLY)
    await store.reply(connection, remark_id, text, staff_id)
    await _note_reply(connection, staff_id, found, text)
    await tell_replied(connection, found, text)
    now = await store.remark(connection, remark_id)
    assert now is not None
    return now


async def _note_reply(connection: Connection, staff_id: int, remark: Remark, text: str) -> None:
    on = On("remark", remark.id, cut(remark.text) or remark.title)
    await audit(connection, staff_id, "remark_replied", on, shop_id=remark.shop_id, before={}, after={"text": text})


async def watch(connection: Connection, staff_id: int, text: str) -> list[str]:
    """Watch for words from now on, given by lines or commas, and return those that were not watched yet.

    Raises Invalid, TooManyWords.
    """
    given = [word for line in text.replace("，", ",").replace("、", ",").split("\n") for word in line.split(",")]
    words = list(dict.fromkeys(word for each in given if (word := squeezed(each))))
    if not words:
        raise Invalid("words", "必填")
    if any(len(word) > LONGEST_WORD for word in words):
        raise Invalid("words", "一个词最多 {most} 个字", most=LONGEST_WORD)
    known = {each.word for each in await queue_store.words(connection)}
    new = [word for word in words if word not in known]
    if len(known) + len(new) > MOST_WORDS:
        raise TooManyWords(most=MOST_WORDS)
    if await queue_store.watch(connection, new, staff_id):
        await audit(connection, staff_id, "words_watched", On("watched_words", "all"), before={}, after={"words": new})
    return new


async def unwatch(connection: Connection, staff_id: int, word_id: int) -> None:
    """Watch for a word no longer. Raises NotFound."""
    word = await queue_store.unwatch(connection, word_id)
    if word is None:
        raise NotFound
    on = On("watched_words", word_id, word)
    await audit(connection, staff_id, "word_unwatched", on, before={"words": [word]}, after={"words": []})
