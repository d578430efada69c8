"""Some made-up products on the shelf of a running site."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from aiohttp.test_utils import TestClient

from commerce.search.demo import load as loading
from commerce.search.feed import Follower
from server.application import Application

COUNT = 400


class Mall(msgspec.Struct, frozen=True):
    """What the tests look at."""

    app: Application
    client: TestClient[Any, Any]

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

    async def change(self, query: str, *values: Any) -> None:
        """Change the data under the site."""
        async with self.app.database.transaction() as connection:
            await connection.execute(query, *values)

    async def value(self, query: str, *values: Any) -> Any:
        """Return the one value that a query answers."""
        async with self.app.database.connection() as connection:
            return await connection.fetchval(query, *values)

    async def numbers(self) -> tuple[str, dict[float, int]]:
        """Return an attribute that counts something, and how many products on the shelf have each of its numbers."""
        rows = []
        async with self.app.database.connection() as connection:
            rows = await connection.fetch(
                """
                SELECT pa.attribute_id, pa.number::float8 AS number, count(*) AS products
                FROM product_attributes AS pa
                JOIN products AS p ON p.id = pa.product_id AND p.status = 'on'
                WHERE pa.number IS NOT NULL AND pa.attribute_id = (
                    SELECT attribute_id FROM product_attributes
                    WHERE number IS NOT NULL GROUP BY attribute_id ORDER BY count(DISTINCT number) DESC, 1 LIMIT 1
                )
                GROUP BY 1, 2
                """
            )
        return str(rows[0]["attribute_id"]), {row["number"]: row["products"] for row in rows}

    async def titles(self, **params: str) -> list[str]:
        """Return the titles that a list shows."""
        return [one["title"] for one in (await self.get("/api/v1/products", params={"size": "100"} | params))["items"]]


@pytest.fixture
async def mall(app: Application, client: TestClient[Any, Any]) -> Mall:
    """The running site with some hundred made-up products."""
    await loading.load(app.database, COUNT)
    await app.resource(Follower).fresh()
    return Mall(app, client)
