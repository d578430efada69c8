"""Settle what a process admitted and left behind (step 5): the journal is read, PostgreSQL judges each take."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from flashsale.gate import Gate, GateUnavailable, JournalEntry
from flashsale.seckill import rewin, store
from flashsale.seckill.settle import settle_wins, win_of
from server.application import Application

log = structlog.get_logger("recover")
AGE_S = 3.0
"""Seconds that a living process is given to settle its own. Both at once would be safe, and wasted."""


async def sweep(app: Application) -> int:
    """Settle every live item's old journal entries and return how many there were."""
    async with app.database.connection() as connection:
        items = await store.live_items(connection)
    count = 0
    for item in items:
        try:
            while entries := await app.resource(Gate).journal_read(item.id, age=AGE_S):
                await settle_entries(app, item.id, entries)
                count += len(entries)
        except GateUnavailable as error:
            log.info("journal unread", item=item.id, error=error.reason)
    return count


async def settle_entries(app: Application, item_id: int, entries: Sequence[JournalEntry]) -> None:
    """Settle journal entries and remove them; their members, who got no final answer, are told by announce.py.

    Raises GateUnavailable, or what `server.database.DOWN` lists; entries then stay.
    """
    wins = [win_of(entry) for entry in entries if entry.generation == 1]
    if wins:
        settled = await settle_wins(app.database, item_id, wins)
        for (member_id, request_id), settlement in settled.items():
            log.info("win settled late", item=item_id, member=member_id, key=request_id, fate=settlement.fate.value)
    for entry in entries:
        if entry.generation > 1:
            try:
                await rewin.resolve(app, item_id, entry)
            except rewin.Disagreement as error:
                # Nothing was written; what Redis holds for it `verify` names and a rebuild gives back.
                log.error("re-win cannot be resolved", item=item_id, member=entry.member_id, error=str(error))
    await app.resource(Gate).journal_remove(item_id, entries)
