"""PostgreSQL: one pool a process, transactions, and rows as structs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, ClassVar, Protocol, TypeVar

import asyncpg
import msgspec

T = TypeVar("T")
Row = Any
"""A record of asyncpg: reads like a mapping, is none."""

DOWN = (
    OSError,
    asyncio.TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.exceptions.OperatorInterventionError,
    asyncpg.exceptions.TooManyConnectionsError,
    asyncpg.exceptions.ReadOnlySQLTransactionError,
)
"""What asyncpg raises when the server is away, starting, stopping or too slow: the outcome is unknown."""

CONTENTION = (asyncpg.exceptions.SerializationError, asyncpg.exceptions.DeadlockDetectedError)
"""What a transaction that lost against another raises: nothing was written, it may be run again."""


class Connection(Protocol):
    """What stores ask of a connection; asyncpg's connections and pool proxies are such."""

    async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str: ...
    async def executemany(self, query: str, args: Iterable[Sequence[Any]], *, timeout: float | None = None) -> None: ...
    async def fetch(self, query: str, *args: Any, timeout: float | None = None) -> list[Any]: ...
    async def fetchrow(self, query: str, *args: Any, timeout: float | None = None) -> Any: ...
    async def fetchval(self, query: str, *args: Any, column: int = 0, timeout: float | None = None) -> Any: ...
    def transaction(
        self, *, isolation: str | None = None, readonly: bool = False
    ) -> AbstractAsyncContextManager[Any]: ...
    def is_in_transaction(self) -> bool: ...


class Database:
    """The pool of one process. Statements time out after ``statement_timeout`` seconds."""

    def __init__(self, url: str, *, size: int = 10, pgbouncer: bool = False, statement_timeout: float = 15.0) -> None:
        self.url = url
        self._size = size
        self._pgbouncer = pgbouncer
        self._timeout = statement_timeout
        self._pool: Any = None
        self._opening = asyncio.Lock()

    async def open(self) -> None:
        """Make the pool. A server that is down is no error here: connections are made when they are asked for."""
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    self.url,
                    min_size=0,
                    max_size=self._size,
                    init=prepare,
                    connection_class=_Session,
                    reset=_keep,
                    command_timeout=self._timeout,
                    timeout=5,
                    statement_cache_size=0 if self._pgbouncer else 200,
                    max_inactive_connection_lifetime=300,
                    server_settings=None if self._pgbouncer else {"application_name": "lingfeng", "timezone": "UTC"},
                )

    async def close(self) -> None:
        """Return every connection, at most five seconds for those in use."""
        if self._pool is not None:
            pool, self._pool = self._pool, None
            try:
                await asyncio.wait_for(pool.close(), 5)
            except (TimeoutError, *DOWN):
                pool.terminate()

    @property
    def usage(self) -> tuple[int, int, int]:
        """Return how many connections are open, how many of them lent, and how many there may be."""
        if self._pool is None:
            return 0, 0, self._size
        size = self._pool.get_size()
        return size, size - self._pool.get_idle_size(), self._size

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection outside a transaction, for reads of one statement."""
        if self._pool is None:
            await self.open()
        async with self._pool.acquire(timeout=5) as connection:
            yield connection

    @contextlib.asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Connection]:
        """Lend a connection whose statements all read one moment, for pages made of several; it refuses writes.

        Outside of it a page may show a refund as done beside a timeline that does not know of it yet.
        """
        async with self.connection() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
            yield connection

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Lend a connection inside a READ COMMITTED transaction that commits when the block ends well."""
        async with self.connection() as connection, connection.transaction():
            yield connection


FIRST_OF_OTHERS = 10_000
"""Types with lower oids are PostgreSQL's own and numbered by hand: the same in every database of every version."""


class _Told(msgspec.Struct, frozen=True):
    """Stands for the statement that was not needed: as it has a name, nothing counts as pushed out by it."""

    name: str = "told"


class _Session(asyncpg.Connection):  # type: ignore[misc]  # asyncpg brings no types
    """A connection that asks for a type of PostgreSQL's own once in a process.

    asyncpg asks every connection anew for each kind of array, with a query that costs more than connecting does (see
    docs/decisions/ground.md); the method overridden is private to it, so setup.cfg holds its version.
    """

    _types: ClassVar[dict[int, Any]] = {}

    async def _introspect_types(self, typeoids: Iterable[int], timeout: float | None) -> tuple[Sequence[Any], Any]:
        wanted = set(typeoids)
        if wanted <= self._types.keys():
            return list(self._types.values()), _Told()
        types, statement = await super()._introspect_types(wanted, timeout)
        self._types.update((each["oid"], each) for each in types if each["oid"] < FIRST_OF_OTHERS)
        return types, statement


async def _keep(connection: Any) -> None:
    """Leave a returned connection as it is: nothing here changes a session, and asking costs a round trip each time."""


async def prepare(connection: Any) -> None:
    """Make ``connection`` read and write json and jsonb as Python values."""
    for kind in ("json", "jsonb"):
        await connection.set_type_codec(
            kind, schema="pg_catalog", encoder=_encode_json, decoder=msgspec.json.decode, format="text"
        )


def _encode_json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def one(kind: type[T], row: Row | None) -> T | None:
    """Return ``row`` as a struct of ``kind``, or None for no row. Columns that the struct lacks are left out."""
    return None if row is None else msgspec.convert(dict(row), kind)


def many(kind: type[T], rows: Iterable[Row]) -> list[T]:
    """Return ``rows`` as structs of ``kind``."""
    return [msgspec.convert(dict(row), kind) for row in rows]


def touched(status: str) -> int:
    """Return the row count of a command's status: ``UPDATE 3`` → 3."""
    return int(status.rpartition(" ")[2])
