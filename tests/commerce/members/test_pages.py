"""The member's pages as a browser without a script posts them."""

from __future__ import annotations

import io
import re
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import FormData
from aiohttp.test_utils import TestClient
from PIL import Image

from commerce.credentials import local_path
from commerce.members.demo import demo_buyers
from server.application import Application

Client = TestClient[Any, Any]
PHONE = "13812345678"


class Browser:
    """Keeps cookies and the last page's form token, follows redirects, runs no script."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.text = ""
        self.status = 0
        self.path = ""

    async def _took(self, response: Any) -> None:
        self.text, self.status, self.path = await response.text(), response.status, response.url.path_qs

    async def open(self, path: str) -> None:
        await self._took(await self.client.get(path, headers={"Accept": "text/html"}))

    async def post(self, path: str, **fields: str) -> None:
        token = re.search(r'name="csrf-token" content="([^"]+)"', self.text)
        assert token is not None
        await self._took(await self.client.post(path, data={"csrf_token": token[1]} | fields))

    async def log_in(self, phone: str = PHONE, way: str = "") -> None:
        await self.open(f"/login?next={way}")
        await self.post("/login/code", account=phone, by="code", next=way)
        assert self.status == 200, self.text
        await self.post("/login", account=phone, by="code", code=await self.code(phone), next=way)

    async def code(self, phone: str) -> str:
        response = await self.client.get("/sandbox/inbox", params={"to": phone}, headers={"Accept": "application/json"})
        return str((await response.json())[0]["code"])


@pytest.fixture
def browser(client: Client) -> Browser:
    return Browser(client)


async def test_logging_in_leads_back_and_out(browser: Browser) -> None:
    await browser.open("/me/addresses?removed=7")
    assert browser.path == "/login?next=/me/addresses?removed%3D7"
    await browser.log_in(way="/me/addresses?removed=7")
    assert (browser.status, browser.path) == (200, "/me/addresses?removed=7")
    cookies = {cookie.key: cookie for cookie in browser.client.session.cookie_jar}
    assert cookies["lf_member"]["httponly"]
    assert cookies["lf_member"]["samesite"] == "Lax"
    await browser.open("/login")
    assert browser.path == "/me"
    await browser.post("/logout")
    await browser.open("/me")
    assert browser.path == "/login?next=/me"


async def test_what_is_wrong_is_told_on_the_page_and_nothing_typed_is_lost(browser: Browser) -> None:
    await browser.open("/login")
    await browser.post("/login", account="", by="code")
    assert browser.status == 422
    assert "必填" in browser.text
    await browser.post("/login/code", account="12345", by="code")
    assert browser.status == 422
    assert "请填写 11 位手机号" in browser.text
    assert 'value="12345"' in browser.text
    for path in ("/login/code", "/login"):
        await browser.post(path, account="abc", by="code", code="000000")
        assert browser.status == 422
        assert "请填写手机号或邮箱" in browser.text
    await browser.post("/login", account=PHONE, by="code", code="000000")
    assert browser.status == 401
    assert "验证码不对或已过期" in browser.text
    await browser.post("/login", account=PHONE, by="password", password="a secret guess")
    assert browser.status == 401
    assert "账号或密码不对" in browser.text
    assert "a secret guess" not in browser.text


async def test_pages_speak_english(browser: Browser) -> None:
    response = await browser.client.get("/login", headers={"Accept-Language": "en"})
    text = await response.text()
    assert "Phone or email" in text
    assert not re.search(r"[\u4e00-\u9fff]", re.sub(r"中文", "", text.partition('<main id="main"')[2]))


async def test_the_foot_marks_the_language_of_the_page(browser: Browser) -> None:
    for language, mark in (("zh-CN", "zh-CN"), ("en", "en")):
        text = await (await browser.client.get("/categories", headers={"Accept-Language": language})).text()
        assert re.findall(r'aria-current="true" data-locale="([^"]+)"', text) == [mark]


async def test_a_form_without_its_token_is_refused(browser: Browser) -> None:
    await browser.open("/login")
    for token in ("", "forged"):
        response = await browser.client.post("/login", data={"csrf_token": token, "account": PHONE})
        assert response.status == 403
    await browser.log_in()
    for path in ("/logout", "/me/addresses", "/me/name", "/me/password", "/me/addresses/1/remove"):
        assert (await browser.client.post(path, data={})).status == 403


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\/evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        " /me",
        "javascript:alert(1)",
        "me",
        "",
        "/" + "a" * 2001,
        "///evil.example",
        "/me\\..\\x",
    ],
)
def test_logging_in_never_leads_to_another_site(path: str) -> None:
    assert local_path(path, "/me") == "/me"


def test_logging_in_leads_to_paths_of_this_site() -> None:
    for path in ("/", "/orders?status=x", "/flash-sales/7#top", "/a:b", "/me/addresses?next=https://x"):
        assert local_path(path, "/me") == path


async def test_an_address_is_added_without_a_script(browser: Browser) -> None:
    await browser.log_in()
    await browser.open("/me/addresses/new?next=/me")
    filled = {"name": "林小满", "phone": PHONE, "detail": "龙腾大道 2350 号", "next": "/me"}
    await browser.post("/me/addresses", **filled, province="330000", refresh="1")
    assert (browser.status, browser.path) == (200, "/me/addresses")
    assert '<option value="330100">杭州市</option>' in browser.text
    assert 'value="林小满"' in browser.text
    await browser.post("/me/addresses", **filled, province="330000", city="330100", refresh="1")
    assert '<option value="330106">西湖区</option>' in browser.text
    await browser.post("/me/addresses", **filled, province="330000", city="330100")
    assert browser.status == 422
    assert "请选择到区县" in browser.text
    # Whatever is wrong is told at once, by the server: a browser would stop at the first, in words of its own.
    assert re.search(r'<form[^>]* action="/me/addresses"[^>]* novalidate>', browser.text)
    await browser.post("/me/addresses", **(filled | {"phone": "12", "name": " "}))
    assert browser.status == 422
    for fault in ("请选择到区县", "请填写能联系到收货人的电话", "必填"):
        assert browser.text.count(fault) == 1, fault
    await browser.post("/me/addresses", **filled, province="330000", city="330100", region_code="330106")
    assert (browser.status, browser.path) == (200, "/me")
    await browser.open("/me/addresses")
    assert "浙江省 杭州市 西湖区 龙腾大道 2350 号" in browser.text


async def test_an_address_is_changed_removed_and_brought_back(browser: Browser, app: Application) -> None:
    await browser.log_in()
    await browser.open("/me/addresses/new")
    for name in ("第一位", "第二位"):
        await browser.post("/me/addresses", name=name, phone=PHONE, detail="某路 1 号", region_code="310104")
    async with app.database.connection() as connection:
        first, second = [row["id"] for row in await connection.fetch("SELECT id FROM addresses ORDER BY id")]
    await browser.open(f"/me/addresses/{second}")
    await browser.post(f"/me/addresses/{second}", name="改过的", phone="12", detail="某路 2 号", region_code="")
    assert browser.status == 422
    assert "请填写能联系到收货人的电话" in browser.text
    assert "请选择到区县" in browser.text
    await browser.open(f"/me/addresses/{second}")
    assert '<option value="310104" selected>徐汇区</option>' in browser.text
    await browser.post(f"/me/addresses/{second}", name="改过的", phone=PHONE, detail="某路 2 号", region_code="310104")
    assert "改过的" in browser.text
    await browser.post(f"/me/addresses/{second}/default")
    assert browser.text.index("改过的") < browser.text.index("第一位")
    await browser.post(f"/me/addresses/{second}/remove")
    assert browser.path == f"/me/addresses?removed={second}"
    assert "已删除 改过的 的地址" in browser.text
    await browser.post(f"/me/addresses/{second}/restore")
    assert browser.text.index("改过的") < browser.text.index("第一位")
    async with app.database.connection() as connection:
        held = await connection.fetch("SELECT id, is_default FROM addresses WHERE deleted_at IS NULL ORDER BY id")
    assert [tuple(row) for row in held] == [(first, False), (second, True)]


async def test_the_book_leads_back_to_where_its_reader_came_from(browser: Browser, app: Application) -> None:
    await browser.log_in()
    await browser.open("/me/addresses?next=/orders/1")
    back = 'href="/orders/1">'
    assert back in browser.text
    assert "回到订单" in browser.text
    here = "/me/addresses?next=%2Forders%2F1"
    assert f'href="/me/addresses/new?next={quote(here)}"' in browser.text
    for name in ("第一位", "第二位"):
        await browser.post("/me/addresses", name=name, phone=PHONE, detail="某路 1 号", region_code="310104", next=here)
        assert browser.path == here.replace("%2F", "/")
    async with app.database.connection() as connection:
        second = await connection.fetchval("SELECT max(id) FROM addresses")
    for act in ("default", "remove", "restore"):
        await browser.post(f"/me/addresses/{second}/{act}", next="/orders/1")
        assert browser.path.startswith("/me/addresses?"), act
        assert back in browser.text, act
    for elsewhere in ("//evil.example", "https://evil.example/", "/me/addresses"):
        await browser.open(f"/me/addresses?next={elsewhere}")
        assert browser.status == 200
        assert "回到" not in browser.text


async def test_an_address_of_somebody_else_has_no_page(browser: Browser, app: Application) -> None:
    [other] = await demo_buyers(app, 1)
    async with app.database.connection() as connection:
        theirs = await connection.fetchval("SELECT id FROM addresses WHERE member_id = $1", int(other.member_id))
    await browser.log_in()
    page = browser.text
    for path in (f"/me/addresses/{theirs}", "/me/addresses/999999"):
        await browser.open(path)
        assert browser.status == 404
    for act in ("", "/default", "/remove", "/restore"):
        browser.text = page
        await browser.post(
            f"/me/addresses/{theirs}{act}", name="我的", phone=PHONE, detail="某路", region_code="310104"
        )
        assert browser.status == 404
    async with app.database.connection() as connection:
        row = await connection.fetchrow("SELECT * FROM addresses WHERE id = $1", theirs)
    assert row["is_default"]
    assert row["deleted_at"] is None
    assert row["name"].startswith("演示买家")


async def test_a_password_is_set_then_changed_and_other_devices_are_out(browser: Browser, client: Client) -> None:
    await browser.log_in()
    response = await client.post(
        "/api/v1/auth/sessions",
        json={"phone": PHONE, "code": await _another_code(client)},
        headers={"X-CSRF-Token": _token(browser.text)},
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
    await client.post("/api/v1/auth/codes", json={"phone": PHONE}, headers={"X-CSRF-Token": _token(text)})
    return await _last_code(client)


async def _last_code(client: Client) -> str:
    response = await client.get("/sandbox/inbox", headers={"Accept": "application/json"})
    return str((await response.json())[0]["code"])


def _token(text: str) -> str:
    found = re.search(r'name="csrf-token" content="([^"]+)"', text)
    assert found is not None
    return found[1]


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


@pytest.mark.parametrize("path", ["/login", "/login/code", "/backoffice/login"])
async def test_odd_forms_are_refused(browser: Browser, path: str) -> None:
    await browser.open("/backoffice/login" if "office" in path else "/login")
    token = {"X-CSRF-Token": _token(browser.text)}
    for body, kind, status in (
        (b"account=a&account=b", "application/x-www-form-urlencoded", 422),
        (b"who=a", "application/x-www-form-urlencoded", 422),
        (b"account=" + b"a" * 300, "application/x-www-form-urlencoded", 422),
        (b"account=" + b"a" * 70_000, "application/x-www-form-urlencoded", 413),
        (b"{}", "application/json", 415),
        (b"--x", "multipart/form-data", 400),
        (b"account=a", "application/x-www-form-urlencoded; charset=nonsense", 400),
    ):
        response = await browser.client.post(path, data=body, headers=token | {"Content-Type": kind})
        assert response.status == status, (body[:20], kind, await response.text())


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


async def test_a_pasted_text_fills_the_form_and_saves_nothing(browser: Browser) -> None:
    await browser.log_in()
    await browser.open("/me/addresses/new")
    await browser.post("/me/addresses", read="1", pasted="王强 18600001111 浙江省杭州市西湖区文三路90号")
    assert browser.status == 200
    for text in ('value="王强"', 'value="18600001111"', 'value="文三路90号"', 'value="330106" selected'):
        assert text in browser.text, text
    await browser.open("/api/v1/addresses")
    assert '"total":0' in browser.text


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
