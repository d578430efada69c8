"""Who is put out is shown the door that is theirs, and comes back to where they were."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from server.application import Application
from server.database import Connection
from server.errors import Unavailable
from server.http import Anyone, Call, LoggedIn, Routes, StaffWith
from server.http.pages import Page, Redirect
from server.http.session import Identity, Kind
from server.http.web import web_app
from server.settings import Settings

routes = Routes("test")
THERE = "http://shop.example/test/desk?page=2"
DESK, BACK = "/backoffice/login", "/backoffice/login?next=%2Ftest%2Fdesk%3Fpage%3D2"


@routes.page("/test/desk", StaffWith("things.view"))
async def show_desk(call: Call) -> Page:
    """Show what staff see."""
    return Page("bare.html")


@routes.page("/test/desk/things", StaffWith("things.view"), "POST")
async def change_desk(call: Call) -> Redirect:
    """Change what staff see."""
    return Redirect("/test/desk")


@routes.page("/test/mine", LoggedIn(), "POST")
async def change_mine(call: Call) -> Redirect:
    """Change what a member sees."""
    return Redirect("/")


@routes.page("/test/open", Anyone(), "POST")
async def change_anything(call: Call) -> Redirect:
    """Change what anybody may."""
    return Redirect("/")


@routes.page("/test/busy", Anyone())
async def be_busy(call: Call) -> Page:
    """Have no time."""
    raise Unavailable


@pytest.fixture
async def site(settings: Settings, aiohttp_client: Any) -> tuple[Application, TestClient[Any, Any]]:
    app = Application(settings, ("server", "realtime"))
    app.add(routes)
    return app, await aiohttp_client(web_app(app))


async def test_a_page_that_is_opened_leads_straight_there(site: tuple[Application, TestClient[Any, Any]]) -> None:
    response = await site[1].get("/test/desk?page=2", allow_redirects=False)
    assert (response.status, response.headers["Location"]) == (303, BACK)


@pytest.mark.parametrize(
    ("method", "path", "headers", "way"),
    [
        ("GET", "/test/desk?rows", {"HX-Request": "true", "HX-Current-URL": THERE}, BACK),
        ("POST", "/test/desk/things", {"Referer": THERE}, BACK),
        ("POST", "/test/desk/things", {}, DESK),
        ("POST", "/test/desk/things", {"Referer": "http://[x"}, DESK),
        ("POST", "/test/desk/things", {"Referer": "http://a//evil.example/"}, f"{DESK}?next=%2Fevil.example%2F"),
        ("POST", "/test/mine", {"Referer": "http://shop.example/me"}, "/login?next=%2Fme"),
    ],
)
async def test_anything_else_says_so_and_shows_the_door(
    site: tuple[Application, TestClient[Any, Any]], method: str, path: str, headers: dict[str, str], way: str
) -> None:
    app, client = site
    form = {"csrf_token": app.sessions.csrf("visitor")} if method == "POST" else None
    cookie = {"Cookie": "lf_visitor=visitor"}
    response = await client.request(method, path, headers=headers | cookie, data=form)
    assert (response.status, f'href="{way}"' in await response.text()) == (401, True)


@pytest.mark.parametrize("header", [b"Referer", b"HX-Current-URL"])
@pytest.mark.parametrize(("path", "status"), [(b"/test/desk", b"401"), (b"/language/en", b"303")])
async def test_a_page_before_that_is_no_text_is_none(
    site: tuple[Application, TestClient[Any, Any]], header: bytes, path: bytes, status: bytes
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", site[1].port)
    writer.write(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\nHX-Request: true\r\n")
    writer.write(header + b": http://x/\xff\r\n\r\n")
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 " + status)
    assert (b"\r\nLocation: /\r\n" if status == b"303" else f'href="{DESK}"'.encode()) in answer


@pytest.mark.parametrize(
    ("path", "host", "headline", "href"),
    [
        ("/test/mine", "", "登录已失效", "/login?next=%2Fme%3Ftab%3D2"),
        ("/test/desk/things", "", "登录已失效", "/backoffice/login?next=%2Fme%3Ftab%3D2"),
        ("/test/mine", "http://evil.example", "登录已失效", "/login"),
        ("/test/open", "", "页面已过期", "/me?tab=2"),
    ],
)
async def test_a_form_that_has_expired_says_so_and_leads_back(
    site: tuple[Application, TestClient[Any, Any]], path: str, host: str, headline: str, href: str
) -> None:
    client = site[1]
    before = (host or f"http://{client.host}:{client.port}") + "/me?tab=2"
    response = await client.post(path, headers={"Referer": before}, data={"csrf_token": "of yesterday"})
    text = await response.text()
    assert response.status == 403
    assert f"<h1>{headline}</h1>" in text
    assert f"<title>{headline} · 凌峰</title>" in text
    assert f'class="button ink" href="{href}"' in text
    assert "evil.example" not in text
    assert "刷新" not in text


async def test_a_form_that_has_expired_under_a_member_leads_back(
    site: tuple[Application, TestClient[Any, Any]],
) -> None:
    app, client = site
    held = await _cookie(app, Kind.MEMBER)
    headers = {"Referer": f"http://{client.host}:{client.port}/me", "Cookie": f"lf_member={held}"}
    text = await (await client.post("/test/mine", headers=headers, data={"csrf_token": "x"})).text()
    assert "<h1>页面已过期</h1>" in text
    assert 'class="button ink" href="/me"' in text


async def test_staff_without_the_right_stay_in_their_console(site: tuple[Application, TestClient[Any, Any]]) -> None:
    app, client = site
    held = await _cookie(app, Kind.STAFF)
    response = await client.get("/test/desk", headers={"Cookie": f"lf_staff={held}"})
    text = await response.text()
    assert response.status == 403
    assert '<body class="console">' in text
    assert "<span>Xu<small>" in text
    assert "<h1>这里你还不能进</h1>" in text
    assert 'popovertarget="menu"' in text  # a phone's way to the rest of the console
    assert 'href="/backoffice">回看板</a>' in text
    assert 'href="/login' not in text


async def test_people_are_not_told_what_programs_are(site: tuple[Application, TestClient[Any, Any]]) -> None:
    client = site[1]
    for language, words in (("zh-CN", "系统正忙，请过一会儿再试。"), ("en", "We are busy right now.")):
        response = await client.get("/test/busy", headers={"Accept-Language": language})
        assert (response.status, words in await response.text()) == (503, True)


async def _cookie(app: Application, kind: Kind) -> str:
    async def somebody(_: Connection, subject: int) -> Identity:
        return Identity(kind=kind, id=subject, name="Xu")

    app.directory(kind, somebody)
    async with app.database.transaction() as connection:
        return (await app.sessions.issue(connection, kind, 7, "127.0.0.1", "")).token
