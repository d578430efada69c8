"""A shop with one SKU in stock, its staff, members who may buy, and sales of that SKU."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import msgspec
import pytest
import redis.asyncio as aioredis
from aiohttp.test_utils import TestClient

from commerce import stock
from commerce.payments import capture
from commerce.payments.types import Trade, TradeState
from flashsale.gate import Attempt, Gate, JournalEntry, Outcome
from flashsale.seckill import jobs, rebuild, recover, release, rewin, verify
from flashsale.seckill.views import VerifyView
from server.application import Application
from server.clock import now, wire
from server.database import prepare
from server.http.session import Kind
from server.numbers import new_number

_numbers = itertools.count(1)


class Member(msgspec.Struct):
    """Somebody who buys."""

    id: int
    token: str

    @property
    def headers(self) -> dict[str, str]:
        """What every request of theirs carries."""
        return {"Authorization": f"Bearer {self.token}"}


class Answer(msgspec.Struct):
    """Status and JSON of an answer."""

    status: int
    body: Any
    headers: Any = None

    @property
    def code(self) -> str:
        """The code of a refusal."""
        return str(self.body["error"]["code"])


class Stage:
    """What the tests of flash sales do, over HTTP where a client would."""

    def __init__(self, app: Application, client: TestClient[Any, Any], db: Any) -> None:
        self.app, self.client, self.db = app, client, db
        self.sku_id = self.product_id = self.shop_id = 0
        self.staff = Member(0, "")

    @property
    def gate(self) -> Gate:
        """The application's gate."""
        return self.app.resource(Gate)

    async def call(self, method: str, path: str, who: Member | None = None, json: Any = None, **options: Any) -> Answer:
        """Send a request and return its answer."""
        headers = {**(who.headers if who else {}), **options.pop("headers", {})}
        async with self.client.request(method, path, json=json, headers=headers, **options) as response:
            raw = await response.read()
            return Answer(response.status, msgspec.json.decode(raw) if raw else None, response.headers)

    async def furnish(self) -> None:
        """Lay down the shop, its SKU with 1,000 units, and its staff."""
        self.shop_id = await self.db.fetchval("INSERT INTO shops (slug, name) VALUES ('s', '店') RETURNING id")
        category = await self.db.fetchval("INSERT INTO categories (slug, name) VALUES ('c', '类') RETURNING id")
        self.product_id = await self.db.fetchval(
            "INSERT INTO products (shop_id, category_id, slug, title, status) "
            "VALUES ($1, $2, 'p', '杯', 'on') RETURNING id",
            self.shop_id,
            category,
        )
        self.sku_id = await self.sku()
        self.staff = await self.new_staff(None)

    async def sku(self, units: int = 1000, price: int = 9900) -> int:
        """Return another SKU of the product."""
        at = next(_numbers)
        sku_id: int = await self.db.fetchval(
            "INSERT INTO skus (product_id, code, specs, price) VALUES ($1, $2, $3, $4) RETURNING id",
            self.product_id,
            f"k{at}",
            {"颜色": f"{at}"},
            price,
        )
        await stock.receive(self.db, sku_id, units, "test", "system")
        return sku_id

    async def new_staff(self, shop_id: int | None, *permissions: str) -> Member:
        """Return staff of a shop (None: the platform), with every right unless told otherwise."""
        at = next(_numbers)
        staff_id = await self.db.fetchval(
            "INSERT INTO staff (account, name, password_hash, shop_id) VALUES ($1, '员工', '', $2) RETURNING id",
            f"staff{at}",
            shop_id,
        )
        role = await self.db.fetchval(
            "INSERT INTO roles (code, name, permissions) VALUES ($1, '角色', $2) RETURNING id",
            f"role{at}",
            list(permissions) or ["*"],
        )
        await self.db.execute("INSERT INTO staff_roles (staff_id, role_id) VALUES ($1, $2)", staff_id, role)
        issued = await self.app.sessions.issue(self.db, Kind.STAFF, staff_id, "127.0.0.1", "test")
        return Member(staff_id, issued.token)

    async def member(self, *, address: bool = True) -> Member:
        """Return a new member, with a default address unless told otherwise."""
        member_id = await self.db.fetchval(
            "INSERT INTO members (phone, nickname) VALUES ($1, '买家') RETURNING id", f"1380000{next(_numbers):04d}"
        )
        if address:
            await self.address(member_id)
        issued = await self.app.sessions.issue(self.db, Kind.MEMBER, member_id, "127.0.0.1", "test")
        return Member(member_id, issued.token)

    async def members(self, count: int) -> list[Member]:
        """Return new members."""
        return [await self.member() for _ in range(count)]

    async def address(self, member_id: int) -> None:
        """Give a member a default address."""
        await self.db.execute(
            "INSERT INTO addresses (member_id, name, phone, region_code, region, detail, is_default) "
            "VALUES ($1, '张三', '13800000000', '310104', '上海市 徐汇区', '漕溪北路 1 号', true)",
            member_id,
        )

    def plan(self, **changes: Any) -> dict[str, Any]:
        """Return the body that drafts a sale which is on now."""
        at = now()
        body = {
            "sku_id": str(self.sku_id),
            "title": "秒杀杯",
            "price": 990,
            "quantity": 10,
            "limit_per_member": 1,
            "starts_at": at - timedelta(seconds=1),
            "ends_at": at + timedelta(hours=1),
            **changes,
        }
        return {name: wire(value) if isinstance(value, datetime) else value for name, value in body.items()}

    async def draft(self, **changes: Any) -> int:
        """Return a new draft."""
        answer = await self.staff_call("POST", "", self.plan(**changes))
        assert answer.status == 201, answer
        assert answer.body["status"] == "draft"
        return int(answer.body["item_id"])

    async def sale(self, **changes: Any) -> int:
        """Return a new published sale."""
        item_id = await self.draft(**changes)
        answer = await self.staff_call("POST", f"/{item_id}/publish")
        assert answer.status == 200, answer
        return item_id

    async def staff_call(self, method: str, path: str, json: Any = None, who: Member | None = None) -> Answer:
        """Send a request of the back office, with a fresh key."""
        headers = {"Idempotency-Key": f"staff-{next(_numbers)}"} if method == "POST" else {}
        return await self.call(
            method, f"/api/v1/backoffice/flash-sales{path}", who or self.staff, json, headers=headers
        )

    async def ticket(self, item_id: int, member: Member) -> str:
        """Return a ticket."""
        answer = await self.call("POST", f"/api/v1/flash-sales/{item_id}/tickets", member)
        assert answer.status == 201, answer
        return str(answer.body["ticket"])

    async def attempt(
        self,
        item_id: int,
        member: Member,
        *,
        key: str = "",
        quantity: Any = 1,
        ticket: str | None = None,
        **fields: Any,
    ) -> Answer:
        """Try to buy, with a fresh key and ticket unless told otherwise."""
        body = {"ticket": ticket or await self.ticket(item_id, member), "quantity": quantity, **fields}
        return await self.call(
            "POST",
            f"/api/v1/flash-sales/{item_id}/attempts",
            member,
            body,
            headers={"Idempotency-Key": key or f"key-{next(_numbers)}"},
        )

    async def won(self, item_id: int, member: Member, **options: Any) -> Answer:
        """Buy; on a busy machine the commit may take longer than an answer waits for it."""
        options.setdefault("key", f"won-{next(_numbers)}")
        answer = await self.attempt(item_id, member, **options)
        while answer.status == 202:
            answer = await self.attempt(item_id, member, **options)
        assert answer.status == 201, answer
        return answer

    async def overdue(self, member: Member) -> None:
        """Let the time be up in which a member could pay for what they won."""
        await self.db.execute("UPDATE fs_reservations SET pay_before = now() WHERE member_id = $1", member.id)

    async def work(self) -> None:
        """Do once what the worker does again and again."""
        await recover.sweep(self.app)
        await release.sweep(self.app)
        await release.drain(self.app)
        await rewin.sweep(self.app)
        await jobs.end_due(self.app)
        await rebuild.Keeper().sweep(self.app)

    async def verify(self, item_id: int) -> VerifyView:
        """Hold the books against each other, without patience."""
        return await verify.verify(self.app, item_id, patience=0)

    async def balanced(self, item_id: int) -> VerifyView:
        """Assert that the books balance."""
        view = await self.verify(item_id)
        assert view.ok, view.violations
        assert view.allocated == view.available + view.held + view.sold
        return view

    async def paid(self, order_no: str) -> None:
        """Have the order's payment come, through the payments' own path."""
        await pay(self, order_no)


