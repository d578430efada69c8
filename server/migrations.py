"""Numbered plain-SQL migrations, one folder a feature, applied in the order of the features' list.

A file ``migrations/0003_name.sql`` of a feature runs once, in a transaction of its own, under one advisory lock and
a short lock timeout. A file that was applied never changes: its checksum is kept and compared.
"""

from __future__ import annotations

import hashlib
import importlib.util
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
from pgqueuer import AsyncpgDriver, Queries

_NAME = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")
_LOCK = 0x6C696E67  # one number that every process of the platform takes before it migrates

_TABLE = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    feature text NOT NULL,
    number integer NOT NULL,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (feature, number)
)
"""


class MigrationError(RuntimeError):
    """The schema cannot be brought up to date; the message names the file and what to do."""


class Migration(msgspec.Struct, frozen=True):
    """One file of one feature."""

    feature: str
    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """Return the digest that tells whether an applied file was edited."""
        return hashlib.sha256(self.sql.encode()).hexdigest()

    def __str__(self) -> str:
        return f"{self.feature} {self.number:04d}_{self.name}"


def find(packages: Sequence[str]) -> list[Migration]:
    """Return the migrations of ``packages`` in the order they run. Raises MigrationError for a gap or a bad name."""
    found = []
    for package in packages:
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise MigrationError(f"{package} is not a package")
        folder = Path(next(iter(spec.submodule_search_locations))) / "migrations"
        for at, path in enumerate(sorted(folder.glob("*.sql")), 1):
            match = _NAME.fullmatch(path.name)
            if match is None or int(match[1]) != at:
                raise MigrationError(f"{path}: name it {at:04d}_what_it_does.sql, numbers without a gap")
            found.append(Migration(package, at, match[2], path.read_text()))
    return found


async def migrate(url: str, packages: Sequence[str], report: Callable[[str], None] = lambda _: None) -> list[Migration]:
    """Bring the database at ``url`` (a direct connection) up to date and return what was applied.

    Safe to run from many processes at once: one works, the others wait. Raises MigrationError.
    """
    wanted = find(packages)
    connection: Any = await asyncpg.connect(url, timeout=10)
    try:
        await connection.execute("SET lock_timeout = '5s'")
        await connection.execute("SET statement_timeout = 0")
        while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK):
            await connection.execute("SELECT pg_sleep(0.1)")
        await connection.execute(_TABLE)
        done = {
            (row["feature"], row["number"]): row["checksum"]
            for row in await connection.fetch("SELECT feature, number, checksum FROM schema_migrations")
        }
        queue = Queries(AsyncpgDriver(connection))
        if not await queue.schema_is_installed():
            await queue.install()
        applied = []
        for migration in wanted:
            checksum = done.get((migration.feature, migration.number))
            if checksum == migration.checksum:
                continue
            if checksum is not None:
                raise MigrationError(f"{migration} was applied and has been edited since: add a new file instead")
            report(str(migration))
            await _apply(connection, migration)
            applied.append(migration)
        return applied
    finally:
        await connection.close()


async def pending(connection: Any, packages: Sequence[str]) -> list[Migration]:
    """Return the migrations that the database of ``connection`` lacks."""
    if await connection.fetchval("SELECT to_regclass('schema_migrations')") is None:
        return find(packages)
    rows = await connection.fetch("SELECT feature, number FROM schema_migrations")
    done = {(row["feature"], row["number"]) for row in rows}
    return [migration for migration in find(packages) if (migration.feature, migration.number) not in done]


async def _apply(connection: Any, migration: Migration) -> None:
    try:
        async with connection.transaction():
            await connection.execute(migration.sql)
            await connection.execute(
                "INSERT INTO schema_migrations (feature, number, name, checksum) VALUES ($1, $2, $3, $4)",
                migration.feature,
                migration.number,
                migration.name,
                migration.checksum,
            )
    except asyncpg.PostgresError as error:
        raise MigrationError(f"{migration}: {error}") from error
