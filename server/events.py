"""Domain events: what happened, written in the transaction that caused it, delivered at least once by a worker.

A subscriber runs in a transaction that also marks its delivery done, so what it writes happens exactly once; what it
does outside PostgreSQL must be harmless twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
import structlog

from server import database as db
from server import kept, redis
from server.database import Connection
from server.jobs import Job, enqueue, enqueue_all

if TYPE_CHECKING:
    from server.application import Application

log = structlog.get_logger("events")
DELIVER = "events.deliver"


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """The base of every event. ``kind`` names it for ever: ``orders.paid``."""

    kind: ClassVar[str]


class Subscriber(msgspec.Struct, frozen=True, kw_only=True):
    """One handler of one kind of event; its name identifies its deliveries."""

    name: str
    kind: type[Any]
    handle: Callable[..., Awaitable[None]]


class Delivery(msgspec.Struct, frozen=True):
    """The job that takes one event to its subscribers."""

    event_id: int


async def publish(connection: Connection, event: Event) -> int:
    """Write ``event`` in the caller's transaction and return its id; subscribers get it after the commit."""
    event_id: int = await connection.fetchval(
        "INSERT INTO events (kind, payload) VALUES ($1, $2) RETURNING id", event.kind, msgspec.to_builtins(event)
    )
    await enqueue(connection, DELIVER, Delivery(event_id))
    return event_id


async def publish_all(connection: Connection, events: Sequence[Event]) -> None:
    """Write many events in the caller's transaction, in as many statements as one takes."""
    rows = await connection.fetch(
        """
        INSERT INTO events (kind, payload)
        SELECT e.kind, e.payload FROM unnest($1::text[], $2::jsonb[]) WITH ORDINALITY AS e (kind, payload, at)
        ORDER BY e.at
        RETURNING id
        """,
        [event.kind for event in events],
        [msgspec.to_builtins(event) for event in events],
    )
    await enqueue_all(connection, DELIVER, [Delivery(row["id"]) for row in rows])


async def deliver(app: Application, delivery: Delivery) -> None:
    """Take one event to every subscriber that has not had it. One that fails does not hold up the others."""
    async with app.database.connection() as connection:
        row = await connection.fetchrow("SELECT kind, payload FROM events WHERE id = $1", delivery.event_id)
    if row is None:
        return
    failures: list[Exception] = []
    for subscriber in app.subscribers:
        if subscriber.kind.kind != row["kind"]:
            continue
        event = msgspec.convert(row["payload"], subscriber.kind)
        try:
            async with app.database.transaction() as connection:
                fresh = await connection.fetchval(
                    """
                    INSERT INTO event_deliveries (event_id, subscriber) VALUES ($1, $2)
                    ON CONFLICT DO NOTHING RETURNING true
                    """,
                    delivery.event_id,
                    subscriber.name,
                )
                if fresh:
                    await subscriber.handle(app, connection, event, delivery.event_id)
        except Exception as error:
            log.warning("subscriber failed", subscriber=subscriber.name, event_id=delivery.event_id, exc_info=error)
            failures.append(error)
    if failures:
        # An engine that is down is no failure of the job (server/worker.py), unless a subscriber failed beside it.
        waits = all(isinstance(failure, (*db.DOWN, *db.CONTENTION, *redis.DOWN)) for failure in failures)
        raise failures[0] if waits else ExceptionGroup(f"event {delivery.event_id}", failures)


JOB = Job(name=DELIVER, payload=Delivery, run=deliver, attempts=20)


async def tidy(app: Application) -> None:
    """Remove events older than 30 days and idempotency keys older than seven."""
    async with app.database.transaction() as connection:
        await connection.execute("DELETE FROM events WHERE at < now() - interval '30 days'")
        await connection.execute("DELETE FROM idempotency_keys WHERE created_at < now() - interval '7 days'")
        await kept.tidy(connection)
        await connection.execute("DELETE FROM sessions WHERE expires_at < now() - interval '30 days'")
        await connection.execute("DELETE FROM pgqueuer_log WHERE created < now() - interval '2 days'")