async def admitted(stage: Stage, item_id: int, member: Member, key: str, quantity: int = 1) -> JournalEntry:
    """Have the gate admit somebody whose process then goes away."""
    decision = (await stage.gate.admit(item_id, [Attempt(member.id, key, quantity)]))[0]
    assert decision.outcome is Outcome.WON
    return JournalEntry(decision.journal_id, decision.epoch, member.id, key, quantity, 1)


async def pay(stage: Stage, order_no: str) -> Any:
    """Take on a payment of an order as if its gateway had said so; return the outcome."""
    order = await stage.db.fetchrow("SELECT id, amount, pay_before FROM orders WHERE order_no = $1", order_no)
    payment_no = new_number()
    await stage.db.execute(
        "INSERT INTO payments (payment_no, order_id, method, amount, pay_before) VALUES ($1, $2, 'alipay', $3, $4)",
        payment_no,
        order["id"],
        order["amount"],
        order["pay_before"],
    )
    trade = Trade(
        payment_no=payment_no, trade_no=f"t{payment_no}", state=TradeState.PAID, amount=order["amount"], paid_at=now()
    )
    return await capture.take(stage.app, trade)


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Any]:
    """A connection of the test's own."""
    connection: Any = await asyncpg.connect(database_url)
    await prepare(connection)
    yield connection
    await connection.close()


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Any]:
    """A connection of the test's own to Redis."""
    async with aioredis.from_url(redis_url, decode_responses=True) as client:
        yield client


@pytest.fixture
async def stage(app: Application, client: TestClient[Any, Any], db: Any) -> Stage:
    """A furnished stage."""
    made = Stage(app, client, db)
    await made.furnish()
    return made
