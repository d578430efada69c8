"""What an attempt hears, line by line of the wire."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta
from typing import Any

import pytest

from flashsale.seckill import attempt, captcha
from flashsale.seckill.captcha import TRIES
from flashsale.seckill.tickets import Tickets, zero_bits
from flashsale.seckill.types import Challenge
from server.clock import now, to_ms
from server.http.session import Kind
from server.pace import Buckets
from tests.flashsale.seckill.conftest import Member, Stage


def made(stage: Stage, item_id: int, member: Member, **changes: Any) -> str:
    """Return a ticket that the platform signed, with whatever it says changed."""
    at = to_ms(now())
    fields: dict[str, Any] = {
        "item_id": item_id,
        "member_id": member.id,
        "session": bytes(32),
        "not_before": at - 60_000,
        "expires": at + 60_000,
        "has_address": True,
    }
    return stage.app.resource(Tickets).issue(**fields | changes)


async def unchanged(stage: Stage, item_id: int) -> None:
    """Assert that nobody won anything."""
    assert await stage.db.fetchval("SELECT count(*) FROM orders") == 0
    view = await stage.balanced(item_id)
    assert view.available == view.allocated


async def test_refusals_bind_nothing(stage: Stage) -> None:
    item_id = await stage.sale(quantity=1, pay_within_s=1)
    first, second = await stage.members(2)
    await stage.won(item_id, first)
    assert (await stage.attempt(item_id, second, key="k")).code == "sold_out"
    await asyncio.sleep(1.1)
    await stage.work()
    assert (await stage.attempt(item_id, second, key="k")).status == 201


async def test_the_limit_counts_units(stage: Stage) -> None:
    item_id = await stage.sale(limit_per_member=3)
    member = await stage.member()
    await stage.won(item_id, member, quantity=2)
    assert (await stage.attempt(item_id, member, quantity=2)).code == "limit_reached"
    await stage.won(item_id, member, quantity=1)
    assert (await stage.attempt(item_id, member)).code == "limit_reached"
    figures = (await stage.staff_call("GET", f"/{item_id}")).body
    assert (figures["won"], figures["wins"], figures["attempts"] >= 2) == (3, 2, True)  # what nobody counted yet too
    await stage.balanced(item_id)


async def test_one_key_means_one_quantity(stage: Stage) -> None:
    item_id = await stage.sale(limit_per_member=3)
    member = await stage.member()
    won = await stage.won(item_id, member, key="k", quantity=2)
    other = await stage.attempt(item_id, member, key="k", quantity=1)
    assert (other.status, other.code) == (422, "idempotency_mismatch")
    assert (await stage.attempt(item_id, member, key="k", quantity=2)).body == won.body
    # Keys belong to their member.
    assert (await stage.won(item_id, await stage.member(), key="k", quantity=1)).body["amount"] == 990
    await stage.balanced(item_id)


async def test_before_the_start(stage: Stage) -> None:
    item_id = await stage.sale(starts_at=now() + timedelta(minutes=5))
    member = await stage.member()
    assert (await stage.attempt(item_id, member)).code == "not_started"
    # The gate says so too, to whoever's ticket lets them as far as that.
    assert (await stage.attempt(item_id, member, ticket=made(stage, item_id, member))).code == "not_started"
    await unchanged(stage, item_id)
    far = await stage.sale(starts_at=now() + timedelta(minutes=11))
    answer = await stage.call("POST", f"/api/v1/flash-sales/{far}/tickets", member)
    assert (answer.status, answer.code) == (409, "not_started")
    shown = await stage.call("GET", f"/api/v1/flash-sales/{far}")
    assert (shown.body["phase"], shown.body["stock_level"]) == ("upcoming", "plenty")


async def test_paused_resumed_ended(stage: Stage) -> None:
    item_id = await stage.sale()
    member = await stage.member()
    ticket = await stage.ticket(item_id, member)
    paused = await stage.staff_call("POST", f"/{item_id}/pause")
    assert (paused.status, paused.body["phase"]) == (200, "paused")
    assert (await stage.attempt(item_id, member, ticket=ticket)).code == "paused"
    assert (await stage.staff_call("POST", f"/{item_id}/resume")).body["phase"] == "running"
    won = await stage.won(item_id, member, ticket=ticket, key="k")
    assert (await stage.staff_call("POST", f"/{item_id}/pause")).status == 200
    assert (await stage.attempt(item_id, member, ticket=ticket, key="k")).body == won.body
    assert (await stage.staff_call("POST", f"/{item_id}/end")).status == 200
    assert (await stage.attempt(item_id, member, ticket=ticket)).code == "ended"
    assert (await stage.attempt(item_id, member, ticket=ticket, key="k")).body == won.body
    assert (await stage.staff_call("POST", f"/{item_id}/resume")).code == "illegal_move"
    assert (await stage.staff_call("POST", f"/{item_id}/end")).status == 200
    await stage.balanced(item_id)


async def test_tickets_that_are_not_good(stage: Stage) -> None:
    item_id, other_item = await stage.sale(), await stage.sale()
    member, other = await stage.members(2)
    ticket = await stage.ticket(item_id, member)
    forged = ticket[:-1] + ("A" if ticket[-1] != "A" else "B")
    foreign = Tickets(b"another installation" * 3).issue(
        item_id=item_id, member_id=member.id, session=b"", not_before=0, expires=1 << 50, has_address=True
    )
    for bad in (forged, foreign, "", "x" * 116, ticket + "A", ticket[:60], "票" * 116, "\x00" * 116):
        answer = await stage.attempt(item_id, member, ticket=bad or " ")
        assert (answer.status, answer.code) == (403, "ticket_invalid"), bad
    assert (await stage.attempt(item_id, other, ticket=ticket)).code == "ticket_invalid"
    assert (await stage.attempt(other_item, member, ticket=ticket)).code == "ticket_invalid"
    assert (await stage.attempt(10**17, member, ticket=ticket)).code == "ticket_invalid"
    expired = await stage.attempt(item_id, member, ticket=made(stage, item_id, member, expires=to_ms(now()) - 10_000))
    assert (expired.status, expired.code) == (403, "ticket_expired")
    await unchanged(stage, item_id)
    assert (await stage.attempt(item_id, member, ticket=ticket)).status == 201


async def test_a_win_outlives_its_ticket(stage: Stage) -> None:
    item_id = await stage.sale(limit_per_member=2)
    member = await stage.member()
    won = await stage.won(item_id, member, key="k")
    old = made(stage, item_id, member, expires=to_ms(now()) - 10_000)
    assert (await stage.attempt(item_id, member, key="k", ticket=old)).body == won.body
    assert (await stage.attempt(item_id, member, key="k", quantity=2, ticket=old)).code == "idempotency_mismatch"
    assert (await stage.attempt(item_id, member, key="l", ticket=old)).code == "ticket_expired"


async def test_another_session_of_the_member_may_use_the_ticket(stage: Stage) -> None:
    item_id = await stage.sale()
    member = await stage.member()
    ticket = await stage.ticket(item_id, member)
    issued = await stage.app.sessions.issue(stage.db, Kind.MEMBER, member.id, "127.0.0.1", "phone")
    await stage.won(item_id, Member(member.id, issued.token), ticket=ticket)


async def test_a_logged_out_session_buys_nothing(stage: Stage) -> None:
    item_id = await stage.sale()
    member = await stage.member()
    ticket = await stage.ticket(item_id, member)
    assert (await stage.call("DELETE", "/api/v1/auth/sessions/current", member)).status == 204
    answer = await stage.attempt(item_id, member, ticket=ticket)
    assert (answer.status, answer.code) == (401, "token_expired")
    await unchanged(stage, item_id)


async def test_who_may_try(stage: Stage) -> None:
    item_id = await stage.sale()
    member = await stage.member()
    ticket = await stage.ticket(item_id, member)
    path, body = f"/api/v1/flash-sales/{item_id}/attempts", {"ticket": ticket, "quantity": 1}
    key = {"Idempotency-Key": "k"}
    assert (await stage.call("POST", path, None, body, headers=key)).code == "unauthenticated"
    for odd in ("Bearer", "Bearer  ", "Basic abc", "Bearer nobody"):
        answer = await stage.call("POST", path, None, body, headers={**key, "Authorization": odd})
        assert (answer.status, answer.code) == (401, "unauthenticated"), odd
    staff = await stage.call("POST", path, stage.staff, body, headers=key)
    assert (staff.status, staff.code) == (403, "forbidden")
    await unchanged(stage, item_id)


async def test_a_browser_needs_the_token_of_its_page(stage: Stage) -> None:
    item_id = await stage.sale()
    member = await stage.member()
    ticket = await stage.ticket(item_id, member)
    path, body = f"/api/v1/flash-sales/{item_id}/attempts", {"ticket": ticket, "quantity": 1}
    cookie = {"Cookie": f"lf_member={member.token}", "Idempotency-Key": "k"}
    answer = await stage.call("POST", path, None, body, headers=cookie)
    assert (answer.status, answer.code) == (403, "csrf_failed")
    await unchanged(stage, item_id)
    good = {**cookie, "X-CSRF-Token": stage.app.sessions.csrf(member.token)}
    assert (await stage.call("POST", path, None, body, headers=good)).status == 201


async def test_quantities_that_are_none(stage: Stage) -> None:
    item_id = await stage.sale()
    member = await stage.member()
    ticket = await stage.ticket(item_id, member)
    odd: list[Any] = [0, -1, 10**12, 10**30, 1.5, "1", None, True, [1], {}]
    for quantity in odd:
        answer = await stage.attempt(item_id, member, ticket=ticket, quantity=quantity)
        assert (answer.status, answer.code, answer.body["error"]["field"]) == (422, "invalid", "quantity"), quantity
    await unchanged(stage, item_id)


async def test_more_than_there_is(stage: Stage) -> None:
    item_id = await stage.sale(quantity=5, limit_per_member=5)
    first, second = await stage.members(2)
    assert (await stage.attempt(item_id, first, quantity=6)).code == "limit_reached"
    await stage.won(item_id, first, quantity=3)
    assert (await stage.attempt(item_id, second, quantity=3)).code == "sold_out"
    await stage.won(item_id, second, quantity=2)
    await stage.balanced(item_id)


async def test_bodies_that_are_none(stage: Stage) -> None:
    item_id = await stage.sale()
    member = await stage.member()
    ticket = await stage.ticket(item_id, member)
    path = f"/api/v1/flash-sales/{item_id}/attempts"
    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}

    async def send(data: bytes, more: dict[str, str] | None = None) -> tuple[int, str]:
        answer = await stage.call("POST", path, member, headers={**headers, **(more or {})}, data=data)
        return answer.status, answer.code

    good = b'{"ticket":"%s","quantity":1}' % ticket.encode()
    assert await send(b"") == (400, "bad_json")
    assert await send(b"{") == (400, "bad_json")
    assert await send(b"\xff\xfe") == (400, "bad_json")
    assert await send(b"[" * 2000) == (422, "invalid")
    assert await send(b"[]") == (422, "invalid")
    assert await send(b'{"quantity":1}') == (422, "invalid")
    assert await send(good[:-1] + b',"price":1}') == (422, "invalid")
    assert await send(good[:-1] + b',"answer":5}') == (422, "invalid")
    assert await send(good + b" " * 3000) == (413, "too_large")
    assert await send(good, {"Content-Type": "text/plain"}) == (415, "unsupported_media_type")
    assert await send(good, {"Idempotency-Key": "k" * 65}) == (422, "invalid")
    assert await send(good, {"Idempotency-Key": "a b"}) == (422, "invalid")
    answer = await stage.call("POST", path, member, {"ticket": ticket, "quantity": 1})
    assert (answer.status, answer.body["error"]["field"]) == (422, "Idempotency-Key")
    for wrong in ("x", "1" * 19, "-1", "1.0", "１"):
        answer = await stage.call(
            "POST", f"/api/v1/flash-sales/{wrong}/attempts", member, {"ticket": ticket, "quantity": 1}, headers=headers
        )
        assert (answer.status, answer.code) == (404, "not_found"), wrong
    assert (await stage.call("GET", path, member)).status == 405
    await unchanged(stage, item_id)


async def test_an_address_is_asked_for(stage: Stage) -> None:
    item_id = await stage.sale()
    member = await stage.member(address=False)
    ticket = await stage.ticket(item_id, member)
    answer = await stage.attempt(item_id, member, ticket=ticket, key="k")
    assert (answer.status, answer.code) == (409, "address_missing")
    await unchanged(stage, item_id)
    # The same ticket and key are good as soon as there is one.
    await stage.address(member.id)
    assert (await stage.attempt(item_id, member, ticket=ticket, key="k")).status == 201


async def test_a_database_that_does_not_answer_is_not_waited_for(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    item_id = await stage.sale()
    member = await stage.member(address=False)
    ticket = await stage.ticket(item_id, member)
    monkeypatch.setattr(attempt, "WITHIN", 0.2)
    async with asyncio.timeout(5):
        async with stage.db.transaction():
            await stage.db.execute("LOCK TABLE addresses IN ACCESS EXCLUSIVE MODE")
            answer = await stage.attempt(item_id, member, ticket=ticket)
        assert (answer.status, answer.code, answer.headers["Retry-After"]) == (503, "unavailable", "1")
        assert (await stage.attempt(item_id, member, ticket=ticket)).code == "address_missing"


async def test_proof_of_work(stage: Stage) -> None:
    item_id = await stage.sale(challenge="pow", limit_per_member=3)
    member = await stage.member()
    given = (await stage.call("POST", f"/api/v1/flash-sales/{item_id}/tickets", member)).body
    challenge = given["challenge"]
    assert (challenge["kind"], challenge["algorithm"]) == ("pow", "sha256")
    bits, prefix = challenge["bits"], challenge["prefix"]

    def solves(answer: str) -> bool:
        digest = hashlib.sha256((prefix + answer).encode()).digest()
        return not int.from_bytes(digest, "big") >> (256 - int(bits))

    right = next(str(n) for n in range(1 << 24) if solves(str(n)))
    wrong = next(str(n) for n in range(10) if not solves(str(n)))
    assert zero_bits(prefix + right) >= bits
    for answer in (None, "", wrong, "\ud800"[:0] + "x" * 128):
        refused = await stage.attempt(item_id, member, ticket=given["ticket"], answer=answer)
        assert (refused.status, refused.code) == (403, "challenge_failed")
    await unchanged(stage, item_id)
    await stage.won(item_id, member, ticket=given["ticket"], answer=right)
    await stage.won(item_id, member, ticket=given["ticket"], answer=right)
    # One solution belongs to one ticket.
    second = (await stage.call("POST", f"/api/v1/flash-sales/{item_id}/tickets", member)).body
    assert (await stage.attempt(item_id, member, ticket=second["ticket"], answer=right)).code == "challenge_failed"


async def test_captcha(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    item_id = await stage.sale(challenge="captcha", limit_per_member=3)
    member = await stage.member()
    monkeypatch.setattr(captcha, "word", lambda: "HKMPR")
    given = (await stage.call("POST", f"/api/v1/flash-sales/{item_id}/tickets", member)).body
    assert given["challenge"]["kind"] == "captcha"
    assert given["challenge"]["image"].startswith("data:image/png;base64,")
    assert "HKMPR" not in str(given)
    assert (await stage.attempt(item_id, member, ticket=given["ticket"], answer="AAAAA")).code == "challenge_failed"
    await stage.won(item_id, member, ticket=given["ticket"], answer="hkmpr")
    for _ in range(TRIES):
        assert (await stage.attempt(item_id, member, ticket=given["ticket"], answer="AAAAA")).status == 403
    # Guessing uses the ticket up.
    assert (await stage.attempt(item_id, member, ticket=given["ticket"], answer="HKMPR")).code == "challenge_failed"


async def test_a_challenge_cannot_be_taken_out_of_a_ticket(stage: Stage) -> None:
    item_id = await stage.sale(challenge="pow")
    member = await stage.member()
    answer = await stage.attempt(item_id, member, ticket=made(stage, item_id, member, challenge=Challenge.POW))
    assert answer.code == "challenge_failed"


async def test_refusals_speak_the_callers_language(stage: Stage) -> None:
    item_id = await stage.sale()
    member = await stage.member()
    path = f"/api/v1/flash-sales/{item_id}/attempts"
    headers = {"Idempotency-Key": "k", "Accept-Language": "en"}
    answer = await stage.call("POST", path, member, {"ticket": "x", "quantity": 1}, headers=headers)
    assert answer.body["error"]["message"].isascii()


async def test_refusing_asks_no_database(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    item_id = await stage.sale(quantity=1)
    early = await stage.sale(starts_at=now() + timedelta(minutes=5))
    first, second = await stage.members(2)
    await stage.won(item_id, first)
    tickets = [await stage.ticket(item_id, second), await stage.ticket(early, second)]
    stage.app.sessions.refresh(Kind.MEMBER, second.id)  # not even who they are is remembered

    def away() -> None:
        raise AssertionError("a refusal went to the database")

    monkeypatch.setattr(stage.app.database, "connection", away)
    monkeypatch.setattr(stage.app.database, "transaction", away)
    assert (await stage.attempt(item_id, second, ticket=tickets[0])).code == "sold_out"
    assert (await stage.attempt(early, second, ticket=tickets[1])).code == "not_started"
    assert (await stage.attempt(item_id, second, ticket=tickets[1])).code == "ticket_invalid"


def test_a_members_pace() -> None:
    buckets: Buckets[int] = Buckets(rate=10, burst=3)
    assert [round(buckets.wait(7, 100.0), 1) for _ in range(6)] == [0, 0, 0, 0, 0.1, 0.1]
    assert buckets.wait(8, 100.0) == 0
    assert buckets.wait(7, 100.05) > 0
    assert buckets.wait(7, 100.11) == 0
    assert buckets.wait(7, 100.12) > 0
    assert [buckets.wait(7, 200.0) for _ in range(4)] == [0, 0, 0, 0]
