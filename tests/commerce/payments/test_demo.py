"""The demo's orders: every state, and books that agree."""

from __future__ import annotations

from commerce import payments, stock
from commerce.catalogue.demo_steps import DemoAccount, DemoRun
from commerce.orders import OrderStatus
from commerce.payments.demo import add_orders
from tests.commerce.orders.market import Market


async def test_every_state_and_the_books_agree_however_often_it_runs(market: Market) -> None:
    members = [await market.member() for _ in range(4)]
    phones = [await market.value("SELECT phone FROM members WHERE id = $1", member.id) for member in members]
    said: list[str] = []
    run = DemoRun(app=market.app, say=said.append)
    run.members = [DemoAccount(login=phone, password="") for phone in phones]
    for _ in range(2):
        await add_orders(run)
    listed = await (await market.call("GET", "/api/v1/orders", members[0])).json()
    assert {order["status"] for order in listed["items"]} == set(OrderStatus)
    assert listed["items"][0]["created_at"] > listed["items"][-1]["created_at"]
    for order in listed["items"]:
        times = [entry["at"] for entry in order["timeline"]]
        assert times == sorted(times)
        shipped = [entry["at"] for entry in order["timeline"] if entry["kind"] == "shipped"]
        assert [parcel["shipped_at"] for parcel in order["shipments"]] == shipped
        assert bool(order["receipt_before"]) == bool(shipped)
        assert order["status"] != "pending_receipt" or order["receipt_before"] > order["server_time"]
    assert said[1] == "  0 orders"
    by_number = "SELECT array_agg(created_at ORDER BY id) FROM orders"
    assert await market.value(by_number) == await market.value(by_number.replace("BY id", "BY created_at"))
    async with market.app.database.connection() as connection:
        assert await payments.check(connection) == []
        level = (await stock.levels(connection, [market.sku_id]))[0]
    promised = "SELECT sum(quantity) FROM order_lines l JOIN orders o ON o.id = l.order_id WHERE o.status IN "
    assert level.allocated == await market.value(promised + "('pending_payment', 'pending_shipment')")
    assert level.on_hand == 100 - await market.value(promised + "('pending_receipt', 'completed')")
    # Whoever hears of a move when the worker comes to it is told of when it happened.
    heard = "SELECT payload ->> 'at' FROM events WHERE payload ->> 'status' = 'pending_shipment' ORDER BY id"
    assert (await market.value(heard)).startswith(
        await market.value(
            "SELECT (paid_at AT TIME ZONE 'UTC')::date::text FROM orders WHERE paid_at IS NOT NULL ORDER BY id"
        )
    )
