"""People who look at products, and goods for them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from tests.commerce.favourites.test_favourites import more
from tests.commerce.orders.market import Market, Member

BASE = "/api/v1/recommendations"


async def looked(market: Market, *products: int, people: int = 4) -> None:
    """Have visitors look at the same products."""
    for _ in range(people):
        visitor = uuid4()
        for product_id in products:
            await market.run(
                """
                INSERT INTO behaviour_events (at, kind, visitor, product_id)
                VALUES (now() - interval '1 hour', 'view_product', $1, $2)
                """,
                visitor,
                product_id,
            )


async def saw(market: Market, member: Member, *products: int) -> None:
    """Have a member look at products."""
    for product_id in products:
        await market.run(
            """
            INSERT INTO behaviour_events (at, kind, member_id, product_id)
            VALUES (now() - interval '1 minute', 'view_product', $1, $2)
            """,
            member.id,
            product_id,
        )


async def stocked(market: Market, count: int) -> list[int]:
    """Put products on the shelf that are there to be bought, in categories of their own."""
    found = await more(market, count)
    await market.run(
        """
        INSERT INTO categories (slug, name) SELECT 'own-' || id, '类 ' || id FROM products WHERE id = ANY ($1::bigint[])
        """,
        found,
    )
    await market.run(
        """
        UPDATE products AS p SET category_id = c.id FROM categories AS c
        WHERE c.slug = 'own-' || p.id AND p.id = ANY ($1::bigint[])
        """,
        found,
    )
    await market.run(
        """
        INSERT INTO stock (sku_id, on_hand, allocated) SELECT id, 50, 0 FROM skus WHERE product_id = ANY ($1::bigint[])
        ON CONFLICT (sku_id) DO UPDATE SET on_hand = 50
        """,
        found,
    )
    return found


async def guess(market: Market, who: Member | None, query: str = "") -> Any:
    answer = await market.call("GET", BASE + query, who)
    assert answer.status == 200, await answer.text()
    return await answer.json()


def ids(body: Any) -> list[int]:
    return [int(one["product_id"]) for one in body["items"]]
