"""Every SQL statement of stock.

Whoever changes what is free locks the SKU's row first, in a statement of its own: the next statement then sees every
hold that was committed before, which a condition inside one UPDATE would not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from commerce.stock.types import Kind, Level, Movement
from server.database import Connection, many, touched


async def free(connection: Connection, sku_ids: Sequence[int]) -> dict[int, int]:
    """Return the free units of those SKUs that have stock."""
    rows = await connection.fetch(
        "SELECT sku_id, free FROM stock_free WHERE sku_id = ANY ($1::bigint[])", list(sku_ids)
    )
    return {row["sku_id"]: row["free"] for row in rows}


async def levels(connection: Connection, sku_ids: Sequence[int]) -> list[Level]:
    """Return the figures of those SKUs that have stock, by SKU."""
    rows = await connection.fetch(
        """
        SELECT sku_id, on_hand, allocated, free
        FROM stock_free
        WHERE sku_id = ANY ($1::bigint[])
        ORDER BY sku_id
        """,
        list(sku_ids),
    )
    return many(Level, rows)


async def movements(connection: Connection, sku_ids: Sequence[int], most: int) -> list[Movement]:
    """Return the last ``most`` movements of those SKUs, the newest first."""
    rows = await connection.fetch(
        """
        SELECT id, sku_id, kind, quantity, on_hand_after, allocated_after, ref, actor, at
        FROM stock_movements
        WHERE sku_id = ANY ($1::bigint[])
        ORDER BY id DESC
        LIMIT $2
        """,
        list(sku_ids),
        most,
    )
    return many(Movement, rows)


async def lock(connection: Connection, sku_id: int) -> bool:
    """Lock the SKU's row until the transaction ends; False if it has none."""
    return await connection.fetchval("SELECT true FROM stock WHERE sku_id = $1 FOR UPDATE", sku_id) is not None


async def ensure(connection: Connection, sku_id: int) -> None:
    """Give the SKU a row with nothing in it if it has none."""
    await connection.execute("INSERT INTO stock (sku_id) VALUES ($1) ON CONFLICT (sku_id) DO NOTHING", sku_id)


async def receive_first(connection: Connection, quantities: Mapping[int, int], ref: str, actor: str) -> None:
    """Give SKUs that have no row yet one with their first units, and write the movements."""
    await connection.execute(
        """
        WITH made AS (
            INSERT INTO stock (sku_id, on_hand)
            SELECT sku_id, quantity FROM unnest($1::bigint[], $2::bigint[]) AS u (sku_id, quantity)
            ON CONFLICT (sku_id) DO NOTHING
            RETURNING sku_id, on_hand
        )
        INSERT INTO stock_movements (sku_id, kind, quantity, on_hand_after, allocated_after, ref, actor)
        SELECT sku_id, 'receive', on_hand, on_hand, 0, $3::text, $4::text FROM made
        """,
        list(quantities.keys()),
        list(quantities.values()),
        ref,
        actor,
    )


async def move(
    connection: Connection,
    sku_id: int,
    kind: Kind,
    quantity: int,
    ref: str,
    actor: str,
    *,
    on_hand: int = 0,
    allocated: int = 0,
    free_needed: int = 0,
) -> bool:
    """Add ``on_hand`` and ``allocated`` to the SKU's figures and write the movement.

    False, and nothing is written, if fewer than ``free_needed`` units are free or the figures would leave their bounds.
    The caller holds the row's lock.
    """
    status = await connection.execute(
        """
        WITH moved AS (
            UPDATE stock AS s
            SET on_hand = s.on_hand + $4::bigint, allocated = s.allocated + $5::bigint
            FROM stock_free AS f
            WHERE s.sku_id = $1 AND f.sku_id = $1
                AND f.free >= $6::bigint
                AND 0 <= s.allocated + $5::bigint AND s.allocated + $5::bigint <= s.on_hand + $4::bigint
            RETURNING s.sku_id, s.on_hand, s.allocated
        )
        INSERT INTO stock_movements (sku_id, kind, quantity, on_hand_after, allocated_after, ref, actor)
        SELECT sku_id, $2::text, $3::bigint, on_hand, allocated, $7::text, $8::text FROM moved
        """,
        sku_id,
        kind,
        quantity,
        on_hand,
        allocated,
        free_needed,
        ref,
        actor,
    )
    return touched(status) == 1


async def add_hold(
    connection: Connection, sku_id: int, quantity: int, purpose: str, ref: str, seconds: float | None
) -> int | None:
    """Write a hold if that many units are free and return its id. The caller holds the row's lock."""
    held: int | None = await connection.fetchval(
        """
        INSERT INTO stock_holds (sku_id, quantity, purpose, ref, expires_at)
        SELECT sku_id, $2::bigint, $3::text, $4::text, statement_timestamp() + make_interval(secs => $5::float8)
        FROM stock_free
        WHERE sku_id = $1 AND free >= $2::bigint
        RETURNING id
        """,
        sku_id,
        quantity,
        purpose,
        ref,
        seconds,
    )
    return held


async def hold_sku(connection: Connection, hold_id: int) -> int | None:
    """Return the SKU that a hold is on."""
    sku_id: int | None = await connection.fetchval("SELECT sku_id FROM stock_holds WHERE id = $1", hold_id)
    return sku_id


async def end_hold(connection: Connection, hold_id: int) -> int | None:
    """End a live hold and return its quantity; None if it had ended or expired. The caller holds the row's lock."""
    quantity: int | None = await connection.fetchval(
        """
        UPDATE stock_holds
        SET released_at = statement_timestamp()
        WHERE id = $1 AND released_at IS NULL AND (expires_at IS NULL OR expires_at > statement_timestamp())
        RETURNING quantity
        """,
        hold_id,
    )
    return quantity


async def sweep(connection: Connection, most: int) -> int:
    """Close up to ``most`` expired holds, the longest overdue first, and return how many.

    Those that somebody else has locked are left out: nothing waits.
    """
    status = await connection.execute(
        """
        UPDATE stock_holds
        SET released_at = expires_at
        WHERE id IN (
            SELECT id FROM stock_holds
            WHERE released_at IS NULL AND expires_at <= statement_timestamp()
            ORDER BY expires_at
            LIMIT $1
            FOR UPDATE SKIP LOCKED
        )
        """,
        most,
    )
    return touched(status)
