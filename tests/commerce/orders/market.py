"""A shop with one product, members with tokens and addresses, and orders in any state, for the tests to pay."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient

from commerce import stock
from commerce.orders import Carrier, Parcel
from server import worker
from server.application import Application, build
from server.database import Connection
from server.http.session import Kind
from server.numbers import new_number
from server.settings import Settings

PRICE = 4990
PARCEL = Parcel(Carrier.SF, "SF1390000000001")
ADDRESS = {
    "id": 1,
    "name": "林小满",
    "phone": "13812346021",
    "region_code": "310104",
    "region": "上海市 徐汇区",
    "detail": "龙腾大道 2350 号",
}


class Member(msgspec.Struct, frozen=True):
    """A member with a token and an address."""

    id: int
    token: str
    address_id: int

    @property
    def headers(self) -> dict[str, str]:
        """What the member sends with every call."""
        return {"Authorization": f"Bearer {self.token}"}


class Placed(msgspec.Struct, frozen=True):
    """An order that was put into the database."""

    id: int
    order_no: str
    amount: int


class Market:
    """What the tests sell."""

    def __init__(self, app: Application, client: TestClient[Any, Any]) -> None:
        self.app = app
        self.client = client
        self.shop_id = 0
        self.product_id = 0
        self.sku_id = 0

    async def open(self) -> None:
        """Put a shop, a product and 100 units of one SKU into the database."""
        async with self.app.database.transaction() as connection:
            self.shop_id = await connection.fetchval(
                "INSERT INTO shops (slug, name) VALUES ('s', '凌峰自营') RETURNING id"
            )
            category = await connection.fetchval(
                "INSERT INTO categories (slug, name) VALUES ('c', '杯壶') RETURNING id"
            )
            self.product_id = await connection.fetchval(
                """
                INSERT INTO products (shop_id, category_id, slug, title, status)
                VALUES ($1, $2, 'p', '山行保温杯', 'on') RETURNING id
                """,
                self.shop_id,
                category,
            )
            self.sku_id = await connection.fetchval(
                "INSERT INTO skus (product_id, code, specs, price) VALUES ($1, 'P-1', $2, $3) RETURNING id",
                self.product_id,
                {"颜色": "松"},
                PRICE,
            )
            await stock.receive(connection, self.sku_id, 100, "test", "test")

    async def member(self) -> Member:
        """Return a new member."""
        async with self.app.database.transaction() as connection:
            number = new_number()
            member_id = await connection.fetchval(
                "INSERT INTO members (phone, nickname) VALUES ($1, '林小满') RETURNING id", f"138{number[-8:]}"
            )
            address_id = await connection.fetchval(
                """
                INSERT INTO addresses (member_id, name, phone, region_code, region, detail, is_default)
                VALUES ($1, '林小满', '13812346021', '310104', '上海市 徐汇区', '龙腾大道 2350 号', true) RETURNING id
                """,
                member_id,
            )
            issued = await self.app.sessions.issue(connection, Kind.MEMBER, member_id, "127.0.0.1", "test")
        return Member(member_id, issued.token, address_id)

    async def staff(self, permissions: list[str], shop_id: int | None = None) -> dict[str, str]:
        """Return the headers of new staff."""
        async with self.app.database.transaction() as connection:
            number = new_number()
            staff_id = await connection.fetchval(
                "INSERT INTO staff (account, name, password_hash, shop_id) VALUES ($1, '店长', 'x', $2) RETURNING id",
                f"a{number}",
                shop_id,
            )
            role = await connection.fetchval(
                "INSERT INTO roles (code, name, permissions) VALUES ($1, '角色', $2) RETURNING id",
                f"r{number}",
                permissions,
            )
            await connection.execute("INSERT INTO staff_roles (staff_id, role_id) VALUES ($1, $2)", staff_id, role)
            issued = await self.app.sessions.issue(connection, Kind.STAFF, staff_id, "127.0.0.1", "test")
        return {"Authorization": f"Bearer {issued.token}"}

    async def order(
        self,
        member: Member,
        *,
        quantity: int = 1,
        pay_within: float = 600,
        status: str = "pending_payment",
        source: str = "cart",
        shop_id: int | None = None,
    ) -> Placed:
        """Put an order into the database; a cart's holds its units in stock."""
        order_no, amount = new_number(), PRICE * quantity
        paid = status in ("pending_shipment", "pending_receipt", "completed")
        async with self.app.database.transaction() as connection:
            order_id = await connection.fetchval(
                """
                INSERT INTO orders (order_no, member_id, shop_id, source, status, amount, paid, address, pay_before,
                                    paid_at, cancelled_at, cancel_reason, receipt_before)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, now() + make_interval(secs => $9),
                        CASE WHEN $7::bigint > 0 THEN now() END, CASE WHEN $5 = 'cancelled' THEN now() END,
                        CASE WHEN $5 = 'cancelled' THEN '不想要了' END,
                        CASE WHEN $5 IN ('pending_receipt', 'completed') THEN now() + interval '10 days' END)
                RETURNING id
                """,
                order_no,
                member.id,
                shop_id or self.shop_id,
                source,
                status,
                amount,
                amount if paid else 0,
                ADDRESS,
                pay_within,
            )
            await connection.execute(
                """
                INSERT INTO order_lines (order_id, sku_id, product_id, title, specs, unit_price, quantity, amount)
                VALUES ($1, $2, $3, '山行保温杯', $4, $5, $6, $7)
                """,
                order_id,
                self.sku_id,
                self.product_id,
                {"颜色": "松"},
                PRICE,
                quantity,
                amount,
            )
            if source == "cart" and status != "cancelled":
                assert await stock.allocate(connection, self.sku_id, quantity, f"order:{order_no}", "test")
        return Placed(order_id, order_no, amount)

    async def call(
        self,
        method: str,
        path: str,
        who: Member | dict[str, str] | None = None,
        json: Any = None,
        key: str | None = None,
    ) -> ClientResponse:
        """Call the API as ``who``; a POST gets a fresh key unless one is given ('' for none)."""
        headers = dict(who.headers if isinstance(who, Member) else who or {})
        if method == "POST" and key != "":
            headers["Idempotency-Key"] = key or new_number()
        return await self.client.request(method, path, headers=headers, json=json, allow_redirects=False)

    async def begin(self, member: Member, order: Placed) -> tuple[str, str]:
        """Begin a payment over HTTP; returns its number and the gateway's address."""
        answer = await self.call("POST", f"/api/v1/orders/{order.order_no}/payments", member, {"method": "alipay"})
        assert answer.status == 201, await answer.text()
        body = await answer.json()
        return body["payment_no"], body["pay_url"]

    async def robot(self, payment_no: str, outcome: str = "paid", **more: Any) -> ClientResponse:
        """Have the sandbox's robot buyer do something."""
        return await self.call(
            "POST", "/sandbox/alipay/pay", None, {"payment_no": payment_no, "outcome": outcome, **more}, ""
        )

    async def show(self, member: Member, order: Placed) -> dict[str, Any]:
        """Return an order as its member sees it."""
        answer = await self.call("GET", f"/api/v1/orders/{order.order_no}", member)
        assert answer.status == 200
        found: dict[str, Any] = await answer.json()
        return found

    async def payment(self, member: Member, payment_no: str) -> dict[str, Any]:
        """Return a payment as its member sees it."""
        answer = await self.call("GET", f"/api/v1/payments/{payment_no}", member)
        assert answer.status == 200
        found: dict[str, Any] = await answer.json()
        return found

    async def allocated(self) -> int:
        """Return the allocated units of the SKU."""
        async with self.app.database.connection() as connection:
            return (await stock.levels(connection, [self.sku_id]))[0].allocated

    async def value(self, query: str, *values: Any) -> Any:
        """Return one value from the database."""
        async with self.app.database.connection() as connection:
            return await connection.fetchval(query, *values)

    async def run(self, query: str, *values: Any) -> None:
        """Change something behind the platform's back."""
        async with self.app.database.connection() as connection:
            await connection.execute(query, *values)


