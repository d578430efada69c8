"""The pages of a member's own account as a browser without a script posts them."""

from __future__ import annotations

import io
import re

import pytest
from aiohttp import FormData
from PIL import Image

from server.application import Application
from tests.commerce.members.browser import PHONE, Browser, Client, token_of


@pytest.fixture
def browser(client: Client) -> Browser:
    return Browser(client)


async def test_a_password_is_set_then_changed_and_other_devices_are_out(browser: Browser, client: Client) -> None:
    await browser.log_in()
    response = await client.post(
        "/api/v1/auth/sessions",
        json={"phone": PHONE, "code": await _another_code(client)},
        headers={"X-CSRF-Token": token_of(browser.text)},
    )
    elsewhere = {"Authorization": f"Bearer {(await response.json())['token']}"}
    await browser.open("/me/security")
    assert 'href="/me/password"' in browser.text
    await browser.open("/me/password")
    await browser.post("/me/proof/password", by="phone")
    assert browser.status == 200
    held = {"by": "phone", "code": await _last_code(client)}
    await browser.post("/me/password", new="correct horse", again="correct horse!", **held)
    assert "两次填的不一样" in browser.text
    await browser.post("/me/password", new="short", again="other", **held)
    assert "两次填的不一样" in browser.text
    assert browser.text.count("密码是 8 到 128 个字符") == 1
    for weak in ("short", "aaaaaaaaaa", PHONE):
        await browser.post("/me/password", new=weak, again=weak, **held)
        assert browser.status == 422
    await browser.post("/me/password", new="correct horse", again="correct horse", by="phone", code="000000")
    assert (browser.status, "密码或验证码不对" in browser.text) == (422, True)
    await browser.post("/me/password", new="correct horse", again="correct horse", **held)
    assert (browser.status, browser.path) == (200, "/me/security?done=first")
    assert "密码已设好" in browser.text
    assert (await client.get("/api/v1/me", headers=elsewhere)).status == 401
    await browser.open("/me/password")
    await browser.post("/me/password", password="wrong", new="battery staple", again="battery staple")
    assert browser.status == 422
    assert "现在的密码不对" in browser.text
    await browser.post("/me/password", password="correct horse", new="battery staple", again="battery staple")
    assert browser.path == "/me/security?done=password"
    await browser.post("/logout")
    await browser.open("/login?by=password")
    await browser.post("/login", account=PHONE, by="password", password="battery staple")
    assert browser.path == "/me"


async def _another_code(client: Client) -> str:
    text = await (await client.get("/me")).text()
    await client.post("/api/v1/auth/codes", json={"phone": PHONE}, headers={"X-CSRF-Token": token_of(text)})
    return await _last_code(client)


async def _last_code(client: Client) -> str:
    response = await client.get("/sandbox/inbox", headers={"Accept": "application/json"})
    return str((await response.json())[0]["code"])


async def test_a_name_is_changed_and_shown_at_once(browser: Browser) -> None:
    await browser.log_in()
    await browser.open("/me/security")
    for bad in ("", " ", "字" * 21, "看\u202e不见", "a\x00b"):
        await browser.post("/me/name", nickname=bad)
        assert browser.status == 422, bad
    await browser.post("/me/name", nickname="林<b>小满")
    assert browser.path == "/me/security?done=name"
    await browser.open("/me")
    assert "林&lt;b&gt;小满" in browser.text


async def test_the_centre_counts_what_waits(browser: Browser, app: Application) -> None:
    await browser.log_in()
    async with app.database.connection() as connection:
        member_id = await connection.fetchval("SELECT id FROM members")
        await connection.execute(
            """
            INSERT INTO orders (order_no, member_id, shop_id, source, status, amount, address, pay_before)
            SELECT lpad(n::text, 18, '1'), $1, 1, 'cart', 'pending_payment', 100, '{}', now()
            FROM generate_series(1, 3) AS n
            """,
            member_id,
        )
    await browser.open("/me")
    assert re.search(r'href="/orders\?status=pending_payment">.*待付款<b class="count">3</b></a>', browser.text)
    assert browser.text.count('class="count"') == 1


async def test_a_picture_is_taken_and_taken_away(browser: Browser) -> None:
    await browser.log_in()
    await browser.open("/me/security")
    token = re.search(r'name="csrf-token" content="([^"]+)"', browser.text)
    assert token is not None
    made = io.BytesIO()
    Image.new("RGB", (300, 200), "red").save(made, "PNG")

    async def send(raw: bytes) -> None:
        form = FormData()
        form.add_field("csrf_token", token[1])
        form.add_field("file", raw, filename="a.png", content_type="image/png")
        await browser._took(await browser.client.post("/me/avatar", data=form))

    await send(b"no picture at all")
    assert (browser.status, "aria-invalid" in browser.text) == (415, True)
    await send(made.getvalue())
    assert (browser.status, browser.path) == (200, "/me/security?done=avatar")
    assert re.search(r'class="face" src="/media/u/', browser.text)
    await browser.post("/me/avatar/remove")
    assert not re.search(r'class="face" src="/media/u/', browser.text)


async def test_who_leaves_and_comes_back_is_told_that_they_stay(browser: Browser) -> None:
    await browser.log_in()
    await browser.open("/me/leave")
    await browser.post("/me/leave", by="phone")
    assert browser.status == 422
    assert "必填" in browser.text
    assert "请先确认你知道后果" in browser.text
    await browser.post("/me/proof/leave", by="phone")
    assert browser.status == 200
    await browser.post("/me/leave", by="phone", code=await browser.code(PHONE), sure="1")
    assert browser.status == 200
    assert "注销申请已收到" in browser.text
    await browser.open("/me")
    assert browser.path == "/login?next=/me"
    await browser.log_in()
    assert browser.path == "/me/security?done=stays"
    assert "注销已取消" in browser.text


async def test_devices_are_ended_on_their_page(browser: Browser) -> None:
    await browser.log_in()
    for path in ("/me/devices", "/me/data", "/me/pay-password", "/me/contact/phone", "/me/contact/email"):
        await browser.open(path)
        assert browser.status == 200, path
    await browser.open("/me/contact/fax")
    assert browser.status == 404
    await browser.open("/me/devices")
    assert "现在在用" in browser.text
    assert "最近使用" not in browser.text, "the one device is the one in use"
    assert "本机" in browser.text
    await browser.post("/me/devices/others/end")
    assert browser.path == "/me/devices?done=others"
    await browser.post("/me/data")
    assert "正在做" in browser.text
    await browser.post("/me/data")
    assert browser.status == 429
