"""What a page reads in several statements is of one moment; a new connection is ready at once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from server.database import Database


@pytest.fixture
async def database(empty_database_url: str) -> AsyncIterator[Database]:
    found = Database(empty_database_url, size=2)
    yield found
    await found.close()


async def test_a_snapshot_reads_one_moment_while_others_write(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute("CREATE TABLE seen (n int)")
        await connection.execute("INSERT INTO seen VALUES (1)")
    async with database.snapshot() as reader:
        assert await reader.fetchval("SELECT max(n) FROM seen") == 1
        async with database.transaction() as writer:
            await writer.execute("INSERT INTO seen VALUES (2)")
        assert await reader.fetchval("SELECT max(n) FROM seen") == 1
    async with database.snapshot() as reader:
        assert await reader.fetchval("SELECT max(n) FROM seen") == 2


async def test_a_snapshot_refuses_to_write(database: Database) -> None:
    async with database.snapshot() as reader:
        with pytest.raises(asyncpg.exceptions.ReadOnlySQLTransactionError):
            await reader.execute("CREATE TABLE seen (n int)")


async def test_a_new_connection_knows_the_types_that_another_asked_for(database: Database) -> None:
    asked: list[str] = []

    async def ask(query: str, value: object) -> object:
        connection: Any
        async with database.connection() as connection:
            connection.add_query_logger(lambda one: asked.append(one.query))
            found: object = await connection.fetchval(query, value)
            await connection.close()  # the next one is new
        return found

    for query, value in (
        ("SELECT $1::bigint[]", [1, 2]),
        ("SELECT $1::jsonb[]", [{"a": [1]}]),
        ("SELECT $1::int[]", [3]),
    ):
        assert await ask(query, value) == value
    asked.clear()
    assert await ask("SELECT $1::jsonb[]", [{"b": None}, "c"]) == [{"b": None}, "c"]
    assert asked == ["SELECT $1::jsonb[]"]
    # A type of one database may be another one elsewhere, or tomorrow.
    async with database.connection() as connection:
        await connection.execute("CREATE TYPE mood AS ENUM ('calm')")
    for _ in range(2):
        asked.clear()
        assert await ask("SELECT $1::mood[]", ["calm"]) == ["calm"]
        assert len(asked) > 1
    async with database.connection() as connection:
        await connection.execute("DROP TYPE mood; CREATE TYPE mood AS ENUM ('cross')")
    assert await ask("SELECT $1::mood[]", ["cross"]) == ["cross"]
