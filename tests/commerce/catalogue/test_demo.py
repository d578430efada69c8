"""The demo: whole, quick, the same after every run, and out of the way of what people change."""

from __future__ import annotations

import argparse
import asyncio
import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp.test_utils import TestClient

from commerce import stock
from commerce.catalogue import DemoRun, DemoStep, DemoSteps, demo, demo_load
from commerce.catalogue.demo import pictures
from server.application import Application, build
from server.settings import Environment, Settings

Client = TestClient[Any, Any]


def quiet(_: str) -> None:
    """Say nothing."""


@pytest.fixture(autouse=True)
def own_steps(app: Application) -> DemoSteps:
    """Leave away the steps of the features above, which have tests of their own; return all of them."""
    everybody = app.resource(DemoSteps)
    own = DemoSteps()
    for step in (demo_load.PICTURES, demo_load.GOODS, demo_load.PEOPLE, demo_load.STOCK):
        own.add(step)
    app.provide(DemoSteps, own)
    return everybody


async def rows(app: Application, query: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query."""
    async with app.database.connection() as connection:
        return [tuple(row) for row in await connection.fetch(query)]


EVERYTHING = (
    "SELECT * FROM shops ORDER BY id",
    "SELECT * FROM categories ORDER BY id",
    "SELECT * FROM brands ORDER BY id",
    "SELECT * FROM products ORDER BY id",
    "SELECT * FROM skus ORDER BY id",
    "SELECT * FROM stock ORDER BY sku_id",
    "SELECT count(*) FROM stock_movements",
    "SELECT * FROM home_stories ORDER BY id",
    "SELECT phone, password_hash FROM members ORDER BY id",
    "SELECT account, password_hash FROM staff ORDER BY id",
)


SHORT = """
    SELECT k.code FROM skus AS k
    JOIN products AS p ON p.id = k.product_id
    LEFT JOIN stock_free AS f ON f.sku_id = k.id
    WHERE p.shop_id = 1 AND coalesce(f.free, 0) < 5000
"""


async def test_the_demo_is_whole(app: Application, client: Client) -> None:
    told = await demo_load.load(app, quiet)
    assert (len(demo.SHOPS), len(demo.PRODUCTS)) == (3, 60)
    assert await rows(app, "SELECT slug FROM shops WHERE id = 1") == [("lingfeng",)]
    assert await rows(app, SHORT) == [("XZ-BP-SAND",)], "one is sold out, with members who wait for it"
    faces = await rows(app, "SELECT pictures ->> 0, pictures FROM products")
    assert len({face for face, _ in faces}) == 60  # no two products share a picture
    for _, gallery in faces:
        for address in gallery:
            async with client.get(address) as response:
                assert response.status == 200
                assert response.headers["Content-Type"] == "image/svg+xml"
    content = {(app.settings.home / address.lstrip("/")).read_bytes() for address in [face for face, _ in faces]}
    assert len(content) == 60
    for table in ("SELECT logo FROM shops", "SELECT picture FROM skus", "SELECT avatar FROM members"):
        assert all(address.startswith("/media/demo/") for (address,) in await rows(app, table)), table

    written = json.loads((app.settings.home / "demo.json").read_text())
    assert msgspec.convert(written, demo_load.Told) == told
    assert written.keys() == {"base_url", "staff", "members"}
    assert written["base_url"] == app.settings.base_url
    assert (app.settings.home / "demo.json").stat().st_mode & 0o077 == 0
    first = written["staff"][0]
    body = {"account": first["account"], "password": first["password"]}
    async with client.post("/api/v1/staff/sessions", json=body) as response:
        assert response.status == 201
        token = (await response.json())["token"]
    headers = {"Authorization": f"Bearer {token}"}
    async with client.get("/api/v1/backoffice/products", headers=headers) as response:
        assert (await response.json())["total"] == 60
    member = written["members"][0]
    body = {"account": member["phone"], "password": member["password"]}
    async with client.post("/api/v1/auth/sessions", json=body) as response:
        assert response.status == 201
        token = (await response.json())["token"]
    async with client.get("/api/v1/addresses", headers={"Authorization": f"Bearer {token}"}) as response:
        assert (await response.json())["items"][0]["is_default"]


async def test_another_run_changes_nothing(app: Application, client: Client) -> None:
    first = await demo_load.load(app, quiet)
    before = [await rows(app, query) for query in EVERYTHING]
    files = sorted((app.settings.home / "media" / "demo").iterdir())
    second = await demo_load.load(app, quiet)
    assert first == second
    for query, was in zip(EVERYTHING, before, strict=True):
        assert await rows(app, query) == was, query
    assert sorted((app.settings.home / "media" / "demo").iterdir()) == files


async def test_what_people_changed_stays(app: Application, client: Client) -> None:
    await demo_load.load(app, quiet)
    async with app.database.transaction() as connection:
        await connection.execute(
            "UPDATE products SET title = '我的杯子', status = 'off', pictures = '[\"/mine.png\"]' WHERE id = 1"
        )
        await connection.execute("UPDATE skus SET price = 1, list_price = NULL, picture = '/mine.png' WHERE id = 1")
        await connection.execute("UPDATE shops SET name = '我的店', logo = '/mine.png' WHERE id = 1")
        sku = 2
        free = (await stock.free(connection, [sku]))[sku]
        assert await stock.allocate(connection, sku, free - 10, "test", "system")
    (app.settings.home / "demo.json").write_text("not JSON")
    told = await demo_load.load(app, quiet)
    assert await rows(app, "SELECT title, status, pictures ->> 0 FROM products WHERE id = 1") == [
        ("我的杯子", "off", "/mine.png")
    ]
    assert await rows(app, "SELECT price, picture FROM skus WHERE id = 1") == [(1, "/mine.png")]
    assert await rows(app, "SELECT name, logo FROM shops WHERE id = 1") == [("我的店", "/mine.png")]
    assert await rows(app, f"SELECT free FROM stock_free WHERE sku_id = {sku}") == [(free,)]  # filled up again
    body = {"account": told.staff[0].account, "password": told.staff[0].password}  # passwords that were lost are new
    async with client.post("/api/v1/staff/sessions", json=body) as response:
        assert response.status == 201


async def test_runs_of_two_processes_take_turns(app: Application, client: Client, settings: Settings) -> None:
    other = build(settings)
    other.provide(DemoSteps, app.resource(DemoSteps))
    async with other.running("command"):
        told = await asyncio.gather(demo_load.load(app, quiet), demo_load.load(other, quiet))
    assert told[0] == told[1]
    assert await rows(app, "SELECT count(*) FROM products") == [(60,)]


async def test_features_add_steps_and_a_worker_repeats_some(
    app: Application, client: Client, settings: Settings
) -> None:
    ran: list[str] = []

    async def once(run: DemoRun) -> None:
        assert run.pictures
        assert run.members
        ran.append("once")

    async def often(run: DemoRun) -> None:
        ran.append("often")

    steps = app.resource(DemoSteps)
    steps.add(DemoStep(name="often", position=90, run=often, refresh=True))
    steps.add(DemoStep(name="once", position=80, run=once))
    with pytest.raises(ValueError, match="once"):
        steps.add(DemoStep(name="once", position=1, run=once))
    said: list[str] = []
    await demo_load.load(app, said.append)
    assert ran == ["once", "often"]
    assert [step for step in ("pictures", "goods", "people", "once", "often") if any(step in line for line in said)]
    await demo_load.refresh(app)
    assert ran == ["once", "often"]  # the demo is off
    app.settings = msgspec.structs.replace(settings, demo=True)
    await demo_load.refresh(app)
    assert ran == ["once", "often", "often"]


async def test_the_steps_of_every_feature_run_again(app: Application, client: Client, own_steps: DemoSteps) -> None:
    app.provide(DemoSteps, own_steps)
    first = await demo_load.load(app, quiet)
    assert await demo_load.load(app, quiet) == first
    assert await rows(app, SHORT) == [("XZ-BP-SAND",)]  # whatever sales and orders took
    films = await rows(app, "SELECT slug, video FROM products WHERE video <> '' ORDER BY slug")
    assert [slug for slug, _ in films] == ["bottle", "camp-lantern", "suitcase"]
    for _, address in films:
        async with client.get(address, headers={"Range": "bytes=0-99"}) as response:
            assert (response.status, response.headers["Content-Type"]) == (206, "video/webm")
    for path in ("/", "/products/1"):
        async with client.get(path) as response:
            assert response.status == 200


async def test_an_old_schema_is_told(empty_database_url: str, settings: Settings, capsys: Any) -> None:
    bare = build(msgspec.structs.replace(settings, database_url=empty_database_url))
    async with bare.running("command"):
        assert await demo_load.run_demo(bare, argparse.Namespace()) == 1
    assert "lingfeng migrate" in capsys.readouterr().err


async def test_production_has_to_mean_it(app: Application, client: Client, settings: Settings, capsys: Any) -> None:
    app.settings = msgspec.structs.replace(settings, environment=Environment.PRODUCTION)
    assert await demo_load.run_demo(app, argparse.Namespace()) == 2
    assert "LINGFENG_DEMO=1" in capsys.readouterr().err
    assert await rows(app, "SELECT count(*) FROM shops") == [(0,)]
    app.settings = msgspec.structs.replace(app.settings, demo=True)
    assert await demo_load.run_demo(app, argparse.Namespace()) == 0
    assert "Demo shops filled" in capsys.readouterr().out


def test_the_demo_names_only_what_it_draws() -> None:
    drawn = dict(pictures.drawings())
    wanted = {name for product in demo.PRODUCTS for name in product.pictures}
    wanted |= {sku.picture for product in demo.PRODUCTS for sku in product.skus}
    wanted |= {shop.logo for shop in demo.SHOPS} | {member.avatar for member in demo.MEMBERS}
    assert wanted <= drawn.keys()
    for name, svg in drawn.items():
        assert not re.search(r"<script|\son\w+=|href=\"(?!#)", svg), name


def test_the_demo_sells_what_it_has(tmp_path: Path) -> None:
    skus = {sku.code: sku for product in demo.PRODUCTS for sku in product.skus}
    assert len(skus) == sum(len(product.skus) for product in demo.PRODUCTS)
    for product in demo.PRODUCTS:
        assert len({sku.specs for sku in product.skus}) == len(product.skus), product.slug
        assert len({tuple(name for name, _ in sku.specs) for sku in product.skus}) == 1, product.slug
    for sale in demo.SALES:
        assert sale.price < skus[sale.sku].price
        assert sale.quantity < skus[sale.sku].stock
