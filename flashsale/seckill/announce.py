"""Tell members of the orders that their wins became: event ``order`` on ``/member``, once for each order.

It happens beside the purchase path: the answer to an attempt does not wait for it, and a process that dies leaves it to
the worker. Whoever tells holds the reservation, so the news of a payment or an expiry cannot come before it.
"""

from __future__ import annotations

import msgspec

from commerce.orders import OrderStatus, OrderTold
from flashsale.seckill import reservation_store
from flashsale.seckill.types import Untold
from realtime import notices
from server.application import Application
from server.clock import wire
from server.database import Connection

_AT_ONCE = 200


async def sweep(app: Application) -> int:
    """Tell whatever has not been told yet and return how many orders that were."""
    count = 0
    while True:
        async with app.database.transaction() as connection:
            rows = await reservation_store.untold(connection, _AT_ONCE)
            await _tell(connection, rows)
        count += len(rows)
        if len(rows) < _AT_ONCE:
            return count


async def tell(connection: Connection, item_id: int, member_id: int, request_id: str, attempt_id: str) -> None:
    """Tell one member at once, who waits for the outcome of ``attempt_id``; nothing if it has been told."""
    row = await reservation_store.untold_of(connection, item_id, member_id, request_id)
    if row is not None:
        await _tell(connection, [row], attempt_id)


async def _tell(connection: Connection, rows: list[Untold], attempt_id: str = "") -> None:
    """Add the notices, members in order of id, as their head rows are locked."""
    for row in sorted(rows, key=lambda row: (row.member_id, row.reservation_id)):
        # A hold that was paid or given up meanwhile has had news of its own.
        if row.status == "held":
            told = OrderTold(
                item_id=str(row.item_id),
                order_no=row.order_no,
                status=OrderStatus.PENDING_PAYMENT,
                at=wire(row.created_at),
                attempt_id=attempt_id or msgspec.UNSET,
            )
            await notices.add(connection, row.member_id, "order", told)
    await reservation_store.mark_told(connection, [row.reservation_id for row in rows])
