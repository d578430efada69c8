"""What each product has free, kept as one figure: so lists and the board find those that are running out at once."""

from __future__ import annotations

from commerce.merchandising import levels_store
from server.application import Application
from server.database import Database
from server.jobs import Schedule

BATCH = 2000
"""Products whose figure one transaction makes."""


async def renew(database: Database, most: int = BATCH) -> int:
    """Make the figures of up to ``most`` marked products; return how many those were, 0 while another is at it.

    Answers do not wait for this: a product that is marked is added up by whoever asks.
    """
    async with database.transaction() as connection:
        if not await levels_store.alone(connection):
            return 0
        marked = await levels_store.take(connection, most)
        if marked:
            await levels_store.write(connection, marked)
    return len(marked)


async def work(app: Application) -> None:
    """Make figures until few marks are left: what comes meanwhile is the next turn's."""
    while await renew(app.database) == BATCH:
        pass


SCHEDULE = Schedule(name="merchandising.levels", every=1.0, run=work)
