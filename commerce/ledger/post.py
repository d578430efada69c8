"""Post a movement of money."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from commerce.ledger import store
from commerce.ledger.types import Entry
from server.database import Connection


class Unbalanced(ValueError):
    """The entries do not sum to zero, or there are fewer than two."""


class PostedDifferently(ValueError):
    """``kind`` and ``ref`` were posted before with other entries: two movements share a name."""


async def post(
    connection: Connection, kind: str, ref: str, entries: Sequence[Entry], at: datetime | None = None
) -> int:
    """Post ``entries`` (fen, summing to zero) in the caller's transaction and return the transaction's id.

    ``kind`` and ``ref`` name the movement for ever: posting it again is harmless and returns the same id. Entries of
    nothing are left out. The table holds the sum as well, when the database transaction commits.
    Raises Unbalanced, PostedDifferently.
    """
    entries = [entry for entry in entries if entry.amount]
    if len(entries) < 2 or sum(entry.amount for entry in entries) != 0:
        raise Unbalanced(f"{kind} {ref}: {entries}")
    made = await store.insert_transaction(connection, kind, ref, at)
    if made is not None:
        await store.insert_entries(connection, made, entries)
        return made
    found = await store.transaction_id(connection, kind, ref)
    if found is None or await store.entries_of(connection, found) != entries:
        raise PostedDifferently(f"{kind} {ref}: {entries}")
    return found
