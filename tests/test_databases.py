"""A database that was used by a test is, for the next one, as the migrations left it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from tests import databases
from tests.databases import Addresses, Kept, connected

TABLES = """
SELECT oid::bigint AS oid, oid::regclass::text AS name FROM pg_class
WHERE relkind = $1 AND relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
ORDER BY oid
"""
COLUMNS = """
SELECT quote_ident(attname) AS name, format_type(atttypid, atttypmod) AS type, typcategory::text AS kind
FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid
WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped AND attidentity = '' AND attgenerated = ''
ORDER BY attnum
"""
CHECKS = """
SELECT conrelid::regclass::text AS name, quote_ident(conname) AS rule FROM pg_constraint
WHERE contype = 'c' AND conrelid <> 0 AND connamespace <> 'information_schema'::regnamespace
"""
VALUES = {
    "N": "2",
    "B": "true",
    "D": "now()",
    "I": "127.0.0.1",
    "T": "1 s",
    "R": "empty",
    "A": "{}",
    "U": "{}",
    "uuid": "0" * 32,
    "xid8": "3",
}
ODD = """
CREATE SCHEMA elsewhere;
CREATE TABLE elsewhere."Odd 'one'" (
    id bigint GENERATED ALWAYS AS IDENTITY (START 7), n int, twice int GENERATED ALWAYS AS (n * 2) STORED, t text[]
);
INSERT INTO elsewhere."Odd 'one'" (n, t) SELECT n, array['a', NULL] FROM generate_series(1, 300) AS n;
CREATE TABLE elsewhere.heir () INHERITS (elsewhere."Odd 'one'");
INSERT INTO elsewhere.heir (id, n) VALUES (1, 9);
CREATE TABLE elsewhere.parted (at int) PARTITION BY RANGE (at);
CREATE TABLE elsewhere.part PARTITION OF elsewhere.parted FOR VALUES FROM (0) TO (100);
INSERT INTO elsewhere.parted VALUES (5);
CREATE UNLOGGED TABLE elsewhere.light (n serial);
INSERT INTO elsewhere.light DEFAULT VALUES;
CREATE SEQUENCE elsewhere.free START 40 INCREMENT -3 MINVALUE -100 MAXVALUE 50;
SELECT nextval('elsewhere.free');
"""
OTHER_SCHEMA = (
    "ALTER TABLE ledger_entries DISABLE TRIGGER ledger_entries_balanced",
    "ALTER TABLE orders DROP CONSTRAINT orders_order_no_check",
    "ALTER TABLE members ALTER COLUMN nickname SET DEFAULT 'x'",
    "ALTER SEQUENCE members_id_seq INCREMENT 5",
    "ALTER FUNCTION now() STABLE PARALLEL UNSAFE",
    "CREATE TABLE left_over ()",
    "CREATE FUNCTION left_over() RETURNS int LANGUAGE sql RETURN 1",
    "DROP EXTENSION pg_trgm CASCADE",
    "GRANT SELECT ON members TO PUBLIC",
    "TRUNCATE members CASCADE",
    "SELECT lo_from_bytea(0, 'left over')",
    "ALTER DATABASE {name} SET work_mem = '8MB'",
    "ALTER DATABASE {name} CONNECTION LIMIT 77",
)


@pytest.fixture(scope="module")
async def odd_template(addresses: Addresses, template: str) -> AsyncIterator[str]:
    """The template with whatever a migration might bring, and without checks, so that anything can be written."""
    name = await databases.create(addresses, template)
    async with connected(addresses.database(name)) as db:
        for check in await db.fetch(CHECKS):
            await db.execute(f"ALTER TABLE {check['name']} DROP CONSTRAINT {check['rule']}")
        await db.execute(ODD)
    yield name
    await databases.drop(addresses, name)


@pytest.fixture
async def lent(addresses: Addresses, odd_template: str) -> AsyncIterator[Kept]:
    """Copies of the odd template."""
    made = Kept(addresses, odd_template)
    yield made
    await made.close()


async def content(db: Any) -> dict[str, Any]:
    """Return every row, in the order it is found, and every sequence of a database."""
    found: dict[str, Any] = {}
    for table in await db.fetch(TABLES, b"r"):
        found[table["name"]] = [
            row[0] for row in await db.fetch(f"SELECT every::text FROM ONLY {table['name']} AS every")
        ]
    for sequence in await db.fetch(TABLES, b"S"):
        found[sequence["name"]] = tuple(await db.fetchrow(f"SELECT last_value, is_called FROM {sequence['name']}"))
    return found


async def fill(db: Any) -> None:
    """Write a row into every table."""
    await db.execute("SET session_replication_role = replica")
    for table in await db.fetch(TABLES, b"r"):
        columns = await db.fetch(COLUMNS, table["oid"])
        values = [
            f"enum_first(NULL::{column['type']})"
            if column["kind"] == "E"
            else f"'{VALUES.get(column['type']) or VALUES.get(column['kind'], 'x')}'::{column['type']}"
            for column in columns
        ]
        names = ", ".join(column["name"] for column in columns)
        into = f"INSERT INTO {table['name']}"
        await db.execute(f"{into} ({names}) VALUES ({', '.join(values)})" if names else f"{into} DEFAULT VALUES")


async def empty(db: Any) -> None:
    """Delete every row."""
    await db.execute("SET session_replication_role = replica")
    for table in await db.fetch(TABLES, b"r"):
        await db.execute(f"DELETE FROM ONLY {table['name']}")


async def rewrite(db: Any) -> None:
    """Change rows, as many as there were, and draw numbers without using them."""
    await db.execute("UPDATE roles SET name = 'another'; UPDATE schema_migrations SET checksum = 'another'")
    await db.execute("UPDATE elsewhere.\"Odd 'one'\" SET n = n + 1; UPDATE elsewhere.parted SET at = 6")
    await db.execute("DELETE FROM elsewhere.light; INSERT INTO elsewhere.light VALUES (2)")
    for sequence in await db.fetch(TABLES, b"S"):
        await db.execute("SELECT nextval($1::text::regclass)", sequence["name"])


@pytest.mark.parametrize("use", [fill, empty, rewrite])
async def test_what_was_written_is_gone(addresses: Addresses, lent: Kept, use: Any) -> None:
    first = await lent.lend()
    async with connected(addresses.database(first)) as db:
        fresh = await content(db)
    for _ in range(2):
        async with connected(addresses.database(first)) as db:
            await use(db)
            used = await content(db)
        tables = {name for name, value in fresh.items() if isinstance(value, list)}
        seeded = {name for name in tables if fresh[name]}
        wanted = {fill: tables, empty: seeded, rewrite: (fresh.keys() - tables) | seeded - {"elsewhere.heir"}}[use]
        assert not {name for name in wanted if used[name] == fresh[name]}
        await lent.take_back()
        assert await lent.lend() == first
        async with connected(addresses.database(first)) as db:
            assert await content(db) == fresh


async def test_a_copy_is_as_its_template(addresses: Addresses, lent: Kept, odd_template: str) -> None:
    async with connected(addresses.database(odd_template)) as db:
        original = await content(db)
    async with connected(addresses.database(await lent.lend())) as db:
        assert await content(db) == original
    assert len(original["elsewhere.\"Odd 'one'\""]) == 300
    assert original["elsewhere.free"] == (40, True)


@pytest.mark.parametrize("change", OTHER_SCHEMA)
async def test_another_schema_is_thrown_away(addresses: Addresses, kept: Kept, change: str) -> None:
    first = await kept.lend()
    async with connected(addresses.database(first)) as db:
        await db.execute(change.format(name=first))
    await kept.take_back()
    second = await kept.lend()
    assert second != first
    async with connected(addresses.database(second)) as db:
        assert not await db.fetchval("SELECT count(*) FROM pg_database WHERE datname = $1", first)
        assert await db.fetchval("SELECT count(*) FROM members") == 0
    await kept.take_back()
    assert await kept.lend() == second


async def test_what_was_rolled_back_is_not_there(addresses: Addresses, kept: Kept) -> None:
    first = await kept.lend()
    async with connected(addresses.database(first)) as db:
        await db.execute(
            "BEGIN; UPDATE roles SET name = 'x'; DELETE FROM schema_migrations; CREATE TABLE x (); ROLLBACK"
        )
    await kept.take_back()
    second = await kept.lend()
    async with connected(addresses.database(second)) as db:
        assert not await db.fetchval("SELECT count(*) FROM roles WHERE name = 'x'")
        assert await db.fetchval("SELECT count(*) FROM schema_migrations")
        assert await db.fetchval("SELECT to_regclass('x')") is None


async def test_new_rows_lie_in_the_order_they_were_written(addresses: Addresses, kept: Kept) -> None:
    names = set()
    for _ in range(4):
        names.add(name := await kept.lend())
        async with connected(addresses.database(name)) as db:
            await db.execute(
                "INSERT INTO members (phone, nickname) SELECT 13800000000 + n, repeat('x', 30) "
                "FROM generate_series(1, 500) AS n"
            )
            assert [row["id"] for row in await db.fetch("SELECT id FROM members")] == list(range(1, 501))
            await db.execute("UPDATE members SET nickname = 'y' WHERE id % 3 = 0")
            await db.execute("DELETE FROM members WHERE id % 5 = 0")
        await kept.take_back()
    assert len(names) == 1
    async with connected(addresses.database(await kept.lend())) as db:
        assert await db.fetchval("SELECT pg_relation_size('members')") == 0


async def test_who_stays_connected_loses_the_database(addresses: Addresses, kept: Kept) -> None:
    first = await kept.lend()
    async with connected(addresses.database(first)) as stayed:
        await stayed.execute("BEGIN; INSERT INTO members (phone, nickname) VALUES ('13800000000', 'x')")
        await kept.take_back()
        with pytest.raises((asyncpg.PostgresConnectionError, asyncpg.InterfaceError)):
            await stayed.execute("COMMIT")
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await asyncpg.connect(addresses.database(first))
    assert await kept.lend() != first


async def test_who_came_between_two_tests_loses_it_as_well(addresses: Addresses, kept: Kept) -> None:
    first = await kept.lend()
    await kept.take_back()
    async with connected(addresses.database(first)):
        assert await kept.lend() != first


async def test_every_session_may_be_ended(addresses: Addresses, kept: Kept) -> None:
    first = await kept.lend()
    async with connected(addresses.database_url) as db:
        ended = await db.fetchval(
            "SELECT count(pg_terminate_backend(pid, 2000)) FROM pg_stat_activity WHERE datname = $1", first
        )
    assert ended == 1
    await kept.take_back()
    second = await kept.lend()
    async with connected(addresses.database(second)) as db:
        assert await db.fetchval("SELECT count(*) FROM members") == 0


async def test_what_refuses_to_be_put_back_is_thrown_away(addresses: Addresses, template: str) -> None:
    name = await databases.create(addresses, template)
    async with connected(addresses.database(name)) as db:
        await db.execute(
            """
            CREATE TABLE told (what text);
            CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN INSERT INTO told VALUES (TG_OP); RETURN OLD; END $$;
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'never'; END $$;
            CREATE TRIGGER tells AFTER DELETE ON members FOR EACH ROW EXECUTE FUNCTION tell();
            CREATE TRIGGER refuses BEFORE DELETE ON shops FOR EACH ROW EXECUTE FUNCTION refuse();
            ALTER TABLE members ENABLE ALWAYS TRIGGER tells;
            ALTER TABLE shops ENABLE ALWAYS TRIGGER refuses;
            """
        )
    made = Kept(addresses, name)
    seen = []
    for insert in (
        "INSERT INTO members (phone, nickname) VALUES ('13800000000', 'x')",
        "INSERT INTO shops (slug, name) VALUES ('x', 'x')",
        "SELECT 1",
    ):
        seen.append(await made.lend())
        async with connected(addresses.database(seen[-1])) as db:
            assert [await db.fetchval(f"SELECT count(*) FROM {table}") for table in ("members", "shops", "told")] == [
                0,
                0,
                0,
            ]
            await db.execute(insert)
    await made.close()
    await databases.drop(addresses, name)
    assert len(set(seen)) == 3
