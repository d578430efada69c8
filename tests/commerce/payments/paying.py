"""Buyers at the gateway."""

from __future__ import annotations

from commerce import payments
from commerce.ledger import balances
from tests.commerce.orders.market import Market


async def agree(market: Market) -> None:
    """Every fen agrees between orders, payments, refunds and the ledger."""
    async with market.app.database.connection() as connection:
        assert await payments.check(connection) == []


async def account_of(market: Market, name: str) -> int:
    async with market.app.database.connection() as connection:
        return {balance.account: balance.balance for balance in await balances(connection)}.get(name, 0)
