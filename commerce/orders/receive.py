"""Confirm that an order has arrived: by its member."""

from __future__ import annotations

from commerce.orders import store
from commerce.orders.fulfil import complete_in
from commerce.orders.types import Actor, ActorKind, NotReceivable, Order
from server.database import Connection
from server.errors import NotFound


async def receive(connection: Connection, member_id: int, order_no: str) -> Order:
    """Complete an order of the member that is on its way, and return it as it is now. Locks the order.

    Raises NotFound for somebody else's order, NotReceivable when it has not shipped or was received before.
    """
    order = await store.of_member(connection, member_id, order_no)
    if order is None:
        raise NotFound
    done = await complete_in(connection, order.id, Actor(ActorKind.MEMBER, member_id))
    order = await store.by_id(connection, order.id)
    assert order is not None
    if not done:
        raise NotReceivable(details={"status": order.status})
    return order
