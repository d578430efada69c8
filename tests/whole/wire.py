"""A client of the wire, and the shapes that its answers have to have."""

from __future__ import annotations

import asyncio
import itertools
import re
from datetime import datetime, timedelta
from typing import Any

from server.clock import now
from tests.whole.world import Heard, World

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
ITEM = {
    "item_id", "sku_id", "title", "price", "list_price", "limit_per_member", "pay_within_s", "starts_at", "ends_at",
    "phase", "stock_level", "challenge", "server_time",
}  # fmt: skip
PHASES, LEVELS = {"upcoming", "running", "paused", "sold_out", "ended"}, {"plenty", "low", "out"}
_keys = itertools.count(1)
phones = itertools.count(13900000001)
"""Of people who have not registered yet."""


def moment(text: str) -> datetime:
    """Return a time of the wire. Fails for any other spelling."""
    assert TIME.fullmatch(text), text
    return datetime.fromisoformat(text)


def digits(text: Any) -> int:
    """Return an id of the wire. Fails for any other spelling."""
    assert isinstance(text, str)
    assert re.fullmatch(r"[0-9]{1,18}", text), text
    return int(text)


def shown(item: dict[str, Any]) -> dict[str, Any]:
    """Hold a sale to the shape that every answer gives it."""
    assert set(item) >= ITEM
    digits(item["item_id"]), digits(item["sku_id"])
    assert all(isinstance(item[name], int) for name in ("price", "list_price", "limit_per_member", "pay_within_s"))
    assert moment(item["starts_at"]) < moment(item["ends_at"])
    assert abs(moment(item["server_time"]) - now()) < timedelta(seconds=10)
    assert item["phase"] in PHASES
    assert item["stock_level"] in LEVELS
    assert item["challenge"] in ("none", "pow", "captcha")
    return item


class Client:
    """Somebody with a token, or without."""

    def __init__(self, world: World, token: str = "") -> None:
        self.world, self.token = world, token

    async def __call__(
        self, method: str, path: str, json: Any = None, *, key: str | None = None, **headers: str
    ) -> Heard:
        """Send a request; a POST carries a fresh key unless one is given, '' for none."""
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if method == "POST" and key != "":
            sent["Idempotency-Key"] = key or f"wire-{next(_keys)}"
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.world.ask(method, path, sent, json=json)

    async def good(self, status: int, method: str, path: str, json: Any = None, **more: Any) -> Any:
        """Send a request that succeeds with ``status``; return its JSON."""
        answer = await self(method, path, json, **more)
        assert answer.status == status, (method, path, answer.status, answer.text)
        return answer.body if answer.raw else None


async def newcomer(world: World, *, address: bool = True) -> Client:
    """Register by a code, as the first lines of Accounts say."""
    guest, phone = Client(world), str(next(phones))
    await guest.good(202, "POST", "/api/v1/auth/codes", {"phone": phone})
    inbox = (await guest("GET", f"/sandbox/inbox?to={phone}", Accept="application/json")).body
    session = await guest.good(201, "POST", "/api/v1/auth/sessions", {"phone": phone, "code": inbox[0]["code"]})
    client = Client(world, session["token"])
    if address:
        body = {"name": "林小满", "phone": phone, "region_code": "310104", "detail": "路 1 号", "is_default": True}
        await client.good(201, "POST", "/api/v1/addresses", body)
    return client


def staff(world: World) -> Client:
    """Return the staff who may do everything."""
    return Client(world, world.staff.token)


async def sale(world: World, **changes: Any) -> str:
    """Publish a sale; return its id."""
    desk = staff(world)
    item_id = (await desk.good(201, "POST", "/api/v1/backoffice/flash-sales", world.plan(**changes)))["item_id"]
    await desk.good(200, "POST", f"/api/v1/backoffice/flash-sales/{item_id}/publish")
    return str(item_id)


async def won(client: Client, item_id: str, key: str = "", **changes: Any) -> dict[str, Any]:
    """Win a unit; a queued attempt is sent again with its key."""
    ticket = await client.good(201, "POST", f"/api/v1/flash-sales/{item_id}/tickets")
    key = key or f"win-{next(_keys)}"
    async with asyncio.timeout(10):
        while True:
            body = {"ticket": ticket["ticket"], "quantity": 1, **changes}
            answer = await client("POST", f"/api/v1/flash-sales/{item_id}/attempts", body, key=key)
            if answer.status != 202:
                assert answer.status == 201, answer.text
                return dict(answer.body)
            assert set(answer.body) >= {"status", "attempt_id"}
            assert answer.body["status"] == "queued"
