"""Answers that lie ready are told like any other, on whatever connection."""

from __future__ import annotations

import asyncio
import json
import re
from email.utils import parsedate_to_datetime

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from server.clock import now
from server.http.ready import Ready, suits

BODY = b'{"error":{"code":"sold_out","message":"\xe5\xb7\xb2\xe5\x94\xae\xe7\xbd\x84"}}'
READY = Ready(409, BODY, {"Retry-After": "1"})


async def answer(request: web.Request) -> web.StreamResponse:
    await request.read()
    return READY if suits(request) else web.Response(status=409, body=BODY, headers={"Retry-After": "1"})


async def talk(port: int, *requests: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for request in requests:
        writer.write(request)
    raw = b""
    try:
        async with asyncio.timeout(5):
            while raw.count(BODY) < len(requests) and (more := await reader.read(4096)):
                raw += more
            return raw
    finally:
        writer.close()


def told(raw: bytes) -> tuple[bytes, dict[str, str], bytes]:
    head, _, body = raw.partition(b"\r\n\r\n")
    line, *fields = head.split(b"\r\n")
    return line, {k.lower(): v for k, v in (field.decode().split(": ", 1) for field in fields)}, body


@pytest.mark.parametrize("version", [b"HTTP/1.1", b"HTTP/1.0"])
@pytest.mark.parametrize("connection", [b"", b"Connection: close\r\n", b"Connection: keep-alive\r\n"])
async def test_whoever_asks_hears_the_same(version: bytes, connection: bytes) -> None:
    site = web.Application()
    site.router.add_post("/", answer)
    async with TestServer(site) as server:
        assert server.port is not None
        request = b"POST / " + version + b"\r\nHost: x\r\nContent-Length: 2\r\n" + connection + b"\r\n{}"
        line, headers, body = told(await talk(server.port, request))
    assert line.endswith(b" 409 Conflict")
    assert body == BODY
    assert headers["content-length"] == str(len(BODY))
    assert headers["retry-after"] == "1"
    assert abs((parsedate_to_datetime(headers["date"]) - now()).total_seconds()) < 10
    assert json.loads(body)["error"]["code"] == "sold_out"
    if connection == b"Connection: close\r\n" and version == b"HTTP/1.1":
        assert headers["connection"] == "close"


async def test_one_answer_serves_many_requests_of_one_connection_and_of_many() -> None:
    site = web.Application()
    site.router.add_post("/", answer)
    async with TestServer(site) as server:
        assert server.port is not None
        request = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
        heard = await asyncio.gather(*(talk(server.port, *[request] * 5) for _ in range(20)))
    for raw in heard:
        assert len(re.findall(rb"HTTP/1\.1 409 Conflict\r\n", raw)) == 5
        assert raw.count(BODY) == 5


async def test_who_does_not_read_is_waited_for() -> None:
    long = Ready(409, b"x" * 100_000, {})
    answered, most = 0, 0

    async def given(request: web.Request) -> web.StreamResponse:
        nonlocal answered, most
        await request.read()
        assert request.transport is not None
        most = max(most, request.transport.get_write_buffer_size())
        answered += 1
        return long

    site = web.Application()
    site.router.add_post("/", given)
    async with TestServer(site) as server:
        assert server.port is not None
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1000)
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}" * 400)
        try:
            async with asyncio.timeout(20):
                before = -1
                while before != answered:
                    before = answered
                    await asyncio.sleep(0.3)
                assert answered < 400, "40 MB are on no socket"
                left = 400
                while left:
                    head = await reader.readuntil(b"\r\n\r\n")
                    assert head.startswith(b"HTTP/1.1 409")
                    await reader.readexactly(100_000)
                    left -= 1
        finally:
            writer.close()
    assert most < 1_000_000
