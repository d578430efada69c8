"""What the worker does for orders."""

from __future__ import annotations

import asyncio

import structlog

from commerce.orders import shipment_store, store
from commerce.orders.cancel import cancel, close_tills
from commerce.orders.fulfil import receive_in_time
from commerce.orders.refunds import Refunds
from commerce.orders.sources import Sources
from commerce.orders.tills import PATIENCE_S, Tills
from commerce.orders.types import EXPIRED, SYSTEM, NotCancellable
from server.application import Application
from server.errors import Conflict, Unavailable
from server.jobs import Schedule

log = structlog.get_logger("orders")
_LOOK = 2000
_SWEEP = 96
_AT_ONCE = 16
"""So many wait for a gateway at once: when it hangs, each takes seconds, and a turn has to end in its time."""

_RECEIPTS = 200
_TURNS = 10
"""A turn takes so many orders as received, so many times: what a sale sold has left on a few days, and falls due so."""


async def expire(app: Application) -> None:
    """Cancel unpaid orders past their deadline: first those that nobody has begun to pay."""
    await expire_unasked(app)
    await expire_asking(app)


async def expire_unasked(app: Application) -> None:
    """Cancel the orders past their deadline without an open payment, for which no gateway is asked."""
    await _expire_all(app, asking=False)


async def expire_asking(app: Application) -> None:
    """Cancel the orders past their deadline with an open payment, once their gateway has closed it.

    An order whose gateway does not answer waits for a later turn, but not beyond the patience: what is paid then is a
    late payment.
    """
    await _expire_all(app, asking=True)


async def _expire_all(app: Application, *, asking: bool) -> None:
    tills = app.resource(Tills)
    async with app.database.connection() as connection:
        due = await store.due(connection, app.resource(Sources).names, tills.paused(), PATIENCE_S, _LOOK)
        opened = await tills.opened(connection, [order_id for order_id, _ in due])
    turn = asyncio.Semaphore(_AT_ONCE if asking else 1)

    async def one(order_id: int, overdue: bool) -> None:
        async with turn:
            await _expire(app, order_id, overdue)

    mine = [(order_id, overdue) for order_id, overdue in due if (order_id in opened) is asking][:_SWEEP]
    for result in await asyncio.gather(*[one(*each) for each in mine], return_exceptions=True):
        if result is not None:
            raise result


async def _expire(app: Application, order_id: int, overdue: bool) -> None:
    async with app.database.connection() as connection:
        order = await store.by_id(connection, order_id)
    if order is None:
        return
    try:
        try:
            await close_tills(app, order)
        except Unavailable:
            if not overdue:
                log.warning("expiry waits for the gateway", order_no=order.order_no)
                return
            log.warning("expiry waits for the gateway no longer", order_no=order.order_no)
        async with app.database.transaction() as connection:
            await cancel(app, connection, order_id, EXPIRED, SYSTEM)
    except NotCancellable:
        pass  # paid at the last moment, or another worker was faster
    except Conflict as error:
        log.error("expiry refused", order_no=order.order_no, error=error.code)  # the others go on


async def receive(app: Application) -> None:
    """Complete the orders on their way whose time to be received is over, each in a transaction of its own.

    While some of its price is on its way back an order waits, and is looked at again an hour later.
    """
    refunds = app.resource(Refunds)
    for _ in range(_TURNS):
        async with app.database.connection() as connection:
            due = await shipment_store.due(connection, _RECEIPTS)
        for order_id in due:
            async with app.database.transaction() as connection:
                await receive_in_time(connection, refunds, order_id)
        if len(due) < _RECEIPTS:
            return


EXPIRE = Schedule(name="orders.expire", every=2, run=expire_unasked)
EXPIRE_ASKING = Schedule(name="orders.expire_asking", every=2, run=expire_asking)
RECEIVE = Schedule(name="orders.receive", every=10, run=receive)
