"""The whole path: draft, publish, ticket, attempt, order, pay, expire, books."""

from __future__ import annotations

from typing import Any


async def test_a_unit_from_draft_to_order(stage: Any) -> None:
    item_id = await stage.sale(quantity=3)
    member = await stage.member()
    answer = await stage.won(item_id, member)
    assert answer.body["status"] == "won"
    assert answer.body["amount"] == 990
    order = await stage.db.fetchrow("SELECT * FROM orders WHERE order_no = $1", answer.body["order_no"])
    assert order["member_id"] == member.id
    assert order["status"] == "pending_payment"
    assert order["address"]["detail"] == "漕溪北路 1 号"
    view = await stage.balanced(item_id)
    assert (view.allocated, view.available, view.held, view.sold) == (3, 2, 1, 0)
