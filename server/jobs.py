"""Background jobs and schedules. PgQueuer keeps and hands out the jobs; a job is enqueued in the transaction that
wants it, so it exists exactly when that transaction commits, and runs at least once.

PgQueuer does not count the tries of a job whose worker died, so we do (table job_tries): a job that kills its worker
ends among the failures instead of killing workers for ever.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, cast

import msgspec
from pgqueuer import AsyncpgDriver, Queries

from server.database import Connection


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of job: ``run(app, payload)`` gets the payload that was enqueued and may run more than once.

    ``attempts`` bounds how often it is tried (a worker that dies counts as a try); ``timeout`` is seconds.
    """

    name: str
    payload: type[Any]
    run: Callable[..., Awaitable[None]]
    attempts: int = 8
    timeout: float = 60.0


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """Work that recurs: ``run(app)`` every ``every`` seconds in each worker, harmless when two do it at once."""

    name: str
    every: float
    run: Callable[..., Awaitable[None]]
    timeout: float = 60.0


class Again(Exception):
    """Raised by a job that cannot be done yet: it is tried again after ``delay`` seconds, without counting a try."""

    def __init__(self, delay: float) -> None:
        super().__init__(f"again in {delay} s")
        self.delay = delay


class Envelope(msgspec.Struct, frozen=True):
    """What lies in the queue: the payload and how many tries failed before."""

    payload: msgspec.Raw
    failed: int = 0


async def enqueue(
    connection: Connection, name: str, payload: msgspec.Struct, *, delay: float = 0.0, dedupe: str | None = None
) -> None:
    """Enqueue a job in the caller's transaction, to run ``delay`` seconds from now.

    ``dedupe`` names it: while a job of that name waits or runs, another is not added.
    """
    envelope = Envelope(msgspec.Raw(msgspec.json.encode(payload)))
    await enqueue_raw(connection, name, msgspec.json.encode(envelope), delay=delay, dedupe=dedupe)


async def enqueue_all(
    connection: Connection, name: str, payloads: Sequence[msgspec.Struct], delays: Sequence[float] | None = None
) -> None:
    """Enqueue many jobs of one kind in the caller's transaction, in one statement.

    They run at once, or ``delays`` seconds from now, one for each.
    """
    raws = [msgspec.json.encode(Envelope(msgspec.Raw(msgspec.json.encode(one)))) for one in payloads]
    if raws:
        queue = Queries(AsyncpgDriver(cast(Any, connection)))
        after = [timedelta(seconds=delay) if delay > 0 else None for delay in delays or [0.0] * len(raws)]
        await queue.enqueue([name] * len(raws), list(raws), [0] * len(raws), after)


async def enqueue_raw(
    connection: Connection, name: str, raw: bytes, *, delay: float, dedupe: str | None = None
) -> None:
    """Enqueue an encoded envelope."""
    queue = Queries(AsyncpgDriver(cast(Any, connection)))
    after = timedelta(seconds=delay) if delay > 0 else None
    await queue.enqueue(name, raw, 0, after, dedupe, on_conflict="skip")
