"""What follows from a receipt: who bought may answer questions, and is reminded to say something."""

from __future__ import annotations

import msgspec

from commerce.messages import tell
from commerce.orders.types import OrderChanged, OrderStatus
from commerce.reviews import store
from commerce.reviews.letters import REMIND
from server.application import Application
from server.database import Connection
from server.jobs import Job, enqueue

REMINDER = "reviews.remind"
REMIND_AFTER_S = 7 * 86_400.0
"""Seconds from the receipt to the reminder."""


class Reminder(msgspec.Struct, frozen=True):
    """The job that reminds the buyer of an order's lines."""

    order_no: str


async def received(app: Application, connection: Connection, event: OrderChanged, event_id: int) -> None:
    """Note who has received what, and remind them later."""
    if event.before is event.status or event.status is not OrderStatus.COMPLETED:
        return
    await store.note_buyer(connection, event.order_id, event.at)
    await enqueue(
        connection,
        REMINDER,
        Reminder(event.order_no),
        delay=REMIND_AFTER_S,
        dedupe=f"{REMINDER}:{event.order_no}",
    )


async def remind(app: Application, job: Reminder) -> None:
    """Remind a member of what they may review of an order: one message an order, none when all is said."""
    async with app.database.transaction() as connection:
        member_id = await store.buyer_of(connection, job.order_no)
        if member_id is None:
            return
        line = await store.waiting_line_of(connection, member_id, job.order_no)
        if line is None:
            return
        await tell(
            connection,
            member_id,
            REMIND,
            {"title": line.title, "days": str(line.days_left)},
            link="/me/reviews",
            picture=line.picture,
            dedupe=f"review:{job.order_no}",
        )


JOB = Job(name=REMINDER, payload=Reminder, run=remind)
