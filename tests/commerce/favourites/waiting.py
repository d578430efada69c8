"""Goods that sell out and come back, and members who wait for them."""

from __future__ import annotations

from typing import Any

from commerce import stock
from commerce.favourites.restock import Restocked, tell_restocked
from tests.commerce.favourites.test_favourites import body
from tests.commerce.orders.market import Market, Member

BASE = "/api/v1/me/restock"


WAITING = "SELECT count(*) FROM restock_reminders WHERE told_at IS NULL"


TOLD = "SELECT count(*) FROM messages WHERE kind = 'favourites.restocked'"


async def sell_out(market: Market) -> None:
    """Promise every unit there is."""
    async with market.app.database.transaction() as connection:
        left = (await stock.free(connection, [market.sku_id]))[market.sku_id]
        assert await stock.allocate(connection, market.sku_id, left, "test", "test")


async def restocked(market: Market, quantity: int = 5) -> None:
    async with market.app.database.transaction() as connection:
        await stock.receive(connection, market.sku_id, quantity, "test", "test")


async def wait_for(market: Market, member: Member) -> None:
    assert (await body(market, "POST", BASE, member, {"sku_id": str(market.sku_id)}))[0] == 201


async def tell(market: Market) -> None:
    await tell_restocked(market.app, Restocked(market.product_id))


async def heard(market: Market, member: Member) -> list[Any]:
    _, listed = await body(market, "GET", "/api/v1/me/messages?category=service", member)
    return list(listed["items"])


async def crowd(market: Market, count: int) -> None:
    """Have so many members wait."""
    await market.run(
        """
        WITH made AS (
            INSERT INTO members (phone, nickname)
            SELECT '1' || n, '乙' FROM generate_series(5000000001, 5000000000 + $1) AS n
            RETURNING id
        )
        INSERT INTO restock_reminders (member_id, sku_id) SELECT id, $2 FROM made
        """,
        count,
        market.sku_id,
    )
