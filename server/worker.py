"""The worker: runs jobs and schedules until it is told to stop, through any outage of the engines."""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import asyncpg
import msgspec
import structlog
from pgqueuer import AsyncpgDriver, PgQueuer
from pgqueuer import Job as QueuedJob
from pgqueuer.errors import RetryRequested

from server import database as db
from server import redis
from server.database import prepare
from server.ending import end
from server.jobs import Again, Envelope, Job, Schedule, enqueue_raw

if TYPE_CHECKING:
    from server.application import Application

log = structlog.get_logger("worker")
_HEARTBEAT = timedelta(seconds=10)
_MOST_AT_ONCE = 20
FINISH_WITHIN = 8.0
"""Seconds that jobs in hand have at a stop; those that need longer run again elsewhere."""


async def run(app: Application, stop: asyncio.Event) -> None:
    """Work until ``stop`` is set, then finish what is in hand (at most ten seconds)."""
    async with app.running("worker"):
        outage = Outage()
        tasks = [
            asyncio.create_task(_recur(app, schedule, stop, outage), name=schedule.name) for schedule in app.schedules
        ]
        tasks.append(asyncio.create_task(_recur(app, UNCLAIMED, stop, outage), name=UNCLAIMED.name))
        tasks.append(asyncio.create_task(_queue(app, stop), name="queue"))
        await stop.wait()
        _, slow = await asyncio.wait(tasks, timeout=10)
        await end(*slow)


