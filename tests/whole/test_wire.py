"""The wire, line by line, as a client meets it: HTTP and Socket.IO against a live platform with its worker."""

from __future__ import annotations

import asyncio
import functools
import hashlib
import itertools
import re
import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
import redis.asyncio as aioredis
import socketio
from aiohttp.test_utils import TestClient, TestServer, unused_port

from server import worker
from server.application import build
from server.clock import now
from server.http.web import web_app
from server.settings import Settings
from tests.realtime.conftest import Listener
from tests.waiting import until
from tests.whole.world import Heard, World, refused

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
ITEM = {
    "item_id", "sku_id", "title", "price", "list_price", "limit_per_member", "pay_within_s", "starts_at", "ends_at",
    "phase", "stock_level", "challenge", "server_time",
}  # fmt: skip
PHASES, LEVELS = {"upcoming", "running", "paused", "sold_out", "ended"}, {"plenty", "low", "out"}
_keys = itertools.count(1)
_phones = itertools.count(13900000001)


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


@pytest.fixture(scope="module")
async def working(world: World, place: Settings) -> AsyncIterator[None]:
    """Keep a worker going beside the web process."""
    stop = asyncio.Event()
    task = asyncio.create_task(worker.run(build(place), stop))
    yield
    stop.set()
    await asyncio.wait_for(task, 15)


pytestmark = pytest.mark.usefixtures("working")


async def newcomer(world: World, *, address: bool = True) -> Client:
    """Register by a code, as the first lines of Accounts say."""
    guest, phone = Client(world), str(next(_phones))
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


async def test_in_general(world: World) -> None:
    client, guest = await newcomer(world), Client(world)
    address = {"name": "林", "phone": "13800000000", "region_code": "310104", "detail": "路 1 号", "is_default": False}
    for language, message in (("zh-CN", "请先登录"), ("en", ""), ("en-GB,en;q=0.8", ""), ("", "请先登录")):
        answer = await guest("GET", "/api/v1/me", Accept_Language=language)
        error = refused(answer, 401)
        assert error["code"] == "unauthenticated"
        assert error["message"] == message if message else error["message"].isascii()
    error = refused(await client("POST", "/api/v1/addresses", {**address, "detial": "x"}), 422)
    assert (error["code"], error["field"]) == ("invalid", "detial")
    assert refused(await guest("GET", "/api/v1/no-such"), 404)["code"] == "not_found"
    assert refused(await guest("DELETE", "/api/v1/products"), 405)["code"] == "method_not_allowed"
    desk = staff(world)
    assert refused(await desk("GET", "/api/v1/me"), 403)["code"] == "forbidden"
    assert refused(await client("GET", "/api/v1/backoffice/flash-sales"), 403)["code"] == "forbidden"
    # A browser: the cookie of its session, and the token that its page carries.
    cookie = {"Cookie": f"lf_member={client.token}"}
    page = await guest("GET", "/me", **cookie)
    found = re.search(r'<meta name="csrf-token" content="([^"]+)"', page.text)
    assert found
    assert (await guest("POST", "/api/v1/addresses", address, **cookie)).code == "csrf_failed"
    assert (await guest("POST", "/api/v1/addresses", address, **cookie, X_CSRF_Token=found[1])).status == 201
    # Keys: the first final answer again; another body is refused.
    first = await client("POST", "/api/v1/addresses", address, key="again")
    again = await client("POST", "/api/v1/addresses", address, key="again")
    assert (first.status, first.raw) == (again.status, again.raw)
    error = refused(await client("POST", "/api/v1/addresses", {**address, "name": "他"}, key="again"), 422)
    assert (error["code"], error["field"]) == ("idempotency_mismatch", "Idempotency-Key")
    # Lists.
    listed = await client.good(200, "GET", "/api/v1/addresses?page=1&size=2")
    assert (len(listed["items"]), listed["total"], listed["page"], listed["size"]) == (2, 3, 1, 2)
    assert (await client.good(200, "GET", "/api/v1/addresses"))["size"] == 20
    assert refused(await client("GET", "/api/v1/addresses?size=101"), 422)["field"] == "size"
    assert (await guest("GET", "/api/v1/openapi.json")).body["openapi"].startswith("3.")


