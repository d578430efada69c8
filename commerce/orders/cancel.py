"""Cancel an order that nobody has paid: by its member, or because its time is over."""

from __future__ import annotations

from commerce import stock
from commerce.orders import store
from commerce.orders.move import cancel_in
from commerce.orders.sources import Sources
from commerce.orders.tills import Closing, Tills
from commerce.orders.types import Actor, ActorKind, NotCancellable, Order, OrderStatus
from server.application import Application
from server.database import Connection
from server.errors import Unavailable


async def close_tills(app: Application, order: Order) -> None:
    """Stop the payments of an order that may still be made, so that none comes after the cancellation.

    It waits for gateways: never call it inside a transaction. Raises NotCancellable when one was made already,
    Unavailable when a gateway does not answer.
    """
    if order.status is not OrderStatus.PENDING_PAYMENT:
        return
    match await app.resource(Tills).close(app, order.id):
        case Closing.ALREADY_PAID:
            raise NotCancellable(details={"status": OrderStatus.PENDING_SHIPMENT})
        case Closing.UNKNOWN:
            raise Unavailable(3)
        case Closing.CLOSED:
            pass


async def cancel(app: Application, connection: Connection, order_id: int, reason: str, actor: Actor) -> Order:
    """Cancel an unpaid order in the caller's transaction and give back what it held; returns it as it is now.

    Locks what the source holds, then the order, then stock in order of SKU. Raises NotCancellable; the caller must
    then roll back.
    """
    key = await store.key(connection, order_id)
    if key is None:
        raise NotCancellable
    source = app.resource(Sources).of(key.source)
    if source is not None and not await source.cancel(connection, key):
        raise await _refusal(connection, order_id)
    if not await cancel_in(connection, order_id, reason, actor):
        raise await _refusal(connection, order_id)
    if source is None:
        lines = (await store.lines(connection, [order_id]))[order_id]
        by = str(actor.kind) if actor.kind is ActorKind.SYSTEM else f"{actor.kind}:{actor.id}"
        for line in sorted(lines, key=lambda line: line.sku_id):
            await stock.release(connection, line.sku_id, line.quantity, f"order:{key.order_no}", by)
    order = await store.by_id(connection, order_id)
    assert order is not None
    return order


async def _refusal(connection: Connection, order_id: int) -> NotCancellable:
    order = await store.by_id(connection, order_id)
    return NotCancellable(details={"status": order.status} if order is not None else None)
