"""What every route does for its handler: who calls, what they sent, one answer to one key, refusals in one form."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from server.application import Application
from server.http import Kind
from server.http.session import digest_of
from server.http.web import web_app
from server.settings import Settings
from tests.server.bare import Client, bearer, routes, token


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code", "wrong"),
    [
        (b"{", "application/json", 400, "bad_json", None),
        (b"", "application/json", 400, "bad_json", None),
        (b"\xff\xfe", "application/json", 400, "bad_json", None),
        (b"[" * 10_000, "application/json", 422, "invalid", None),
        (b"[]", "application/json", 422, "invalid", None),
        (b"null", "application/json", 422, "invalid", None),
        (b"{}", "application/json", 422, "invalid", "name"),
        (b'{"name":"a","nmae":"b"}', "application/json", 422, "invalid", "nmae"),
        (b'{"name":5}', "application/json", 422, "invalid", "name"),
        (b'{"name":"a","name":"b"}', "application/json", 422, "invalid", "name"),
        (b'{"name":"a","count":1,"n\\u0061me":"a"}', "application/json", 422, "invalid", "name"),
        (b'{"name":"abcdef"}', "application/json", 422, "invalid", "name"),
        (b'{"name":"a","count":0}', "application/json", 422, "invalid", "count"),
        (b'{"name":"a","count":1000000000000}', "application/json", 422, "invalid", "count"),
        (b'{"name":"a","count":1e400}', "application/json", 422, "invalid", "count"),
        (b'{"name":"a","count":"1"}', "application/json", 422, "invalid", "count"),
        (b'{"name":"a"}', "text/plain", 415, "unsupported_media_type", None),
        (b'{"name":"' + b"a" * 70_000 + b'"}', "application/json", 413, "too_large", None),
    ],
)
async def test_a_body_that_is_wrong_is_refused_with_its_field(
    bare: tuple[Application, Client], body: bytes, content_type: str, status: int, code: str, wrong: str | None
) -> None:
    response = await bare[1].post("/api/v1/test/things/7", data=body, headers={"Content-Type": content_type})
    error = (await response.json())["error"]
    assert (response.status, error["code"], error.get("field")) == (status, code, wrong)
    assert error["message"]


async def test_a_chunked_body_over_the_limit_is_refused(bare: tuple[Application, Client]) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"a" * 1000

    response = await bare[1].post("/api/v1/test/things/7", data=chunks(), headers={"Content-Type": "application/json"})
    assert response.status == 413


@pytest.mark.parametrize("thing", ["abc", "-1", "1.5", "9" * 19, "%00", "１", "1e3"])
async def test_a_malformed_id_is_not_found(bare: tuple[Application, Client], thing: str) -> None:
    response = await bare[1].post(f"/api/v1/test/things/{thing}", json={"name": "a"})
    assert response.status == 404
    assert (await response.json())["error"]["code"] == "not_found"


async def test_other_methods_and_addresses_answer_in_the_same_form(bare: tuple[Application, Client]) -> None:
    response = await bare[1].put("/api/v1/test/things/7")
    assert (response.status, response.headers["Allow"]) == (405, "POST")
    assert (await response.json())["error"]["code"] == "method_not_allowed"
    response = await bare[1].get("/api/v1/nowhere")
    assert response.status == 404
    assert (await response.json())["error"]["code"] == "not_found"


async def test_head_is_answered_like_get_without_a_body(bare: tuple[Application, Client]) -> None:
    response = await bare[1].head("/api/v1/test/list", headers=bearer(await token(bare[0], Kind.STAFF, 1)))
    assert (response.status, await response.read()) == (200, b"")
    assert (await bare[1].head("/api/v1/test/list")).status == 401


async def test_messages_speak_the_callers_language(bare: tuple[Application, Client]) -> None:
    for language, expected in (("zh-CN", "填写有误：手机号不对"), ("fr, zh;q=0.5, en;q=0.1", "填写有误：手机号不对")):
        response = await bare[1].post("/api/v1/test/field", headers={"Accept-Language": language})
        assert (await response.json())["error"] == {"code": "invalid", "message": expected, "field": "phone"}


async def test_who_may_call_what(bare: tuple[Application, Client]) -> None:
    app, client = bare
    member, manager, clerk = (
        await token(app, Kind.MEMBER, 7),
        await token(app, Kind.STAFF, 1),
        await token(app, Kind.STAFF, 2),
    )
    banned = await token(app, Kind.MEMBER, 13)
    path = "/api/v1/test/list"
    assert (await client.get(path)).status == 401
    assert (await client.get(path, headers=bearer("nonsense"))).status == 401
    assert (await client.get(path, headers={"Authorization": "Basic eA=="})).status == 401
    assert (await client.get(path, headers=bearer(member))).status == 403
    assert (await client.get(path, headers=bearer(clerk))).status == 403
    response = await client.get(path + "?size=5&page=3", headers=bearer(manager))
    assert await response.json() == {"name": "5", "by": "店长", "made": 10}
    for query in ("?size=0", "?size=101", "?size=x", "?page=-1", "?nope=1"):
        assert (await client.get(path + query, headers=bearer(manager))).status == 422
    headers = bearer(manager) | {"Idempotency-Key": "k"}
    assert (await client.post("/api/v1/test/orders", json={"name": "a"}, headers=headers)).status == 403
    response = await client.post("/api/v1/test/orders", json={"name": "a"}, headers=bearer(banned))
    assert (response.status, (await response.json())["error"]["code"]) == (401, "token_expired")


async def test_a_revoked_session_ends_at_once_here_and_within_a_second_elsewhere(
    bare: tuple[Application, Client], settings: Settings, aiohttp_client: Any
) -> None:
    app, client = bare
    other = Application(settings, ("server",))
    other.add(routes)
    other.sessions.directories = app.sessions.directories
    elsewhere: Client = await aiohttp_client(web_app(other))
    held = await token(app, Kind.STAFF, 1)
    for each in (client, elsewhere):
        assert (await each.get("/api/v1/test/list", headers=bearer(held))).status == 200
    session = await app.sessions.find(held)
    assert session is not None
    async with app.database.transaction() as connection:
        await app.sessions.revoke(connection, session.digest)
    app.sessions.forget(session.digest)
    response = await client.get("/api/v1/test/list", headers=bearer(held))
    assert (response.status, (await response.json())["error"]["code"]) == (401, "token_expired")
    async with asyncio.timeout(5):
        while (await elsewhere.get("/api/v1/test/list", headers=bearer(held))).status != 401:
            await asyncio.sleep(0.05)


async def test_a_process_that_starts_knows_who_was_put_out_before(
    bare: tuple[Application, Client], settings: Settings, aiohttp_client: Any
) -> None:
    app, _ = bare
    digest = digest_of(await token(app, Kind.MEMBER, 7))
    async with app.database.connection() as connection:
        await connection.execute("UPDATE sessions SET revoked_at = now() - interval '90 minutes'")
    other = Application(settings, ("server",))
    await aiohttp_client(web_app(other))
    async with asyncio.timeout(5):
        while not other.sessions.revoked(digest):
            await asyncio.sleep(0.05)


async def test_a_cookie_needs_its_pages_token_to_write(bare: tuple[Application, Client]) -> None:
    app, client = bare
    held = await token(app, Kind.MEMBER, 7)
    cookie = {"Cookie": f"lf_member={held}", "Idempotency-Key": "c"}
    response = await client.post("/api/v1/test/orders", json={"name": "a"}, headers=cookie)
    assert (response.status, (await response.json())["error"]["code"]) == (403, "csrf_failed")
    wrong = cookie | {"X-CSRF-Token": app.sessions.csrf("another")}
    assert (await client.post("/api/v1/test/orders", json={"name": "a"}, headers=wrong)).status == 403
    right = cookie | {"X-CSRF-Token": app.sessions.csrf(held)}
    assert (await client.post("/api/v1/test/orders", json={"name": "a"}, headers=right)).status == 201


async def test_what_is_done_too_often_waits(bare: tuple[Application, Client]) -> None:
    statuses = [(await bare[1].post("/api/v1/test/address")).status for _ in range(3)]
    response = await bare[1].post("/api/v1/test/address")
    assert statuses == [200, 200, 429]
    assert 1 <= int(response.headers["Retry-After"]) <= 60


async def test_a_route_answers_within_its_deadline(bare: tuple[Application, Client]) -> None:
    response = await bare[1].post("/api/v1/test/slow")
    assert (response.status, (await response.json())["error"]["code"]) == (503, "unavailable")
    assert response.headers["Retry-After"]


async def test_health_and_readiness(bare: tuple[Application, Client]) -> None:
    assert (await bare[1].get("/healthz")).status == 200
    response = await bare[1].get("/readyz")
    body = await response.json()
    assert (response.status, body["missing"]) == (200, {})


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        (b"", 200, "", None),
        (b"{}", 200, "", None),
        (b'{"namespace": "/member"}', 422, "invalid", "namespace"),
        (b"[1]", 422, "invalid", None),
        (b"{", 400, "bad_json", None),
    ],
)
async def test_a_route_that_takes_no_body_refuses_fields_too(
    bare: tuple[Application, Client], body: bytes, status: int, code: str, field: str | None
) -> None:
    app, client = bare
    headers = {"Content-Type": "application/json", **bearer(await token(app, Kind.MEMBER, 7))}
    response = await client.post("/api/v1/test/nothing", data=body, headers=headers)
    assert response.status == status
    if code:
        error = (await response.json())["error"]
        assert (error["code"], error.get("field")) == (code, field)
