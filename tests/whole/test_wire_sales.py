"""The wire of flash sales, line by line: at the desk, for shoppers, an attempt and all that may become of it."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
from datetime import timedelta

import pytest
import redis.asyncio as aioredis

from server.clock import now
from server.settings import Settings
from tests.whole.wire import Client, digits, moment, newcomer, sale, shown, staff, won
from tests.whole.world import World, refused

pytestmark = pytest.mark.usefixtures("working")


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
    assert (verified["ok"], verified["allocated"], verified["available"]) == (True, 0, 0), verified["violations"]


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
