"""What a process remembers holds until it changes, whoever changes it and however their transactions overlap."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import asyncpg
import pytest

from server import kept
from server.database import Database
from server.kept import Kept, Made
from server.rounds import Rounds


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    found = Database(database_url, size=6)
    yield found
    await found.close()


class Reader:
    """Asks for one remembered value and counts how often it had to be made."""

    def __init__(self, memory: Kept, *topics: str, lasts: float = 30.0) -> None:
        self.memory, self.topics, self.lasts, self.made = memory, frozenset(topics), lasts, 0

    async def read(self) -> int:
        async def make() -> Made[int]:
            self.made += 1
            return Made(self.made, self.topics, lasts=self.lasts)

        return await self.memory.find("value", make)


async def test_a_value_is_made_once_until_its_topic_changes(database: Database) -> None:
    reader = Reader(Kept(database), "product:1", "shelf")
    assert [await reader.read() for _ in range(3)] == [1, 1, 1]
    async with database.transaction() as connection:
        await kept.change(connection, "product:2")
    assert await reader.read() == 1
    async with database.transaction() as connection:
        await kept.change(connection, "product:1")
        assert await reader.read() == 1, "nothing has happened before it is committed"
    assert [await reader.read() for _ in range(2)] == [2, 2]


async def test_a_transaction_that_began_first_and_committed_last_is_heard(database: Database) -> None:
    reader = Reader(Kept(database), "product:1")
    async with database.connection() as slow:
        async with slow.transaction():
            await kept.change(slow, "product:1")
            async with database.transaction() as connection:
                await kept.change(connection, "product:1")
            assert await reader.read() == 1
            async with database.transaction() as connection:
                await kept.change(connection, "shelf")
            assert await reader.read() == 1
        assert await reader.read() == 2


async def test_what_was_taken_back_changes_nothing(database: Database) -> None:
    reader = Reader(Kept(database), "product:1")
    await reader.read()
    with contextlib.suppress(asyncpg.exceptions.DivisionByZeroError):
        async with database.transaction() as connection:
            await kept.change(connection, "product:1")
            await connection.execute("SELECT 1 / 0")
    assert await reader.read() == 1


async def test_what_changed_while_a_value_was_made_is_not_missed(database: Database) -> None:
    memory = Kept(database)

    async def slow() -> Made[str]:
        async with database.transaction() as connection:
            await kept.change(connection, "product:1")
        await memory.fresh()  # somebody else's question hears of it first
        return Made("old", frozenset({"product:1"}))

    async def anew() -> Made[str]:
        return Made("new", frozenset({"product:1"}))

    assert await memory.find("value", slow) == "old"
    assert await memory.find("value", anew) == "new"


async def test_those_who_want_the_same_wait_for_one_to_make_it(database: Database) -> None:
    memory, gate, made = Kept(database), asyncio.Event(), 0
    await memory.fresh()

    async def make() -> Made[int]:
        nonlocal made
        made += 1
        await gate.wait()
        return Made(made, frozenset({"product:1"}))

    asking = [asyncio.create_task(memory.find("value", make)) for _ in range(20)]
    while made == 0:
        await asyncio.sleep(0)
    gate.set()
    assert await asyncio.gather(*asking) == [1] * 20


async def test_who_waits_for_one_who_fails_makes_it_himself(database: Database) -> None:
    memory, gate, begun = Kept(database), asyncio.Event(), 0

    async def make() -> Made[int]:
        nonlocal begun
        begun += 1
        if begun == 1:
            await gate.wait()
            raise ZeroDivisionError
        return Made(begun, frozenset({"product:1"}))

    first, second = (asyncio.create_task(memory.find("value", make)) for _ in range(2))
    while begun == 0:
        await asyncio.sleep(0)
    gate.set()
    with pytest.raises(ZeroDivisionError):
        await first
    assert await second == 2


async def test_what_lasts_so_long_lasts_so_long_from_its_beginning(database: Database) -> None:
    """A page says before it is rendered when the sale it tells of begins: rendering it takes from that."""
    memory, made = Kept(database), 0

    async def make() -> Made[int]:
        nonlocal made
        made += 1
        await asyncio.sleep(0.3)
        return Made(made, frozenset({"product:1"}), lasts=0.2)

    assert [await memory.find("value", make) for _ in range(2)] == [1, 2]


async def test_what_was_made_of_something_remembered_lasts_no_longer(database: Database) -> None:
    """Half a minute at most is what a page is behind in what sells best, whenever it is made."""
    memory = Kept(database)

    async def inner() -> Made[str]:
        return Made("inner", frozenset({"shelf"}), lasts=0.4)

    async def outer() -> Made[str]:
        await asyncio.gather(memory.find("inner", inner))
        return Made("outer", frozenset({"product:1"}))

    await memory.find("inner", inner)
    await memory.find("outer", outer)
    hits = memory.hits
    await memory.find("outer", outer)
    assert memory.hits == hits + 1
    await asyncio.sleep(0.5)
    misses = memory.misses
    await memory.find("outer", outer)
    assert memory.misses == misses + 2


async def test_what_does_not_last_is_nobody_elses(database: Database) -> None:
    reader = Reader(Kept(database), "product:1", lasts=0)
    assert [await reader.read() for _ in range(3)] == [1, 2, 3]


async def test_more_news_than_are_worth_naming_forget_everything(database: Database) -> None:
    reader = Reader(Kept(database), "shelf")
    await reader.read()
    async with database.transaction() as connection:
        await connection.execute(
            "INSERT INTO changes (topic) SELECT 'product:' || n FROM generate_series(1, 1500) AS n"
        )
    assert await reader.read() == 2


async def test_a_long_silence_forgets_everything(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = Reader(Kept(database), "shelf")
    await reader.read()
    monkeypatch.setattr(kept, "_SILENT", -1.0)
    assert await reader.read() == 2


async def test_room_is_bounded_and_the_longest_unused_goes_first(database: Database) -> None:
    memory = Kept(database, room=8_000)

    def making(size: int) -> Made[int]:
        return Made(size, frozenset({"shelf"}), size=size)

    async def ask(key: str, size: int = 1_000) -> None:
        async def make() -> Made[int]:
            return making(size)

        await memory.find(key, make)

    for number in range(20):
        await ask(f"value {number}")
        await ask("value 0")
    assert memory.size == 8_000
    before = memory.misses
    await ask("value 0")
    await ask("value 19")
    assert memory.misses == before
    await ask("huge", 5_000)
    assert memory.size == 8_000


async def test_without_the_database_nothing_is_answered_from_memory(database: Database) -> None:
    memory = Kept(database)
    reader = Reader(memory, "shelf")
    await reader.read()
    await database.close()
    database.url = "postgresql://nobody@127.0.0.1:1/none"
    with pytest.raises(OSError):
        await reader.read()


async def test_old_news_are_tidied_away(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute(
            "INSERT INTO changes (topic, at) VALUES ('old', now() - interval '2 hours'), ('new', now())"
        )
        await kept.tidy(connection)
        assert [row["topic"] for row in await connection.fetch("SELECT topic FROM changes")] == ["new"]


async def test_a_round_under_way_proves_nothing_to_who_comes_later() -> None:
    gates = [asyncio.Event() for _ in range(3)]
    begun: list[int] = []

    async def work() -> None:
        begun.append(len(begun))
        await gates[begun[-1]].wait()

    rounds = Rounds(work, "test")
    first = asyncio.create_task(rounds.next())
    while not begun:
        await asyncio.sleep(0)
    late = [asyncio.create_task(rounds.next()) for _ in range(5)]
    await asyncio.sleep(0)
    gates[0].set()
    await first
    while len(begun) < 2:
        await asyncio.sleep(0)
    assert not any(one.done() for one in late)
    late[0].cancel()
    gates[1].set()
    assert [type(one) for one in await asyncio.gather(*late, return_exceptions=True)] == [
        asyncio.CancelledError,
        *[type(None)] * 4,
    ]
    assert len(begun) == 2


async def test_a_round_that_fails_fails_for_those_of_it_alone() -> None:
    outcomes: list[Exception | None] = [asyncpg.PostgresConnectionError("away"), None]

    async def work() -> None:
        await asyncio.sleep(0)
        if (error := outcomes.pop(0)) is not None:
            raise error

    rounds = Rounds(work, "test")
    failed = asyncio.create_task(rounds.next())
    while len(outcomes) == 2:
        await asyncio.sleep(0)
    with pytest.raises(asyncpg.PostgresConnectionError):
        await failed
    await rounds.next()
