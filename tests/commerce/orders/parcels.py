"""What the tests of shipping and receipt share."""

from __future__ import annotations

from typing import Any

import msgspec

from commerce import orders
from commerce.orders import SYSTEM, OrderRefund, Refunds, RefundState
from commerce.orders.letters import write
from commerce.orders.types import OrderChanged
from server.clock import now
from server.database import Connection
from tests.commerce.orders.market import PARCEL, PRICE, Market, Member, Placed


def path(order: Placed) -> str:
    return f"/api/v1/backoffice/orders/{order.order_no}/shipment"


def refund(reason: str, status: RefundState) -> OrderRefund:
    """Return a refund of the whole price."""
    return OrderRefund(
        refund_no="R1",
        amount=PRICE,
        status=status,
        reason=reason,
        attempt=1,
        error=None,
        created_at=now(),
        failed_at=None,
        done_at=None,
    )


def refunds_are(market: Market, *found: OrderRefund) -> None:
    """Let every order have these refunds."""

    async def of_order(connection: Connection, order_id: int) -> list[OrderRefund]:
        return list(found)

    market.app.resource(Refunds)._of_order = of_order


async def said(answer: Any, status: int) -> Any:
    """Return the body of an answer that has this status; of a refusal its code."""
    body = await answer.json()
    assert answer.status == status, body
    return body if status < 400 else body["error"]["code"]


async def sent(market: Market, member: Member, quantity: int = 1) -> Placed:
    """Return an order that has shipped."""
    order = await market.order(member, quantity=quantity, status="pending_shipment")
    async with market.app.database.transaction() as connection:
        assert await orders.ship_in(connection, order.id, PARCEL, SYSTEM)
    return order


async def told(market: Market, member: Member) -> list[dict[str, Any]]:
    """Hand every move to the message centre, twice as a worker may, and return what the member finds, newest first."""
    async with market.app.database.connection() as connection:
        rows = await connection.fetch("SELECT id, payload FROM events WHERE kind = 'orders.changed' ORDER BY id")
    for row in [*rows, *rows]:
        async with market.app.database.transaction() as connection:
            await write(market.app, connection, msgspec.convert(row["payload"], OrderChanged), row["id"])
    found: list[dict[str, Any]] = (await (await market.call("GET", "/api/v1/me/messages", member)).json())["items"]
    return found


async def waiting(market: Market) -> bool:
    """Tell whether somebody waits for a lock in this database."""
    return bool(
        await market.value(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
    )
