"""What the message centre says about reviews and questions."""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from commerce.messages import Category, MessageKind, Telling, Way, tell, tell_all
from commerce.reviews import store
from commerce.reviews.types import ASKED, Remark, RemarkKind, RemarkState
from server.application import Application
from server.clock import now, shanghai
from server.database import Connection
from server.jobs import Job, enqueue

_TITLE = "山行 316 不锈钢保温杯 500ml"
REPLIED = MessageKind(
    code="reviews.replied",
    category=Category.SERVICE,
    title="店铺回复了你的评价",
    text="关于《{title}》：{reply}",
    switch="店铺回复评价",
    example={"title": _TITLE, "reply": "谢谢喜欢，欢迎再来"},
)
SHOWN = MessageKind(
    code="reviews.shown",
    category=Category.SERVICE,
    title="你写的内容已通过审核",
    text="关于《{title}》，现在大家都能看到了",
    example={"title": _TITLE},
)
HIDDEN = MessageKind(
    code="reviews.hidden",
    category=Category.SERVICE,
    title="你写的内容没有展示",
    text="关于《{title}》，原因：{reason}",
    example={"title": _TITLE, "reason": "含有广告"},
)
ASK = MessageKind(
    code="reviews.asked",
    category=Category.SERVICE,
    title="有人想问你买过的商品",
    text="《{title}》：{question}",
    switch="邀请我回答问题",
    example={"title": _TITLE, "question": "保温几个小时？"},
)
ANSWERED = MessageKind(
    code="reviews.answered",
    category=Category.SERVICE,
    title="你的提问有回答了",
    text="{question} – {answer}",
    ways=(Way.EMAIL,),
    switch="提问有了回答",
    example={"question": "保温几个小时？", "answer": "早上装的，晚上还烫"},
)
REMIND = MessageKind(
    code="reviews.remind",
    category=Category.SERVICE,
    title="东西用得怎么样？",
    text="说说《{title}》，还有 {days} 天可以评价",
    switch="提醒我写评价",
    example={"title": _TITLE, "days": "23"},
)
KINDS = (REPLIED, SHOWN, HIDDEN, ASK, ANSWERED, REMIND)
_CUT = 60
LATER = "reviews.tell_shown"


class Later(msgspec.Struct, frozen=True):
    """The job that tells of a remark which somebody let pass."""

    remark_id: int


def link_of(remark: Remark) -> str:
    """Return where a remark's writer finds it."""
    if remark.kind is RemarkKind.QUESTION:
        return f"/questions/{remark.id}" if remark.seen else "/me/questions"
    if remark.kind is RemarkKind.ANSWER:
        return f"/questions/{remark.parent_id}" if remark.seen else "/me/questions?show=answers"
    return "/me/reviews?show=written"


def cut(text: str) -> str:
    """Return the beginning of ``text`` in one line."""
    flat = " ".join(text.split())
    return flat if len(flat) <= _CUT else flat[: _CUT - 1] + "…"


async def _tell(
    connection: Connection,
    member_id: int | None,
    kind: MessageKind,
    about: Remark,
    dedupe: str = "",
    at: datetime | None = None,
    **values: str,
) -> None:
    """Tell a member, if they have not left, something about a remark, which happened ``at`` if not now."""
    if member_id is not None:
        link, picture = link_of(about), about.picture
        await tell(connection, member_id, kind, values, link=link, picture=picture, dedupe=dedupe, at=at)


async def tell_replied(connection: Connection, remark: Remark, reply: str, at: datetime | None = None) -> None:
    """Tell a review's writer of the shop's reply."""
    key = f"replied:{remark.id}"
    await _tell(connection, remark.member_id, REPLIED, remark, key, at, title=remark.title, reply=cut(reply))


async def tell_decided(connection: Connection, remark: Remark, state: RemarkState, reason: str) -> None:
    """Tell a remark's writer what was decided."""
    if state is RemarkState.HIDDEN:
        await _tell(connection, remark.member_id, HIDDEN, remark, title=remark.title, reason=reason)
    else:
        await _tell(connection, remark.member_id, SHOWN, remark, title=remark.title)


async def tell_later(connection: Connection, remark: Remark) -> None:
    """Have told what ``tell_shown`` tells, once this has committed: its writer hears of it here, and members are told
    in order of id."""
    if remark.kind in (RemarkKind.QUESTION, RemarkKind.ANSWER):
        await enqueue(connection, LATER, Later(remark.id))


async def tell_now(app: Application, job: Later) -> None:
    """Tell of a remark, if it is still shown."""
    async with app.database.transaction() as connection:
        remark = await store.remark(connection, job.remark_id)
        if remark is not None:
            await tell_shown(connection, remark)


async def tell_shown(connection: Connection, remark: Remark, at: datetime | None = None) -> None:
    """Tell those whom a question or an answer that people see from now on (or ``at``) concerns; nobody of others."""
    if not remark.seen:
        return
    if remark.kind is RemarkKind.QUESTION:
        await _ask(connection, remark, at)
    elif remark.kind is RemarkKind.ANSWER and remark.parent_id is not None:
        question = await store.remark(connection, remark.parent_id)
        if question is not None and question.member_id != remark.member_id:
            texts = {"question": cut(question.text), "answer": cut(remark.text)}
            await _tell(connection, question.member_id, ANSWERED, question, f"answered:{remark.id}", at, **texts)


async def _ask(connection: Connection, question: Remark, at: datetime | None) -> None:
    """Tell recent buyers of a question: each of one question about the same product a day."""
    today: date = shanghai(at or now()).date()
    buyers = await store.recent_buyers(connection, question.product_id, question.member_id, ASKED)
    tellings = [
        Telling(
            member_id=member_id,
            values={"title": question.title, "question": cut(question.text)},
            link=link_of(question),
            picture=question.picture,
            dedupe=f"asked:{question.product_id}:{today}",
            at=at,
        )
        for member_id in buyers
    ]
    await tell_all(connection, ASK, tellings)


JOB = Job(name=LATER, payload=Later, run=tell_now)
