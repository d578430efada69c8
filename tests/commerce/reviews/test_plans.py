"""What the lists for staff cost where very much has been said: they read a page, and not all that there is."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from commerce.reviews import media_store, queue_store
from commerce.reviews.queue_store import MOST_COUNTED, Desk, Queue
from tests.commerce.orders.market import Market

MANY = 10_000


@pytest.fixture
async def talk(market: Market) -> Market:
    """A market in which very much was said, and nearly all of it seen to."""
    async with market.app.database.transaction() as connection:
        await connection.execute("ALTER TABLE remarks DISABLE TRIGGER USER")
        for kind, parent in (("question", "NULL"), ("answer", "1"), ("follow_up", "n + 1")):
            await connection.execute(
                f"""
                INSERT INTO remarks (kind, product_id, shop_id, parent_id, text, state, pictures, checked, reply,
                                     replied_at)
                SELECT '{kind}', $1, $2, {parent}, 'x', 'shown', jsonb_build_array('/media/u/' || n), n % 5 > 0,
                    nullif($3, ''), CASE WHEN $3 <> '' THEN now() END
                FROM generate_series(1, $4) AS n
                """,
                market.product_id,
                market.shop_id,
                "" if kind == "question" else "y",
                1 if kind == "question" else MANY,
            )
        await connection.execute("ALTER TABLE remarks ENABLE TRIGGER USER")
        await connection.execute("ANALYZE remarks")
    return market


class Watched:
    """A connection that notes how many rows its statements read."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.read = 0

    def __getattr__(self, name: str) -> Callable[..., Any]:
        async def run(query: str, *values: Any) -> Any:
            told = await self._connection.fetchval("EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) " + query, *values)
            [plan] = json.loads(told) if isinstance(told, str) else told
            self.read += _rows(plan["Plan"])
            return await getattr(self._connection, name)(query, *values)

        return run


def _rows(plan: dict[str, Any]) -> int:
    """Return how many rows a plan's scans read, those that they threw away too."""
    own = 0
    if "Relation Name" in plan:
        each = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)
        own = int(each * plan["Actual Loops"])
    return own + sum(_rows(part) for part in plan.get("Plans", ()))


async def watch(market: Market, ask: Callable[..., Any], *how: Any) -> int:
    """Return how many rows something reads."""
    async with market.app.database.connection() as connection:
        watched = Watched(connection)
        await ask(watched, *how)
        return watched.read


async def test_lists_for_staff_read_no_more_than_they_show(talk: Market) -> None:
    for which in Queue:
        read = await watch(talk, queue_store.queue, which, 0, 20)
        assert read < 2 * MOST_COUNTED + 500, (which, read)
    for desk, most in ((Desk.OPEN, 10), (Desk.BAD, 10), (Desk.QUESTIONS, 10), (Desk.REVIEWS, 3 * MOST_COUNTED)):
        read = await watch(talk, queue_store.desk, desk, [talk.shop_id], 0, 20)
        assert read < most, (desk, read)


async def test_who_shows_a_picture_is_found_without_reading_all(talk: Market) -> None:
    addresses = [f"/media/u/{number}" for number in range(7, 107)]
    async with talk.app.database.connection() as connection:
        assert await media_store.named(connection, addresses) == dict.fromkeys(addresses, True)
    assert await watch(talk, media_store.named, addresses) < 1000
