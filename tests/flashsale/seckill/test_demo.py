"""The demo's sales: planned once, bought by demo members through the path that everybody takes."""

from __future__ import annotations

from datetime import timedelta

from commerce.catalogue import DemoRun
from commerce.catalogue.demo.content_sales import SALES
from flashsale.seckill import demo
from server.clock import now
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
