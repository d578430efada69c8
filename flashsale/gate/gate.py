"""The gate of a flash sale in Redis: who gets a unit is decided here, who got one is written in PostgreSQL.

Each method is one step of the purchase path and one script. Every failure of Redis is `GateUnavailable`: the call may
or may not have been carried out. Any of them may be made again but `load`, whose unknown answer burns its epoch.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TypeVar

from flashsale.gate import replies, scripts
from flashsale.gate.link import Endpoint, Finder, parse_url
from flashsale.gate.node import Source
from flashsale.gate.types import (
    Attempt,
    Change,
    Decision,
    Figures,
    JournalEntry,
    Release,
    Released,
    Reservation,
    Rewin,
    Snapshot,
    Terms,
)

BATCH = 128
"""Attempts, releases or journal entries that one script takes: more would keep everybody else waiting."""

CHUNK = 500
"""Reservations that one script loads."""

_STAMP_OF_ANOTHER_RUN = 2
"""Why admit.lua and rewin.lua looked at nothing."""

_PADDING = "x" * 256

_T = TypeVar("_T")


class Gate:
    """The face of flashsale/gate. One per process; it makes its connection when first asked."""

    def __init__(self, find: Finder, *, timeout: float = 2.0) -> None:
        """``find`` names the master before each connection; ``timeout`` is the seconds any one call may take."""
        self._source = Source(find, timeout=timeout)
        self._journals: dict[int, tuple[float, int]] = {}

    @classmethod
    def at(cls, url: str, *, timeout: float = 2.0) -> Gate:
        """Return a gate at a fixed address: ``redis://``, ``rediss://`` or ``unix://``. Raises ValueError."""
        endpoint = parse_url(url)

        async def find() -> Endpoint:
            return endpoint

        return cls(find, timeout=timeout)

    async def close(self) -> None:
        """End the connection."""
        await self._source.close()

    # --- Taking and giving back -------------------------------------------------------------------------------------

    async def admit(self, item_id: int, attempts: Sequence[Attempt]) -> list[Decision]:
        """Decide 1–128 attempts on one item, in their order, at once (step 2).

        A win is in the journal before it is answered; a refusal leaves nothing behind. Raises GateUnavailable (unknown:
        any of them may have won), ValueError for an attempt that does not check, or a wrong number of them.
        """
        if not 0 < len(attempts) <= BATCH:
            raise ValueError(f"a batch holds 1–{BATCH} attempts, not {len(attempts)}")
        for attempt in attempts:
            attempt.check()
        members = [attempt.member_id for attempt in attempts]
        rids = [attempt.request_id for attempt in attempts]
        quantities = [attempt.quantity for attempt in attempts]
        reply = await self._source.run(scripts.ADMIT, item_id, *members, *quantities, *rids)
        if reply[0]:
            await self._doubt(reply[0])
            return [replies.UNAVAILABLE] * len(attempts)
        return replies.decisions(reply)

    async def release(self, item_id: int, rows: Sequence[Release]) -> list[Released]:
        """Give units back (step 6), each generation of a reservation at most once. Raises GateUnavailable."""
        answers: list[Released] = []
        for part in _parts(rows, BATCH):
            words = [word for row in part for word in (row.epoch, row.member_id, row.request_id, row.generation)]
            reply: bytes = await self._source.run(scripts.RELEASE, item_id, *words)
            answers += map(Released, reply)
        if Released.LATER in answers:
            await self._source.doubt_stamp()
        return answers

    async def rewin(self, item_id: int, wish: Rewin) -> Decision:
        """Take units for a late payment (step 7): won, again (it has them), sold_out, limit_reached or unavailable.

        Both `won` and `again` carry the epoch that PostgreSQL's must equal. Raises GateUnavailable.
        """
        if wish.quantity < 1 or wish.generation < 2:
            raise ValueError("a re-win takes at least one unit, under generation 2 or higher")
        words = (wish.member_id, wish.request_id, wish.quantity, wish.generation)
        reply = await self._source.run(scripts.REWIN, item_id, *words)
        if reply[0]:
            await self._doubt(reply[0])
            return replies.UNAVAILABLE
        return replies.rewin(reply)

    # --- The journal ------------------------------------------------------------------------------------------------

    async def journal_read(
        self, item_id: int, *, age: float = 0.0, after: str = "-", calls: int = 20
    ) -> list[JournalEntry]:
        """Return the takes of up to ``calls`` script calls at least ``age`` seconds old by the clock of Redis.

        The oldest come first, up to 128 of one call share their ``journal_id``; ``after`` such an id pages on. Raises
        GateUnavailable.
        """
        milliseconds = round(age * 1000)
        reply = await self._source.run(scripts.JOURNAL_READ, item_id, after, milliseconds, calls, stamped=False)
        return replies.journal(reply)

    async def journal_remove(self, item_id: int, entries: Sequence[JournalEntry]) -> int:
        """Remove takes that PostgreSQL knows, and only if id, epoch, member, key and generation agree (step 4).

        Those that share a ``journal_id`` want to be removed together: what is left of them moves to a new id, where
        only `journal_read` finds it. Returns how many there were. Raises GateUnavailable; what then stays is settled
        once more and harms nothing.
        """
        removed = 0
        for part in _parts(entries, BATCH):
            words = [word for entry in part for word in replies.words_of_entry(entry)]
            removed += await self._source.run(scripts.JOURNAL_REMOVE, item_id, *words, stamped=False)
        return removed

    # --- Looking ----------------------------------------------------------------------------------------------------

    async def figures(self, item_id: int) -> Figures | None:
        """Return the item's own figures, or None where it is missing. Cheap. Raises GateUnavailable."""
        figures = replies.figures(await self._source.run(scripts.SNAPSHOT, item_id, "figures"))
        if figures is not None:
            self._journals[item_id] = (time.monotonic(), figures.journal)
            if not figures.fit:
                await self._source.doubt_stamp()
        return figures

    @property
    def connected(self) -> bool:
        """Whether there is a connection to Redis; it is made when the gate is first asked."""
        return self._source.connected

    def journals(self, within: float) -> dict[int, int]:
        """Return the journals' lengths (script calls), by item, as this process saw them in the last ``within`` s."""
        since = time.monotonic() - within
        self._journals = {item_id: seen for item_id, seen in self._journals.items() if seen[0] >= since}
        return {item_id: length for item_id, (_, length) in self._journals.items()}

    async def snapshot(self, item_id: int) -> Snapshot | None:
        """Return everything of one moment, or None where the item is missing. Its cost grows with the holds.

        Raises GateUnavailable.
        """
        return replies.snapshot(await self._source.run(scripts.SNAPSHOT, item_id, "full"))

    async def stamp(self) -> bytes:
        """Return the name of the run of Redis that the gate speaks with. Raises GateUnavailable."""
        return await self._source.stamp()

    async def syncs_before_answering(self) -> bool | None:
        """Whether Redis puts a write on disk before it answers; None where it does not let us know.

        Raises GateUnavailable.
        """
        return await self._source.syncs()

    # --- Changing the terms -----------------------------------------------------------------------------------------

    async def change(self, item_id: int, terms: Terms) -> Change:
        """Apply terms of a higher revision than the item's: pause, resume, end, move the window.

        Raises GateUnavailable.
        """
        fields = replies.words_of_terms(terms)
        rest = [word for name, value in fields.items() if name != "rev" for word in (name, value)]
        return Change(await self._source.run(scripts.STATE, item_id, terms.revision, *rest, stamped=False))

    async def archive(self, item_id: int, epoch: int) -> bool:
        """Delete the item; False when its journal is not empty, its gate shut, or its epoch above ``epoch``.

        Raises GateUnavailable.
        """
        return bool(await self._source.run(scripts.ARCHIVE, item_id, epoch, stamped=False))

    # --- Rebuilding -------------------------------------------------------------------------------------------------

    async def shut(self, item_id: int, token: str) -> int | None:
        """Shut the gate in the name of one rebuild (step 8a) and return the item's epoch, None where it is missing.

        Raises GateUnavailable, ValueError for an empty token.
        """
        if not token:
            raise ValueError("an empty token would open the gate")
        epoch = await self._source.run(scripts.CLOSE, item_id, token, stamped=False)
        return None if epoch is None else int(epoch)

    async def load(
        self,
        item_id: int,
        token: str,
        *,
        epoch: int,
        allocated: int,
        terms: Terms,
        reservations: Sequence[Reservation],
    ) -> bool:
        """Load an item under a new ``epoch`` and open it, last of all (step 8d).

        ``reservations`` are all of the item's rows, read after the epoch was raised. False: refused, because Redis
        has this epoch or a newer one, because another token has shut the gate since, or because Redis became another
        run in between. GateUnavailable: unknown; the epoch is burnt, begin from the start.
        """
        if not token:
            raise ValueError("an empty token would open the gate")
        fields = {**replies.words_of_terms(terms), "avail": allocated, "park": 0}
        words = [word for pair in fields.items() for word in pair]
        if not await self._source.run(scripts.LOAD_BEGIN, item_id, token, epoch, _PADDING, *words):
            return False
        chunks = 0
        for part in _parts(reservations, CHUNK):
            if not await self._source.run(
                scripts.LOAD_CHUNK, item_id, token, epoch, chunks, *replies.words_of_rows(part)
            ):
                return False
            chunks += 1
        return bool(await self._source.run(scripts.LOAD_OPEN, item_id, token, epoch, chunks))

    async def _doubt(self, why: int) -> None:
        if why == _STAMP_OF_ANOTHER_RUN:
            await self._source.doubt_stamp()


def _parts(things: Sequence[_T], size: int) -> list[Sequence[_T]]:
    return [things[at : at + size] for at in range(0, len(things), size)]
