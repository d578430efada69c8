"""A member in a browser without a script."""

from __future__ import annotations

import re
from typing import Any

from aiohttp.test_utils import TestClient

Client = TestClient[Any, Any]


PHONE = "13812345678"


class Browser:
    """Keeps cookies and the last page's form token, follows redirects, runs no script."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.text = ""
        self.status = 0
        self.path = ""

    async def _took(self, response: Any) -> None:
        self.text, self.status, self.path = await response.text(), response.status, response.url.path_qs

    async def open(self, path: str) -> None:
        await self._took(await self.client.get(path, headers={"Accept": "text/html"}))

    async def post(self, path: str, **fields: str) -> None:
        token = re.search(r'name="csrf-token" content="([^"]+)"', self.text)
        assert token is not None
        await self._took(await self.client.post(path, data={"csrf_token": token[1]} | fields))

    async def log_in(self, phone: str = PHONE, way: str = "") -> None:
        await self.open(f"/login?next={way}")
        await self.post("/login/code", account=phone, by="code", next=way)
        assert self.status == 200, self.text
        await self.post("/login", account=phone, by="code", code=await self.code(phone), next=way)

    async def code(self, phone: str) -> str:
        response = await self.client.get("/sandbox/inbox", params={"to": phone}, headers={"Accept": "application/json"})
        return str((await response.json())[0]["code"])


def token_of(text: str) -> str:
    found = re.search(r'name="csrf-token" content="([^"]+)"', text)
    assert found is not None
    return found[1]
