"""What products have free is one figure each, right at every moment, whether the worker has been by or not."""

from __future__ import annotations

import asyncio

from commerce import stock
from commerce.merchandising import levels, levels_store
from tests.commerce.catalogue.conftest import Shelf

_DIFFERENT = """
    SELECT p.id FROM products AS p
    LEFT JOIN product_free AS f ON f.product_id = p.id
    WHERE (f.shop_id, f.status, f.free) IS DISTINCT FROM (p.shop_id, p.status, (
        SELECT coalesce(sum(s.free), 0)::bigint FROM skus AS k JOIN stock_free AS s ON s.sku_id = k.id
        WHERE k.product_id = p.id
    ))
"""


async def test_the_figure_is_the_sum_whatever_happens(shelf: Shelf) -> None:
    sku, other = await shelf.sku("LF-BT-INK-500"), await shelf.sku("LF-BT-INK-350")
    database = shelf.app.database

    async def left(made: int) -> None:
        """Hold all figures to the sums, before and after the worker makes those of ``made`` marked products."""
        async with database.connection() as connection:
            assert await connection.fetch(_DIFFERENT) == []
        assert await levels.renew(database) == made
        async with database.connection() as connection:
            assert await connection.fetch(_DIFFERENT) == []

    await levels.work(shelf.app)
    await left(0)
    async with database.transaction() as connection:
        assert await stock.allocate(connection, sku, 5, "order:1", "member:1")
        await stock.receive(connection, other, 7, "product:1", "staff:1")
    await left(1)
    async with database.transaction() as connection:
        await stock.ship(connection, sku, 5, "order:1", "staff:1")
    await left(0)  # as much is free as before, and a rush of parcels marks nothing
    async with database.transaction() as connection:
        hold = await stock.hold(connection, sku, 9, "checkout", "cart:1", 600)
        assert hold is not None
    await left(1)
    await shelf.change("UPDATE stock_holds SET expires_at = now() - interval '1 minute'")
    await levels.work(shelf.app)
    await shelf.change("UPDATE stock_holds SET expires_at = clock_timestamp() + interval '0.2 s'")
    await left(1)
    await asyncio.sleep(0.3)
    await left(0)  # the hold ran out, and nothing was written for that
    await shelf.change("UPDATE products SET status = 'off' WHERE id % 2 = 0")
    await left(30)
    await shelf.change("UPDATE stock SET on_hand = allocated + sku_id % 9")
    await levels.work(shelf.app)
    await left(0)


async def test_a_change_under_way_is_not_forgotten(shelf: Shelf) -> None:
    database, sku = shelf.app.database, await shelf.sku("LF-BT-INK-500")
    await levels.work(shelf.app)
    async with database.transaction() as connection:
        assert await stock.allocate(connection, sku, 5, "order:1", "member:1")
        async with database.transaction() as beside:
            await beside.execute("INSERT INTO level_marks SELECT product_id FROM skus WHERE id = $1", sku)
        assert await levels.renew(database) == 1  # makes the figure of before
    async with database.connection() as connection:
        assert await connection.fetch(_DIFFERENT) == []
        async with database.transaction() as first:
            assert await levels_store.alone(first)
            assert await levels.renew(database) == 0  # one at a time
    assert await levels.renew(database) == 1
    async with database.connection() as connection:
        assert await connection.fetch(_DIFFERENT) == []
        assert await connection.fetchval("SELECT count(*) FROM level_marks") == 0
