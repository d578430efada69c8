"""The demo's sales: planned once, bought by demo members through the path that everybody takes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from commerce.catalogue import DemoRun
from commerce.catalogue.demo.content_sales import SALES
from commerce.members.targets import phone_of
from flashsale.seckill import demo, demo_shoppers
from server.clock import now
from server.errors import Invalid
from tests.flashsale.seckill.conftest import Stage


async def test_the_demo_has_sales_and_does_not_pile_them_up(stage: Stage) -> None:
    for sale in SALES:
        sku_id = await stage.sku(units=10, price=sale.price + 1000)
        await stage.db.execute("UPDATE skus SET code = $1 WHERE id = $2", sale.sku, sku_id)
    said: list[str] = []
    for _ in range(2):
        await demo.add_sales(DemoRun(app=stage.app, say=said.append))
    items = await stage.db.fetch("SELECT * FROM fs_items ORDER BY starts_at")
    assert f"{len(items)} flash sales added" in said[0]
    assert "0 flash sales added" in said[1]
    assert {"none", "pow", "captcha"} <= {row["challenge"] for row in items}
    assert all(row["state"] == "published" for row in items)
    at = now()
    assert sum(row["starts_at"] <= at < row["ends_at"] for row in items) >= 4
    assert any(timedelta() < row["starts_at"] - at < timedelta(minutes=5) for row in items)
    free = await stage.db.fetchval(
        "SELECT min(on_hand - allocated) FROM stock WHERE sku_id IN (SELECT sku_id FROM fs_items)"
    )
    assert free >= 5000


async def test_demo_shoppers_buy_through_the_gate_and_mostly_pay(stage: Stage) -> None:
    at = now().replace(microsecond=0)
    hour = at - timedelta(minutes=30)
    plan = {"starts_at": hour, "ends_at": hour + timedelta(hours=1), "quantity": 40, "limit_per_member": 2}
    running = [await stage.sale(**plan), await stage.sale(**plan | {"sku_id": str(await stage.sku())})]
    short = await stage.sale(starts_at=at, ends_at=at + timedelta(minutes=12), sku_id=str(await stage.sku()))
    staffs = await stage.sale(**plan | {"sku_id": str(await stage.sku())})
    await stage.db.execute("UPDATE fs_items SET created_by = 0 WHERE id <> $1", staffs)
    said: list[str] = []
    run = DemoRun(app=stage.app, say=said.append)
    await demo_shoppers.shop(run)
    rows = await stage.db.fetch("SELECT item_id, status, sum(qty) AS units FROM fs_reservations GROUP BY 1, 2")
    units = {(row["item_id"], row["status"]): row["units"] for row in rows}
    gone = [units.get((item, "held"), 0) + units.get((item, "paid"), 0) for item in running]
    assert gone == [round(40 * share * (1 - 0.1353) / (1 - 0.0183)) for share in demo_shoppers.SHARES[:2]]
    assert all(units[item, "paid"] > units[item, "held"] > 0 for item in running)
    # A visitor's session and other people's sales are left alone, and nobody logs in as a shopper.
    assert {item for item, _ in units} == set(running)
    assert short not in {item for item, _ in units}
    buyers = await stage.db.fetch(
        "SELECT DISTINCT m.phone FROM fs_reservations AS r JOIN members AS m ON m.id = r.member_id"
    )
    for buyer in buyers:
        with pytest.raises(Invalid):
            phone_of(buyer["phone"])
    # Again: only what the minute asks for in addition, by people who have none yet.
    await demo_shoppers.shop(run)
    after = await stage.db.fetchval("SELECT sum(qty) FROM fs_reservations WHERE item_id = ANY ($1)", running)
    assert sum(gone) <= after <= sum(gone) + 2
    for item in running:
        await stage.balanced(item)
        view = (await stage.call("GET", f"/api/v1/flash-sales/{item}")).body
        assert view["taken_percent"] >= 40
    assert said[0].endswith("orders of flash sales")


async def test_demo_shoppers_wait_while_the_gate_is_empty(stage: Stage, redis: Any) -> None:
    hour = now().replace(microsecond=0) - timedelta(minutes=30)
    item = await stage.sale(starts_at=hour, ends_at=hour + timedelta(hours=1), quantity=40)
    await stage.db.execute("UPDATE fs_items SET created_by = 0")
    await redis.flushdb()
    run = DemoRun(app=stage.app, say=lambda _: None)
    await demo_shoppers.shop(run)
    assert await stage.db.fetchval("SELECT count(*) FROM fs_reservations") == 0
    await stage.work()
    await demo_shoppers.shop(run)
    assert (await stage.balanced(item)).sold > 0
