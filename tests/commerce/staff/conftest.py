"""The back office with people in it, and who asks what of it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from aiohttp.test_utils import TestClient

from server.application import Application
from server.http import Kind

Client = TestClient[Any, Any]
STAFF, ROLES = "/api/v1/backoffice/staff", "/api/v1/backoffice/roles"


class Office:
    """The back office with people of two shops and of the platform."""

    def __init__(self, app: Application, client: Client) -> None:
        self.app, self.client = app, client
        self.ids: dict[str, int] = {}
        self.tokens: dict[str, str] = {}
        self.shops: list[int] = []

    async def open(self) -> None:
        """Hire an owner, two managers of shop A and a warehouse keeper, and a manager of shop B."""
        async with self.app.database.transaction() as connection:
            self.shops = [
                await connection.fetchval("INSERT INTO shops (slug, name) VALUES ($1, $2) RETURNING id", slug, slug)
                for slug in ("a", "b")
            ]
        a, b = self.shops
        for account, shop, role in (
            ("owner", None, "owner"), ("owner2", None, "owner"), ("support", None, "platform_service"),
            ("boss", a, "shop_manager"), ("boss2", a, "shop_manager"), ("keeper", a, "warehouse"),
            ("rival", b, "shop_manager"),
        ):  # fmt: skip
            await self.hire(account, shop, role)

    async def hire(self, account: str, shop: int | None, *roles: str) -> None:
        """Add somebody who is logged in."""
        async with self.app.database.transaction() as connection:
            staff_id = await connection.fetchval(
                "INSERT INTO staff (account, name, password_hash, shop_id) VALUES ($1, $2, 'x', $3) RETURNING id",
                account,
                account,
                shop,
            )
            await connection.execute(
                "INSERT INTO staff_roles (staff_id, role_id) SELECT $1, id FROM roles WHERE code = ANY ($2)",
                staff_id,
                list(roles),
            )
            issued = await self.app.sessions.issue(connection, Kind.STAFF, staff_id, "127.0.0.1", "test")
        self.ids[account], self.tokens[account] = staff_id, issued.token

    async def ask(self, who: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Send a request and return status and body, the code of a refusal for a body."""
        headers = {"Authorization": f"Bearer {self.tokens[who]}"}
        async with self.client.request(method, path, json=body, headers=headers) as response:
            raw = await response.read()
        told: Any = msgspec.json.decode(raw) if raw else None
        return response.status, told["error"]["code"] if response.status >= 400 else told

    async def send(self, who: str, path: str, form: dict[str, str]) -> tuple[int, str]:
        """Post a form and return the status and where it leads, or what the page says."""
        headers = {"Authorization": f"Bearer {self.tokens[who]}", "Content-Type": "application/x-www-form-urlencoded"}
        async with self.client.post(path, data=urlencode(form), headers=headers, allow_redirects=False) as response:
            return response.status, response.headers.get("Location") or await response.text()

    async def page(self, who: str, path: str) -> tuple[int, str]:
        """Return a page's status and text."""
        headers = {"Authorization": f"Bearer {self.tokens[who]}"}
        async with self.client.get(path, headers=headers, allow_redirects=False) as response:
            return response.status, await response.text()

    async def give(self, who: str, whom: str, shop: int | None, *roles: str) -> tuple[int, Any]:
        """Have ``who`` give ``whom`` exactly these roles in a shop."""
        body = {"shop_id": None if shop is None else str(shop), "roles": list(roles)}
        return await self.ask(who, "PUT", f"{STAFF}/{self.ids[whom]}/roles", body)

    async def do(self, who: str, whom: str, deed: str) -> tuple[int, Any]:
        """Have ``who`` do something to ``whom``."""
        return await self.ask(who, "POST", f"{STAFF}/{self.ids[whom]}/{deed}", {"reason": "因为"})

    async def value(self, query: str, *values: Any) -> Any:
        """Return one value of the database."""
        async with self.app.database.connection() as connection:
            return await connection.fetchval(query, *values)


@pytest.fixture
async def office(app: Application, client: Client) -> Office:
    made = Office(app, client)
    await made.open()
    return made
