"""Stock keeps its promises: no two promises of one unit, whatever comes at the same moment and in whatever order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commerce import stock
from commerce.stock import jobs
from commerce.stock import store as sweep_store
from server.application import Application
from server.database import Connection, Database, prepare

SKU_COUNT = 3


async def fill(connection: Connection) -> list[int]:
    """Add three SKUs and return their ids."""
    shop = await connection.fetchval("INSERT INTO shops (slug, name) VALUES ('s', 'S') RETURNING id")
    category = await connection.fetchval("INSERT INTO categories (slug, name) VALUES ('c', 'C') RETURNING id")
    product = await connection.fetchval(
        "INSERT INTO products (shop_id, category_id, slug, title) VALUES ($1, $2, 'p', 'P') RETURNING id",
        shop,
        category,
    )
    return [
        await connection.fetchval(
            "INSERT INTO skus (product_id, code, specs, price) VALUES ($1, $2, $3, 100) RETURNING id",
            product,
            f"code-{at}",
            {"n": str(at)},
        )
        for at in range(SKU_COUNT)
    ]


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """This test's database."""
    made = Database(database_url, size=20)
    await made.open()
    yield made
    await made.close()


@pytest.fixture
async def sku(database: Database) -> int:
    """A SKU with ten units."""
    async with database.transaction() as connection:
        made = (await fill(connection))[0]
        await stock.receive(connection, made, 10, "test", "system")
        return made


async def level(database: Database, sku_id: int) -> stock.Level:
    """Return the SKU's figures."""
    async with database.connection() as connection:
        return (await stock.levels(connection, [sku_id]))[0]


async def test_what_is_unknown_has_nothing(database: Database, sku: int) -> None:
    async with database.transaction() as connection:
        assert await stock.free(connection, [sku, 999]) == {sku: 10, 999: 0}
        assert not await stock.allocate(connection, 999, 1, "order:1", "system")
        assert await stock.hold(connection, 999, 1, "checkout", "cart:1", 60) is None
        with pytest.raises(stock.NotAllocated):
            await stock.release(connection, 999, 1, "order:1", "system")


@pytest.mark.parametrize("quantity", [0, -1, -(10**12)])
async def test_quantities_are_counts(database: Database, sku: int, quantity: int) -> None:
    async with database.transaction() as connection:
        for act in (stock.receive, stock.allocate, stock.release, stock.ship):
            with pytest.raises(ValueError):
                await act(connection, sku, quantity, "test", "system")
        with pytest.raises(ValueError):
            await stock.hold(connection, sku, quantity, "checkout", "cart:1", 60)


async def test_the_way_of_a_unit(database: Database, sku: int) -> None:
    async with database.transaction() as connection:
        assert await stock.allocate(connection, sku, 4, "order:1", "member:1")
        await stock.ship(connection, sku, 3, "order:1", "staff:1")
        await stock.release(connection, sku, 1, "order:1", "system")
        await stock.correct(connection, sku, -2, "count:1", "staff:1")
        await stock.correct(connection, sku, 0, "count:2", "staff:1")
    assert await level(database, sku) == stock.Level(sku_id=sku, on_hand=5, allocated=0, free=5)
    async with database.connection() as connection:
        moves = await stock.movements(connection, [sku], 10)
    assert [(move.kind, move.quantity, move.on_hand_after, move.allocated_after) for move in reversed(moves)] == [
        (stock.Kind.RECEIVE, 10, 10, 0),
        (stock.Kind.ALLOCATE, 4, 10, 4),
        (stock.Kind.SHIP, 3, 7, 1),
        (stock.Kind.RELEASE, 1, 7, 0),
        (stock.Kind.CORRECT, -2, 5, 0),
    ]


async def test_no_more_goes_back_than_was_promised(database: Database, sku: int) -> None:
    async with database.transaction() as connection:
        assert await stock.allocate(connection, sku, 2, "order:1", "system")
    for act in (stock.release, stock.ship):
        with pytest.raises(stock.NotAllocated):
            async with database.transaction() as connection:
                await act(connection, sku, 3, "order:1", "system")
    assert (await level(database, sku)).allocated == 2


async def test_a_count_takes_nothing_that_is_promised_or_held(database: Database, sku: int) -> None:
    async with database.transaction() as connection:
        assert await stock.allocate(connection, sku, 5, "order:1", "system")
        assert await stock.hold(connection, sku, 3, "checkout", "cart:1", 60) is not None
        await stock.correct(connection, sku, -2, "count:1", "staff:1")
        with pytest.raises(stock.NotEnoughStock):
            await stock.correct(connection, sku, -1, "count:2", "staff:1")


