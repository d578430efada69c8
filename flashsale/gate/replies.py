"""Between the scripts' words and the face's structs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flashsale.gate.types import (
    Decision,
    Figures,
    Hold,
    JournalEntry,
    Outcome,
    Reservation,
    SaleState,
    Snapshot,
    Terms,
)
from server.clock import from_ms, to_ms

UNAVAILABLE = Decision(Outcome.UNAVAILABLE)

_PLAIN = [UNAVAILABLE, *(Decision(outcome) for outcome in Outcome)]
"""By the scripts' number. Refusals carry nothing of their own, so that ten million of them share these."""


def decisions(reply: list[Any]) -> list[Decision]:
    """Read what admit.lua decided: 0, epoch, one byte an attempt, the journal id if any won."""
    codes: bytes = reply[2]
    if Outcome.WON not in codes and Outcome.AGAIN not in codes:
        return [_PLAIN[code] for code in codes]
    epoch = int(reply[1])
    won = Decision(Outcome.WON, epoch, reply[3].decode() if len(reply) > 3 else "")
    again = Decision(Outcome.AGAIN, epoch)
    answers = {Outcome.WON.value: won, Outcome.AGAIN.value: again}
    return [answers.get(code) or _PLAIN[code] for code in codes]


def rewin(reply: list[Any]) -> Decision:
    """Read what rewin.lua decided: 0, epoch, outcome, the journal id if it wrote anything."""
    outcome = Outcome(reply[2])
    if outcome in {Outcome.WON, Outcome.AGAIN}:
        return Decision(outcome, int(reply[1]), reply[3].decode() if len(reply) > 3 else "")
    return _PLAIN[outcome]


def journal(entries: list[Any]) -> list[JournalEntry]:
    """Read stream entries as XRANGE lists them; each holds the takes of one script call."""
    read = []
    for journal_id, (_, epoch, _, takes) in entries:
        words = takes.decode().split(" ")
        for key, hold in zip(words[::2], words[1::2], strict=True):
            member_id, _, request_id = key.partition(":")
            quantity, _, generation = hold.partition(":")
            entry = JournalEntry(
                journal_id.decode(), int(epoch), int(member_id), request_id, int(quantity), int(generation)
            )
            read.append(entry)
    return read


def words_of_entry(entry: JournalEntry) -> tuple[str, int, str]:
    """Return the words by which journal_remove.lua knows a take."""
    take = f"{entry.member_id}:{entry.request_id} {entry.quantity}:{entry.generation}"
    return entry.journal_id, entry.epoch, take


def words_of_terms(terms: Terms) -> dict[str, str | int]:
    """Return the item's fields that hold ``terms``. Raises ValueError for terms that no sale can have."""
    if terms.limit < 1 or terms.ends_at <= terms.starts_at:
        raise ValueError("a sale lasts a while, and lets everybody have one unit at least")
    return {
        "rev": terms.revision,
        "state": terms.state.value,
        "starts": to_ms(terms.starts_at),
        "ends": to_ms(terms.ends_at),
        "limit": terms.limit,
    }


def words_of_rows(rows: Sequence[Reservation]) -> list[bytes | str | int]:
    """Return the words that load_chunk.lua reads for each reservation."""
    words: list[bytes | str | int] = []
    for row in rows:
        held: str | int = "" if row.generation is None else row.generation
        words += (row.member_id, row.request_id, row.quantity, held, row.epoch)
    return words


def figures(reply: list[Any]) -> Figures | None:
    """Read the first four parts of a snapshot."""
    now, words, (holds, records, _, entries), fit = reply[:4]
    if not words:
        return None
    item = {name.decode(): value for name, value in _pairs(words)}
    loading = "loading" in item
    # The padding that keeps a hash quick to look up in counts as one field.
    return Figures(
        now=from_ms(int(now) // 1000),
        epoch=int(item["epoch"]),
        fit=bool(fit) and not loading,
        shut_by=item["gate"].decode(),
        loading=loading,
        terms=Terms(
            revision=int(item["rev"]),
            state=SaleState(item["state"].decode()),
            starts_at=from_ms(int(item["starts"])),
            ends_at=from_ms(int(item["ends"])),
            limit=int(item["limit"]),
        ),
        available=int(item["avail"]),
        parked=int(item["park"]),
        holds=holds - 1,
        records=records - 1,
        journal=entries,
    )


def snapshot(reply: list[Any]) -> Snapshot | None:
    """Read a whole snapshot."""
    head = figures(reply)
    if head is None:
        return None
    holds = []
    for field, value in _pairs(reply[4]):
        if field:
            member_id, _, request_id = field.decode().partition(":")
            quantity, _, generation = value.partition(b":")
            holds.append(Hold(int(member_id), request_id, int(quantity), int(generation)))
    units = {int(member_id): int(count) for member_id, count in _pairs(reply[5]) if member_id and count != b"0"}
    return Snapshot(figures=head, holds=holds, units=units, journal=journal(reply[6]))


def _pairs(words: list[bytes]) -> list[tuple[bytes, bytes]]:
    return list(zip(words[::2], words[1::2], strict=True))
