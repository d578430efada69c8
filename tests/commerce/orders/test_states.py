"""The state machines of orders and payments: every pair of states, in the table and in the database."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commerce import orders
from commerce.orders import SYSTEM, OrderStatus, fulfil
from commerce.orders.states import MOVES, IllegalMove, hold
from commerce.payments.states import MOVES as PAYMENT_MOVES
from commerce.payments.states import IllegalMove as IllegalPaymentMove
from commerce.payments.states import hold as hold_payment
from commerce.payments.types import PaymentStatus
from server.clock import now
from server.database import Connection
from tests.commerce.orders.market import PARCEL, PRICE, Market

LEGAL = {
    ("pending_payment", "pending_shipment"),
    ("pending_payment", "cancelled"),
    ("pending_shipment", "pending_receipt"),
    ("pending_receipt", "completed"),
    ("cancelled", "pending_shipment"),
}


@pytest.mark.parametrize(("before", "after"), list(itertools.product(OrderStatus, OrderStatus)))
def test_every_pair_of_order_states(before: OrderStatus, after: OrderStatus) -> None:
    if (before, after) in LEGAL:
        hold(before, after)
    else:
        with pytest.raises(IllegalMove):
            hold(before, after)
    assert ((before, after) in LEGAL) == (after in MOVES[before])


@pytest.mark.parametrize(("before", "after"), list(itertools.product(PaymentStatus, PaymentStatus)))
def test_every_pair_of_payment_states(before: PaymentStatus, after: PaymentStatus) -> None:
    legal = {("pending", "paid"), ("pending", "closed"), ("closed", "paid"), ("paid", "refunded")}
    assert ((before, after) in legal) == (after in PAYMENT_MOVES[before])
    if (before, after) not in legal:
        with pytest.raises(IllegalPaymentMove):
            hold_payment(before, after)


async def _move(connection: Connection, act: str, order_id: int) -> bool:
    match act:
        case "cancel":
            return await orders.cancel_in(connection, order_id, "不想要了", SYSTEM)
        case "pay":
            return await orders.mark_paid_in(connection, order_id, PRICE, now())
        case "pay too little":
            return await orders.mark_paid_in(connection, order_id, PRICE - 1, now())
        case "revive":
            return await orders.revive_in(connection, order_id, PRICE, now())
        case "ship":
            return await fulfil.ship_in(connection, order_id, PARCEL, SYSTEM)
        case _:
            return await fulfil.complete_in(connection, order_id, SYSTEM)


ACTS = {
    "cancel": ("pending_payment", "cancelled"),
    "pay": ("pending_payment", "pending_shipment"),
    "pay too little": ("nothing", "nowhere"),
    "revive": ("cancelled", "pending_shipment"),
    "ship": ("pending_shipment", "pending_receipt"),
    "complete": ("pending_receipt", "completed"),
}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(st.sampled_from(sorted(ACTS)), max_size=8))
async def test_any_sequence_of_acts_keeps_to_the_table(market: Market, acts: list[str]) -> None:
    order = await market.order(await market.member())
    status, moves = "pending_payment", 0
    for act in acts:
        before, after = ACTS[act]
        async with market.app.database.transaction() as connection:
            moved = await _move(connection, act, order.id)
            found = await orders.by_id(connection, order.id)
        assert found is not None
        assert moved == (before == status)
        if moved:
            status, moves = after, moves + 1
        assert found.status == status
        assert found.paid == (0 if status in ("pending_payment", "cancelled") else PRICE)
    assert await market.value("SELECT count(*) FROM order_events WHERE order_id = $1", order.id) == moves
    assert await market.value("SELECT count(*) FROM events WHERE payload->>'order_no' = $1", order.order_no) == moves
    # The units stay promised whatever happens to the order alone; only shipping takes them away.
    await market.run("DELETE FROM order_events WHERE order_id = $1", order.id)


async def test_the_table_refuses_states_that_contradict_the_money(market: Market) -> None:
    order = await market.order(await market.member())
    for wrong in (
        "status = 'pending_shipment'",
        "status = 'cancelled'",
        "paid = 1",
        "status = 'completed', paid = amount",
        "status = 'gone'",
        "cancelled_at = now()",
    ):
        with pytest.raises(Exception, match="check constraint"):
            await market.run(f"UPDATE orders SET {wrong} WHERE id = $1", order.id)
