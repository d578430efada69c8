"""What there is at one moment: Redis, PostgreSQL, and how far each process has got."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar

from tests.flashsale.model.rules import Budget, Config

WON, QUEUED, REFUSED = 1, 2, 4
"""What a client was told; bits, as it may have asked several times."""

ACCEPTED, LATE, REFUNDED = 1, 2, 4
"""What became of a payment; LATE is undecided."""

_T = TypeVar("_T")


class Entry(NamedTuple):
    """A journal entry; also what a process has admitted, committed or released."""

    request: int
    epoch: int
    gen: int


class Redis(NamedTuple):
    """The item in Redis."""

    epoch: int
    stamp: int
    gate: int
    """0 is open, else the number of the rebuild that shut it."""
    ended: bool
    avail: int
    park: int
    held: tuple[int, ...]
    """Generation held, by request; 0 is none."""
    units: tuple[int, ...]
    """Units held or paid, by member."""
    records: tuple[bool, ...]
    journal: frozenset[Entry]


class Row(NamedTuple):
    """A reservation: H held, P paid, X expired."""

    status: str
    gen: int

    @property
    def live(self) -> bool:
        """Whether it holds its units."""
        return self.status != "X"


class Ledger(NamedTuple):
    """PostgreSQL."""

    epoch: int
    allocated: int
    ended: bool
    shrunk: bool
    rows: tuple[Row | None, ...]
    orders: tuple[int, ...]
    releases: frozenset[Entry]
    payments: tuple[int, ...]


class Web(NamedTuple):
    """One web process: requests not yet sent on, wins not yet settled, commits not yet answered, its lease."""

    asked: frozenset[int] = frozenset()
    admitted: frozenset[Entry] = frozenset()
    committed: frozenset[Entry] = frozenset()
    lease: frozenset[int] | None = None
    """The members who may pass although it says 'sold out'."""


class State(NamedTuple):
    """Everything."""

    redis: Redis | None
    run: int
    copy: Redis | None
    """The older copy that a failover would bring back."""
    pg: Ledger
    webs: tuple[Web, ...]
    sends: tuple[int, ...]
    answers: tuple[int, ...]
    workers: tuple[Any, ...]
    releasers: tuple[Any, ...]
    payers: tuple[Any, ...]
    rebuilders: tuple[Any, ...]
    budget: Budget
    wrong: str = ""
    """A wrong answer that was just given."""


class Move(NamedTuple):
    """A step that can be taken. ``duty``: some process takes it sooner or later; the rest may never happen."""

    label: str
    duty: bool
    state: State


def put(values: tuple[_T, ...], at: int, value: _T) -> tuple[_T, ...]:
    """Return ``values`` with one replaced."""
    return (*values[:at], value, *values[at + 1 :])


def spend(budget: Budget, name: str) -> Budget:
    """Return ``budget`` after one more ``name``."""
    return budget._replace(**{name: getattr(budget, name) - 1})


def initial(config: Config) -> State:
    """Return a published sale that nobody has touched."""
    count = len(config.requests)
    redis = Redis(
        epoch=1,
        stamp=0,
        gate=0,
        ended=False,
        avail=config.allocated,
        park=0,
        held=(0,) * count,
        units=(0,) * config.members,
        records=(False,) * count,
        journal=frozenset(),
    )
    ledger = Ledger(
        epoch=1,
        allocated=config.allocated,
        ended=False,
        shrunk=False,
        rows=(None,) * count,
        orders=(0,) * count,
        releases=frozenset(),
        payments=(0,) * count,
    )
    return State(
        redis=redis,
        run=0,
        copy=None,
        pg=ledger,
        webs=(Web(),) * config.webs,
        sends=(config.sends,) * count,
        answers=(0,) * count,
        workers=(None,) * config.workers,
        releasers=(None,) * config.releasers,
        payers=(None,) * config.payers,
        rebuilders=(None,) * config.rebuilders,
        budget=config.budget,
    )


def fit(config: Config, state: State) -> bool:
    """Whether scripts may act on the item: it was loaded in this run of Redis."""
    return state.redis is not None and (not config.rules.stamp or state.redis.stamp == state.run)


def in_step(config: Config, state: State) -> bool:
    """Whether Redis and PostgreSQL speak of the same epoch."""
    return (
        fit(config, state)
        and state.redis is not None
        and (not config.rules.fence or state.redis.epoch == state.pg.epoch)
    )


def live_units(config: Config, ledger: Ledger) -> int:
    """Return the units that PostgreSQL has as held or paid."""
    return sum(config.requests[at].quantity for at, row in enumerate(ledger.rows) if row is not None and row.live)


def live_of_member(config: Config, ledger: Ledger, member: int) -> int:
    """Return one member's share of `live_units`."""
    return sum(
        request.quantity
        for request, row in zip(config.requests, ledger.rows, strict=True)
        if request.member == member and row is not None and row.live
    )
