"""A shelf on which some goods are looked at together."""

from __future__ import annotations

import pytest

from commerce.recommendations.run import run
from server.application import Application
from tests.commerce.orders.market import Market
from tests.commerce.recommendations.crowd import looked, stocked


@pytest.fixture
async def shelf(market: Market, app: Application) -> list[int]:
    """Six products: people look at the first two, at the next two, and at the last two together."""
    made = await stocked(market, 6)
    for at in (0, 2, 4):
        await looked(market, made[at], made[at + 1], people=4 + at)
    assert await run(app)
    return made
