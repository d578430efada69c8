"""The second factor of staff: taken up, asked for, replaced by recovery codes, wanted by roles."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pyotp
import pytest
from aiohttp.test_utils import TestClient

from commerce.staff.demo import DemoStaff, create_staff
from commerce.staff.otp import STEP
from server.application import Application
from server.clock import now
from server.http import Kind

Client = TestClient[Any, Any]
PASSWORD = "admin-password"


@pytest.fixture
async def staff(app: Application) -> list[DemoStaff]:
    async with app.database.transaction() as connection:
        return await create_staff(connection, {"admin": PASSWORD}, [(1, "山行")])


async def enter(client: Client, account: str = "admin", password: str = PASSWORD, **more: str) -> tuple[int, Any]:
    body = {"account": account, "password": password, **more}
    response = await client.post("/api/v1/staff/sessions", json=body)
    return response.status, await response.json()


async def headers_of(client: Client, account: str = "admin", password: str = PASSWORD, **more: str) -> dict[str, str]:
    status, body = await enter(client, account, password, **more)
    assert status == 201, body
    return {"Authorization": f"Bearer {body['token']}"}


async def send(client: Client, path: str, headers: dict[str, str], body: dict[str, str]) -> tuple[int, Any]:
    response = await client.post(f"/api/v1/staff/me/{path}", json=body, headers=headers)
    return response.status, await response.json() if response.content_type == "application/json" else None


def otp(secret: str, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(int(now().timestamp()) + steps * STEP)


async def enrolled(client: Client, headers: dict[str, str]) -> tuple[str, list[str]]:
    status, made = await send(client, "otp", headers, {"password": PASSWORD})
    assert status == 200
    assert made["uri"].startswith("otpauth://totp/Lingfeng:admin?")
    status, answer = await send(client, "otp/confirm", headers, {"otp": otp(made["secret"], -1)})
    assert status == 200, answer
    return made["secret"], answer["recovery_codes"]


async def test_a_second_factor_is_taken_up_and_asked_for(client: Client, staff: list[DemoStaff]) -> None:
    mine, elsewhere = await headers_of(client), await headers_of(client)
    status, answer = await send(client, "otp/confirm", mine, {"otp": "000000"})
    assert (status, answer["error"]["code"]) == (409, "nothing_pending")
    status, answer = await send(client, "otp", mine, {"password": "another"})
    assert (status, answer["error"]["code"]) == (422, "second_factor_wrong")
    status, made = await send(client, "otp", mine, {"password": PASSWORD})
    status, answer = await send(client, "otp/confirm", mine, {"otp": f"{(int(otp(made['secret'])) + 1) % 10**6:06d}"})
    assert (status, answer["error"]["code"]) == (422, "second_factor_wrong")
    assert (await enter(client))[0] == 201  # not on yet
    secret, codes = await enrolled(client, mine)
    assert len(set(codes)) == 10
    assert (await client.get("/api/v1/staff/me", headers=elsewhere)).status == 401
    assert (await client.get("/api/v1/staff/me", headers=mine)).status == 200
    status, answer = await enter(client)
    assert (status, answer["error"]["code"]) == (401, "otp_required")
    status, answer = await enter(client, otp=otp(secret, -1))
    assert (status, answer["error"]["code"]) == (401, "otp_wrong")  # used when it was taken up
    assert (await enter(client, otp=otp(secret)))[0] == 201


async def test_a_recovery_code_counts_once(client: Client, staff: list[DemoStaff], app: Application) -> None:
    mine = await headers_of(client)
    _, codes = await enrolled(client, mine)
    answers = await asyncio.gather(*(enter(client, otp=codes[0]) for _ in range(4)))
    assert sorted(status for status, _ in answers) == [201, 401, 401, 401]
    assert (await enter(client, otp=codes[1].upper().replace("-", " ")))[0] == 201
    status, answer = await send(client, "otp/codes", mine, {"password": PASSWORD, "otp": codes[2]})
    assert status == 200
    assert (await enter(client, otp=codes[3]))[0] == 401
    assert (await enter(client, otp=answer["recovery_codes"][0]))[0] == 201
    async with app.database.connection() as connection:
        rows = await connection.fetch("SELECT mac FROM staff_recovery_codes")
    assert all(len(row["mac"]) == 32 for row in rows)


async def test_another_takes_its_place_with_both_proofs(client: Client, staff: list[DemoStaff]) -> None:
    """Who has found out a password does not put a second factor of their own in the place of the one there is."""
    mine = await headers_of(client)
    secret, codes = await enrolled(client, mine)
    for body in ({"password": PASSWORD}, {"password": PASSWORD, "otp": "000000"}):
        status, answer = await send(client, "otp", mine, body)
        assert (status, answer["error"]["code"]) == (422, "second_factor_wrong"), body
    status, answer = await send(client, "otp/confirm", mine, {"otp": otp(secret)})
    assert (status, answer["error"]["code"]) == (409, "nothing_pending")
    status, made = await send(client, "otp", mine, {"password": PASSWORD, "otp": codes[0]})
    assert status == 200
    status, answer = await send(client, "otp/confirm", mine, {"otp": otp(made["secret"], -1)})
    assert (status, len(answer["recovery_codes"])) == (200, 10)
    assert (await enter(client, otp=otp(secret)))[0] == 401
    assert (await enter(client, otp=otp(made["secret"])))[0] == 201


async def test_it_is_given_up_with_both_proofs(client: Client, staff: list[DemoStaff]) -> None:
    mine = await headers_of(client)
    _, codes = await enrolled(client, mine)
    for body in ({"password": PASSWORD, "otp": "000000"}, {"password": "another", "otp": codes[0]}):
        assert (await send(client, "otp/off", mine, body))[0] == 422
    assert (await send(client, "otp/off", mine, {"password": PASSWORD, "otp": codes[0]}))[0] == 204
    assert (await enter(client))[0] == 201


async def test_a_role_may_want_it(client: Client, staff: list[DemoStaff], app: Application) -> None:
    async with app.database.connection() as connection:
        await connection.execute("UPDATE roles SET needs_otp = true WHERE code = 'owner'")
    mine = await headers_of(client)
    assert (await client.get("/backoffice/staff", headers=mine)).status == 403
    response = await client.get("/backoffice", headers=mine)
    assert response.url.path == "/backoffice/security"
    assert "你的角色要求二次验证" in await response.text()
    _, codes = await enrolled(client, mine)
    assert (await client.get("/backoffice/staff", headers=mine)).status == 200
    status, answer = await send(client, "otp/off", mine, {"password": PASSWORD, "otp": codes[0]})
    assert (status, answer["error"]["code"]) == (409, "second_factor_needed")


async def page(client: Client, path: str, **fields: Any) -> tuple[int, str]:
    """Return what a browser sees; with fields it posts them with the token of the page it saw last."""
    if fields:
        text = await (await client.get("/backoffice/security")).text()
        token = re.search(r'name="csrf-token" content="([^"]+)"', text)
        assert token is not None
        response = await client.post(path, data={"csrf_token": token[1], **fields})
    else:
        response = await client.get(path)
    return response.status, await response.text()


async def test_the_page_does_all_of_it(client: Client, staff: list[DemoStaff], app: Application) -> None:
    text = await (await client.get("/backoffice/login")).text()
    token = re.search(r'name="csrf-token" content="([^"]+)"', text)
    assert token is not None
    form = {"csrf_token": token[1], "account": "admin", "password": PASSWORD, "next": "/backoffice/security"}
    assert (await client.post("/backoffice/login", data=form)).url.path == "/backoffice/security"
    here = "/backoffice/security"
    status, text = await page(client, here + "/otp", password="another")
    assert (status, "密码或动态验证码不对" in text) == (422, True)
    status, text = await page(client, here + "/otp", password=PASSWORD)
    assert "data:image/svg+xml" in text
    secret = re.search(r"<code>([A-Z2-7]{32})</code>", text)
    assert secret is not None
    status, text = await page(client, here + "/otp/confirm", otp=otp(secret[1]))
    codes = re.findall(r"<code>([a-z2-9]{5}-[a-z2-9]{5})</code>", text)
    assert (status, len(codes)) == (200, 10)
    assert codes[0] in (await page(client, here + "?done=on"))[1]  # a reload does not lose them
    async with app.database.transaction() as connection:
        admin = await connection.fetchval("SELECT id FROM staff WHERE account = 'admin'")
        elsewhere = {
            "Authorization": f"Bearer {(await app.sessions.issue(connection, Kind.STAFF, admin, '', '')).token}"
        }
    async with client.get(here + "?done=on", headers=elsewhere) as answer:
        assert codes[0] not in await answer.text()  # nor shows them in another session, whatever cookie it has
    client.session.cookie_jar.clear(lambda cookie: cookie.key == "lf_staff_once")  # their minutes are over
    status, text = await page(client, here + "?done=on")
    assert (codes[0] in text, "恢复码已经显示过" in text) == (False, True)
    status, text = await page(client, here + "/roles", role="finance")
    async with app.database.connection() as connection:
        rows = await connection.fetch("SELECT code FROM roles WHERE needs_otp")
    assert [row["code"] for row in rows] == ["finance"]
    status, text = await page(client, here + "/otp/codes", password=PASSWORD, otp=codes[1])
    assert (status, len(re.findall(r"<code>[a-z2-9]{5}-[a-z2-9]{5}</code>", text))) == (200, 10)
    status, text = await page(client, here + "/password", old=PASSWORD, new="a new password", again="another")
    assert (status, "两次填的不一样" in text) == (422, True)
    status, text = await page(client, here + "/password", old=PASSWORD, new="a new password", again="a new password")
    assert (status, "密码已改好" in text) == (200, True)


async def test_staff_of_a_shop_say_nothing_of_roles(client: Client, staff: list[DemoStaff]) -> None:
    manager = next(person for person in staff if person.account == "shop1")
    mine = await headers_of(client, "shop1", manager.password)
    assert (await client.post("/backoffice/security/roles", data={}, headers=mine)).status == 403
