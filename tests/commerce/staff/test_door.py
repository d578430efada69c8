"""The door of the back office in two steps: the password, and then on a page of its own the second factor."""

from __future__ import annotations

import re
from http.cookies import SimpleCookie
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from commerce.credentials.tries import MOST
from commerce.staff.demo import create_staff
from server.application import Application
from tests.commerce.staff.test_second_factor import enrolled, headers_of, otp

Client = TestClient[Any, Any]
PASSWORD, OTHERS = "admin-password", "finance-password"
DOOR, CODE = "/backoffice/login", "/backoffice/login/code"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Browser:
    """A browser that has nothing but its cookies."""

    def __init__(self, client: Client, cookies: dict[str, str] | None = None) -> None:
        self.client, self.cookies, self.token = client, dict(cookies or {}), ""

    async def go(self, path: str, **form: str) -> tuple[int, str]:
        """Get a page, or post a form with the token of the page before: its status, where it leads or what it says."""
        jar = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        method = "POST" if form else "GET"
        data = {"csrf_token": self.token, **form} if form else None
        async with self.client.request(
            method, path, data=data, headers={"Cookie": jar}, allow_redirects=False
        ) as answer:
            text = await answer.text()
            for line in answer.headers.getall("Set-Cookie", []):
                for name, morsel in SimpleCookie(line).items():
                    self.cookies[name] = morsel.value
                    assert morsel["httponly"] or not morsel.value
        if found := re.search(r'name="csrf-token" content="([^"]+)"', text):
            self.token = found[1]
        return answer.status, answer.headers.get("Location") or text

    async def password(self, account: str = "admin", password: str = PASSWORD) -> tuple[int, str]:
        """Give account and password."""
        await self.go(DOOR)
        return await self.go(DOOR, account=account, password=password, next="/backoffice/security")

    async def code(self, given: str) -> tuple[int, str]:
        """Give the second factor."""
        return await self.go(CODE, otp=given, next="/backoffice/security")


@pytest.fixture
async def secret(app: Application, client: Client) -> str:
    """Staff who have a second factor, and a colleague who has another."""
    async with app.database.transaction() as connection:
        await create_staff(connection, {"admin": PASSWORD, "finance": OTHERS})
    made, _ = await enrolled(client, await headers_of(client))
    return made


def lapsed(answer: tuple[int, str]) -> bool:
    return answer[0] == 303 and answer[1].startswith(f"{DOOR}?") and answer[1].endswith("late=1")


async def test_the_second_factor_is_a_step_of_its_own(app: Application, client: Client, secret: str) -> None:
    async with app.database.connection() as connection:
        await connection.execute("UPDATE staff SET otp_used = 0")
    browser = Browser(client)
    status, way = await browser.password()
    assert (status, way) == (303, f"{CODE}?next=%2Fbackoffice%2Fsecurity")
    status, text = await browser.go(way)
    assert (status, PASSWORD in text, 'type="password"' in text, "admin" in text) == (200, False, False, True)
    # The proof of the password alone opens nothing, neither as a session nor as a bearer's token.
    proof = browser.cookies["lf_staff_step"]
    assert "lf_staff" not in browser.cookies
    for door in ({"Cookie": f"lf_staff_step={proof}; lf_staff={proof}"}, {"Authorization": f"Bearer {proof}"}):
        async with client.get("/api/v1/staff/me", headers=door) as answer:
            assert answer.status == 401
    # A wrong code keeps one there; so does none at all.
    for given, word in (("000000", "动态验证码不对或已用过"), (" ", "必填")):
        status, text = await browser.code(given)
        assert (status >= 400, word in text, CODE in text) == (True, True, True)
    right = otp(secret)
    assert await browser.code(right) == (303, "/backoffice/security")
    assert (await browser.go("/backoffice/security"))[0] == 200
    # Used up, it is worth nothing to whoever has copied it, whatever code comes with it.
    copied = Browser(client, browser.cookies | {"lf_staff_step": proof, "lf_staff": ""})
    copied.token = browser.token
    await copied.go(DOOR)
    assert lapsed(await copied.code(otp(secret, 1)))
    async with app.database.connection() as connection:
        kinds = await connection.fetch("SELECT kind, detail FROM staff_audit ORDER BY id DESC LIMIT 2")
    assert [row["kind"] for row in kinds] == ["log_in", "log_in_refused"]
    assert kinds[1]["detail"] == {"why": "otp"}


CHANGES = (
    ("UPDATE staff_log_in_steps SET ends_at = now()", "SELECT"),
    ("DELETE FROM staff_log_in_steps", "SELECT"),
    (
        "UPDATE staff SET otp_secret = otp_secret || '\\x00'",
        "UPDATE staff SET otp_secret = substr(otp_secret, 1, length(otp_secret) - 1)",
    ),
    ("UPDATE staff SET disabled_at = now()", "UPDATE staff SET disabled_at = NULL"),
    ("UPDATE staff SET password_hash = password_hash || 'x'", "SELECT"),
)


async def test_a_proof_of_the_password_is_worth_nothing_any_more(app: Application, client: Client, secret: str) -> None:
    browser = Browser(client)
    for change, undo in CHANGES:
        async with app.database.connection() as connection:
            await connection.execute("UPDATE staff SET otp_used = 0")
            await browser.go((await browser.password())[1])
            await connection.execute(change)
            assert lapsed(await browser.code(otp(secret))), change
            await connection.execute(undo)
    assert "lf_staff" not in browser.cookies
    assert "请重新填账号和密码" in (await browser.go(f"{DOOR}?late=1"))[1]
    assert (await browser.go(CODE))[1].startswith(f"{DOOR}?")


async def test_whose_the_proof_is_and_how_often_one_may_guess(app: Application, client: Client, secret: str) -> None:
    mine = await headers_of(client, "finance", OTHERS)
    async with client.post("/api/v1/staff/me/otp", json={"password": OTHERS}, headers=mine) as answer:
        other = (await answer.json())["secret"]
    async with client.post("/api/v1/staff/me/otp/confirm", json={"otp": otp(other, -1)}, headers=mine) as answer:
        assert answer.status == 200
    browser = Browser(client)
    await browser.go((await browser.password())[1])
    assert (await browser.code(otp(other)))[0] == 401  # the code of a colleague, with the proof of admin's password
    # Tries of both steps are counted together, and none tells a right password from a wrong one once they are up.
    for _ in range(MOST - 2):
        status, text = await browser.code("000000")
        assert (status, "动态验证码不对" in text) == (401, True)
    assert (await browser.code(otp(secret)))[0] == 429
    assert [(await browser.password("admin", given))[0] for given in (PASSWORD, "another one")] == [429, 429]
    assert "lf_staff" not in browser.cookies
