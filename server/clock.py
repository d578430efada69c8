"""Time: UTC inside, Asia/Shanghai for people and for day cuts."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


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


def day_start() -> datetime:
    """Return the moment (UTC) at which the day that people here have now began."""
    return shanghai(now()).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