async def test_a_hold_keeps_units_until_its_moment(database: Database, sku: int) -> None:
    async with database.transaction() as connection:
        short = await stock.hold(connection, sku, 6, "checkout", "cart:1", 0.2)
        assert short is not None
        assert await stock.hold(connection, sku, 5, "checkout", "cart:2", 60) is None
        assert not await stock.allocate(connection, sku, 5, "order:1", "system")
    assert (await level(database, sku)).held == 6
    await asyncio.sleep(0.25)  # no sweep has been by: the stored moment alone frees the units
    async with database.transaction() as connection:
        assert await stock.free(connection, [sku]) == {sku: 10}
        assert not await stock.take(connection, short, "order:2", "system")
        assert not await stock.drop(connection, short)
        assert await stock.allocate(connection, sku, 10, "order:3", "system")


async def test_a_hold_becomes_an_allocation_once(database: Database, sku: int) -> None:
    async with database.transaction() as connection:
        held = await stock.hold(connection, sku, 4, "checkout", "cart:1")
        assert held is not None
        assert await stock.take(connection, held, "order:1", "member:1")
        assert not await stock.take(connection, held, "order:1", "member:1")
        assert not await stock.drop(connection, held)
        assert not await stock.take(connection, held + 1, "order:1", "member:1")
        assert not await stock.drop(connection, held + 1)
    assert await level(database, sku) == stock.Level(sku_id=sku, on_hand=10, allocated=4, free=6)


async def test_many_at_once_get_no_more_than_there_is(database: Database, sku: int) -> None:
    async def want(at: int) -> int:
        async with database.transaction() as connection:
            if at % 2:
                return 2 if await stock.allocate(connection, sku, 2, f"order:{at}", "system") else 0
            return 1 if await stock.hold(connection, sku, 1, "checkout", f"cart:{at}", 60) is not None else 0

    given = await asyncio.gather(*(want(at) for at in range(40)))
    assert sum(given) == 10
    after = await level(database, sku)
    assert after.free == 0
    assert after.allocated + after.held == 10


async def test_a_hold_committed_while_one_waits_is_seen(database: Database, sku: int) -> None:
    """The competing hold commits after the allocation began to wait for the row: it must count."""
    async with database.connection() as first, database.connection() as second:
        holding = first.transaction()
        await holding.__aenter__()
        assert await stock.hold(first, sku, 8, "checkout", "cart:1", 60) is not None
        async with second.transaction():
            waiting = asyncio.create_task(stock.allocate(second, sku, 3, "order:1", "system"))
            await asyncio.sleep(0.1)
            assert not waiting.done()
            await holding.__aexit__(None, None, None)
            assert not await waiting


async def test_the_table_itself_refuses_what_the_code_might_get_wrong(database: Database, sku: int) -> None:
    for wrong in ("allocated = 11", "allocated = -1", "on_hand = -1"):
        with pytest.raises(asyncpg.CheckViolationError):
            async with database.transaction() as connection:
                await connection.execute(f"UPDATE stock SET {wrong} WHERE sku_id = {sku}")


async def test_movements_are_only_ever_added(database: Database, sku: int) -> None:
    for wrong in ("UPDATE stock_movements SET quantity = 1", "DELETE FROM stock_movements"):
        with pytest.raises(asyncpg.RestrictViolationError):
            async with database.transaction() as connection:
                await connection.execute(wrong)


async def test_the_sweep_closes_what_has_expired_and_nothing_else(database: Database, sku: int) -> None:
    async with database.transaction() as connection:
        await stock.hold(connection, sku, 1, "checkout", "cart:1", 0.05)
        await stock.hold(connection, sku, 2, "checkout", "cart:2", 60)
        await stock.hold(connection, sku, 3, "sample", "desk")
    await asyncio.sleep(0.1)
    async with database.transaction() as connection:
        assert await sweep_store.sweep(connection, 10) == 1
        assert await sweep_store.sweep(connection, 10) == 0
    assert (await level(database, sku)).held == 5


