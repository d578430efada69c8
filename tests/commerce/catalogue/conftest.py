"""A filled catalogue, and staff who may touch it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from aiohttp.test_utils import TestClient

from commerce.catalogue import demo, demo_load
from commerce.catalogue.demo_steps import DemoRun
from commerce.staff.demo import create_staff
from server.application import Application
from server.http.session import Kind

Client = TestClient[Any, Any]


class Shelf(msgspec.Struct, frozen=True):
    """What the tests look at: the running site with the demo's goods in it, without its people."""

    app: Application
    client: Client

    async def get(self, path: str, **options: Any) -> Any:
        """Return the JSON of a good answer."""
        async with self.client.get(path, **options) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    async def page(self, path: str, **options: Any) -> str:
        """Return the text of a good page."""
        async with self.client.get(path, **options) as response:
            assert response.status == 200, f"{path}: {response.status}"
            return await response.text()

    async def sku(self, code: str) -> int:
        """Return a SKU's id."""
        async with self.app.database.connection() as connection:
            found: int = await connection.fetchval("SELECT id FROM skus WHERE code = $1", code)
        return found

    async def product(self, slug: str) -> int:
        """Return a product's id."""
        async with self.app.database.connection() as connection:
            found: int = await connection.fetchval("SELECT id FROM products WHERE slug = $1", slug)
        return found

    async def change(self, query: str, *values: Any) -> None:
        """Change the data under the site."""
        async with self.app.database.transaction() as connection:
            await connection.execute(query, *values)


@pytest.fixture
async def shelf(app: Application, client: Client) -> Shelf:
    """The running site with the demo's goods."""
    run = DemoRun(app=app, say=lambda _: None)
    await demo_load.draw(run)
    await demo_load.add_goods(run)
    return Shelf(app, client)


@pytest.fixture
async def staff(shelf: Shelf) -> dict[str, dict[str, str]]:
    """Headers of staff by account: admin may do everything, shop2 manages the second shop, finance sees no products."""
    headers = {}
    async with shelf.app.database.transaction() as connection:
        shops = [(row["id"], row["name"]) for row in await connection.fetch("SELECT id, name FROM shops ORDER BY id")]
        assert len(shops) == len(demo.SHOPS)
        known = dict.fromkeys(("admin", "service", "warehouse", "finance", "host"), "one-password-for-all")
        await create_staff(connection, known, shops)
        for row in await connection.fetch("SELECT id, account FROM staff"):
            issued = await shelf.app.sessions.issue(connection, Kind.STAFF, row["id"], "127.0.0.1", "test")
            headers[row["account"]] = {"Authorization": f"Bearer {issued.token}"}
    return headers
