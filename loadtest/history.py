"""What the buyers saw, kept outside the platform: the judge of what it promised.

One JSON line an event: every send of a key, every answer, and what the buyer was left with.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

import msgspec


class Kind(StrEnum):
    """What a line records."""

    SEND = "send"
    ANSWER = "answer"
    DONE = "done"
    PAID = "paid"


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One event of one key. ``at`` is seconds of the Unix epoch, ``took`` seconds."""

    at: float
    kind: Kind
    member_id: str
    key: str
    status: int = 0
    code: str = ""
    order_no: str = ""
    attempt_id: str = ""
    took: float = 0.0


class Outcome(StrEnum):
    """What a key came to: refused only when every send of it was refused."""

    WON = "won"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class Verdict(msgspec.Struct, frozen=True):
    """What became of one key as its buyer saw it."""

    member_id: str
    key: str
    outcome: Outcome
    code: str
    order_nos: frozenset[str]


class Writer:
    """Appends to this process's own file of the run's folder."""

    def __init__(self, folder: str | Path) -> None:
        self._file = (Path(folder) / f"history-{os.getpid()}.jsonl").open("ab", buffering=0)

    def add(self, kind: Kind, member_id: str, key: str, **fields: object) -> None:
        """Write one line; a single write call, so that lines of many greenlets stay whole."""
        line = msgspec.convert({"at": time.time(), "kind": kind, "member_id": member_id, "key": key, **fields}, Line)
        self._file.write(msgspec.json.encode(line) + b"\n")


def read(folder: str | Path) -> list[Line]:
    """Return every line of the run in the order of time."""
    lines = []
    for path in Path(folder).glob("history-*.jsonl"):
        for raw in path.read_bytes().splitlines():
            lines.append(msgspec.json.decode(raw, type=Line))
    return sorted(lines, key=lambda line: line.at)


def verdicts(lines: Iterable[Line]) -> list[Verdict]:
    """Return what became of every key."""
    by_key: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        by_key.setdefault((line.member_id, line.key), []).append(line)
    found = []
    for (member_id, key), mine in by_key.items():
        sends = sum(line.kind is Kind.SEND for line in mine)
        answers = [line for line in mine if line.kind is Kind.ANSWER]
        orders = frozenset(line.order_no for line in answers if line.order_no)
        refused = [line for line in answers if 400 <= line.status < 500]
        if orders:
            outcome, code = Outcome.WON, "won"
        elif sends and len(refused) == sends:
            outcome, code = Outcome.REFUSED, refused[-1].code
        else:
            outcome, code = Outcome.UNKNOWN, next((line.code for line in reversed(answers) if line.code), "no answer")
        found.append(Verdict(member_id, key, outcome, code, orders))
    return found
