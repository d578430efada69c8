"""Logging in by code and by password, over HTTP, with everything people and attackers get wrong."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import msgspec
import pytest
from aiohttp.test_utils import TestClient, TestServer

from commerce.credentials import hash_password
from commerce.members import security
from server.application import Application, build
from server.http.web import web_app
from server.settings import Settings

Client = TestClient[Any, Any]
PHONE = "13812345678"


async def ask(client: Client, **body: str) -> tuple[int, Any]:
    response = await client.post("/api/v1/auth/codes", json=body)
    return response.status, await response.json()


async def inbox(client: Client, to: str) -> list[dict[str, str]]:
    response = await client.get("/sandbox/inbox", params={"to": to}, headers={"Accept": "application/json"})
    assert response.status == 200
    return await response.json()  # type: ignore[no-any-return]


async def code_for(client: Client, phone: str = PHONE) -> str:
    status, body = await ask(client, phone=phone)
    assert (status, body) == (202, {"retry_after": 60})
    return (await inbox(client, phone))[0]["code"]


async def enter(client: Client, **body: str) -> tuple[int, Any]:
    response = await client.post("/api/v1/auth/sessions", json=body)
    return response.status, await response.json()


async def log_in(client: Client, phone: str = PHONE) -> dict[str, str]:
    status, body = await enter(client, phone=phone, code=await code_for(client, phone))
    assert status == 201
    return {"Authorization": f"Bearer {body['token']}"}


async def me(client: Client, headers: dict[str, str]) -> tuple[int, Any]:
    response = await client.get("/api/v1/me", headers=headers)
    return response.status, await response.json()


async def test_an_unknown_phone_becomes_a_member_and_the_known_one_stays_the_same(client: Client) -> None:
    status, first = await enter(client, phone=PHONE, code=await code_for(client))
    assert status == 201
    assert first["member"]["phone"] == PHONE
    assert first["member"]["nickname"] == "凌峰用户5678"
    assert first["expires_at"].endswith("Z")
    _, second = await enter(client, phone="+86 138-1234-5678", code=await code_for(client))
    assert second["member"]["id"] == first["member"]["id"]
    assert second["token"] != first["token"]
    status, shown = await me(client, {"Authorization": f"Bearer {second['token']}"})
    assert (status, shown["id"]) == (200, first["member"]["id"])


async def test_a_mail_address_logs_in_too(client: Client) -> None:
    assert (await ask(client, email="Lin@Example.cn"))[0] == 202
    [message] = await inbox(client, "lin@example.cn")
    assert message["channel"] == "email"
    status, body = await enter(client, email="lin@example.cn", code=message["code"])
    assert (status, body["member"]["email"]) == (201, "lin@example.cn")


async def test_a_code_is_good_once(client: Client) -> None:
    code = await code_for(client)
    answers = await asyncio.gather(*(enter(client, phone=PHONE, code=code) for _ in range(4)))
    assert sorted(status for status, _ in answers) == [201, 401, 401, 401]
    assert {body["error"]["code"] for status, body in answers if status == 401} == {"code_wrong"}


async def test_five_wrong_codes_end_the_right_one(client: Client) -> None:
    code = await code_for(client)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    answers = [await enter(client, phone=PHONE, code=given) for given in (*[wrong] * 5, code)]
    assert {status for status, _ in answers} == {401}
    told = [body["error"]["code"] for _, body in answers]
    assert told == ["code_wrong"] * 4 + ["code_spent"] * 2, "whom no guess helps any more is told to get another"
    assert (await enter(client, phone=PHONE, code=await code_for(client)))[0] == 201


async def test_a_newer_code_replaces_the_older(client: Client) -> None:
    first, second = await code_for(client), await code_for(client)
    if first != second:
        assert (await enter(client, phone=PHONE, code=first))[0] == 401
    assert (await enter(client, phone=PHONE, code=second))[0] == 201


async def test_a_code_ends_after_five_minutes(client: Client, app: Application) -> None:
    code = await code_for(client)
    async with app.database.connection() as connection:
        left = await connection.fetchval("SELECT extract(epoch FROM expires_at - now()) FROM login_codes")
        assert 290 < left <= 300
        await connection.execute("UPDATE login_codes SET expires_at = now()")
    assert (await enter(client, phone=PHONE, code=code))[0] == 401


async def test_a_code_of_another_phone_opens_nothing(client: Client) -> None:
    code, other = await code_for(client), await code_for(client, "13900000001")
    if code != other:
        assert (await enter(client, phone="13900000001", code=code))[0] == 401


async def test_a_code_is_kept_only_as_a_digest(client: Client, app: Application) -> None:
    code = await code_for(client)
    async with app.database.connection() as connection:
        row = await connection.fetchrow("SELECT * FROM login_codes")
    assert code not in str(dict(row))
    assert len(row["mac"]) == 32


async def test_codes_are_throttled_by_target_and_say_when_to_come_back(settings: Settings, aiohttp_client: Any) -> None:
    limited = build(msgspec.structs.replace(settings, limits=True))
    client: Client = await aiohttp_client(TestServer(web_app(limited), port=settings.port))
    assert (await ask(client, phone=PHONE))[0] == 202
    response = await client.post("/api/v1/auth/codes", json={"phone": "+8613812345678"})
    assert response.status == 429
    assert 0 < int(response.headers["Retry-After"]) <= 60
    assert (await response.json())["error"]["code"] == "rate_limited"
    assert len(await inbox(client, PHONE)) == 1
    token = re.search(r'name="csrf-token" content="([^"]+)"', await (await client.get("/login")).text())
    assert token is not None
    form = {"csrf_token": token[1], "account": PHONE, "code": "x", "by": "code"}
    page = await (await client.post("/login", data=form)).text()
    waits = re.search(r'data-wait="(\d+)"', page)
    assert waits is not None
    assert 0 < int(waits[1]) <= 60, "the button goes on counting after a mistake"
    page = await (await client.get("/login", params={"account": PHONE})).text()
    assert 'data-wait="0"' in page, "who only looks is not told who is logging in just now"
    statuses = [(await ask(client, phone=f"139000000{n:02d}"))[0] for n in range(31)]
    assert statuses[0] == 202
    assert statuses[-1] == 429


async def test_without_a_courier_the_answer_says_so(settings: Settings, aiohttp_client: Any) -> None:
    plain = build(msgspec.structs.replace(settings, sandboxes=False))
    client: Client = await aiohttp_client(TestServer(web_app(plain), port=settings.port))
    status, body = await ask(client, phone=PHONE)
    assert (status, body["error"]["code"]) == (503, "courier_missing")
    assert (await client.get("/sandbox/inbox")).status == 404
    assert (await client.get("/sandbox")).status == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "phone"),
        ({"phone": ""}, "phone"),
        ({"phone": "12345"}, "phone"),
        ({"phone": "1381234567８"}, "phone"),
        ({"phone": "1" * 41}, "phone"),
        ({"phone": 13812345678}, "phone"),
        ({"phone": PHONE, "email": "a@b.cn"}, "phone"),
        ({"email": "nobody"}, "email"),
        ({"email": "a@b"}, "email"),
        ({"email": "a\x00@b.cn"}, "email"),
        ({"tel": PHONE}, "tel"),
    ],
)
async def test_a_bad_target_is_refused_beside_its_field(client: Client, body: dict[str, Any], field: str) -> None:
    response = await client.post("/api/v1/auth/codes", json=body)
    error = (await response.json())["error"]
    assert (response.status, error["code"], error["field"]) == (422, "invalid", field)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"phone": PHONE}, 422),
        ({"code": "123456"}, 422),
        ({"account": PHONE}, 422),
        ({"password": "x"}, 422),
        ({"phone": PHONE, "code": "123456", "password": "x"}, 422),
        ({"phone": PHONE, "code": 123456}, 422),
        ({"phone": PHONE, "code": "1" * 13}, 422),
        ({"phone": PHONE, "code": "１２３４５６"}, 401),
        ({"phone": PHONE, "code": "\x00"}, 401),
        ({"phone": PHONE, "code": "123456"}, 401),
        ({"account": PHONE, "password": "not this one"}, 401),
        ({"account": "nobody\x00", "password": "x"}, 401),
        ({"account": "😀", "password": "😀"}, 401),
    ],
)
async def test_a_bad_log_in_is_refused(client: Client, body: dict[str, Any], status: int) -> None:
    response = await client.post("/api/v1/auth/sessions", json=body)
    assert response.status == status
    assert (await response.json())["error"]["message"]


async def test_logging_out_ends_the_token(client: Client) -> None:
    headers = await log_in(client)
    assert (await client.delete("/api/v1/auth/sessions/current", headers=headers)).status == 204
    status, body = await me(client, headers)
    assert (status, body["error"]["code"]) == (401, "token_expired")


async def set_password(app: Application, client: Client, password: str) -> str:
    headers = await log_in(client)
    member = (await me(client, headers))[1]
    async with app.database.connection() as connection:
        await connection.execute(
            "UPDATE members SET password_hash = $2 WHERE id = $1", int(member["id"]), await hash_password(password)
        )
    return str(member["id"])


async def test_a_password_logs_in_and_the_answer_does_not_tell_who_exists(client: Client, app: Application) -> None:
    await set_password(app, client, "correct horse")
    status, body = await enter(client, account=PHONE, password="correct horse")
    assert (status, body["member"]["has_password"]) == (201, True)
    _, wrong = await enter(client, account=PHONE, password="another one")
    _, nobody = await enter(client, account="13700000000", password="another one")
    assert wrong == nobody


async def test_passwords_cannot_be_guessed_on(client: Client, app: Application) -> None:
    await set_password(app, client, "correct horse")
    answers = await asyncio.gather(*(enter(client, account=PHONE, password=f"guess {n}") for n in range(25)))
    assert [status for status, _ in answers].count(401) == 20
    response = await client.post("/api/v1/auth/sessions", json={"account": PHONE, "password": "correct horse"})
    assert response.status == 429
    assert 0 < int(response.headers["Retry-After"]) <= 900
    assert (await enter(client, phone=PHONE, code=await code_for(client)))[0] == 201


async def test_a_good_log_in_clears_the_count(client: Client, app: Application) -> None:
    await set_password(app, client, "correct horse")
    for _ in range(2):
        for n in range(15):
            assert (await enter(client, account=PHONE, password=f"guess {n}"))[0] == 401
        assert (await enter(client, account=PHONE, password="correct horse"))[0] == 201


async def test_a_banned_member_is_out_at_once_and_stays_out(client: Client, app: Application) -> None:
    headers = await log_in(client)
    member = int((await me(client, headers))[1]["id"])
    async with app.database.connection() as connection:
        staff_id = await connection.fetchval(
            "INSERT INTO staff (account, name, password_hash) VALUES ('desk', '客服', 'x') RETURNING id"
        )
    await security.ban(app, member, staff_id, "刷单")
    assert (await me(client, headers))[0] == 401
    status, body = await enter(client, phone=PHONE, code=await code_for(client))
    assert (status, body["error"]["code"]) == (403, "member_banned")
    await security.unban(app, member, staff_id, "申诉成立")
    assert (await me(client, await log_in(client)))[0] == 200
    async with app.database.connection() as connection:
        kinds = await connection.fetch("SELECT kind, actor FROM member_events WHERE member_id = $1 ORDER BY id", member)
    assert [tuple(row) for row in kinds] == [
        ("registered", f"member:{member}"),
        ("banned", "staff:1"),
        ("unbanned", "staff:1"),
    ]


async def test_two_first_log_ins_at_once_make_one_member(client: Client, app: Application) -> None:
    from commerce.members import log_in as use_case
    from commerce.members.targets import phone_of

    async def register() -> int:
        async with app.database.transaction() as connection:
            return (await use_case.find_or_register(connection, phone_of("13600000000"))).id

    assert len(set(await asyncio.gather(*(register() for _ in range(8))))) == 1


async def test_nobody_is_logged_in_without_a_token(client: Client) -> None:
    for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic eDp5"}):
        assert (await me(client, headers))[0] == 401


async def change(client: Client, headers: dict[str, str], **body: Any) -> tuple[int, Any]:
    response = await client.post("/api/v1/me/password", json=body, headers=headers)
    return response.status, await response.json()


async def test_a_password_is_set_then_changed_over_the_api(client: Client) -> None:
    first = await log_in(client)
    held = {"by": "phone", "code": await code_for(client)}
    status, body = await change(client, first, new="correct horse", proof=held)
    assert (status, body["member"]["has_password"]) == (201, True)
    assert (await me(client, first))[0] == 401, "every earlier session has ended"
    headers = {"Authorization": f"Bearer {body['token']}"}
    for wrong, code, field in (
        ({"new": "battery staple"}, "old_password_wrong", "old"),
        ({"old": "not this", "new": "battery staple"}, "old_password_wrong", "old"),
        ({"old": "correct horse", "new": "short"}, "invalid", "new"),
        ({"old": "correct horse", "new": PHONE}, "invalid", "new"),
        ({"old": "correct horse"}, "invalid", "new"),
    ):
        status, answer = await change(client, headers, **wrong)
        assert (status, answer["error"]["code"], answer["error"]["field"]) == (422, code, field)
    status, body = await change(client, headers, old="correct horse", new="battery staple")
    assert status == 201
    assert (await me(client, {"Authorization": f"Bearer {body['token']}"}))[0] == 200
    assert (await enter(client, account=PHONE, password="battery staple"))[0] == 201
    assert (await enter(client, account=PHONE, password="correct horse"))[0] == 401


async def test_a_stolen_session_cannot_guess_the_password(client: Client, app: Application) -> None:
    await set_password(app, client, "correct horse")
    _, body = await enter(client, account=PHONE, password="correct horse")
    headers = {"Authorization": f"Bearer {body['token']}"}
    answers = await asyncio.gather(*(change(client, headers, old=f"guess {n}", new="another one") for n in range(25)))
    assert [status for status, _ in answers].count(422) == 20
    assert (await change(client, headers, old="correct horse", new="another one"))[0] == 429


async def test_nobody_passes_for_the_platform_or_a_shop(client: Client, app: Application) -> None:
    _, body = await enter(client, phone=PHONE, code=await code_for(client))
    mine, given = {"Authorization": f"Bearer {body['token']}"}, body["member"]["nickname"]
    async with app.database.connection() as connection:
        await connection.execute("INSERT INTO shops (slug, name) VALUES ('pine', '青松 Pine 家居')")

    async def called(name: str) -> int:
        response = await client.patch("/api/v1/me", json={"nickname": name}, headers=mine)
        if response.status == 422:
            assert (await response.json())["error"]["field"] == "nickname"
        return response.status

    for name in (
        *("凌峰官方客服", "凌 峰", "ＬｉｎｇＦｅｎｇ", "官·方", "客 服 小美", "管理员", "青松店主"),
        *(
            "Admin",
            "ＡＤＭＩＮ",
            "a d m i n",
            "admin007",
            "Official-林",
            "System",
            "青松pine家居",
            "《青松 PINE 家居》二店",
        ),
    ):
        assert await called(name) == 422, name
    for name in ("林小满", "badminton", "青松", "administratrix", "客随主便", "服务区", given):
        assert await called(name) == 200, name
    async with app.database.connection() as connection:
        await connection.execute("UPDATE members SET nickname = '老店主'")
    assert await called("老店主") == 200, "what somebody has been called stays"
    assert await called("新店主") == 422
