"""The statements of videos."""

from __future__ import annotations

from server.database import Connection


async def add(connection: Connection, address: str, size: int, milliseconds: int, staff_id: int) -> None:
    """Write down a video; the same one again counts as just brought."""
    await connection.execute(
        """
        INSERT INTO product_videos (address, size, milliseconds, staff_id) VALUES ($1, $2, $3, $4)
        ON CONFLICT (address) DO UPDATE SET created_at = clock_timestamp()
        """,
        address,
        size,
        milliseconds,
        staff_id,
    )


async def known(connection: Connection, address: str) -> bool:
    """Tell whether there is such a video, and keep it there until the transaction ends."""
    found: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM product_videos WHERE address = $1 FOR KEY SHARE)", address
    )
    return found


async def remove_unused(connection: Connection, days: int, most: int) -> list[str]:
    """Forget up to ``most`` videos that were brought more than ``days`` days ago and that no product shows nor has
    shown since; return their addresses. One that somebody takes up at this moment is left alone."""
    rows = await connection.fetch(
        """
        WITH old AS (
            SELECT v.address FROM product_videos AS v
            WHERE v.created_at < now() - make_interval(days => $1)
                AND NOT EXISTS (SELECT FROM products AS p WHERE p.video = v.address)
            ORDER BY v.created_at
            LIMIT $2
            FOR UPDATE SKIP LOCKED
        )
        DELETE FROM product_videos AS v USING old WHERE v.address = old.address
        RETURNING v.address
        """,
        days,
        most,
    )
    return [row["address"] for row in rows]


async def released(connection: Connection, address: str) -> None:
    """Have the days of a video that a product showed begin anew."""
    await connection.execute("UPDATE product_videos SET created_at = clock_timestamp() WHERE address = $1", address)