async def test_accounts(world: World) -> None:
    guest, phone = Client(world), str(next(_phones))
    sent = await guest.good(202, "POST", "/api/v1/auth/codes", {"phone": phone})
    assert isinstance(sent["retry_after"], int)
    assert (await guest("POST", "/api/v1/auth/codes", {"email": f"{phone}@shop.example"})).status == 202
    inbox = (await guest("GET", f"/sandbox/inbox?to={phone}", Accept="application/json")).body
    assert set(inbox[0]) >= {"to", "channel", "text", "code", "sent_at"}
    assert (inbox[0]["to"], inbox[0]["channel"]) == (phone, "sms")
    assert inbox[0]["code"] in inbox[0]["text"]
    moment(inbox[0]["sent_at"])
    wrong = f"{(int(inbox[0]['code']) + 1) % 10 ** len(inbox[0]['code']):0{len(inbox[0]['code'])}}"
    refused(await guest("POST", "/api/v1/auth/sessions", {"phone": phone, "code": wrong}), 401, 422)
    session = await guest.good(201, "POST", "/api/v1/auth/sessions", {"phone": phone, "code": inbox[0]["code"]})
    assert set(session) >= {"token", "expires_at", "member"}
    assert moment(session["expires_at"]) > now()
    client = Client(world, session["token"])
    me = await client.good(200, "GET", "/api/v1/me")
    assert (me["id"], me["nickname"]) == (session["member"]["id"], session["member"]["nickname"])
    digits(me["id"])
    body = {"name": "林小满", "phone": phone, "region_code": "310104", "detail": "路 1 号", "is_default": True}
    address = await client.good(201, "POST", "/api/v1/addresses", body)
    digits(address["id"])
    assert {name: address[name] for name in body} == body
    assert (
        refused(await client("POST", "/api/v1/addresses", body | {"region_code": "31010"}), 422)["field"]
        == "region_code"
    )
    path = f"/api/v1/addresses/{address['id']}"
    assert (await client.good(200, "PATCH", path, {"detail": "路 2 号"}))["detail"] == "路 2 号"
    assert (await client.good(200, "GET", "/api/v1/addresses"))["items"][0]["detail"] == "路 2 号"
    await client.good(204, "DELETE", path)
    assert (await client("DELETE", path)).code == "not_found"
    await client.good(204, "DELETE", "/api/v1/auth/sessions/current")
    assert refused(await client("GET", "/api/v1/me"), 401)["code"] == "token_expired"
    answer = await guest("POST", "/api/v1/auth/sessions", {"account": phone, "password": "wrong"})
    assert refused(answer, 401)["code"]
    assert refused(await guest("POST", "/api/v1/staff/sessions", {"account": "x", "password": "y"}), 401)


async def test_catalogue(world: World) -> None:
    guest = Client(world)
    found = await guest.good(
        200, "GET", "/api/v1/products?q=&category=&brand=&price_min=1&price_max=99999999&tag=&in_stock=1&sort=price_asc"
    )
    assert set(found) >= {"items", "total", "page", "size", "facets"}
    product = found["items"][0]
    assert set(product) >= {"id", "title", "price", "image", "shop"}
    assert isinstance(product["price"], int)
    shown = await guest.good(200, "GET", f"/api/v1/products/{product['id']}")
    sku = shown["skus"][0]
    assert set(sku) >= {"id", "specs", "price", "available"}
    digits(product["id"]), digits(sku["id"])
    assert isinstance(sku["specs"], dict)
    assert refused(await guest("GET", f"/api/v1/products/{'9' * 18}"), 404)["code"] == "not_found"


