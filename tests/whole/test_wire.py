"""The wire, line by line, as a client meets it: in general, accounts, catalogue, orders and payment, realtime."""

from __future__ import annotations

import asyncio
import functools
import re
import time
from datetime import timedelta

import msgspec
import pytest
import socketio
from aiohttp.test_utils import TestClient, TestServer, unused_port

from server.application import build
from server.clock import now
from server.http.web import web_app
from server.settings import Settings
from tests.realtime.conftest import Listener
from tests.waiting import until
from tests.whole.wire import Client, digits, moment, newcomer, phones, sale, shown, staff, won
from tests.whole.world import World, refused

pytestmark = pytest.mark.usefixtures("working")


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
    guest, phone = Client(world), str(next(phones))
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
        phone = {"phone": str(next(phones))}
        first, late = [await client.post("/api/v1/auth/codes", json=phone) for _ in range(2)]
        assert (first.status, late.status) == (202, 429)
        assert (await late.json())["error"]["code"] == "rate_limited"
        assert int(late.headers["Retry-After"]) >= 1
