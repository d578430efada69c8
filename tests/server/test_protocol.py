"""Below the routes: requests that cannot be read, and what every answer says of us."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from server.application import Application
from server.http.protocol import Runner
from server.http.web import web_app
from server.settings import Settings


@pytest.fixture
async def port(settings: Settings) -> AsyncIterator[int]:
    """The port of a site that is served as `lingfeng web` serves it."""
    app = Application(settings, ("server", "realtime"))
    site = web_app(app)

    async def forbidden(_: web.Request) -> web.StreamResponse:
        raise web.HTTPForbidden

    async def broken(_: web.Request) -> web.StreamResponse:
        raise ZeroDivisionError

    site.router.add_get("/forbidden", forbidden)
    site.router.add_get("/broken", broken)
    runner = Runner(app, site, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", settings.port).start()
    yield settings.port
    await runner.cleanup()


async def talk(port: int, sent: bytes) -> tuple[int, dict[str, str], bytes]:
    """Send bytes on a connection of their own and return status, headers and body of the first answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(sent)
        async with asyncio.timeout(10):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            lines = head.split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:] if line)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
        return int(lines[0].split()[1]), headers, body
    finally:
        writer.close()


HOST = b"Host: shop.example\r\n"
UNREADABLE = {
    "a header of 9 KiB": b"GET /healthz HTTP/1.1\r\n" + HOST + b"X-Long: " + b"a" * 9_000 + b"\r\n\r\n",
    "an address of 9 KiB": b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "no request line": b"hello\r\n\r\n",
    "no such version": b"GET / HTTP/9.9\r\n" + HOST + b"\r\n",
    "a method of odd letters": b"G@T / HTTP/1.1\r\n" + HOST + b"\r\n",
    "a header without a name": b"GET / HTTP/1.1\r\n" + HOST + b": x\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "a length that is none": b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: x\r\n\r\n",
    "length and chunks": b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    "bad chunks": b"POST /api/v1/csp HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    "an expectation": b"GET /healthz HTTP/1.1\r\n" + HOST + b"Expect: the-impossible\r\n\r\n",
}


async def test_what_cannot_be_read_is_refused_in_our_form(port: int) -> None:
    for what, sent in UNREADABLE.items():
        status, headers, body = await talk(port, sent)
        assert (status, headers["content-type"]) == (400, "application/json"), (what, body)
        error = json.loads(body)["error"]
        assert (error["code"], headers["server"]) == ("bad_request", "Lingfeng"), what
        assert error["message"], what


async def test_no_answer_tells_versions(port: int) -> None:
    for path, status in (
        ("/healthz", 200),
        ("/static/img/icon.svg", 200),
        ("/static/none.css", 404),
        ("/favicon.ico", 302),
        ("/nowhere", 404),
        ("/broken", 500),
        ("/forbidden", 500),
        ("/socket.io/?EIO=3&transport=polling", 400),
        ("/socket.io/?EIO=4&transport=polling", 200),
        ("/metrics", 200),
    ):
        given, headers, body = await talk(port, b"GET " + path.encode() + b" HTTP/1.1\r\n" + HOST + b"\r\n")
        assert (given, headers["server"]) == (status, "Lingfeng"), (path, body)
        assert b"Traceback" not in body
        if status == 500:
            assert json.loads(body)["error"]["code"] == "internal"


async def test_a_websocket_tells_no_versions(port: int) -> None:
    asked = (
        b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"
        + HOST
        + b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        + b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    status, headers, _ = await talk(port, asked)
    assert (status, headers.get("server")) == (101, None)