async def test_flash_sales_at_the_desk(world: World) -> None:
    desk, base = staff(world), "/api/v1/backoffice/flash-sales"
    plan = world.plan(starts_at=now() + timedelta(minutes=5))
    assert refused(await desk("POST", base, plan, key=""), 422)["field"] == "Idempotency-Key"
    first = await desk("POST", base, plan, key="plan")
    assert (first.status, first.body["status"]) == (201, "draft")
    assert (await desk("POST", base, plan, key="plan")).raw == first.raw
    assert (await desk("POST", base, plan | {"quantity": 9}, key="plan")).code == "idempotency_mismatch"
    assert (first.body["pay_within_s"], first.body["challenge"]) == (600, "none")
    assert refused(await desk("POST", base, world.plan(price=9900)), 422, 409)["field"] == "price"
    assert refused(await desk("POST", base, world.plan(quantity=100_000)), 422, 409)["field"] == "quantity"
    item_id = first.body["item_id"]
    digits(item_id)
    path = f"{base}/{item_id}"
    assert (await desk.good(200, "PATCH", path, {"limit_per_member": 2}))["limit_per_member"] == 2
    published = shown(await desk.good(200, "POST", f"{path}/publish"))
    assert published["phase"] == "upcoming"
    assert isinstance(published["warnings"], list)
    refused(await desk("PATCH", path, {"price": 5}), 409)
    for move, phase in (("pause", "paused"), ("resume", "upcoming"), ("end", "ended")):
        assert shown(await desk.good(200, "POST", f"{path}/{move}"))["phase"] == phase
    refused(await desk("POST", f"{path}/resume"), 409)
    listed = await desk.good(200, "GET", f"{base}?size=5")
    assert item_id in [one["item_id"] for one in listed["items"]]
    figures = await desk.good(200, "GET", path)
    assert set(figures) >= {"attempts", "won", "paid", "expired", "refused", "per_second"}
    verified = await desk.good(200, "GET", f"{path}/verify")
    assert set(verified) >= {"ok", "allocated", "available", "held", "sold", "violations"}
    assert (verified["ok"], verified["allocated"], verified["available"]) == (True, 0, 0)


