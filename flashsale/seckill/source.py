"""What orders of a flash sale ask of it: give back what was held, turn it into sold, decide about late payments."""

from __future__ import annotations

from commerce.orders import OrderKey
from flashsale.seckill import faults, release, reservation_store
from server.database import Connection

NAME = "flash_sale"


class SaleSource:
    """The OrderSource of flash sales."""

    async def cancel(self, connection: Connection, order: OrderKey) -> bool:
        """Give up the hold; the units are back on sale once the worker has told Redis, within a second or so."""
        row = await reservation_store.reservation(connection, _reservation(order))
        return row is not None and await release.give_up(connection, row.item_id, row.id)

    async def paid(self, connection: Connection, order: OrderKey) -> bool:
        """Move held to paid, also past the deadline as long as nobody has expired it."""
        turned = await reservation_store.pay(connection, _reservation(order))
        faults.point("payment_after_cas")
        return turned

    async def late(self, connection: Connection, order: OrderKey, payment_id: int) -> None:
        """Put the payment on the list that the worker decides about (rewin.py)."""
        await reservation_store.add_late(connection, payment_id, _reservation(order), order.id)

    async def sale(self, connection: Connection, order: OrderKey) -> int | None:
        """Return the sale's id; None for an order that no reservation stands behind."""
        if order.reservation_id is None:
            return None
        row = await reservation_store.reservation(connection, order.reservation_id)
        return row.item_id if row is not None else None


def _reservation(order: OrderKey) -> int:
    if order.reservation_id is None:
        raise LookupError(f"order {order.order_no} of a flash sale has no reservation")
    return order.reservation_id
