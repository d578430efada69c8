"""Answers whose bytes lie ready: written in one piece, without assembling headers for each."""

from __future__ import annotations

import time
from http import HTTPStatus

from aiohttp import ClientConnectionResetError, HttpVersion11, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.helpers import rfc822_formatted_time

NAME = "Lingfeng"
"""The Server header: what runs here, and not in which version."""
_date: tuple[int, bytes] = (0, b"")


class Ready(web.StreamResponse):
    """A JSON answer that any number of requests may be given, one after the other and at once: it holds no state.

    It speaks HTTP/1.1 on a connection that stays: return it only where ``suits`` says so.
    """

    def __init__(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        super().__init__(status=status)
        lines = {
            **headers,
            "Content-Type": "application/json; charset=utf-8",
            "Content-Length": str(len(body)),
            "Server": NAME,
        }
        told = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self._head = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n{told}Date: ".encode("latin-1")
        self._tail = b"\r\n\r\n" + body

    @property
    def keep_alive(self) -> bool:
        """Tell the server to leave the connection open."""
        return True

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Write all of it, and wait for a client that asks on and does not read. Raises ClientConnectionResetError."""
        transport = request.transport
        if transport is None or transport.is_closing():
            raise ClientConnectionResetError("gone before it was answered")
        transport.write(self._head + _now() + self._tail)
        await request.writer.drain()
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """There is nothing left to write."""


def suits(request: web.BaseRequest) -> bool:
    """Tell whether ``request`` may be answered so: others want a Connection header, and perhaps no body."""
    return request.version == HttpVersion11 and request.keep_alive and request.method != "HEAD"


def _now() -> bytes:
    """Return the Date header's value, made once a second."""
    global _date
    second = int(time.time())
    if second != _date[0]:
        _date = (second, rfc822_formatted_time().encode())
    return _date[1]
