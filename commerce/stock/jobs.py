"""Background work of stock."""

from __future__ import annotations

from commerce.stock import store
from server.application import Application
from server.jobs import Schedule


async def sweep(app: Application) -> None:
    """Close expired holds. Readers honour the expiry anyway; this only keeps the index of live holds small."""
    async with app.database.transaction() as connection:
        await store.sweep(connection)


SWEEP = Schedule(name="stock.sweep", every=60.0, run=sweep)
