"""How whatever somebody says is written down: looked through for watched words, its files served, others told."""

from __future__ import annotations

from commerce.reviews import queue_store, store
from commerce.reviews.letters import tell_shown
from commerce.reviews.types import NewRemark, Remark, RemarkState
from commerce.reviews.watched import met
from commerce.reviews.withheld import settle_later
from server.database import Connection
from server.errors import Conflict


async def say(connection: Connection, new: NewRemark, twice: type[Conflict] | None = None) -> Remark:
    """Write a remark down and return it. Raises ``twice`` when its line has a review, or its review a follow-up.

    What a member says with a watched word waits for who decides; the rest is shown, and those whom it concerns hear.
    """
    words = (
        met(new.text, [each.word for each in await queue_store.words(connection)]) if new.member_id is not None else []
    )
    state = RemarkState.WAITING if words else RemarkState.SHOWN
    remark_id = await store.add(connection, new, state)
    if remark_id is None:
        assert twice is not None  # questions and answers are never too many
        raise twice
    if words:
        await queue_store.decide(connection, remark_id, None, state, state, words=words)
    await settle_later(connection, *new.media)
    made = await store.remark(connection, remark_id)
    assert made is not None
    await tell_shown(connection, made)
    return made
