"""Move an order from one state to the next, in the caller's transaction.

Each move is a compare-and-set on the order's row with a line of its history and an OrderChanged beside it. They move
the order alone: what its source holds is the caller's to move first (sources.py; lock order: source, order, payment).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from commerce.orders import store
from commerce.orders.states import hold
from commerce.orders.types import SYSTEM, Actor, OrderChanged, OrderStatus, RefundStatus
from server.database import Connection
from server.events import publish


async def cancel_in(connection: Connection, order_id: int, reason: str, actor: Actor) -> bool:
    """Cancel an unpaid order; ``reason`` is a sentence in zh_CN. False when it is not waiting for payment."""
    row = await store.move_to_cancelled(connection, order_id, reason)
    return await moved(
        connection, order_id, row, "cancelled", OrderStatus.PENDING_PAYMENT, OrderStatus.CANCELLED, actor, reason
    )


async def mark_paid_in(connection: Connection, order_id: int, amount: int, at: datetime) -> bool:
    """Note that ``amount`` fen, the order's whole price, came at ``at``. False: it does not wait for exactly that."""
    row = await store.move_to_paid(connection, order_id, amount, at)
    return await moved(
        connection, order_id, row, "paid", OrderStatus.PENDING_PAYMENT, OrderStatus.PENDING_SHIPMENT, SYSTEM, "付款成功"
    )


async def revive_in(connection: Connection, order_id: int, amount: int, at: datetime) -> bool:
    """Bring back a cancelled order whose late payment of ``amount`` fen won its units again. False: not cancelled."""
    row = await store.move_to_revived(connection, order_id, amount, at)
    return await moved(
        connection,
        order_id,
        row,
        "revived",
        OrderStatus.CANCELLED,
        OrderStatus.PENDING_SHIPMENT,
        SYSTEM,
        "付款晚到，货还在，订单恢复",
    )


async def note_in(connection: Connection, order_id: int, kind: str, text: str, actor: Actor = SYSTEM) -> None:
    """Add a line to the order's history that moves nothing; ``text`` is in zh_CN."""
    await store.insert_event(connection, order_id, kind, actor, text)


async def refunded_in(connection: Connection, order_id: int, status: RefundStatus) -> bool:
    """Say how much of the order's price went back; the money itself is the payments' affair. Locks the order's row.

    False, and nothing is published, when it said so already.
    """
    if not await store.set_refund_status(connection, order_id, status):
        return False
    await refunds_changed_in(connection, order_id)
    return True


async def refunds_changed_in(connection: Connection, order_id: int) -> None:
    """Publish that a refund of the order stands otherwise than before: its pages have something new to say."""
    await _unmoved(connection, order_id)


async def shipment_changed_in(connection: Connection, order_id: int) -> None:
    """Publish that the order's parcel goes otherwise than was said."""
    await _unmoved(connection, order_id)


async def _unmoved(connection: Connection, order_id: int) -> None:
    order = await store.by_id(connection, order_id)
    assert order is not None
    await publish(
        connection,
        OrderChanged(
            order_id=order.id,
            order_no=order.order_no,
            member_id=order.member_id,
            before=order.status,
            status=order.status,
            at=await _now(connection),
        ),
    )


async def moved(
    connection: Connection,
    order_id: int,
    row: Any,
    kind: str,
    before: OrderStatus,
    after: OrderStatus,
    actor: Actor,
    text: str,
) -> bool:
    """Write down the move that ``row`` of the store came from, and publish it. False for no row: nothing moved."""
    hold(before, after)
    if row is None:
        return False
    await store.insert_event(connection, order_id, kind, actor, text, before, after)
    await publish(
        connection,
        OrderChanged(
            order_id=order_id,
            order_no=row["order_no"],
            member_id=row["member_id"],
            before=before,
            status=after,
            at=row["at"],
        ),
    )
    return True


async def _now(connection: Connection) -> datetime:
    moment: datetime = await connection.fetchval("SELECT now()")
    return moment
