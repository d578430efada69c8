"""Staff plan, publish, watch; who may, and what is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from flashsale.seckill import attempt
from flashsale.seckill.tally import Tally
from server.clock import now, wire
from tests.flashsale.seckill.conftest import Stage

NONE: list[tuple[str, Any]] = [
    ("price", 9900),
    ("price", 0),
    ("price", -1),
    ("price", 9.5),
    ("quantity", 1001),
    ("quantity", 0),
    ("quantity", 10**12),
    ("quantity", "10"),
    ("limit_per_member", 0),
    ("limit_per_member", 11),
    ("sku_id", "999999"),
    ("sku_id", "x"),
    ("title", " "),
    ("title", "\x00"),
    ("title", "长" * 81),
    ("ends_at", "2020-01-01T00:00:00.000Z"),
    ("ends_at", "soon"),
    ("starts_at", "2026-01-01T00:00:00"),
    ("starts_at", "0001-01-01T00:00:00Z"),
    ("pay_within_s", 0),
    ("challenge", "riddle"),
]


async def test_plans_that_are_none(stage: Stage) -> None:
    for field, value in NONE:
        answer = await stage.staff_call("POST", "", stage.plan(**{field: value}))
        assert (answer.status, answer.code, answer.body["error"]["field"]) == (422, "invalid", field), (field, value)
    assert await stage.db.fetchval("SELECT count(*) FROM fs_items") == 0


async def test_a_draft_may_be_changed_until_it_is_published(stage: Stage) -> None:
    item_id = await stage.draft()
    assert (await stage.call("GET", f"/api/v1/flash-sales/{item_id}")).status == 404
    assert (await stage.call("GET", "/api/v1/flash-sales")).body["sessions"] == []
    changed = await stage.staff_call("PATCH", f"/{item_id}", {"price": 880, "quantity": 7})
    assert (changed.status, changed.body["price"], changed.body["quantity"]) == (200, 880, 7)
    assert (await stage.staff_call("PATCH", f"/{item_id}", {"price": 9900})).status == 422
    await stage.db.execute("UPDATE skus SET price = 20000 WHERE id = $1", stage.sku_id)
    dearer = await stage.staff_call("PATCH", f"/{item_id}", {"price": 9950})
    assert (dearer.status, dearer.body["price"], dearer.body["list_price"]) == (200, 9950, 20000)
    assert (await stage.staff_call("PATCH", f"/{item_id}", {"price": 880})).status == 200
    assert (await stage.staff_call("PATCH", f"/{item_id}", {"ends_at": wire(now() - timedelta(days=1))})).status == 422
    assert (await stage.staff_call("PATCH", f"/{item_id}", {"stock": 1})).status == 422
    assert (await stage.staff_call("PATCH", f"/{item_id}", {})).status == 200
    for early in ("pause", "resume", "end"):
        assert (await stage.staff_call("POST", f"/{item_id}/{early}")).code == "illegal_move"
    published = await stage.staff_call("POST", f"/{item_id}/publish")
    assert (published.status, published.body["phase"], published.body["price"]) == (200, "running", 880)
    assert (await stage.staff_call("PATCH", f"/{item_id}", {"price": 1})).code == "not_draft"
    assert (await stage.staff_call("POST", f"/{item_id}/publish")).status == 200
    view = await stage.balanced(item_id)
    assert view.allocated == 7
    sessions = (await stage.call("GET", "/api/v1/flash-sales")).body["sessions"]
    assert [item["item_id"] for session in sessions for item in session["items"]] == [str(item_id)]


async def test_publishing_moves_units_out_of_the_skus_free_stock(stage: Stage) -> None:
    first, second = await stage.draft(quantity=700), await stage.draft(quantity=700)
    assert (await stage.staff_call("POST", f"/{first}/publish")).status == 200
    short = await stage.staff_call("POST", f"/{second}/publish")
    assert (short.status, short.code) == (409, "stock_short")
    assert await stage.db.fetchval("SELECT allocated FROM stock WHERE sku_id = $1", stage.sku_id) == 700
    assert (await stage.staff_call("PATCH", f"/{second}", {"quantity": 300})).status == 200
    assert (await stage.staff_call("POST", f"/{second}/publish")).status == 200
    await stage.balanced(first)
    await stage.balanced(second)


async def test_creating_twice_under_one_key(stage: Stage) -> None:
    body, headers = stage.plan(), {"Idempotency-Key": "once"}
    path = "/api/v1/backoffice/flash-sales"
    first = await stage.call("POST", path, stage.staff, body, headers=headers)
    assert (await stage.call("POST", path, stage.staff, body, headers=headers)).body == first.body
    other = await stage.call("POST", path, stage.staff, {**body, "price": 1}, headers=headers)
    assert other.code == "idempotency_mismatch"
    assert await stage.db.fetchval("SELECT count(*) FROM fs_items") == 1
    assert (await stage.call("POST", path, stage.staff, body)).status == 422
    assert (await stage.call("POST", f"{path}/1/publish", stage.staff)).status == 422


async def test_who_may(stage: Stage) -> None:
    item_id = await stage.draft()
    other_shop = await stage.db.fetchval("INSERT INTO shops (slug, name) VALUES ('o', '别家') RETURNING id")
    foreign = await stage.new_staff(other_shop)
    looking = await stage.new_staff(stage.shop_id, "flashsale.view")
    cook = await stage.new_staff(stage.shop_id, "orders.view")
    member = await stage.member()
    for method, path in (("GET", ""), ("PATCH", ""), ("POST", "/publish"), ("POST", "/end"), ("GET", "/verify")):
        json: dict[str, int] | None = {} if method == "PATCH" else None
        assert (await stage.staff_call(method, f"/{item_id}{path}", json, foreign)).status == 404, path
        assert (await stage.staff_call(method, f"/{item_id}{path}", json, cook)).status == 403, path
        assert (await stage.staff_call(method, f"/{item_id}{path}", json, member)).status == 403, path
        expected = 200 if method == "GET" else 403
        assert (await stage.staff_call(method, f"/{item_id}{path}", json, looking)).status == expected, path
    assert (await stage.staff_call("POST", "", stage.plan(), foreign)).status == 404
    assert (await stage.staff_call("GET", "", None, foreign)).body["total"] == 0
    assert (await stage.staff_call("GET", "", None, looking)).body["total"] == 1
    assert (await stage.call("GET", "/api/v1/backoffice/flash-sales")).status == 401


async def test_live_figures(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempt, "PATIENCE", 30.0)  # a slow machine's 202 is another figure
    item_id = await stage.sale(quantity=2)
    members = await stage.members(4)
    for member in members:
        await stage.attempt(item_id, member, key="k")
    await stage.attempt(item_id, members[0], key="k")
    await stage.attempt(item_id, members[0], key="l")
    await stage.app.resource(Tally).flush()
    figures = (await stage.staff_call("GET", f"/{item_id}")).body
    assert (figures["attempts"], figures["won"], figures["held"], figures["paid"]) == (6, 2, 2, 0)
    assert figures["available"] == 0
    assert figures["refused"] == {"limit_reached": 1, "sold_out": 2}
    assert sum(second["attempts"] for second in figures["per_second"]) == 6
    assert sum(second["won"] for second in figures["per_second"]) == 2
    assert (figures["status"], figures["phase"]) == ("published", "sold_out")
