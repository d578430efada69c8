"""What the worker does for orders."""

from __future__ import annotations

import structlog

from commerce.orders import store
from commerce.orders.cancel import cancel, close_tills
from commerce.orders.sources import Sources
from commerce.orders.types import SYSTEM, NotCancellable
from server.application import Application
from server.errors import Conflict, Unavailable
from server.jobs import Schedule

log = structlog.get_logger("orders")
EXPIRED = "超时未付款，订单已取消"


async def expire(app: Application) -> None:
    """Cancel unpaid orders past their deadline. What a source holds, its source expires.

    Open payments are closed at their gateway first; an order whose gateway does not answer waits for the next turn.
    """
    async with app.database.connection() as connection:
        due = await store.due(connection, app.resource(Sources).names, 100)
    for order_id in due:
        async with app.database.connection() as connection:
            order = await store.by_id(connection, order_id)
        if order is None:
            continue
        try:
            await close_tills(app, order)
            async with app.database.transaction() as connection:
                await cancel(app, connection, order_id, EXPIRED, SYSTEM)
        except NotCancellable:
            continue  # paid at the last moment, or another worker was faster
        except Conflict as error:
            log.error("expiry refused", order_no=order.order_no, error=error.code)  # the others go on
        except Unavailable:
            log.warning("expiry waits for the gateway", order_no=order.order_no)


EXPIRE = Schedule(name="orders.expire", every=2, run=expire)
