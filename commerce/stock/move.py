"""Units come in, are promised, are given back, go out. Each call belongs to its caller's transaction.

A quantity is a count of units above 0; ``ref`` names what it was for (``flash-sale:7``, ``order:…``), ``actor`` who
did it (``staff:3``, ``system``). Whoever moves several SKUs in one transaction takes them in ascending order of id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from commerce.stock import store
from commerce.stock.types import Kind, NotAllocated, NotEnoughStock
from server.database import Connection


async def free(connection: Connection, sku_ids: Sequence[int]) -> dict[int, int]:
    """Return how many units of each SKU may still be promised; a SKU without stock has 0. Locks nothing."""
    found = await store.free(connection, sku_ids)
    return {sku_id: found.get(sku_id, 0) for sku_id in sku_ids}


async def receive(connection: Connection, sku_id: int, quantity: int, ref: str, actor: str) -> None:
    """Add units that came in. Locks the SKU's stock."""
    _positive(quantity)
    await store.ensure(connection, sku_id)
    await store.lock(connection, sku_id)
    await store.move(connection, sku_id, Kind.RECEIVE, quantity, ref, actor, on_hand=quantity)


async def receive_first(connection: Connection, quantities: Mapping[int, int], ref: str, actor: str) -> None:
    """Add the first units of many SKUs at once; those that have had some already are left as they are."""
    for quantity in quantities.values():
        _positive(quantity)
    await store.receive_first(connection, quantities, ref, actor)


async def correct(connection: Connection, sku_id: int, difference: int, ref: str, actor: str) -> None:
    """Add what a count found, or take away what it missed. Locks the SKU's stock.

    Raises NotEnoughStock when the missing units are already promised.
    """
    if difference == 0:
        return
    await store.ensure(connection, sku_id)
    await store.lock(connection, sku_id)
    if not await store.move(
        connection, sku_id, Kind.CORRECT, difference, ref, actor, on_hand=difference, free_needed=max(0, -difference)
    ):
        raise NotEnoughStock


async def allocate(connection: Connection, sku_id: int, quantity: int, ref: str, actor: str) -> bool:
    """Promise units for good; False, and nothing happens, when fewer are free. Locks the SKU's stock."""
    _positive(quantity)
    return await store.lock(connection, sku_id) and await store.move(
        connection, sku_id, Kind.ALLOCATE, quantity, ref, actor, allocated=quantity, free_needed=quantity
    )


async def release(connection: Connection, sku_id: int, quantity: int, ref: str, actor: str) -> None:
    """Make promised units free again. Locks the SKU's stock. Raises NotAllocated."""
    _positive(quantity)
    if not (
        await store.lock(connection, sku_id)
        and await store.move(connection, sku_id, Kind.RELEASE, quantity, ref, actor, allocated=-quantity)
    ):
        raise NotAllocated


async def ship(connection: Connection, sku_id: int, quantity: int, ref: str, actor: str) -> None:
    """Send promised units away. Locks the SKU's stock. Raises NotAllocated."""
    _positive(quantity)
    if not (
        await store.lock(connection, sku_id)
        and await store.move(
            connection, sku_id, Kind.SHIP, quantity, ref, actor, on_hand=-quantity, allocated=-quantity
        )
    ):
        raise NotAllocated


def _positive(quantity: int) -> None:
    if quantity <= 0:
        raise ValueError(f"a quantity of units is above 0, not {quantity}")
