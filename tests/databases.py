"""The databases of the suite: a template with every migration applied, and copies of it, one kept for many tests.

Making and dropping a copy costs ten times what putting a used one back does, so each process of the run keeps one and
lends it to one test after another. What a test left in it is found by looking, not by knowing the tables: PostgreSQL
writes into every row the transaction that made it, so what was inserted or changed is younger than the last look, and
a count tells what was deleted. Rows and sequences are put back. Where the schema changed (a trigger disabled, a
constraint dropped, a table or a large object made) or somebody is still connected, nothing is mended: the database is
dropped and another made, under another name, so that nobody finds the new one by the old address.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import itertools
import os
from collections.abc import AsyncIterator, Sequence
from typing import Any

import asyncpg
import msgspec

from server import migrations
from server.database import DOWN
from server.features import FEATURES

TEMPLATE = "template_of_the_suite"
TEMPLATE_LOCK = 7313
LEAVE_SECONDS = 0.5
"""How long sessions that were closed may take to end."""

_RELATIONS = """
SELECT n.nspname AS schema, c.relname AS name, format('%I.%I', n.nspname, c.relname) AS sql,
    c.relkind = 'S' AS is_sequence
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'S') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
ORDER BY c.oid
"""
"""Whatever holds rows or numbers."""
_CATALOGUES = """
SELECT sum(pg_stat_get_tuples_inserted(oid) + pg_stat_get_tuples_updated(oid) + pg_stat_get_tuples_deleted(oid))::bigint
FROM pg_class
WHERE relkind IN ('r', 'm') AND NOT relisshared
    AND (relkind = 'm' OR relnamespace IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace))
    AND oid NOT IN ('pg_statistic'::regclass, 'pg_statistic_ext_data'::regclass)
"""
"""How many rows of the catalogues (and of materialized views) were written since the database was made, by sessions
that ended: a session tells its numbers at its end at the latest. What ANALYZE writes changes no answer."""
_SETTINGS = """
SELECT EXISTS (
    SELECT FROM pg_database AS d LEFT JOIN pg_db_role_setting AS s ON s.setdatabase = d.oid
    WHERE d.datname = current_database() AND (s.setdatabase IS NOT NULL OR age(d.xmin) <= age($1::xid))
)
"""
"""Whether somebody altered the database since the transaction $1."""
_OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type <> 'autovacuum worker'
"""
_NEXT_TRANSACTION = "SELECT pg_snapshot_xmax(pg_current_snapshot())"
_numbers = itertools.count(1)


class Addresses(msgspec.Struct, frozen=True):
    """Where the suite's engines are."""

    database_url: str
    redis_url: str

    def database(self, name: str) -> str:
        """Return the DSN of another database on the same server."""
        return self.database_url.replace("/lingfeng?", f"/{name}?")


@contextlib.asynccontextmanager
async def connected(url: str) -> AsyncIterator[Any]:
    """Lend a connection of its own."""
    connection: Any = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def make_template(addresses: Addresses) -> str:
    """Return the name of a database with every migration applied; made once for the run."""
    async with connected(addresses.database_url) as connection:
        await connection.execute("SELECT pg_advisory_lock($1)", TEMPLATE_LOCK)
        if not await connection.fetchval("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", TEMPLATE):
            await connection.execute(f"DROP DATABASE IF EXISTS {TEMPLATE}_new")
            await connection.execute(f"CREATE DATABASE {TEMPLATE}_new")
            await migrations.migrate(addresses.database(f"{TEMPLATE}_new"), FEATURES)
            await connection.execute(f"ALTER DATABASE {TEMPLATE}_new RENAME TO {TEMPLATE}")
    return TEMPLATE


