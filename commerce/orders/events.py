"""What members hear about their orders while a page is open."""

from __future__ import annotations

from commerce.orders.types import OrderChanged
from realtime import notices
from server.application import Application
from server.clock import wire
from server.database import Connection


async def tell_member(app: Application, connection: Connection, event: OrderChanged, event_id: int) -> None:
    """Add a notice ``order`` for the member whose order moved."""
    await notices.add(
        connection,
        event.member_id,
        "order",
        {"order_no": event.order_no, "status": event.status.value, "at": wire(event.at)},
    )