class Outage:
    """The schedules that wait for an engine: an outage is told once, at its first, and once when the last runs again.

    In an outage all of them fail within the second, each again and again.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, float] = {}

    def waits(self, name: str, error: Exception) -> None:
        """Take note that a schedule could not run."""
        first = not self._waiting
        self._waiting.setdefault(name, time.monotonic())
        (log.warning if first else log.debug)("schedules wait", first=name, error=f"{type(error).__name__}: {error}")

    def ran(self, name: str) -> None:
        """Take note that a schedule ran."""
        began = self._waiting.pop(name, None)
        if began is not None and not self._waiting:
            log.info("schedules run again", last=name, after_s=round(time.monotonic() - began, 1))


async def _recur(app: Application, schedule: Schedule, stop: asyncio.Event, outage: Outage) -> None:
    while not stop.is_set():
        try:
            async with asyncio.timeout(schedule.timeout):
                await schedule.run(app)
            outage.ran(schedule.name)
        except (*db.DOWN, *db.CONTENTION, *redis.DOWN) as error:
            outage.waits(schedule.name, error)
        except Exception as error:
            log.error("schedule failed", name=schedule.name, exc_info=error)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), schedule.every * random.uniform(0.9, 1.1))


async def _queue(app: Application, stop: asyncio.Event) -> None:
    """Run PgQueuer on a direct connection (it listens), and start it afresh when that connection breaks."""
    while not stop.is_set():
        try:
            connection: Any = await asyncpg.connect(app.settings.database_direct_url, timeout=5)
            await prepare(connection)
        except db.DOWN as error:
            log.warning("queue waits", error=f"{type(error).__name__}: {error}")
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), 0.5)
            continue
        try:
            await _drain(app, connection, stop)
        except Exception as error:
            log.warning("queue restarts", error=f"{type(error).__name__}: {error}")
            await asyncio.sleep(0.3)
        finally:
            with suppress(Exception):  # the connection is given up either way
                await connection.close(timeout=2)


async def _drain(app: Application, connection: Any, stop: asyncio.Event) -> None:
    queuer = PgQueuer(AsyncpgDriver(connection))
    for job in app.jobs.values():
        queuer.entrypoint(job.name, accepts_context=False)(_entry(app, job))
    running = asyncio.create_task(
        queuer.qm.run(
            dequeue_timeout=timedelta(seconds=1),
            batch_size=10,
            max_concurrent_tasks=_MOST_AT_ONCE,
            heartbeat_timeout=_HEARTBEAT,
            shutdown_on_listener_failure=True,
        )
    )
    stopping = asyncio.create_task(stop.wait())
    lost = asyncio.Event()
    connection.add_termination_listener(lambda _: lost.set())
    broken = asyncio.create_task(lost.wait())
    try:
        await asyncio.wait({running, stopping, broken}, return_when=asyncio.FIRST_COMPLETED)
        queuer.shutdown.set()
        if broken.done():
            running.cancel()
        await asyncio.wait({running}, timeout=FINISH_WITHIN)
    finally:
        await end(running, stopping, broken)
    if running.done() and not running.cancelled() and (failure := running.exception()) is not None:
        raise failure


async def tell_unclaimed(app: Application) -> None:
    """Log a warning of jobs that are due and that nothing here runs: the feature that enqueued them has gone, or has
    another name for them. They stay in the queue; PgQueuer never hands them out and tells nobody."""
    async with app.database.connection() as connection:
        rows = await connection.fetch(
            """
            SELECT entrypoint, count(*) AS jobs, min(execute_after) AS since FROM pgqueuer
            WHERE entrypoint <> ALL ($1::text[]) AND execute_after < now() - interval '1 minute'
            GROUP BY entrypoint ORDER BY entrypoint
            """,
            list(app.jobs),
        )
    for row in rows:
        log.warning("jobs that nothing runs", name=row["entrypoint"], jobs=row["jobs"], since=row["since"].isoformat())


UNCLAIMED = Schedule(name="jobs.unclaimed", every=3600.0, run=tell_unclaimed)


def _entry(app: Application, job: Job) -> Any:
    async def entry(queued: QueuedJob) -> None:
        # PgQueuer drops a job whose entry raises or is cancelled: what perform() could not see to goes back as it was.
        try:
            await perform(app, job, int(queued.id), queued.payload or b"")
        except asyncio.CancelledError:
            raise RetryRequested(reason="the worker stopped") from None
        except Exception as error:
            log.warning("job put back", name=job.name, error=f"{type(error).__name__}: {error}")
            raise RetryRequested(timedelta(seconds=1), type(error).__name__) from error

    return entry


async def perform(app: Application, job: Job, job_id: int, raw: bytes) -> None:
    """Run one job. A failure puts it back with a growing delay, the last one among the failures.

    An engine that is down is no failure: the job waits for it. Outrunning its own time is one.
    """
    envelope = msgspec.json.decode(raw, type=Envelope)
    async with app.database.connection() as connection:
        begun = await connection.fetchval(
            """
            INSERT INTO job_tries (job_id, begun) VALUES ($1, 1)
            ON CONFLICT (job_id) DO UPDATE SET begun = job_tries.begun + 1, last_at = now() RETURNING begun
            """,
            job_id,
        )
    if begun > job.attempts:
        await _give_up(app, job, job_id, raw, "its worker died at every try")
        return
    limit = asyncio.timeout(job.timeout)
    try:
        payload = msgspec.json.decode(envelope.payload, type=job.payload)
        async with limit:
            await job.run(app, payload)
    except Again as again:
        await _put_back(app, job, job_id, raw, again.delay)
    except Exception as error:
        if isinstance(error, (*db.DOWN, *db.CONTENTION, *redis.DOWN)) and not limit.expired():
            log.warning("job waits", name=job.name, error=f"{type(error).__name__}: {error}")
            await _put_back(app, job, job_id, raw, random.uniform(0.5, 2))
            return
        failed = envelope.failed + 1
        log.error("job failed", name=job.name, failed=failed, exc_info=error)
        if failed >= job.attempts:
            await _give_up(app, job, job_id, raw, f"{type(error).__name__}: {error}")
        else:
            retry = msgspec.json.encode(Envelope(envelope.payload, failed))
            await _put_back(app, job, job_id, retry, min(300.0, 2.0**failed) * random.uniform(0.8, 1.2))
    else:
        async with app.database.connection() as connection:
            await connection.execute("DELETE FROM job_tries WHERE job_id = $1", job_id)


async def _put_back(app: Application, job: Job, job_id: int, raw: bytes, delay: float) -> None:
    async with app.database.transaction() as connection:
        await enqueue_raw(connection, job.name, raw, delay=delay)
        await connection.execute("DELETE FROM job_tries WHERE job_id = $1", job_id)


async def _give_up(app: Application, job: Job, job_id: int, raw: bytes, error: str) -> None:
    async with app.database.transaction() as connection:
        await connection.execute(
            "INSERT INTO job_failures (name, envelope, error) VALUES ($1, $2, $3)",
            job.name,
            msgspec.json.decode(raw),
            error,
        )
        await connection.execute("DELETE FROM job_tries WHERE job_id = $1", job_id)
    log.error("job given up", name=job.name, error=error)
