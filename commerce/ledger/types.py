"""What the ledger is made of."""

from __future__ import annotations

from datetime import date, datetime

import msgspec


class Entry(msgspec.Struct, frozen=True):
    """One side of a transaction, in fen: what ``account`` gained (positive, debit) or gave (negative, credit)."""

    account: str
    amount: int


class Sought(msgspec.Struct, frozen=True, kw_only=True):
    """Which transactions: of an account, of a ref, from a moment on, before another. None narrows nothing."""

    account: str | None = None
    ref: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class Posting(msgspec.Struct, frozen=True, kw_only=True):
    """A transaction as it was posted."""

    id: int
    kind: str
    ref: str
    at: datetime
    entries: list[Entry]


class DayTotal(msgspec.Struct, frozen=True, kw_only=True):
    """What accounts were debited and credited on a day in Shanghai, in fen, and in how many transactions."""

    day: date
    debit: int
    credit: int
    transactions: int


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """What an account's entries sum to, in fen."""

    account: str
    debit: int
    credit: int
    balance: int
    entries: int
