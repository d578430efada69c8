"""Remind members of a sale: they ask for it once, and hear of it five minutes before it starts."""

from __future__ import annotations

from commerce.messages import Category, MessageKind, Telling, Way, tell_all
from flashsale.seckill import pages_store
from flashsale.seckill.board import Board, phase
from flashsale.seckill.news import ReminderTold
from flashsale.seckill.problems import Ended
from flashsale.seckill.types import Phase
from realtime import notices
from server.application import Application
from server.clock import now, shanghai, wire
from server.database import Connection
from server.errors import NotFound
from server.http import Body, Call, LoggedIn, Routes, View
from server.http.pages import Redirect
from server.http.routes import Key
from server.jobs import Schedule

AHEAD_S = 300
"""Seconds before the start at which a reminder goes out."""
_MOST = 500
SOON = MessageKind(
    code="flashsale.soon",
    category=Category.PROMOTION,
    title="快开抢了",
    text="你要提醒的《{title}》{at} 开抢",
    ways=(Way.SMS,),
    switch="秒杀开抢提醒",
    example={"title": "山行保温杯 500ml", "at": "20:00"},
)
routes = Routes("flash-sales")


class ReminderView(View, frozen=True, kw_only=True):
    """Whether the member will be reminded."""

    item_id: str
    on: bool


class ReminderForm(Body, frozen=True, kw_only=True):
    """The button of a page; ``back`` is the session of the list that it stands in."""

    on: str = ""
    back: str = ""


async def change(app: Application, connection: Connection, item_id: int, member_id: int, on: bool) -> None:
    """Add or drop a reminder; again is no change. Raises NotFound, Ended for a sale that needs none any more."""
    if not on:
        await pages_store.drop_reminder(connection, item_id, member_id)
        return
    seen = await app.resource(Board).seen(item_id)
    if seen is None:
        raise NotFound
    if phase(seen, now()) is Phase.ENDED:
        raise Ended
    await pages_store.add_reminder(connection, item_id, member_id)


@routes.post("/api/v1/flash-sales/{item_id}/reminder", LoggedIn(), key=Key.OWN, errors=(Ended,))
async def add(call: Call, item_id: int) -> ReminderView:
    """Ask to be reminded five minutes before the start: event `reminder` of /member. Again: no change."""
    async with call.transaction() as connection:
        await change(call.app, connection, item_id, call.member.id, True)
    return ReminderView(item_id=str(item_id), on=True)


@routes.delete("/api/v1/flash-sales/{item_id}/reminder", LoggedIn())
async def drop(call: Call, item_id: int) -> ReminderView:
    """Ask not to be reminded. Again: no change."""
    async with call.transaction() as connection:
        await change(call.app, connection, item_id, call.member.id, False)
    return ReminderView(item_id=str(item_id), on=False)


@routes.page("/flash-sales/{item_id}/reminder", LoggedIn(), method="POST")
async def change_by_form(call: Call, item_id: int) -> Redirect:
    """The same from a page without script."""
    form = await call.form(ReminderForm)
    async with call.transaction() as connection:
        await change(call.app, connection, item_id, call.member.id, form.on == "1")
    if form.back.isascii() and form.back.isdigit() and len(form.back) < 12:
        return Redirect(f"/flash-sales?at={form.back}")
    return Redirect(f"/flash-sales/{item_id}")


async def send_due(app: Application) -> None:
    """Tell members of the sales that are about to start; each hears once, whoever sends and however often it is tried.

    The mark, the notice that pops up and the message that stays are one transaction.
    """
    while True:
        async with app.database.transaction() as connection:
            due = await pages_store.take_due(connection, AHEAD_S, _MOST)
            for reminder in due:
                await notices.add(
                    connection,
                    reminder.member_id,
                    "reminder",
                    ReminderTold(str(reminder.item_id), reminder.title, wire(reminder.starts_at)),
                )
            tellings = [
                Telling(
                    member_id=reminder.member_id,
                    values={"title": reminder.title, "at": shanghai(reminder.starts_at).strftime("%H:%M")},
                    link=f"/flash-sales/{reminder.item_id}",
                    dedupe=f"flash-sale:{reminder.item_id}",
                    until=reminder.starts_at,
                )
                for reminder in due
            ]
            await tell_all(connection, SOON, tellings)
        if len(due) < _MOST:
            return


SCHEDULE = Schedule(name="flashsale.remind", every=5.0, run=send_due)
