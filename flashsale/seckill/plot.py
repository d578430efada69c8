"""The small chart of a running sale: attempts and wins, second by second, drawn on the server."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from flashsale.seckill.views import SecondView

WIDTH, HEIGHT = 720, 160
"""The drawing is stretched to its place; what is written at it is written beside it, at a size that people can read."""
SECONDS = 120
_STEPS = (2, 4, 6, 8, 10)


class Tick(msgspec.Struct, frozen=True):
    """A line of the scale: the bottom, the half and the top."""

    y: float
    text: str


class Plot(msgspec.Struct, frozen=True):
    """What the template draws."""

    attempts: str
    under: str
    wins: str
    ticks: list[Tick]
    peak: int
    last: int
    rows: list[tuple[datetime, int, int]]
    """The seconds in which something happened, the newest first."""


def plot(seconds: Sequence[SecondView], at: datetime) -> Plot:
    """Return the chart of the two minutes before ``at``. The second that is still being counted is left out."""
    end = at.replace(microsecond=0) - timedelta(seconds=2)
    by_second = {datetime.fromisoformat(one.at): one for one in seconds}
    moments = [end - timedelta(seconds=SECONDS - 1 - n) for n in range(SECONDS)]
    attempts = [by_second[moment].attempts if moment in by_second else 0 for moment in moments]
    wins = [by_second[moment].won if moment in by_second else 0 for moment in moments]
    top = _ceiling(max(attempts))
    points = _points(attempts, top)
    return Plot(
        attempts="M" + points,
        under=f"M0,{HEIGHT} {points} {WIDTH},{HEIGHT}Z",
        wins="M" + _points(wins, top),
        ticks=[Tick(_y(value, top), f"{value:,}") for value in (0, top // 2, top)],
        peak=max(attempts),
        last=attempts[-1],
        rows=[(moment, one.attempts, one.won) for moment, one in sorted(by_second.items(), reverse=True)][:15],
    )


def _ceiling(most: int) -> int:
    """Return the smallest of 4, 6, 8, 10, 20, 40, 60 … that holds ``most``: even, so that half of it is a whole."""
    scale = 1
    while True:
        for step in _STEPS:
            if most <= step * scale:
                return max(4, step * scale)
        scale *= 10


def _y(value: int, top: int) -> float:
    return round(HEIGHT - HEIGHT * value / top, 1)


def _points(values: Sequence[int], top: int) -> str:
    step = WIDTH / (len(values) - 1)
    return " ".join(f"{n * step:.1f},{_y(value, top)}" for n, value in enumerate(values))