async def create(addresses: Addresses, template: str = "template1") -> str:
    """Make a copy of a database under a new name and return the name."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    async with connected(addresses.database_url) as connection:
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    return name


async def drop(addresses: Addresses, name: str) -> None:
    """Remove a database, whoever is connected to it."""
    async with connected(addresses.database_url) as connection:
        await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


class Relation(msgspec.Struct, frozen=True):
    """A table or a sequence as the template has it."""

    schema: str
    name: str
    sql: str
    is_sequence: bool
    rows: int = 0
    seed: bytes = b""
    """Its rows, as COPY writes them."""
    last_value: int = 0
    is_called: bool = False

    def changed(self, at: int) -> str:
        """Return a query that answers `at` if it is not as it was before the transaction $1."""
        if self.is_sequence:
            return f"SELECT {at} FROM {self.sql} WHERE (last_value, is_called) <> ({self.last_value}, {self.is_called})"
        young = "min(age(xmin)) <= (SELECT age($1::xid))"
        return f"SELECT {at} FROM ONLY {self.sql} HAVING count(*) <> {self.rows} OR {young}"


class Kept:
    """A copy of the template that is put back to the template's state for each test that asks for it."""

    def __init__(self, addresses: Addresses, template: str) -> None:
        self._addresses, self._template = addresses, template
        self._name = ""
        self._connection: Any = None
        self._relations: Sequence[Relation] = ()
        self._look = ""
        self._catalogues = self._since = 0

    async def lend(self) -> str:
        """Return the name of a database that is as the template is."""
        try:
            pure = bool(self._name) and await self._alone() and await self._pure()
        except (asyncpg.PostgresError, *DOWN):  # somebody ended this session too, or the rows cannot be put back
            pure = False
        if not pure:
            await self.close()
            await self._make()
        return self._name

    async def take_back(self) -> None:
        """Make sure that nobody goes on working in it: whoever does loses it."""
        try:
            alone = await self._alone()
        except DOWN:
            alone = False
        if not alone:
            await self.close()

    async def close(self) -> None:
        """Drop it."""
        if self._name:
            name, self._name = self._name, ""
            self._connection.terminate()
            await drop(self._addresses, name)

    async def _make(self) -> None:
        self._name = await create(self._addresses, self._template)
        self._connection = await asyncpg.connect(self._addresses.database(self._name))
        rows = await self._connection.fetch(_RELATIONS)
        self._relations = [await self._remember(Relation(**row)) for row in rows]
        self._look = " UNION ALL ".join(each.changed(at) for at, each in enumerate(self._relations))
        self._catalogues = await self._connection.fetchval(_CATALOGUES)
        await self._set_mark()

    async def _remember(self, relation: Relation) -> Relation:
        if relation.is_sequence:
            value = await self._connection.fetchrow(f"SELECT last_value, is_called FROM {relation.sql}")
            return msgspec.structs.replace(relation, **value)
        rows = await self._connection.fetchval(f"SELECT count(*) FROM ONLY {relation.sql}")
        seed = io.BytesIO()
        if rows:
            await self._connection.copy_from_table(
                relation.name, schema_name=relation.schema, output=seed, format="binary"
            )
        return msgspec.structs.replace(relation, rows=rows, seed=seed.getvalue())

    async def _set_mark(self) -> None:
        self._since = await self._connection.fetchval(_NEXT_TRANSACTION) & 0xFFFFFFFF

    async def _alone(self) -> bool:
        """Tell whether nobody else is connected; who was closed may take a moment to be gone."""
        deadline = asyncio.get_running_loop().time() + LEAVE_SECONDS
        while await self._connection.fetchval(_OTHERS):
            if asyncio.get_running_loop().time() > deadline:
                return False
            await asyncio.sleep(0.005)
        return True

    async def _pure(self) -> bool:
        """Put back what changed, and tell whether everything is as it was."""
        if await self._connection.fetchval(_CATALOGUES) != self._catalogues:
            return False
        if await self._connection.fetchval(_SETTINGS, self._since):
            return False
        if changed := await self._changed():
            await self._restore(changed)
            return not await self._changed()  # a trigger that fires always may have written something
        return True

    async def _changed(self) -> list[Relation]:
        return [self._relations[row[0]] for row in await self._connection.fetch(self._look, self._since)]

    async def _restore(self, changed: Sequence[Relation]) -> None:
        tables = [each for each in changed if not each.is_sequence]
        # Neither foreign keys nor triggers are asked: what is append-only is emptied as well.
        await self._connection.execute("SET session_replication_role = replica")
        if tables:
            await self._connection.execute(";".join(f"DELETE FROM ONLY {each.sql}" for each in tables))
            # Dead rows would be read again and again, and new ones would lie between them in any order.
            await self._connection.execute(f"VACUUM {', '.join(f'ONLY {each.sql}' for each in tables)}")
        for each in changed:
            if each.is_sequence:
                query = "SELECT setval($1::text::regclass, $2, $3)"
                await self._connection.execute(query, each.sql, each.last_value, each.is_called)
            elif each.rows:
                await self._connection.copy_to_table(
                    each.name, schema_name=each.schema, source=io.BytesIO(each.seed), format="binary"
                )
        await self._set_mark()
