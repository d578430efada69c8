"""Who is put out is shown the door that is theirs, and comes back to where they were."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from server.application import Application
from server.http import Call, LoggedIn, Routes, StaffWith
from server.http.pages import Page, Redirect
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
