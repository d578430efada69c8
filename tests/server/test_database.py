"""What a page reads in several statements is of one moment."""

from __future__ import annotations

from collections.abc import AsyncIterator

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
