"""What the ledger is made of."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Entry(msgspec.Struct, frozen=True):
    """One side of a transaction, in fen: what ``account`` gained (positive, debit) or gave (negative, credit)."""

    account: str
    amount: int


class Posting(msgspec.Struct, frozen=True, kw_only=True):
    """A transaction as it was posted."""

    id: int
    kind: str
    ref: str
    at: datetime
    entries: list[Entry]


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """What an account's entries sum to, in fen."""

    account: str
    debit: int
    credit: int
    balance: int
    entries: int
