"""Favourites, footprints and reminders as a part of what belongs to a member."""

from __future__ import annotations

from typing import Any

from commerce.favourites import restock_store
from commerce.members.belongings import Belonging
from server.database import Connection


async def move(connection: Connection, keeper_id: int, other_id: int) -> None:
    """Give the other's favourites, footprints and reminders to the keeper; of what both have the keeper's stays.

    Whoever of the two wants no footprints kept has none kept from then on.
    """
    await connection.execute(
        """
        INSERT INTO favourites (member_id, product_id, price, told_price, told_at, created_at)
        SELECT $1, product_id, price, told_price, told_at, created_at FROM favourites WHERE member_id = $2
        ON CONFLICT DO NOTHING
        """,
        keeper_id,
        other_id,
    )
    await connection.execute(
        """
        INSERT INTO footprints AS f (member_id, day, product_id, seen_at)
        SELECT $1, day, product_id, seen_at FROM footprints WHERE member_id = $2
        ON CONFLICT (member_id, day, product_id) DO UPDATE SET seen_at = greatest(f.seen_at, excluded.seen_at)
        """,
        keeper_id,
        other_id,
    )
    await connection.execute(
        """
        INSERT INTO footprints_off (member_id, since)
        SELECT $1, since FROM footprints_off WHERE member_id = $2 ON CONFLICT DO NOTHING
        """,
        keeper_id,
        other_id,
    )
    await restock_store.merge(connection, keeper_id, other_id)
    await erase(connection, other_id)


async def tell(connection: Connection, member_id: int) -> dict[str, list[dict[str, Any]]]:
    """Return what a member keeps an eye on, what they looked at and what they wait for."""
    kept = await connection.fetch(
        """
        SELECT p.title, f.price, f.created_at FROM favourites f JOIN products p ON p.id = f.product_id
        WHERE f.member_id = $1 ORDER BY f.created_at
        """,
        member_id,
    )
    seen = await connection.fetch(
        """
        SELECT p.title, f.seen_at FROM footprints f JOIN products p ON p.id = f.product_id
        WHERE f.member_id = $1 ORDER BY f.seen_at
        """,
        member_id,
    )
    return {
        "favourites": [dict(row) for row in kept],
        "footprints": [dict(row) for row in seen],
        "restock_reminders": await restock_store.told(connection, member_id),
    }


async def erase(connection: Connection, member_id: int) -> None:
    """Forget favourites, footprints and reminders."""
    await connection.execute("DELETE FROM favourites WHERE member_id = $1", member_id)
    await connection.execute("DELETE FROM footprints WHERE member_id = $1", member_id)
    await connection.execute("DELETE FROM footprints_off WHERE member_id = $1", member_id)
    await restock_store.erase(connection, member_id)


BELONGING = Belonging(
    name="favourites",
    tables=("favourites", "footprints", "footprints_off", "restock_reminders"),
    move=move,
    tell=tell,
    erase=erase,
)
