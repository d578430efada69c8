"""Recommendations for those who keep them: what happened by day, how lists are clicked, what the last run found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import msgspec

from commerce.behaviour import Shelf
from commerce.behaviour import store as behaviour
from commerce.behaviour.types import KINDS, DayCount
from commerce.recommendations import run_store
from server.clock import now, shanghai
from server.http import Call, Kind, Routes, StaffWith
from server.http.pages import Page

MANAGE = "catalogue.manage"
DESK = "/backoffice/recommendations"
DAYS = 14
_RUNS = 5

routes = Routes("back office: recommendations", realm=Kind.STAFF)


class Through(msgspec.Struct, frozen=True, kw_only=True):
    """How a list did: products that came into sight, those of them that were opened."""

    shelf: str
    shown: int
    clicked: int

    @property
    def rate(self) -> float | None:
        """Return the share that was opened, None while nothing came into sight."""
        return self.clicked / self.shown if self.shown else None


@routes.page(DESK, StaffWith(MANAGE))
async def desk(call: Call) -> Page:
    """Show events by kind and day, click-through by list, and the last runs."""
    today = shanghai(now()).date()
    since = today - timedelta(days=DAYS - 1)
    async with call.database.connection() as connection:
        counts = await behaviour.days(connection, since)
        runs = await run_store.runs(connection, _RUNS)
        current = await run_store.current(connection)
    values: dict[str, Any] = {
        "kinds": [kind.__struct_config__.tag for kind in KINDS],
        "days": by_day(counts, today),
        "through": through(counts),
        "runs": runs,
        "current": current,
        "window": DAYS,
    }
    return Page("recommendations/desk.html", values)


def by_day(counts: Sequence[DayCount], today: date) -> list[tuple[date, Counter[str]]]:
    """Return how often each kind of event happened, day by day, the last day first."""
    found: dict[date, Counter[str]] = {today - timedelta(days=ago): Counter() for ago in range(DAYS)}
    for one in counts:
        found.setdefault(one.day, Counter())[one.kind] += one.events
    return sorted(found.items(), reverse=True)


def through(counts: Sequence[DayCount]) -> list[Through]:
    """Return how each list did over all those days."""
    shown, clicked = Counter[str](), Counter[str]()
    for one in counts:
        if one.kind == "impression":
            shown[one.shown_as] += one.products
        elif one.kind == "click":
            clicked[one.shown_as] += one.events
    return [Through(shelf=shelf, shown=shown[shelf], clicked=clicked[shelf]) for shelf in Shelf]
