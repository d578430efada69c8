"""Hold the books against their rule."""

from __future__ import annotations

from commerce.ledger import store
from server.database import Connection
from server.money import yuan


async def check(connection: Connection) -> list[str]:
    """Return what is wrong with the ledger, one sentence each; an empty list when every transaction sums to zero."""
    wrong = [
        f"ledger transaction {number} ({kind} {ref}) has {entries} entries that sum to {yuan(total)}"
        for number, kind, ref, total, entries in await store.unbalanced(connection)
    ]
    if total := await store.total(connection):
        wrong.append(f"the ledger's entries sum to {yuan(total)}, not to zero")
    return wrong
