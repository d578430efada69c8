"""A payment that came for a cancelled order: won again or refunded, never both (purchase-path, step 7)."""

from __future__ import annotations

from commerce import orders
from commerce.orders import Sources
from commerce.payments import books, store
from commerce.payments.refund import LATE, refund_in
from commerce.payments.types import Decision
from server.application import Application
from server.database import Connection
from server.jobs import Schedule


async def decide_late(connection: Connection, payment_id: int, decision: Decision | str) -> bool:
    """Decide a late payment by compare-and-set, NULL → ``decision``; False when it was decided before.

    After True the caller keeps its part in the same transaction: ``rewon`` revives the order (orders.revive_in),
    ``refund`` gives the money back (refund_in). Locks the payment's row; the ledger is posted here.
    """
    decision = Decision(decision)
    if not await store.set_decision(connection, payment_id, decision):
        return False
    if decision is Decision.REWON:
        payment = await store.by_id(connection, payment_id)
        assert payment is not None
        await books.rewon(connection, payment)
    return True


async def refund_late(connection: Connection, payment_id: int, amount: int) -> bool:
    """Decide ``refund`` and give ``amount`` fen back. False when the payment was decided before."""
    if not await decide_late(connection, payment_id, Decision.REFUND):
        return False
    await refund_in(connection, payment_id, amount, LATE)
    return True


async def remind(app: Application) -> None:
    """Ask the sources again about late payments that nobody has decided for half a minute."""
    async with app.database.connection() as connection:
        waiting = await store.undecided(connection, 30, 50)
    for payment in waiting:
        async with app.database.transaction() as connection:
            order = await orders.key(connection, payment.order_id)
            assert order is not None
            source = app.resource(Sources).of(order.source)
            if source is not None:
                await source.late(connection, order, payment.id)
            else:
                await orders.lock(connection, order.id)
                await refund_late(connection, payment.id, payment.amount)


REMIND = Schedule(name="payments.late", every=15, run=remind)
