"""Which pictures the catalogue names."""

from __future__ import annotations

from server.database import Connection


async def any_picture(connection: Connection) -> str | None:
    """Return the address of a picture of a product, one of our own data folder; None while no product has any."""
    found: str | None = await connection.fetchval(
        "SELECT pictures ->> 0 FROM products WHERE pictures ->> 0 LIKE '/media/%' LIMIT 1"
    )
    return found