async def test_flash_sales_for_shoppers(world: World) -> None:
    client, guest, desk = await newcomer(world), Client(world), staff(world)
    item_id = await sale(world, quantity=3, limit_per_member=2)
    listed = await guest.good(200, "GET", "/api/v1/flash-sales")
    moment(listed["server_time"])
    items = [shown(item) for session in listed["sessions"] for item in session["items"]]
    assert all(moment(session["starts_at"]) < moment(session["ends_at"]) for session in listed["sessions"])
    assert item_id in [item["item_id"] for item in items]
    path = f"/api/v1/flash-sales/{item_id}"
    assert shown(await guest.good(200, "GET", path))["phase"] == "running"
    refused(await guest("POST", f"{path}/tickets"), 401)
    ticket = await client.good(201, "POST", f"{path}/tickets")
    assert set(ticket) >= {"ticket", "not_before", "expires_at", "challenge"}
    assert ticket["challenge"] is None
    assert moment(ticket["not_before"]) < moment(ticket["expires_at"])
    body = {"ticket": ticket["ticket"], "quantity": 1}
    assert refused(await client("POST", f"{path}/attempts", body, key=""), 422)["field"] == "Idempotency-Key"
    first = await won(client, item_id, "mine")
    assert set(first) >= {"status", "order_no", "amount", "pay_before"}
    assert (first["status"], first["amount"]) == ("won", 990)
    digits(first["order_no"])
    assert timedelta(seconds=580) < moment(first["pay_before"]) - now() <= timedelta(seconds=600)
    assert await won(client, item_id, "mine") == first
    again = await client("POST", f"{path}/attempts", {**body, "quantity": 2}, key="mine")
    assert refused(again, 422)["code"] == "idempotency_mismatch"
    await won(client, item_id)
    assert refused(await client("POST", f"{path}/attempts", body), 409)["code"] == "limit_reached"
    other = await newcomer(world)
    await won(other, item_id)
    ticket = await other.good(201, "POST", f"{path}/tickets")
    body = {"ticket": ticket["ticket"], "quantity": 1}
    assert refused(await other("POST", f"{path}/attempts", body, key="late"), 409)["code"] == "sold_out"
    assert refused(await client("POST", f"{path}/attempts", body), 403)["code"] == "ticket_invalid"
    assert refused(await client("POST", f"{path}/attempts", body | {"ticket": "x"}), 403)["code"] == "ticket_invalid"
    async with asyncio.timeout(10):
        while (item := await guest.good(200, "GET", path))["phase"] != "sold_out":
            await asyncio.sleep(0.05)
    assert item["stock_level"] == "out"
    homeless = await newcomer(world, address=False)
    missing = await sale(world)
    ticket = await homeless.good(201, "POST", f"/api/v1/flash-sales/{missing}/tickets")
    body = {"ticket": ticket["ticket"], "quantity": 1}
    answer = await homeless("POST", f"/api/v1/flash-sales/{missing}/attempts", body)
    assert refused(answer, 409)["code"] == "address_missing"
    # A cancelled win gives its unit and the member's limit back; a refused key may win.
    order = await client.good(200, "POST", f"/api/v1/orders/{first['order_no']}/cancel", {"reason": "不要了"})
    assert order["status"] == "cancelled"
    async with asyncio.timeout(10):
        while (await guest.good(200, "GET", path))["phase"] != "running":
            await asyncio.sleep(0.1)
    assert (await won(other, item_id, "late"))["order_no"]
    assert await won(client, item_id, "mine") == first  # for ever, also after its order is gone
    verified = await desk.good(200, "GET", f"/api/v1/backoffice/flash-sales/{item_id}/verify")
    assert verified["ok"], verified
    assert verified["allocated"] == verified["available"] + verified["held"] + verified["sold"] == 3
    for move, code in (("pause", "paused"), ("end", "ended")):
        await desk.good(200, "POST", f"/api/v1/backoffice/flash-sales/{missing}/{move}")
        answer = await client("POST", f"/api/v1/flash-sales/{missing}/tickets")
        if code == "paused":
            body = {"ticket": answer.body["ticket"], "quantity": 1}
            answer = await client("POST", f"/api/v1/flash-sales/{missing}/attempts", body)
        assert refused(answer, 409)["code"] == code
    assert refused(await client("POST", f"/api/v1/flash-sales/{missing}/attempts", body), 409)["code"] == "ended"
    soon = await sale(world, starts_at=now() + timedelta(minutes=20))
    assert refused(await client("POST", f"/api/v1/flash-sales/{soon}/tickets"), 409)["code"] == "not_started"
    soon = await sale(world, starts_at=now() + timedelta(minutes=5))
    body = {"ticket": (await client.good(201, "POST", f"/api/v1/flash-sales/{soon}/tickets"))["ticket"], "quantity": 1}
    assert refused(await client("POST", f"/api/v1/flash-sales/{soon}/attempts", body), 409)["code"] == "not_started"


async def test_a_queued_attempt_is_asked_for(world: World) -> None:
    path = f"/api/v1/flash-sales/{world.sale_id}/attempts/{world.attempt_id}"
    answer = await Client(world, world.alice.token).good(200, "GET", path)
    assert (answer["status"], answer["order_no"], answer["amount"]) == ("won", world.order_no, 990)
    moment(answer["pay_before"])
    assert refused(await Client(world, world.bob.token)("GET", path), 404)["code"] == "not_found"


async def test_a_proof_of_work_is_what_the_page_says(world: World) -> None:
    client, item_id = await newcomer(world), await sale(world, challenge="pow")
    path = f"/api/v1/flash-sales/{item_id}"
    ticket = await client.good(201, "POST", f"{path}/tickets")
    task = ticket["challenge"]
    assert (task["kind"], task["algorithm"]) == ("pow", "sha256")
    body = {"ticket": ticket["ticket"], "quantity": 1}
    for wrong in ({}, {"answer": ""}, {"answer": "no"}):
        answer = await client("POST", f"{path}/attempts", body | wrong)
        assert refused(answer, 403)["code"] == "challenge_failed"
    shift = 256 - task["bits"]
    answer_text = next(
        str(n)
        for n in itertools.count()
        if int.from_bytes(hashlib.sha256(f"{task['prefix']}{n}".encode()).digest(), "big") >> shift == 0
    )
    answer = await client("POST", f"{path}/attempts", body | {"answer": answer_text})
    assert answer.status in (201, 202)
    captcha = await sale(world, challenge="captcha")
    task = (await client.good(201, "POST", f"/api/v1/flash-sales/{captcha}/tickets"))["challenge"]
    assert task["kind"] == "captcha"
    assert task["image"].startswith("data:image/")


