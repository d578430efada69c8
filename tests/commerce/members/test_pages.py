"""Logging in, and what all pages of a member share, as a browser without a script posts them."""

from __future__ import annotations

import re

import pytest

from commerce.credentials import local_path
from tests.commerce.members.browser import PHONE, Browser, Client, token_of


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


@pytest.mark.parametrize("path", ["/login", "/login/code", "/backoffice/login"])
async def test_odd_forms_are_refused(browser: Browser, path: str) -> None:
    await browser.open("/backoffice/login" if "office" in path else "/login")
    token = {"X-CSRF-Token": token_of(browser.text)}
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
