"""Ask about a product, and answer: who has bought it, and the shop."""

from __future__ import annotations

from commerce.reviews import store
from commerce.reviews.letters import tell_shown
from commerce.reviews.plain import said
from commerce.reviews.types import NotABuyer, NotStanding, Remark, RemarkKind, RemarkState
from commerce.reviews.write import judged, written
from server.database import Connection
from server.errors import NotFound

MOST_QUESTION, MOST_ANSWER = 200, 500


async def ask(connection: Connection, member_id: int, product_id: int, text: str, anonymous: bool) -> Remark:
    """Ask about a product on the shelf; its latest buyers hear of it. Raises NotFound, Invalid."""
    found = await store.product(connection, product_id)
    if found is None:
        raise NotFound
    text = said(text, "text", MOST_QUESTION)
    state, words = await judged(connection, text)
    remark_id = await store.add(
        connection,
        kind=RemarkKind.QUESTION,
        product_id=product_id,
        shop_id=found[2],
        state=state,
        text=text,
        member_id=member_id,
        anonymous=anonymous,
    )
    assert remark_id is not None
    return await _told(connection, await written(connection, remark_id, words))


async def answer(connection: Connection, member_id: int, question_id: int, text: str, anonymous: bool) -> Remark:
    """Answer a question about what one has bought. Locks the question. Raises NotFound, NotABuyer, Invalid."""
    question = await _asked(connection, question_id)
    if not await store.has_bought(connection, question.product_id, member_id):
        raise NotABuyer
    text = said(text, "text", MOST_ANSWER)
    state, words = await judged(connection, text)
    remark_id = await store.add(
        connection,
        kind=RemarkKind.ANSWER,
        product_id=question.product_id,
        shop_id=question.shop_id,
        state=state,
        text=text,
        member_id=member_id,
        parent_id=question_id,
        anonymous=anonymous,
        bought=True,
    )
    assert remark_id is not None
    return await _told(connection, await written(connection, remark_id, words))


async def answer_as_shop(connection: Connection, staff_id: int, question: Remark, text: str) -> Remark:
    """Answer a locked question for its shop. Raises NotStanding, Invalid."""
    if question.state is not RemarkState.SHOWN:
        raise NotStanding
    remark_id = await store.add(
        connection,
        kind=RemarkKind.ANSWER,
        product_id=question.product_id,
        shop_id=question.shop_id,
        state=RemarkState.SHOWN,
        text=said(text, "text", MOST_ANSWER),
        staff_id=staff_id,
        parent_id=question.id,
    )
    assert remark_id is not None
    return await _told(connection, await written(connection, remark_id, ()))


async def _asked(connection: Connection, question_id: int) -> Remark:
    question = await store.lock(connection, question_id)
    if question is None or question.kind is not RemarkKind.QUESTION or question.state is not RemarkState.SHOWN:
        raise NotFound
    return question


async def _told(connection: Connection, made: Remark) -> Remark:
    if made.state is RemarkState.SHOWN:
        await tell_shown(connection, made)
    return made
