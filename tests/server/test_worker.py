"""Jobs and events: exist exactly when their transaction commits, run at least once, subscribers write exactly once."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec
import pytest
import structlog

from server import worker
from server.application import Application
from server.database import Connection
from server.events import Delivery, Event, deliver, publish
from server.jobs import Again, Job, Schedule, enqueue
from server.settings import Settings


class Note(msgspec.Struct, frozen=True):
    text: str


class Happened(Event, frozen=True, kw_only=True):
    kind = "test.happened"
    number: int


@pytest.fixture
def bare(settings: Settings) -> Application:
    return Application(settings, ("server",))


@contextlib.asynccontextmanager
async def working(app: Application) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(worker.run(app, stop))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(task, 15)


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.02)


async def test_a_job_runs_only_when_its_transaction_commits(bare: Application) -> None:
    seen: list[str] = []

    async def run(app: Application, note: Note) -> None:
        seen.append(note.text)

    bare.job(Job(name="test.note", payload=Note, run=run))
    async with bare.running("command"), working(bare):
        with contextlib.suppress(ZeroDivisionError):
            async with bare.database.transaction() as connection:
                await enqueue(connection, "test.note", Note("rolled back"))
                raise ZeroDivisionError
        async with bare.database.transaction() as connection:
            await enqueue(connection, "test.note", Note("kept"))
            await enqueue(connection, "test.note", Note("once"), dedupe="the one")
            await enqueue(connection, "test.note", Note("once"), dedupe="the one")
        await until(lambda: _is(len(seen) >= 2))
        await asyncio.sleep(0.3)
    assert sorted(seen) == ["kept", "once"]


async def test_a_failing_job_is_tried_again_and_then_given_up_with_its_error(bare: Application) -> None:
    tries = 0

    async def run(app: Application, note: Note) -> None:
        nonlocal tries
        tries += 1
        raise RuntimeError("always")

    bare.job(Job(name="test.bad", payload=Note, run=run, attempts=2))

    async def failures() -> bool:
        async with bare.database.connection() as connection:
            rows = await connection.fetch("SELECT name, envelope, error FROM job_failures")
        return [(row["name"], row["envelope"]["payload"], row["error"]) for row in rows] == [
            ("test.bad", {"text": "x"}, "RuntimeError: always")
        ]

    async with bare.running("command"), working(bare):
        async with bare.database.transaction() as connection:
            await enqueue(connection, "test.bad", Note("x"))
        await until(failures, 20)
    assert tries == 2


async def test_a_job_that_killed_its_worker_at_every_try_is_given_up(bare: Application) -> None:
    async def run(app: Application, note: Note) -> None:
        raise AssertionError("must not run again")

    job = Job(name="test.killer", payload=Note, run=run, attempts=3)
    async with bare.running("command"):
        async with bare.database.connection() as connection:
            await connection.execute("INSERT INTO job_tries (job_id, begun) VALUES (7, 3)")
        await worker.perform(bare, job, 7, b'{"payload":{"text":"x"},"failed":0}')
        async with bare.database.connection() as connection:
            assert await connection.fetchval("SELECT count(*) FROM job_failures WHERE name = 'test.killer'") == 1


async def test_due_jobs_that_nothing_runs_any_more_are_told_of_and_stay(bare: Application) -> None:
    async with bare.running("command"):
        async with bare.database.transaction() as connection:
            await enqueue(connection, "test.gone", Note("x"))
            await enqueue(connection, "test.gone", Note("y"))
            await enqueue(connection, "test.later", Note("z"), delay=600)
            await enqueue(connection, "test.known", Note("x"))
            await connection.execute("UPDATE pgqueuer SET execute_after = execute_after - interval '2 minutes'")
        bare.job(Job(name="test.known", payload=Note, run=_never))
        with structlog.testing.capture_logs() as lines:
            await worker.tell_unclaimed(bare)
        told = [(line["name"], line["jobs"]) for line in lines if line["event"] == "jobs that nothing runs"]
        assert told == [("test.gone", 2)]
        async with bare.database.connection() as connection:
            kept = "SELECT count(*) FROM pgqueuer WHERE entrypoint = 'test.gone'"
            assert await connection.fetchval(kept) == 2


async def _never(app: Application, note: Note) -> None:
    raise AssertionError("nothing is drained here")


async def test_a_job_that_outruns_its_time_at_every_try_is_given_up(bare: Application) -> None:
    async def run(app: Application, note: Note) -> None:
        await asyncio.sleep(5)

    job = Job(name="test.slow", payload=Note, run=run, attempts=1, timeout=0.05)
    async with bare.running("command"):
        await worker.perform(bare, job, 8, b'{"payload":{"text":"x"},"failed":0}')
        async with bare.database.connection() as connection:
            assert (
                await connection.fetchval("SELECT error FROM job_failures WHERE name = 'test.slow'") == "TimeoutError: "
            )


async def test_a_job_may_ask_for_later_without_losing_a_try(bare: Application) -> None:
    tries = 0

    async def run(app: Application, note: Note) -> None:
        nonlocal tries
        tries += 1
        if tries < 4:
            raise Again(0.05)

    bare.job(Job(name="test.later", payload=Note, run=run, attempts=2))
    async with bare.running("command"), working(bare):
        async with bare.database.transaction() as connection:
            await enqueue(connection, "test.later", Note("x"))
        await until(lambda: _is(tries == 4), 20)


async def test_a_job_that_outlasts_a_stop_runs_again(bare: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, done = 0, False
    go_on = asyncio.Event()

    async def run(app: Application, note: Note) -> None:
        nonlocal begun, done
        begun += 1
        await go_on.wait()
        done = True

    monkeypatch.setattr(worker, "FINISH_WITHIN", 0.2)
    bare.job(Job(name="test.long", payload=Note, run=run))
    async with bare.running("command"):
        async with bare.database.transaction() as connection:
            await enqueue(connection, "test.long", Note("x"))
        async with working(bare):
            await until(lambda: _is(begun == 1))
        assert not done
        go_on.set()
        async with working(bare):
            await until(lambda: _is(done))
    assert begun == 2


async def test_a_job_whose_begin_cannot_be_written_down_is_kept(bare: Application) -> None:
    ran = False

    async def run(app: Application, note: Note) -> None:
        nonlocal ran
        ran = True

    bare.job(Job(name="test.kept", payload=Note, run=run))
    async with bare.running("command"):
        async with bare.database.transaction() as connection:
            await connection.execute("ALTER TABLE job_tries RENAME TO job_tries_away")
            await enqueue(connection, "test.kept", Note("x"))
        async with working(bare):
            async with bare.database.connection() as connection:

                async def put_back() -> bool:
                    return bool(await connection.fetchval("SELECT count(*) FROM pgqueuer WHERE attempts > 0"))

                await until(put_back)
                await connection.execute("ALTER TABLE job_tries_away RENAME TO job_tries")
            await until(lambda: _is(ran))


async def test_an_engine_that_is_down_is_no_failure_of_an_event(bare: Application) -> None:
    async def ask(app: Application, connection: Connection, event: Happened, event_id: int) -> None:
        raise ConnectionError("away")

    async def fail(app: Application, connection: Connection, event: Happened, event_id: int) -> None:
        raise RuntimeError("a defect")

    bare.subscribe(Happened, "test.ask", ask)
    async with bare.running("command"):
        async with bare.database.transaction() as connection:
            event_id = await publish(connection, Happened(number=5))
        with pytest.raises(ConnectionError):
            await deliver(bare, Delivery(event_id))
        bare.subscribe(Happened, "test.fail", fail)
        with pytest.raises(ExceptionGroup):
            await deliver(bare, Delivery(event_id))


async def test_a_subscriber_writes_once_even_when_another_fails(bare: Application) -> None:
    failed = 0

    async def note(app: Application, connection: Connection, event: Happened, event_id: int) -> None:
        await connection.execute(
            "INSERT INTO job_failures (name, envelope, error) VALUES ('noted', '{}', $1)", str(event.number)
        )

    async def fail_once(app: Application, connection: Connection, event: Happened, event_id: int) -> None:
        nonlocal failed
        failed += 1
        if failed == 1:
            raise RuntimeError("first time")

    bare.subscribe(Happened, "test.note", note)
    bare.subscribe(Happened, "test.fail_once", fail_once)

    async def delivered() -> bool:
        async with bare.database.connection() as connection:
            return bool(await connection.fetchval("SELECT count(*) = 2 FROM event_deliveries"))

    async with bare.running("command"), working(bare):
        async with bare.database.transaction() as connection:
            await publish(connection, Happened(number=5))
        await until(delivered, 20)
        async with bare.database.connection() as connection:
            assert await connection.fetchval("SELECT array_agg(error) FROM job_failures WHERE name = 'noted'") == ["5"]
    assert failed == 2


async def _is(value: bool) -> bool:
    return value


async def test_an_outage_is_told_once_however_many_schedules_wait(bare: Application) -> None:
    away = True
    runs = {"test.a": 0, "test.b": 0, "test.c": 0}

    def schedule(name: str) -> Schedule:
        async def run(app: Application) -> None:
            runs[name] += 1
            if away:
                raise ConnectionRefusedError

        return Schedule(name=name, every=0.02, run=run)

    for name in runs:
        bare.schedule(schedule(name))

    async def many() -> bool:
        return min(runs.values()) > 3

    with structlog.testing.capture_logs() as said:
        async with working(bare):
            await until(many)
            away = False
            runs.update(dict.fromkeys(runs, 0))
            await until(many)
    told = [(line["log_level"], line["event"]) for line in said if line["event"].startswith("schedules ")]
    assert [event for level, event in told if level == "warning"] == ["schedules wait"]
    assert [event for level, event in told if level == "info"] == ["schedules run again"]
    assert told.count(("debug", "schedules wait")) > 5
