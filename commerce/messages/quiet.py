"""Quiet hours: what may wait until somebody is awake."""

from __future__ import annotations

from datetime import datetime, timedelta

from commerce.messages.types import Quiet
from server.clock import shanghai

_DAY = 24 * 60


def rest(quiet: Quiet, at: datetime) -> float:
    """Return the seconds from ``at`` (UTC) until the quiet hours that hold it end; 0 outside of them."""
    if not quiet.on:
        return 0.0
    local = shanghai(at)
    start, end = _minutes(quiet.start), _minutes(quiet.end)
    minute = local.hour * 60 + local.minute
    if (minute - start) % _DAY >= (end - start) % _DAY:
        return 0.0
    begun = local.replace(second=0, microsecond=0)  # Shanghai has no summer time: minutes of the clock are minutes
    return (begun + timedelta(minutes=(end - minute) % _DAY) - local).total_seconds()


def _minutes(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)
