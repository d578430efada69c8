"""Send an order somewhere else, as long as it has not left."""

from __future__ import annotations

import msgspec

from commerce import members
from commerce.orders import store
from commerce.orders.types import Actor, ActorKind, AddressLocked, Order
from server.database import Connection
from server.errors import Invalid, NotFound


async def readdress(connection: Connection, member_id: int, order_no: str, address_id: int) -> Order:
    """Freeze another of the member's addresses in an order and return it. Locks the order's row.

    Raises NotFound for somebody else's order, Invalid for somebody else's address, AddressLocked once it has shipped.
    """
    order = await store.of_member(connection, member_id, order_no)
    if order is None:
        raise NotFound
    address = await members.address_of(connection, member_id, address_id)
    if address is None:
        raise Invalid("address_id", "没有这个地址")
    if not await store.set_address(connection, order.id, msgspec.to_builtins(address)):
        raise AddressLocked(details={"status": order.status})
    await store.insert_event(connection, order.id, "address", Actor(ActorKind.MEMBER, member_id), "修改了收货地址")
    changed = await store.by_id(connection, order.id)
    assert changed is not None
    return changed
