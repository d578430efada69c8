"""Ask about a product, and answer: who has bought it, and the shop."""

from __future__ import annotations

import unicodedata

from commerce.reviews import store
from commerce.reviews.plain import said
from commerce.reviews.say import say
from commerce.reviews.types import NewRemark, NotABuyer, NotStanding, Remark, RemarkKind, RemarkState
from server.database import Connection
from server.errors import Invalid, NotFound

MOST_QUESTION, MOST_ANSWER = 200, 500
LEAST = 4
"""Letters and digits of a question, an ideograph counting for two: 热吗 asks something, a mark alone does not."""


async def ask(connection: Connection, member_id: int, product_id: int, text: str, anonymous: bool) -> Remark:
    """Ask about a product on the shelf; its latest buyers hear of it. Raises NotFound, Invalid."""
    found = await store.product(connection, product_id)
    if found is None:
        raise NotFound
    return await say(
        connection,
        NewRemark(
            kind=RemarkKind.QUESTION,
            product_id=product_id,
            shop_id=found[2],
            text=_asked(text),
            member_id=member_id,
            anonymous=anonymous,
        ),
    )


def _asked(text: str) -> str:
    """Return a question made plain. Raises Invalid for one that asks nothing: marks, or one sign over and over."""
    found = said(text, "text", MOST_QUESTION)
    signs = [sign for sign in found if sign.isalnum()]
    if sum(2 if unicodedata.category(sign) == "Lo" else 1 for sign in signs) < LEAST or len(set(signs)) < 2:
        raise Invalid("text", "问题太短，写清楚想知道什么")
    return found


async def answer(connection: Connection, member_id: int, question_id: int, text: str, anonymous: bool) -> Remark:
    """Answer a question about what one has bought. Locks the question. Raises NotFound, NotABuyer, Invalid."""
    question = await store.lock(connection, question_id)
    if question is None or question.kind is not RemarkKind.QUESTION or question.state is not RemarkState.SHOWN:
        raise NotFound
    if not await store.has_bought(connection, question.product_id, member_id):
        raise NotABuyer
    return await _answered(connection, question, text, member_id=member_id, anonymous=anonymous)


async def answer_as_shop(connection: Connection, staff_id: int, question: Remark, text: str) -> Remark:
    """Answer a locked question for its shop. Raises NotStanding, Invalid."""
    if question.state is not RemarkState.SHOWN:
        raise NotStanding
    return await _answered(connection, question, text, staff_id=staff_id)


async def _answered(
    connection: Connection,
    question: Remark,
    text: str,
    *,
    member_id: int | None = None,
    staff_id: int | None = None,
    anonymous: bool = False,
) -> Remark:
    return await say(
        connection,
        NewRemark(
            kind=RemarkKind.ANSWER,
            product_id=question.product_id,
            shop_id=question.shop_id,
            text=said(text, "text", MOST_ANSWER),
            member_id=member_id,
            staff_id=staff_id,
            parent_id=question.id,
            anonymous=anonymous,
            bought=member_id is not None,
        ),
    )
