"""The protocol's rules, each of which can be switched off to see what it is for, and the size of a walk."""

from __future__ import annotations

from typing import NamedTuple


class Rules(NamedTuple):
    """True everywhere is the protocol."""

    fence: bool = True
    """A commit into PostgreSQL holds only if the item's epoch is still the one of the admission."""
    bump_before_read: bool = True
    """A rebuild reads the reservations after it has raised the epoch."""
    all_records: bool = True
    """A rebuild restores the win records of every row, not just of those that live."""
    release_by_generation: bool = True
    """A release gives back only the generation it names."""
    release_waits_for_epoch: bool = True
    """A release row is not applied to a Redis that is older than the row."""
    rewin_by_generation: bool = True
    """A re-win raises the reservation's generation, so that it is told apart from the win before it."""
    rewin_in_journal: bool = True
    """A re-win leaves a journal entry."""
    drain: bool = True
    """A rebuild shuts the gate and settles the journal before it raises the epoch."""
    stamp: bool = True
    """Scripts refuse an item that was loaded in another run of Redis."""
    removal_by_epoch: bool = True
    """A journal entry is removed only if its epoch agrees, too."""
    load_by_token: bool = True
    """A load needs the token that its own rebuild shut the gate with."""
    load_newer: bool = True
    """A load needs an epoch above the one in Redis. Token and comparison leave it nothing to catch here."""
    bump_by_compare: bool = True
    """The epoch is raised only from the value that the rebuild began with."""
    order_from_row: bool = True
    """An order is inserted only where the reservation was inserted by the same statement."""
    commit_before_removal: bool = True
    """A journal entry is removed after the commit."""
    web_never_returns: bool = True
    """A web process gives nothing back in Redis when PostgreSQL's answer is lost."""
    rebuild_shut_items: bool = True
    """A gate that a dead rebuild left shut is a reason to rebuild."""
    lease_knows_winners: bool = True
    """A page that answers 'sold out' by itself lets those pass who have won."""
    park: bool = True
    """Released units wait until no page answers 'sold out' by itself, and meanwhile no page begins to."""
    shrink_in_bump: bool = True
    """Units of an ended sale go back to the SKU in the transaction that raises the epoch."""
    limit_on_rewin: bool = True
    """A late payment obeys the member's limit."""


class Budget(NamedTuple):
    """How often something may happen in one walk."""

    kill: int = 0
    loss: int = 0
    restart: int = 0
    failover: int = 0
    lost_answer: int = 0
    rebuild: int = 0
    expire: int = 0
    pay: int = 0
    end: int = 0


class Request(NamedTuple):
    """A member's wish under one key."""

    member: int
    quantity: int = 1


class Config(NamedTuple):
    """One walk: who wants what, how many processes there are, and what may go wrong."""

    requests: tuple[Request, ...]
    budget: Budget
    allocated: int = 1
    limit: int = 1
    sends: int = 1
    webs: int = 2
    workers: int = 1
    releasers: int = 1
    payers: int = 1
    rebuilders: int = 1
    queued: bool = True
    """Whether 202 is among the answers; it doubles the states."""
    lease: bool = False
    liveness: bool = False
    rules: Rules = Rules()

    @property
    def members(self) -> int:
        """How many members there are."""
        return 1 + max(request.member for request in self.requests)
