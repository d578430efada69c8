"""Orders over JSON."""

from __future__ import annotations

from typing import cast

import msgspec

from commerce.orders import store
from commerce.orders.cancel import cancel, close_tills
from commerce.orders.readdress import readdress
from commerce.orders.receive import receive
from commerce.orders.types import Actor, ActorKind, AddressLocked, NotCancellable, NotReceivable, Order
from commerce.orders.views import CancelBody, OrderPatch, OrdersQuery, OrderView, views
from server.database import Connection
from server.errors import NotFound
from server.http import Call, Listing, LoggedIn, Reply, Routes
from server.http.dispatch import refused
from server.http.idempotency import Stored, answered, key_of, once, target_of
from server.http.routes import Key

routes = Routes("orders")
BY_MEMBER = "不想要了"


@routes.get("/api/v1/orders", LoggedIn())
async def list_orders(call: Call, query: OrdersQuery) -> Listing[OrderView]:
    """List the caller's orders, newest first."""
    async with call.database.snapshot() as connection:
        found, total = await store.page_of_member(connection, call.member.id, query.status, query.offset, query.size)
        items = await views(connection, found, call.tr)
    return Listing(items=items, total=total, page=query.page, size=query.size)


@routes.get("/api/v1/orders/{order_no}", LoggedIn())
async def show_order(call: Call, order_no: str) -> OrderView:
    """Show one of the caller's orders."""
    async with call.database.snapshot() as connection:
        return (await views(connection, [await own(connection, call, order_no)], call.tr))[0]


@routes.post(
    "/api/v1/orders/{order_no}/cancel",
    LoggedIn(),
    key=Key.DEMANDED,
    errors=(NotCancellable,),
    deadline=20,
)
async def cancel_order(call: Call, order_no: str, body: CancelBody) -> OrderView:
    """Cancel an order that has not been paid. Needs an Idempotency-Key.

    The key is dealt with here: open payments are closed at their gateway before the transaction that keeps the answer.
    """
    key = key_of(call.request, required=True)
    assert key is not None
    route, raw = target_of(call.request), await call.request.read()
    async with call.database.connection() as connection:
        order = await own(connection, call, order_no)
    if await answered(call.database, call.owner, key, route, raw) is None:
        await close_tills(call.app, order)

    async def work(connection: Connection) -> Stored:
        actor = Actor(ActorKind.MEMBER, call.member.id)
        changed = await cancel(call.app, connection, order.id, body.reason.strip() or BY_MEMBER, actor)
        return Stored(200, msgspec.json.encode((await views(connection, [changed], call.tr))[0]))

    stored = await once(call.database, call.owner, key, route, raw, work, lambda problem: refused(call, problem))
    # What was stored is the view, encoded; or a refusal.
    return cast(OrderView, Reply(msgspec.Raw(stored.told(call.tr.locale)), stored.status, stored.headers))


@routes.patch("/api/v1/orders/{order_no}", LoggedIn(), errors=(AddressLocked,))
async def change_order(call: Call, order_no: str, body: OrderPatch) -> OrderView:
    """Send an order to another of the caller's addresses, before it ships."""
    async with call.transaction() as connection:
        changed = await readdress(connection, call.member.id, order_no, int(body.address_id))
        return (await views(connection, [changed], call.tr))[0]


@routes.post("/api/v1/orders/{order_no}/receipt", LoggedIn(), key=Key.REQUIRED, errors=(NotReceivable,))
async def confirm_receipt(call: Call, order_no: str) -> OrderView:
    """Confirm that an order has arrived. Needs an Idempotency-Key."""
    async with call.transaction() as connection:
        changed = await receive(connection, call.member.id, order_no)
        return (await views(connection, [changed], call.tr))[0]


async def own(connection: Connection, call: Call, order_no: str) -> Order:
    """Return an order of the caller. Raises NotFound for anybody else's."""
    order = await store.of_member(connection, call.member.id, order_no)
    if order is None:
        raise NotFound
    return order
