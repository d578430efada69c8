"""Hold the books against each other."""

from __future__ import annotations

from commerce import ledger
from commerce.payments.check_store import disagreements
from server.database import Connection


async def check(connection: Connection) -> list[str]:
    """Return what is wrong between orders, payments, refunds and the ledger; an empty list when every fen agrees.

    Run it in a REPEATABLE READ transaction if money moves meanwhile.
    """
    return [*await ledger.check(connection), *await disagreements(connection)]
