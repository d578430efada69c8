"""What buyers do at the simulated gateway, because a tester wants it: pay, pay another sum, fail, now or later."""

from __future__ import annotations

from commerce.sandbox.alipay import store, trades
from commerce.sandbox.alipay.types import AlreadyPaid, Outcome, Trade, TradeStatus
from server.database import Connection


async def decide(
    connection: Connection,
    trade: Trade,
    outcome: Outcome,
    amount: int | None = None,
    delay: float = 0.0,
    times: int = 1,
) -> None:
    """Have the buyer of ``trade`` do something in ``delay`` seconds. Raises AlreadyPaid.

    Paying works on a closed trade too: a bank may take the money while the merchant closes. ``times`` is how often
    the merchant is told.
    """
    if outcome is Outcome.FAILED and trade.paid_at is not None:
        raise AlreadyPaid
    if delay > 0:
        await store.insert_act(connection, trade.id, outcome, amount, times, delay)
    else:
        await _do(connection, trade.id, outcome, amount, times)


async def act_due(connection: Connection) -> bool:
    """Do one thing whose time has come, in the caller's transaction. False when there is none."""
    act = await store.claim_act(connection)
    if act is None:
        return False
    await _do(connection, act.trade_id, act.outcome, act.amount, act.times)
    return True


async def expire(connection: Connection) -> int:
    """Close trades that nobody paid in time, tell the merchant, and return how many."""
    closed = await store.expired(connection, 50)
    for trade_id in closed:
        trade = await store.by_id(connection, trade_id)
        assert trade is not None
        await trades.notify(connection, trade)
    return len(closed)


async def _do(connection: Connection, trade_id: int, outcome: Outcome, amount: int | None, times: int) -> None:
    trade = await store.by_id(connection, trade_id, lock=True)
    assert trade is not None
    if outcome is Outcome.PAID:
        if trade.paid_at is None:
            await store.set_paid(connection, trade.id, amount or trade.total_amount)
    elif trade.status is TradeStatus.WAITING:
        await store.set_closed(connection, trade.id)
    after = await store.by_id(connection, trade.id)
    assert after is not None
    await trades.notify(connection, after, times)
