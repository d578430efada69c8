"""Every SQL statement of shipments, and of what waits to be shipped or received."""

from __future__ import annotations

from collections.abc import Sequence

from commerce.orders.types import Parcel, Shipment
from server.database import Connection, many, one


async def insert(connection: Connection, order_id: int, parcel: Parcel) -> None:
    """Write down that a whole order left in one parcel."""
    await connection.execute(
        """
        WITH made AS (INSERT INTO shipments (order_id, carrier, tracking_no) VALUES ($1, $2, $3) RETURNING id)
        INSERT INTO shipment_lines (shipment_id, line_id, quantity)
        SELECT made.id, l.id, l.quantity FROM made, order_lines AS l WHERE l.order_id = $1
        """,
        order_id,
        parcel.carrier,
        parcel.tracking_no,
    )


async def of_orders(connection: Connection, order_ids: Sequence[int]) -> dict[int, list[Shipment]]:
    """Return the shipments of these orders, the oldest first."""
    rows = await connection.fetch(
        """
        SELECT id, order_id, carrier, tracking_no, corrections, shipped_at
        FROM shipments WHERE order_id = ANY ($1) ORDER BY id
        """,
        order_ids,
    )
    found: dict[int, list[Shipment]] = {order_id: [] for order_id in order_ids}
    for shipment in many(Shipment, rows):
        found[shipment.order_id].append(shipment)
    return found


async def correct(connection: Connection, shipment_id: int, parcel: Parcel) -> Shipment:
    """Put right with whom a parcel goes, and under which number, and return it."""
    row = await connection.fetchrow(
        """
        UPDATE shipments SET carrier = $2, tracking_no = $3, corrections = corrections + 1 WHERE id = $1
        RETURNING id, order_id, carrier, tracking_no, corrections, shipped_at
        """,
        shipment_id,
        parcel.carrier,
        parcel.tracking_no,
    )
    corrected = one(Shipment, row)
    assert corrected is not None
    return corrected


async def to_ship(connection: Connection, shops: Sequence[int] | None) -> int:
    """Return how many orders of these shops (None: of all) wait for their shipment."""
    found: int = await connection.fetchval(
        """
        SELECT count(*) FROM orders
        WHERE status = 'pending_shipment' AND ($1::bigint[] IS NULL OR shop_id = ANY ($1))
        """,
        shops,
    )
    return found


async def put_off(connection: Connection, order_id: int, seconds: float) -> None:
    """Let an order count as received so many seconds from now at the earliest."""
    await connection.execute(
        "UPDATE orders SET receipt_before = now() + make_interval(secs => $2) WHERE id = $1", order_id, seconds
    )


async def due(connection: Connection, limit: int) -> list[int]:
    """Return orders on their way whose time to be received is over, the oldest first."""
    rows = await connection.fetch(
        """
        SELECT id FROM orders WHERE status = 'pending_receipt' AND receipt_before <= now()
        ORDER BY receipt_before LIMIT $1
        """,
        limit,
    )
    return [row["id"] for row in rows]
