"""What stands near a product, and how much is on the shelf."""

from __future__ import annotations

from commerce.catalogue import store
from tests.commerce.catalogue.conftest import Shelf


async def test_what_is_near_stands_first(shelf: Shelf) -> None:
    async with shelf.app.database.connection() as connection:
        rows = await connection.fetch(
            "SELECT p.id, p.category_id, c.parent_id, p.shop_id, p.sales, p.created_at FROM products AS p"
            " JOIN categories AS c ON c.id = p.category_id WHERE p.status = 'on'"
        )
        lengths = set()
        for mine in rows:
            far = {}
            for one in rows:
                if one["category_id"] == mine["category_id"]:
                    far[one["id"]] = 0 if one["shop_id"] == mine["shop_id"] else 1
                elif one["parent_id"] == mine["parent_id"]:
                    far[one["id"]] = 2
                elif one["shop_id"] == mine["shop_id"]:
                    far[one["id"]] = 3
            far.pop(mine["id"])
            order = sorted(
                (one for one in rows if one["id"] in far),
                key=lambda one: (far[one["id"]], -one["sales"], -one["created_at"].timestamp(), one["id"]),
            )
            expected = [one["id"] for one in order][:6]
            found = await store.related(connection, mine["id"], mine["category_id"], mine["shop_id"], 6)
            assert [card.id for card in found] == expected
            lengths.add(len([one for one in expected if far[one] > 1]))
        assert len(lengths) > 2  # categories have few or many
        assert [await store.on_shelf(connection, most) for most in (7, 1000)] == [7, 60]
