"""A member, staff, and kinds of messages to tell them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from aiohttp.test_utils import TestClient

from commerce.courier import Channel
from commerce.messages import Category, MessageKind, Messages, Way, store, tell
from commerce.messages.types import Channels, Preferences, Quiet, Switches
from server.application import Application
from server.http.session import Kind

Client = TestClient[Any, Any]
PHONE, MAIL = "13812345678", "lin@example.com"
AWAKE = Quiet(on=False)
ALL = Switches(in_app=True, sms=True, email=True)
PAID = MessageKind(
    code="test.paid",
    category=Category.ORDER,
    title="付款成功",
    text="订单 {order_no} 已付款",
    ways=(Way.SMS, Way.EMAIL),
    example={"order_no": "1"},
)
SALE = MessageKind(
    code="test.sale",
    category=Category.PROMOTION,
    title="{title} 开抢",
    text="",
    ways=(Way.SMS,),
    switch="开抢提醒",
    example={"title": "杯"},
)
ALARM = MessageKind(
    code="test.alarm", category=Category.SYSTEM, title="密码改了", text="", ways=(Way.SMS,), urgent=True
)

PLAIN = MessageKind(
    code="test.plain", category=Category.SYSTEM, title="{title}", text="{text}", example={"title": "a", "text": "b"}
)


class Centre(msgspec.Struct, frozen=True):
    """The running site with one member who sleeps at no hour, unless told otherwise."""

    app: Application
    client: Client
    member_id: int
    token: str

    @property
    def headers(self) -> dict[str, str]:
        """What the member sends with every call."""
        return {"Authorization": f"Bearer {self.token}"}

    async def tell(self, kind: MessageKind, values: Mapping[str, str] | None = None, **more: Any) -> int | None:
        """Tell the member something."""
        async with self.app.database.transaction() as connection:
            return await tell(connection, self.member_id, kind, values or {}, **more)

    async def choose(self, **chosen: Any) -> None:
        """Choose for the member."""
        async with self.app.database.transaction() as connection:
            await store.set_preferences(connection, self.member_id, Preferences(**chosen))

    async def call(self, method: str, path: str, json: Any = None) -> tuple[int, Any]:
        """Call the API as the member."""
        response = await self.client.request(method, f"/api/v1/me/messages{path}", headers=self.headers, json=json)
        text = await response.read()
        return response.status, msgspec.json.decode(text) if text else None

    async def value(self, query: str, *values: Any) -> Any:
        """Return one value from the database."""
        async with self.app.database.connection() as connection:
            return await connection.fetchval(query, *values)

    async def run(self, query: str, *values: Any) -> None:
        """Change something behind the platform's back."""
        async with self.app.database.connection() as connection:
            await connection.execute(query, *values)

    async def inbox(self, to: str = PHONE) -> list[str]:
        """Return the texts that were sent to an address, the newest first."""
        response = await self.client.get("/sandbox/inbox", params={"to": to}, headers={"Accept": "application/json"})
        return [letter["text"] for letter in await response.json()]

    async def sent(self, count: int) -> None:
        """Return once so many deliveries have ended."""
        async with asyncio.timeout(15):
            while await self.ended() < count:
                await asyncio.sleep(0.05)

    async def ended(self) -> int:
        """Return how many deliveries have ended."""
        return int(
            await self.value("SELECT count(*) FROM message_deliveries WHERE sent_at IS NOT NULL OR dropped IS NOT NULL")
        )


@pytest.fixture
async def centre(app: Application, client: Client) -> Centre:
    """The site, its kinds and its member."""
    async with app.database.transaction() as connection:
        member_id = await connection.fetchval(
            "INSERT INTO members (phone, email, nickname) VALUES ($1, $2, '林小满') RETURNING id", PHONE, MAIL
        )
        issued = await app.sessions.issue(connection, Kind.MEMBER, member_id, "127.0.0.1", "test")
    app.resource(Messages).kind(PAID, SALE, ALARM, PLAIN)
    made = Centre(app, client, member_id, issued.token)
    await made.choose(quiet=AWAKE)
    return made


class Broken:
    """A courier that is down for its first ``times`` letters."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.carried: list[str] = []

    async def send(self, connection: Any, message: Any) -> None:
        """Refuse, or carry."""
        if self.times:
            self.times -= 1
            raise ConnectionRefusedError("the gateway is down")
        self.carried.append(message.text)


__all__ = ["ALARM", "ALL", "AWAKE", "MAIL", "PAID", "PHONE", "PLAIN", "SALE", "Broken", "Centre", "Channel", "Channels"]
