"""What crosses the gate's face. Units are pieces, moments are UTC, durations seconds, epochs opaque rising numbers."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum, StrEnum

import msgspec

from server.errors import Unavailable


class GateUnavailable(Unavailable):
    """Redis could not be asked, or did not answer in time: what became of the call is unknown.

    ``reason`` is for logs.
    """

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason

    def __str__(self) -> str:
        return self.reason


class Outcome(IntEnum):
    """What the gate says to an attempt or a re-win. The numbers are those of the scripts."""

    WON = 1
    AGAIN = 2
    """This key has won before; its first answer counts. A re-win: the generation is there already."""
    MISMATCH = 3
    """This key has won before, with another quantity."""
    NOT_STARTED = 4
    ENDED = 5
    PAUSED = 6
    SOLD_OUT = 7
    LIMIT_REACHED = 8
    UNAVAILABLE = 9
    """The item is missing, shut, or from another run of Redis: nothing was decided, ask again with the same key."""


class Attempt(msgspec.Struct, frozen=True, gc=False):
    """One member's wish for ``quantity`` units under a key of 1–64 visible ASCII characters."""

    member_id: int
    request_id: str
    quantity: int = 1

    def check(self) -> None:
        """Raise ValueError for what no script must see: a key with blanks would shift the words of the journal."""
        key = self.request_id
        if not (0 < len(key) <= 64 and key.isascii() and key.isprintable() and " " not in key):
            raise ValueError("a key has 1–64 visible ASCII characters")
        if self.quantity < 1 or self.member_id < 1:
            raise ValueError("a member and a quantity are 1 at least")


class Decision(msgspec.Struct, frozen=True, gc=False):
    """The gate's answer. ``epoch`` is 0 unless the key has won; ``journal_id`` is that of a new win's call."""

    outcome: Outcome
    epoch: int = 0
    journal_id: str = ""


class JournalEntry(msgspec.Struct, frozen=True, gc=False):
    """A take that PostgreSQL may not know yet; generation 1 is a win, a higher one a late payment's re-win.

    The takes of one script call share their ``journal_id``.
    """

    journal_id: str
    epoch: int
    member_id: int
    request_id: str
    quantity: int
    generation: int


class Release(msgspec.Struct, frozen=True, gc=False):
    """A row of fs_releases: units of generation ``generation`` to give back, no earlier than in ``epoch``."""

    epoch: int
    member_id: int
    request_id: str
    generation: int


class Released(IntEnum):
    """What became of a release. After the first two the row is done."""

    GIVEN_BACK = 1
    NOTHING_HELD = 2
    LATER = 3
    """Redis is older than the row, of another run, or being loaded: ask again after the rebuild."""


class Rewin(msgspec.Struct, frozen=True, gc=False):
    """A late payment's wish for its units: ``generation`` is the reservation's plus one."""

    member_id: int
    request_id: str
    quantity: int
    generation: int


class SaleState(StrEnum):
    """What the sale's staff decided; the window is judged beside it, by the clock of Redis."""

    OPEN = "open"
    PAUSED = "paused"
    ENDED = "ended"


class Terms(msgspec.Struct, frozen=True):
    """An item's rules. ``revision`` rises with every change in PostgreSQL; the window is [starts_at, ends_at)."""

    revision: int
    state: SaleState
    starts_at: datetime
    ends_at: datetime
    limit: int


class Reservation(msgspec.Struct, frozen=True, gc=False):
    """A row of fs_reservations as a rebuild loads it; ``generation`` is None when it holds nothing any more."""

    member_id: int
    request_id: str
    quantity: int
    epoch: int
    generation: int | None


class Change(IntEnum):
    """What became of a change of terms."""

    APPLIED = 1
    OUTDATED = 2
    MISSING = 3


class Figures(msgspec.Struct, frozen=True):
    """An item as the board and the watcher see it.

    ``fit``: a script may act on it, so loaded in this very run of Redis; ``shut_by`` is the token of the rebuild that
    closed the gate, or empty. ``parked`` units are neither on offer nor held (none, as long as no page leases its
    sold-out answer). ``journal`` counts script calls whose takes are not all removed.
    """

    now: datetime
    epoch: int
    fit: bool
    shut_by: str
    loading: bool
    terms: Terms
    available: int
    parked: int
    holds: int
    records: int
    journal: int

    @property
    def open(self) -> bool:
        """Whether attempts are being decided."""
        return self.fit and not self.shut_by


class Hold(msgspec.Struct, frozen=True, gc=False):
    """Units taken: won or re-won, paid or not."""

    member_id: int
    request_id: str
    quantity: int
    generation: int


class Snapshot(msgspec.Struct, frozen=True):
    """Everything that ``verify`` compares, of one moment."""

    figures: Figures
    holds: list[Hold]
    units: dict[int, int]
    """Member → units held or paid, what the limit counts."""
    journal: list[JournalEntry]
