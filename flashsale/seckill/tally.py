"""Counts what attempts were told, in this process, and adds it to PostgreSQL once a second."""

from __future__ import annotations

import asyncio
from collections import Counter

import structlog

from flashsale.seckill import store
from server.clock import now
from server.database import DOWN, Database

log = structlog.get_logger("tally")


class Tally:
    """The counts of one process. What it counted in its last second is lost if it is killed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.counts: Counter[tuple[int, str]] = Counter()
        """By item and outcome: won, again, queued, and the codes of refusals."""
        self._told: Counter[str] = Counter()

    def told(self) -> dict[str, int]:
        """Return how often each outcome was told since the process started."""
        told = self._told.copy()
        for (_, outcome), count in self.counts.items():
            told[outcome] += count
        return dict(told)

    async def flush(self) -> None:
        """Add the counts to the present second."""
        if not self.counts:
            return
        counts, self.counts = self.counts, Counter()
        told: Counter[str] = Counter()
        for (_, outcome), count in counts.items():
            told[outcome] += count
        self._told += told
        try:
            async with self._database.connection() as connection:
                second = now().replace(microsecond=0)
                await store.add_figures(connection, second, [(item, name, n) for (item, name), n in counts.items()])
        except DOWN as error:
            self.counts.update(counts)
            self._told -= told
            log.warning("figures wait", error=str(error) or type(error).__name__)

    async def run(self) -> None:
        """Flush once a second until cancelled."""
        while True:
            await asyncio.sleep(1.0)
            await self.flush()
