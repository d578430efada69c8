"""What staff tell a member, or all of them."""

from __future__ import annotations

import msgspec

from commerce.credentials import local_path
from commerce.members.store import member as find_member
from commerce.messages import store
from commerce.messages.tell import tell
from commerce.messages.types import Category, MessageKind
from commerce.staff import On, audit
from server.application import Application
from server.database import Connection
from server.errors import Invalid
from server.http import Call
from server.jobs import Job, enqueue

ANNOUNCED = MessageKind(
    code="messages.announced",
    category=Category.SYSTEM,
    title="{title}",
    text="{text}",
    example={"title": "系统维护通知", "text": "今晚 2:00 到 2:30 维护，期间不能下单，已下的订单不受影响。"},
)
AT_ONCE = 1000
SEND = "messages.announce"


class Send(msgspec.Struct, frozen=True):
    """The job that takes an announcement to its members."""

    announcement_id: int


def faults(title: str, text: str, link: str) -> list[Invalid]:
    """Return all that is wrong with what is to be told."""
    found = [Invalid(field, "必填") for field, given in (("title", title), ("text", text)) if not given]
    if link and local_path(link, "") != link:
        found.append(Invalid("link", "请填本站的地址，以 / 开头"))
    return found


async def announce(call: Call, connection: Connection, title: str, text: str, link: str, member_id: int | None) -> int:
    """Tell one member, or everybody for None, by a job; staff's doing is written down. Raises Invalid."""
    for fault in faults(title, text, link):
        raise fault
    if member_id is not None and await find_member(connection, member_id) is None:
        raise Invalid("member", "没有这位会员")
    made = await store.announce(connection, call.staff.id, title, text, link, member_id)
    sent = {"title": title, "text": text, "link": link, "member_id": member_id}
    await audit(connection, call.staff.id, "message_sent", On("message", made, title), before={}, after=sent)
    await enqueue(connection, SEND, Send(made))
    return made


async def send(app: Application, job: Send) -> None:
    """Take an announcement to its members, a thousand a transaction; it goes on where another worker stopped.

    One to everybody lies in the lists and is counted by the bell at the next page: pushing it to all who are connected
    at one moment would have them all ask at one moment.
    """
    while True:
        async with app.database.transaction() as connection:
            one = await store.lock_announcement(connection, job.announcement_id)
            if one is None:
                return
            facts = {"title": one.title, "text": one.text}
            if one.member_id is not None:
                key = f"announcement:{one.id}"
                told = await tell(connection, one.member_id, ANNOUNCED, facts, link=one.link, dedupe=key)
                await store.reach(connection, one.id, one.member_id, int(told is not None), True)
                return
            last, seen, told_now = await store.tell_next(connection, one, ANNOUNCED.code, facts, AT_ONCE)
            await store.reach(connection, one.id, last, told_now, seen < AT_ONCE)
            if seen < AT_ONCE:
                return


JOB = Job(name=SEND, payload=Send, run=send, timeout=600)