class HeldUnits:
    """A source that holds units in a table of the test's own, as a flash sale does in its reservations."""

    def __init__(self) -> None:
        self.late_payments: list[int] = []

    async def hold(self, connection: Connection, order_id: int) -> None:
        """Hold the units of an order."""
        await connection.execute("CREATE TABLE IF NOT EXISTS test_held (order_id bigint PRIMARY KEY, status text)")
        await connection.execute("INSERT INTO test_held VALUES ($1, 'held')", order_id)

    async def cancel(self, connection: Connection, order: Any) -> bool:
        """Give them back."""
        return await self._move(connection, order.id, "expired")

    async def paid(self, connection: Connection, order: Any) -> bool:
        """Sell them."""
        return await self._move(connection, order.id, "paid")

    async def late(self, connection: Connection, order: Any, payment_id: int) -> None:
        """Remember that a payment came late."""
        self.late_payments.append(payment_id)

    async def sale(self, connection: Connection, order: Any) -> int | None:
        """Say that no sale made it."""
        return None

    async def _move(self, connection: Connection, order_id: int, to: str) -> bool:
        done = await connection.execute(
            "UPDATE test_held SET status = $2 WHERE order_id = $1 AND status = 'held'", order_id, to
        )
        return bool(done == "UPDATE 1")


async def until(holds: Callable[[], Awaitable[object]], seconds: float = 10) -> None:
    """Return when ``holds()`` is true. Fails after ``seconds``."""
    async with asyncio.timeout(seconds):
        while not await holds():
            await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def working(settings: Settings) -> AsyncIterator[Application]:
    """Keep a worker going."""
    app, stop = build(settings), asyncio.Event()
    task = asyncio.create_task(worker.run(app, stop))
    try:
        yield app
    finally:
        stop.set()
        await asyncio.wait_for(task, 15)
