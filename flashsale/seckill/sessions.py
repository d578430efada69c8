"""Sessions (场次): the sales that start at one moment, on the days that people here count."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import msgspec

from flashsale.seckill.board import Seen, phase
from flashsale.seckill.types import Phase
from server.clock import shanghai

DAYS = 7
ORDER = (Phase.RUNNING, Phase.UPCOMING, Phase.PAUSED, Phase.SOLD_OUT, Phase.ENDED)
"""What people rather see first."""
WORDS = {
    Phase.RUNNING: "抢购中",
    Phase.UPCOMING: "即将开始",
    Phase.PAUSED: "暂停中",
    Phase.SOLD_OUT: "已抢光",
    Phase.ENDED: "已结束",
}


class Shown(msgspec.Struct, frozen=True):
    """A sale of a session and where it stands."""

    seen: Seen
    phase: Phase


class Session(msgspec.Struct, frozen=True):
    """The sales that start at ``starts_at``; ``ends_at`` is when the last of them ends."""

    starts_at: datetime
    ends_at: datetime
    sales: list[Shown]

    @property
    def key(self) -> str:
        """Name it in an address."""
        return str(int(self.starts_at.timestamp()))

    @property
    def day(self) -> date:
        """The day that it starts on."""
        return shanghai(self.starts_at).date()

    @property
    def phase(self) -> Phase:
        """The liveliest of its sales' phases."""
        return self.sales[0].phase

    @property
    def running(self) -> int:
        """How many of its sales one can buy from."""
        return sum(1 for one in self.sales if one.phase is Phase.RUNNING)

    @property
    def word(self) -> str:
        """Its phase in words, a msgid."""
        return WORDS[self.phase]


class Day(msgspec.Struct, frozen=True):
    """A day of the calendar."""

    day: date
    sessions: list[Session]


def sessions_of(seen: Sequence[Seen], at: datetime) -> list[Session]:
    """Return the sessions by start; within one what can be bought stands first."""
    by_start: dict[datetime, list[Shown]] = {}
    for one in seen:
        by_start.setdefault(one.item.starts_at, []).append(Shown(one, phase(one, at)))
    return [
        Session(
            starts,
            max(one.seen.item.ends_at for one in sales),
            sorted(sales, key=lambda one: (ORDER.index(one.phase), one.seen.item.id)),
        )
        for starts, sales in sorted(by_start.items())
    ]


def chosen(sessions: Sequence[Session], key: str, day: date | None, at: datetime) -> Session | None:
    """Return the session that is asked for; without one what is on, sold out or not, else what comes next."""
    named = next((session for session in sessions if session.key == key), None)
    if named is not None:
        return named
    if day is not None:
        return next((session for session in sessions if session.day == day), None)
    # Several may be on: people come for the one with the most to buy, of two alike for the one that began last.
    on = [session for session in sessions if session.phase is Phase.RUNNING]
    if on:
        return max(on, key=lambda session: (session.running, session.starts_at))
    coming = [session for session in sessions if session.starts_at > at]
    going = [session for session in sessions if session.phase in (Phase.SOLD_OUT, Phase.PAUSED)]
    return next(iter(going[-1:] or coming[:1] or sessions[-1:]), None)


def on_now(sessions: Sequence[Session], at: datetime, most: int) -> list[Session]:
    """Return the sessions for the home page: all that are on, the one people come for first, then what comes next."""
    first = chosen(sessions, "", None, at)
    if first is None or first.phase is Phase.ENDED:
        return []
    on = [
        one for one in reversed(sessions) if one.starts_at <= at and one.phase is not Phase.ENDED and one is not first
    ]
    coming = [one for one in sessions if one.starts_at > at and one is not first]
    return [first, *on, *coming[:1]][:most]


def ribbon(sessions: Sequence[Session], session: Session | None, today: date) -> list[Session]:
    """Return today's and tomorrow's sessions, or those of a later day that was asked for."""
    near = {today, today + timedelta(days=1)}
    if session is not None and session.day not in near and session.day > today:
        near = {session.day}
    # What began before midnight and is not over still belongs to today.
    return [one for one in sessions if one.day in near or one.day < today]


def calendar(sessions: Sequence[Session], today: date) -> list[Day]:
    """Return a week of days with their sessions."""
    days = [today + timedelta(days=at) for at in range(DAYS)]
    return [Day(day, [session for session in sessions if session.day == day]) for day in days]
