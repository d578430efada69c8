"""Background work of stock."""

from __future__ import annotations

import time

from commerce.stock import store
from server.application import Application
from server.jobs import Schedule

BATCH = 1000
"""Holds that one transaction closes."""
RUN_FOR = 20.0
"""Seconds after which a run leaves the rest to the next one."""


async def sweep(app: Application) -> None:
    """Close expired holds until none is due, in short transactions.

    Readers honour the expiry anyway; this only keeps the index of live holds small.
    """
    until = time.monotonic() + RUN_FOR
    while True:
        async with app.database.transaction() as connection:
            closed = await store.sweep(connection, BATCH)
        if closed < BATCH or time.monotonic() >= until:
            return


SWEEP = Schedule(name="stock.sweep", every=60.0, run=sweep)