async def test_orders_and_payment(world: World) -> None:
    client, guest, item_id = await newcomer(world), Client(world), await sale(world, limit_per_member=5)
    order_no = (await won(client, item_id))["order_no"]
    path = f"/api/v1/orders/{order_no}"
    order = await client.good(200, "GET", path)
    assert set(order) >= {
        "order_no", "status", "source", "amount", "paid", "lines", "address", "pay_before", "timeline", "actions",
        "refund_status",
    }  # fmt: skip
    assert (order["status"], order["source"], order["paid"]) == ("pending_payment", "flash_sale", 0)
    assert set(order["timeline"][0]) >= {"at", "kind", "actor", "text"}
    moment(order["timeline"][0]["at"]), moment(order["pay_before"])
    listed = await client.good(200, "GET", "/api/v1/orders?status=pending_payment")
    assert (listed["total"], listed["items"][0]["order_no"]) == (1, order_no)
    assert refused(await client("GET", "/api/v1/orders?status=nonsense"), 422)["field"] == "status"
    assert refused(await (await newcomer(world))("GET", path), 404)["code"] == "not_found"
    body = {"name": "新", "phone": "13800000000", "region_code": "110108", "detail": "新路 9 号", "is_default": False}
    elsewhere = await client.good(201, "POST", "/api/v1/addresses", body)
    assert (await client.good(200, "PATCH", path, {"address_id": elsewhere["id"]}))["address"]["detail"] == "新路 9 号"
    method = {"method": "alipay"}
    assert refused(await client("POST", f"{path}/payments", method, key=""), 422)["field"] == "Idempotency-Key"
    begun = await client.good(201, "POST", f"{path}/payments", method, key="pay")
    assert set(begun) >= {"payment_no", "pay_url"}
    assert await client.good(201, "POST", f"{path}/payments", method, key="pay") == begun
    payment = f"/api/v1/payments/{begun['payment_no']}"
    assert (await client.good(200, "GET", payment))["status"] == "pending"
    robot = {"payment_no": begun["payment_no"], "outcome": "paid"}
    await guest.good(202, "POST", "/sandbox/alipay/pay", robot, key="")
    async with asyncio.timeout(15):
        while (await client.good(200, "GET", payment))["status"] != "paid":
            await asyncio.sleep(0.1)
    order = await client.good(200, "GET", path)
    assert (order["status"], order["paid"], order["refund_status"]) == ("pending_shipment", order["amount"], "none")
    assert refused(await client("POST", f"{path}/cancel", {"reason": ""}), 409)["code"] == "not_cancellable"
    assert refused(await client("POST", f"{path}/payments", method), 409)
    verified = await staff(world).good(200, "GET", f"/api/v1/backoffice/flash-sales/{item_id}/verify")
    assert (verified["ok"], verified["sold"], verified["held"]) == (True, 1, 0)


def sold_out(listener: Listener) -> bool:
    """Tell whether somebody has heard that the sale they watch is sold out."""
    return any(news["phase"] == "sold_out" for news in listener.of("flash_sale"))


