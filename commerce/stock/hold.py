"""Units kept for somebody for a while: taken at submit, turned into an allocation at payment, or left to expire."""

from __future__ import annotations

from commerce.stock import store
from commerce.stock.types import Kind
from server.database import Connection


async def hold(
    connection: Connection, sku_id: int, quantity: int, purpose: str, ref: str, seconds: float | None = None
) -> int | None:
    """Keep units for ``seconds`` from now (None: until dropped) and return the hold's id; None when fewer are free.

    Locks the SKU's stock.
    """
    if quantity <= 0 or (seconds is not None and seconds <= 0):
        raise ValueError("a hold is of units above 0 for a time above 0")
    if not await store.lock(connection, sku_id):
        return None
    return await store.add_hold(connection, sku_id, quantity, purpose, ref, seconds)


async def drop(connection: Connection, hold_id: int) -> bool:
    """Give held units back before their time; False when the hold had ended or expired. Locks the SKU's stock."""
    sku_id = await store.hold_sku(connection, hold_id)
    if sku_id is None:
        return False
    await store.lock(connection, sku_id)
    return await store.end_hold(connection, hold_id) is not None


async def take(connection: Connection, hold_id: int, ref: str, actor: str) -> bool:
    """Turn a live hold into an allocation; False, and nothing happens, when it had ended or expired.

    Locks the SKU's stock.
    """
    sku_id = await store.hold_sku(connection, hold_id)
    if sku_id is None:
        return False
    await store.lock(connection, sku_id)
    quantity = await store.end_hold(connection, hold_id)
    if quantity is None:
        return False
    moved = await store.move(
        connection, sku_id, Kind.ALLOCATE, quantity, ref, actor, allocated=quantity, free_needed=quantity
    )
    if not moved:
        raise RuntimeError(f"hold {hold_id} stood for units that were not there")
    return True
