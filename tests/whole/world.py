"""A platform with everything on it: two shops, members with orders and payments, sales in every state, all staff.

Built once for a module on a web process that really listens; what the tests may break is theirs to replace.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec
from aiohttp.test_utils import TestClient
from yarl import URL

from commerce.credentials import hash_password
from commerce.members import exports
from commerce.orders import SYSTEM, Carrier, Parcel
from commerce.orders.fulfil import complete_in, ship_in
from commerce.payments import refund_store, store
from commerce.payments.refund import note_done
from commerce.staff.types import Permission
from flashsale.seckill import verify
from flashsale.seckill.tickets import Tickets
from server.http.access import Anyone, StaffWith
from server.http.routes import Route
from server.http.session import Kind, digest_of
from tests.flashsale.seckill.conftest import Member, Stage

NICKNAME, DOOR, SECRET_TITLE = "甲的昵称", "甲的门牌 77 号", "甲店的机密"
PASSWORD = "a password of hers"
BOOKS = (
    *("orders", "order_lines", "order_events", "shipments", "payments", "refunds"),
    *("ledger_transactions", "ledger_entries"),
    *("stock", "stock_holds", "stock_movements", "fs_reservations", "fs_releases", "fs_late_payments"),
    *("sandbox_alipay_trades", "sandbox_alipay_acts"),
)
_PLACE = re.compile(r"{([a-z_]+)(?::[^}]*)?}")


class Heard(msgspec.Struct):
    """An answer as it came."""

    status: int
    headers: Mapping[str, str]
    raw: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.raw.decode(errors="replace")

    @property
    def body(self) -> Any:
        """The body as JSON."""
        return msgspec.json.decode(self.raw)

    @property
    def code(self) -> str:
        """The code of a refusal."""
        return str(self.body["error"]["code"])


class World(Stage):
    """The stage of flash sales with the rest of the platform around it."""

    client: TestClient[Any, Any]

    async def settle(self) -> None:
        """Lay everything down, most of it as clients would."""
        await self.furnish()
        self.alice, self.bob, self.victim = await self.members(3)
        await self.db.execute("UPDATE members SET nickname = $2 WHERE id = $1", self.alice.id, NICKNAME)
        await self.db.execute(
            "UPDATE members SET password_hash = $2 WHERE id = $1", self.alice.id, await hash_password(PASSWORD)
        )
        self.address_id = await self.db.fetchval(
            "UPDATE addresses SET detail = $2 WHERE member_id = $1 RETURNING id", self.alice.id, DOOR
        )
        self.other_shop = await self.db.fetchval("INSERT INTO shops (slug, name) VALUES ('o', '乙店') RETURNING id")
        self.foreign = await self.new_staff(self.other_shop)
        self.own = await self.new_staff(self.shop_id)
        self.clerk = await self.new_staff(self.shop_id, "orders.view")
        self.role_id, self.clerk_role = await self.db.fetchrow(
            "UPDATE roles SET shop_id = $2 WHERE id = (SELECT role_id FROM staff_roles WHERE staff_id = $1) "
            "RETURNING id, code",
            self.clerk.id,
            self.shop_id,
        )
        self.sale_id = await self.sale(title="甲店的秒杀", limit_per_member=5)
        self.paused_id = await self.sale(title="停了的秒杀")
        await self.staff_call("POST", f"/{self.paused_id}/pause")
        self.draft_id = await self.draft(title=SECRET_TITLE)
        self.ended_id = await self.sale(title="完了的秒杀")
        await self.staff_call("POST", f"/{self.ended_id}/end")
        self.order_no = await self.bought(self.alice, "open")
        self.dead_no = await self.bought(self.alice, "dead")
        path = f"/api/v1/orders/{self.dead_no}/cancel"
        answer = await self.call("POST", path, self.alice, {"reason": "不要了"}, headers={"Idempotency-Key": "dead"})
        assert answer.status == 200, answer
        self.paid_no = await self.bought(self.alice, "paid")
        await self.paid(self.paid_no)
        await self.paid(self.paid_no)
        self.refund_no = await self.given_back()
        path = f"/api/v1/orders/{self.order_no}/payments"
        answer = await self.call("POST", path, self.alice, {"method": "alipay"}, headers={"Idempotency-Key": "begin"})
        assert answer.status == 201, answer
        self.payment_no = str(answer.body["payment_no"])
        cashier = await self.ask("GET", answer.body["pay_url"], {})
        assert cashier.status == 302, cashier.text
        self.cashier = cashier.headers["Location"].rpartition("/")[2].partition("?")[0]
        epoch = await self.db.fetchval("SELECT epoch FROM fs_items WHERE id = $1", self.sale_id)
        self.attempt_id = self.app.resource(Tickets).attempt_id(self.sale_id, self.alice.id, "open", epoch)
        self.export_id = (await exports.ask(self.app, self.alice.id)).id
        await exports.make(self.app, exports.Wanted(self.export_id))
        self.spare = digest_of((await self.again(self.alice, Kind.MEMBER)).token).hex()[:32]
        await self.work()
        self.message_id = await self.db.fetchval(
            "INSERT INTO messages (member_id, kind, category) VALUES ($1, 'old.kind', 'order') RETURNING id",
            self.alice.id,
        )
        self.category_id = await self.db.fetchval("SELECT category_id FROM products WHERE id = $1", self.product_id)
        self.batch_id, self.change_id = await self.in_the_back_office()
        self.synonyms_id = await self.db.fetchval(
            "INSERT INTO search_synonyms (words) VALUES ('{杯子,水杯}') RETURNING id"
        )
        await self.reviewed()
        self.lacking = {
            one: await self.new_staff(None, *(each for each in Permission if each not in (one, "*")))
            for one in Permission
        }

    async def reviewed(self) -> None:
        """Let Alice have received a cup, and have reviewed another one, namelessly, and asked about it."""
        received_no = await self.bought(self.alice, "received")
        await self.paid(received_no)
        async with self.app.database.transaction() as connection:
            order_id = await connection.fetchval("SELECT id FROM orders WHERE order_no = $1", received_no)
            assert await ship_in(connection, order_id, Parcel(Carrier.SF, "SF1390000000001"), SYSTEM)
            assert await complete_in(connection, order_id, SYSTEM)
        line = "SELECT l.id FROM order_lines AS l JOIN orders AS o ON o.id = l.order_id WHERE o.order_no = $1"
        self.line_id = await self.db.fetchval(line, received_no)
        reviewed = await self.db.fetchval(line, self.paid_no)
        self.remark_id = await self.db.fetchval(
            """
            INSERT INTO remarks (kind, product_id, shop_id, member_id, line_id, rating, anonymous, text, state)
            VALUES ('review', $1, $2, $3, $4, 5, true, '好', 'shown') RETURNING id
            """,
            self.product_id,
            self.shop_id,
            self.alice.id,
            reviewed,
        )
        self.question_id = await self.db.fetchval(
            """
            INSERT INTO remarks (kind, product_id, shop_id, member_id, anonymous, text, state)
            VALUES ('question', $1, $2, $3, true, '热吗', 'shown') RETURNING id
            """,
            self.product_id,
            self.shop_id,
            self.alice.id,
        )
        self.word_id = await self.db.fetchval("INSERT INTO watched_words (word) VALUES ('坏词') RETURNING id")

    async def in_the_back_office(self) -> tuple[int, int]:
        """Return a batch that is drawn up for shop A, and what is due for its product."""
        batch_id = await self.db.fetchval(
            """
            INSERT INTO product_batches (kind, staff_id, shops, edit)
            VALUES ('edit', $1, ARRAY[$2::bigint], '{"edit": {"status": "on"}}')
            RETURNING id
            """,
            self.own.id,
            self.shop_id,
        )
        await self.db.execute(
            "INSERT INTO product_batch_rows (batch_id, position, product_id, label) VALUES ($1, 1, $2, '秒杀杯')",
            batch_id,
            self.product_id,
        )
        change_id = await self.db.fetchval(
            """
            INSERT INTO shelf_changes (product_id, status, due_at, staff_id)
            VALUES ($1, 'on', now() + interval '1 day', $2)
            RETURNING id
            """,
            self.product_id,
            self.own.id,
        )
        return batch_id, change_id

    async def bought(self, member: Member, key: str) -> str:
        """Return the number of an order that a member won."""
        return str((await self.won(self.sale_id, member, key=key)).body["order_no"])

    async def given_back(self) -> str:
        """Return the number of the one refund there is, given back: the sandbox's gateway does not know its payment."""
        refund_no = str(await self.db.fetchval("SELECT refund_no FROM refunds"))
        async with self.app.database.transaction() as connection:
            found = await refund_store.by_number(connection, refund_no)
            assert found is not None
            payment = await store.by_id(connection, found.payment_id)
            assert payment is not None
            await note_done(connection, payment, refund_no, found.amount)
        return refund_no

    async def again(self, member: Member, kind: Kind) -> Member:
        """Return somebody with a new session, to be ended."""
        issued = await self.app.sessions.issue(self.db, kind, member.id, "127.0.0.1", "test")
        return Member(member.id, issued.token)

    def path(self, route: Route, **other: object) -> str:
        """Return the route's address with ids of shop A and of Alice, unless told others."""
        ids: dict[str, object] = {
            "item_id": self.sale_id,
            "order_no": self.order_no,
            "payment_no": self.payment_no,
            "refund_no": self.refund_no,
            "address_id": self.address_id,
            "attempt_id": self.attempt_id,
            "member_id": self.victim.id,
            "staff_id": self.clerk.id,
            "role_id": self.role_id,
            "deed": "sign-out",
            "message_id": self.message_id,
            "product_id": self.product_id,
            "sku_id": self.sku_id,
            "shop_id": self.shop_id,
            "category_id": self.category_id,
            "brand_id": 0,
            "attribute_id": 0,
            "batch_id": self.batch_id,
            "synonyms_id": self.synonyms_id,
            "change_id": self.change_id,
            "line_id": self.line_id,
            "own_id": self.remark_id,
            "remark_id": self.remark_id,
            "queued_id": self.remark_id,
            "question_id": self.question_id,
            "word_id": self.word_id,
            "token": self.cashier,
            "slug": "s" if "/shops/" in route.path else "c",
            "locale": "en",
            "folder": "u",
            "name": "none.webp",
            "party": "wechat",
            "provider": "wechat",
            "kind": "phone",
            "offer": "none",
            "place": "leave",
            "session_id": self.spare,
            "export_id": self.export_id,
        } | other
        return _PLACE.sub(lambda found: str(ids[found[1]]), route.path)

    def entitled(self, route: Route) -> dict[str, str]:
        """Return the headers of somebody who may call the route."""
        if isinstance(route.access, Anyone):
            return {}
        return (self.staff if isinstance(route.access, StaffWith) else self.alice).headers

    async def ask(
        self, method: str, path: str, headers: Mapping[str, str], *, json: Any = None, data: Any = None
    ) -> Heard:
        """Send a request as it is written, its address too; no redirect is followed."""
        url = path if path.startswith("http") else str(self.client.make_url("/")).rstrip("/") + path
        async with self.client.session.request(
            method, URL(url, encoded=True), headers=headers, json=json, data=data, allow_redirects=False
        ) as answer:
            return Heard(answer.status, answer.headers, await answer.read())

    async def books(self) -> dict[str, list[str]]:
        """Return every row of money, stock, orders and reservations, as text."""
        found = {}
        for table in BOOKS:
            rows = await self.db.fetch(f"SELECT one::text AS text FROM {table} AS one ORDER BY 1")
            found[table] = [row["text"] for row in rows]
        rows = await self.db.fetch(
            """
            SELECT row(id, state, rev, price, quantity, allocated, limit_per_member)::text AS text
            FROM fs_items WHERE state <> 'draft' ORDER BY 1
            """
        )
        return found | {"fs_items": [row["text"] for row in rows]}

    async def rows(self) -> dict[str, tuple[int, int]]:
        """Return of every table how many rows it has and the sum of their hashes."""
        names = await self.db.fetch(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        found = {}
        for row in names:
            told = await self.db.fetchrow(
                f'SELECT count(*), coalesce(sum(hashtextextended(one::text, 0)), 0) FROM "{row["relname"]}" AS one'
            )
            found[row["relname"]] = (told[0], int(told[1]))
        return found

    async def verified(self) -> None:
        """Assert that the books of every sale balance."""
        for item_id in (self.sale_id, self.paused_id, self.ended_id):
            view = await verify.verify(self.app, item_id)
            assert view.ok, view.violations


def refused(answer: Heard, *statuses: int) -> dict[str, Any]:
    """Assert that an answer is a refusal in the wire's form, with one of ``statuses`` if given; return its error."""
    assert 400 <= answer.status < 500, (answer.status, answer.text)
    assert not statuses or answer.status in statuses, (answer.status, answer.text)
    assert answer.headers["Content-Type"].startswith("application/json"), answer.text
    assert set(answer.body) == {"error"}
    error: dict[str, Any] = answer.body["error"]
    assert set(error) <= {"code", "message", "field", "details"}
    assert re.fullmatch(r"[a-z][a-z0-9_]*", error["code"])
    assert error["message"]
    assert "field" not in error or error["field"]
    return error