async def test_realtime(world: World) -> None:
    client, guest = await newcomer(world), Client(world)
    item_id = await sale(world, quantity=1)
    token = await client.good(201, "POST", "/api/v1/realtime/tokens", key="")
    assert timedelta(seconds=50) < moment(token["expires_at"]) - now() <= timedelta(seconds=60)
    url = str(world.client.make_url("/")).rstrip("/")
    member, visitor = Listener(), Listener()
    try:
        await member.connect(url, token["token"])
        await until(lambda: member.of("ready"))
        ready = member.of("ready")[0]
        assert set(ready) >= {"epoch", "seq"}
        await visitor.connect(url, (await guest.good(201, "POST", "/api/v1/realtime/tokens", key=""))["token"])
        again = Listener()
        with pytest.raises(socketio.exceptions.ConnectionError):
            await again.connect(url, token["token"])
        assert again.refusal["message"]
        assert again.refusal["data"]["code"]
        for listener in (member, visitor):
            watched = await listener.ask("watch", {"item_id": item_id})
            assert watched["ok"] is True
            shown(watched)
        order_no = (await won(client, item_id))["order_no"]
        await until(lambda: member.of("order"), 10)
        told = member.of("order")[0]
        assert (told["order_no"], told["status"], told["seq"]) == (order_no, "pending_payment", ready["seq"] + 1)
        moment(told["at"])
        for listener in (member, visitor):
            await until(functools.partial(sold_out, listener), 10)
            news = listener.of("flash_sale")[-1]
            assert set(news) >= {"item_id", "phase", "stock_level", "server_time"}
            assert (news["item_id"], news["stock_level"]) == (item_id, "out")
        synced = await member.ask("sync", {"epoch": ready["epoch"], "seq": ready["seq"]})
        assert set(synced) >= {"epoch", "events", "seq", "more"}
        assert [event["seq"] for event in synced["events"]] == list(range(ready["seq"] + 1, synced["seq"] + 1))
        assert synced["more"] is False
        assert (await member.ask("unwatch", {"item_id": item_id}))["ok"] is True
    finally:
        for listener in (member, visitor):
            await listener.client.disconnect()


async def test_running(world: World) -> None:
    guest = Client(world)
    assert (await guest("GET", "/healthz")).status == 200
    deadline = time.monotonic() + 10
    while (ready := await guest("GET", "/readyz")).status != 200:
        assert time.monotonic() < deadline, ready.text
        await asyncio.sleep(0.1)


async def test_too_many_say_when_to_come_back(world: World, place: Settings) -> None:
    port = unused_port()
    strict = msgspec.structs.replace(place, limits=True, port=port, base_url=f"http://127.0.0.1:{port}")
    async with TestClient(TestServer(web_app(build(strict)), port=port)) as client:
        phone = {"phone": str(next(_phones))}
        first, late = [await client.post("/api/v1/auth/codes", json=phone) for _ in range(2)]
        assert (first.status, late.status) == (202, 429)
        assert (await late.json())["error"]["code"] == "rate_limited"
        assert int(late.headers["Retry-After"]) >= 1


async def test_an_unknown_outcome_is_asked_again_with_the_same_key(world: World, place: Settings) -> None:
    client, item_id = await newcomer(world), await sale(world, limit_per_member=5)
    before = await won(client, item_id, "before")
    ticket = (await client.good(201, "POST", f"/api/v1/flash-sales/{item_id}/tickets"))["ticket"]
    async with aioredis.from_url(place.redis_url) as redis:
        await redis.delete(*[f"{{fs:{item_id}}}{name}" for name in "ghrmj"], *await redis.keys(f"{{fs:{item_id}}}*"))
    body, statuses = {"ticket": ticket, "quantity": 1}, list[int]()
    async with asyncio.timeout(15):
        while not statuses or statuses[-1] != 201:
            answer = await client("POST", f"/api/v1/flash-sales/{item_id}/attempts", body, key="asked-again")
            statuses.append(answer.status)
            if answer.status == 503:
                assert answer.code == "unavailable"
                assert int(answer.headers["Retry-After"]) >= 1
                await asyncio.sleep(0.1)
            else:
                assert answer.status in (201, 202), answer.text
    assert statuses[0] == 503
    assert await won(client, item_id, "before") == before
    verified = await staff(world).good(200, "GET", f"/api/v1/backoffice/flash-sales/{item_id}/verify")
    assert (verified["ok"], verified["held"]) == (True, 2), verified
