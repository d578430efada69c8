"""Time: UTC inside, Asia/Shanghai for people and for day cuts."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def now() -> datetime:
    """Return the present moment in UTC. Deadlines are judged by PostgreSQL's clock, the sale's window by Redis'."""
    return datetime.now(UTC)


def wire(moment: datetime) -> str:
    """Return ``moment`` as clients read it: RFC 3339, UTC, milliseconds, ``Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_ms(milliseconds: int) -> datetime:
    """Return the UTC moment ``milliseconds`` after the Unix epoch."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def to_ms(moment: datetime) -> int:
    """Return the milliseconds from the Unix epoch to ``moment``."""
    return int(moment.timestamp() * 1000)


def shanghai(moment: datetime) -> datetime:
    """Return ``moment`` on the clock that people here read."""
    return moment.astimezone(SHANGHAI)


def day(text: str, more: int = 0) -> datetime:
    """Return the moment (UTC) at which a day, written as 2026-11-23, begins here, or the one ``more`` days after it.

    Raises ValueError for what is no such day, at either end of time too.
    """
    if not _DAY.fullmatch(text):
        raise ValueError(f"no day: {text!r}")
    try:
        return datetime.combine(date.fromisoformat(text) + timedelta(days=more), time(), SHANGHAI).astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"no day: {text!r}") from error


def day_start() -> datetime:
    """Return the moment (UTC) at which the day that people here have now began."""
    return shanghai(now()).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