@pytest.mark.parametrize(("run_for", "left"), [(20.0, 0), (0.0, 1500)])
async def test_the_sweep_goes_on_until_nothing_is_due_or_its_time_is_up(
    app: Application, sku: int, monkeypatch: pytest.MonkeyPatch, run_for: float, left: int
) -> None:
    monkeypatch.setattr(jobs, "RUN_FOR", run_for)
    async with app.running("command"):
        async with app.database.transaction() as connection:
            await connection.execute(
                """
                INSERT INTO stock_holds (sku_id, quantity, purpose, ref, expires_at)
                SELECT $1, 1, 'checkout', 'cart:' || n, now() - interval '1 second' FROM generate_series(1, 2500) AS n
                """,
                sku,
            )
        await jobs.sweep(app)
        async with app.database.connection() as connection:
            due = await connection.fetchval("SELECT count(*) FROM stock_holds WHERE released_at IS NULL")
    assert due == left


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["receive", "allocate", "release", "ship", "correct", "hold", "forget", "drop", "take"]),
        st.integers(0, SKU_COUNT - 1),
        st.integers(1, 6),
    ),
    max_size=40,
)


class Books:
    """What the figures of one SKU must be, kept apart from the code under test."""

    def __init__(self) -> None:
        self.on_hand = 0
        self.allocated = 0
        self.holds: dict[int, int] = {}

    @property
    def free(self) -> int:
        """Return what may still be promised."""
        return self.on_hand - self.allocated - sum(self.holds.values())


async def act(connection: Connection, books: Books, sku_id: int, name: str, quantity: int) -> None:
    """Do one thing to the stock and to the books."""
    held = next(iter(books.holds), 0)
    if name == "receive":
        await stock.receive(connection, sku_id, quantity, "test", "system")
        books.on_hand += quantity
    elif name == "allocate":
        assert await stock.allocate(connection, sku_id, quantity, "test", "system") == (books.free >= quantity)
        books.allocated += quantity if books.free >= quantity else 0
    elif name in ("release", "ship"):
        if books.allocated < quantity:
            with pytest.raises(stock.NotAllocated):
                await getattr(stock, name)(connection, sku_id, quantity, "test", "system")
            return
        await getattr(stock, name)(connection, sku_id, quantity, "test", "system")
        books.allocated -= quantity
        books.on_hand -= quantity if name == "ship" else 0
    elif name == "correct":
        if books.free < quantity:
            with pytest.raises(stock.NotEnoughStock):
                await stock.correct(connection, sku_id, -quantity, "test", "system")
            return
        await stock.correct(connection, sku_id, -quantity, "test", "system")
        books.on_hand -= quantity
    elif name in ("hold", "forget"):
        made = await stock.hold(connection, sku_id, quantity, "test", "test", 60 if name == "hold" else None)
        assert (made is not None) == (books.free >= quantity)
        if made is not None and name == "hold":
            books.holds[made] = quantity
        elif made is not None:  # its owner vanished, and its moment came without anybody sweeping
            await connection.execute("UPDATE stock_holds SET expires_at = now() - interval '1 s' WHERE id = $1", made)
    elif name == "drop":
        assert await stock.drop(connection, held) == (held in books.holds)
        books.holds.pop(held, None)
    elif name == "take":
        assert await stock.take(connection, held, "test", "system") == (held in books.holds)
        books.allocated += books.holds.pop(held, 0)


async def test_any_sequence_of_acts_agrees_with_the_books(database: Database) -> None:
    async with database.transaction() as connection:
        skus = await fill(connection)

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(acts=ACTS)
    def run(acts: list[tuple[str, int, int]]) -> None:
        loop.run_until_complete(play(acts))

    async def play(acts: list[tuple[str, int, int]]) -> None:
        raw: Any = await asyncpg.connect(database.url)
        try:
            await prepare(raw)
            books = [Books() for _ in skus]
            attempt = raw.transaction()
            await attempt.start()
            for name, at, quantity in acts:
                await act(raw, books[at], skus[at], name, quantity)
                levels = {found.sku_id: found for found in await stock.levels(raw, skus)}
                if skus[at] in levels:
                    found = levels[skus[at]]
                    assert (found.on_hand, found.allocated, found.free) == (
                        books[at].on_hand,
                        books[at].allocated,
                        books[at].free,
                    )
                    assert 0 <= found.allocated <= found.on_hand
                    assert found.free >= 0
            for sku_id, book in zip(skus, books, strict=True):
                if moves := await stock.movements(raw, [sku_id], 1):
                    assert (moves[0].on_hand_after, moves[0].allocated_after) == (book.on_hand, book.allocated)
            await attempt.rollback()
        finally:
            await raw.close()

    # Hypothesis draws synchronously, so it has a thread and a loop of its own.
    loop = asyncio.new_event_loop()
    try:
        await asyncio.to_thread(run)
    finally:
        loop.close()
