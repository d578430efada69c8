"""What an Idempotency-Key makes of a request that is sent again."""

from __future__ import annotations

import asyncio

import pytest

from server.application import Application
from server.http import Kind
from tests.server import bare as ground
from tests.server.bare import Client, bearer, token


async def test_one_key_gives_one_answer_however_often_and_at_once(bare: tuple[Application, Client]) -> None:
    app, client = bare
    headers = bearer(await token(app, Kind.MEMBER, 7)) | {"Idempotency-Key": "one"}
    before = ground.made
    answers = await asyncio.gather(
        *(client.post("/api/v1/test/orders", json={"name": "a"}, headers=headers) for _ in range(8))
    )
    bodies = {await answer.text() for answer in answers}
    assert {answer.status for answer in answers} == {201}
    assert {answer.headers["Location"] for answer in answers} == {"/api/v1/test/orders/1"}
    assert len(bodies) == 1
    assert ground.made == before + 1
    response = await client.post("/api/v1/test/orders", json={"name": "b"}, headers=headers)
    assert (response.status, (await response.json())["error"]["code"]) == (422, "idempotency_mismatch")
    other = bearer(await token(app, Kind.MEMBER, 8)) | {"Idempotency-Key": "one"}
    assert (await client.post("/api/v1/test/orders", json={"name": "b"}, headers=other)).status == 201


async def test_a_refusal_takes_its_writes_back_and_is_replayed(bare: tuple[Application, Client]) -> None:
    app, client = bare
    headers = bearer(await token(app, Kind.MEMBER, 7)) | {"Idempotency-Key": "two"}
    answers = [await client.post("/api/v1/test/orders", json={"name": "no"}, headers=headers) for _ in range(2)]
    assert [answer.status for answer in answers] == [409, 409]
    texts = []
    for language in ("zh-CN", "en"):
        spoken = headers | {"Accept-Language": language}
        answer = await client.post("/api/v1/test/orders", json={"name": "no"}, headers=spoken)
        texts.append((await answer.json())["error"]["message"])
    assert texts == ["当前状态不能这样操作", app.translations.english("当前状态不能这样操作")]
    async with app.database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM job_failures") == 0
        assert await connection.fetchval("SELECT count(*) FROM idempotency_keys") == 1


async def test_a_key_is_bound_to_the_query_too(bare: tuple[Application, Client]) -> None:
    app, client = bare
    headers = bearer(await token(app, Kind.MEMBER, 7)) | {"Idempotency-Key": "asked"}
    statuses = []
    for query in ("?a=1", "?a=1", "?a=2", ""):
        response = await client.post(f"/api/v1/test/orders{query}", json={"name": "a"}, headers=headers)
        statuses.append(response.status)
    assert statuses == [201, 201, 422, 422]


async def test_a_defect_stores_nothing_so_that_the_key_may_be_tried_again(bare: tuple[Application, Client]) -> None:
    app, client = bare
    headers = bearer(await token(app, Kind.MEMBER, 7)) | {"Idempotency-Key": "three"}
    response = await client.post("/api/v1/test/orders", json={"name": "boom"}, headers=headers)
    assert (response.status, (await response.json())["error"]["code"]) == (500, "internal")
    async with app.database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM job_failures") == 0
        assert await connection.fetchval("SELECT count(*) FROM idempotency_keys") == 0


@pytest.mark.parametrize("key", [None, "", "a b", "é", "a" * 65, "a\tb"])
async def test_a_key_that_is_missing_or_malformed_is_named(bare: tuple[Application, Client], key: str | None) -> None:
    app, client = bare
    headers = bearer(await token(app, Kind.MEMBER, 7)) | ({} if key is None else {"Idempotency-Key": key})
    response = await client.post("/api/v1/test/orders", json={"name": "a"}, headers=headers)
    assert response.status == 422
    assert (await response.json())["error"]["field"] == "Idempotency-Key"
