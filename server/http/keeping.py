"""Pages that guests all see alike, answered out of the process' memory (server/kept.py)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import web

from server.http.call import Call
from server.http.pages import Page, Pieces
from server.kept import Made

_LONGEST = 500
"""Characters of an address; longer ones are nobody's second visit."""


class _Shown(msgspec.Struct, frozen=True):
    """A page as it is kept: its text, and what is to be done whenever it is shown."""

    pieces: Pieces
    works: tuple[Callable[[Call], None], ...]


class _Another(Exception):
    """The handler answered with something that is not to be kept."""

    def __init__(self, response: web.Response) -> None:
        self.response = response


async def respond(call: Call, answer: Callable[[], Awaitable[Any]]) -> web.Response:
    """Return a page route's answer to a guest: as it was made for another, unless what it shows has changed since."""
    pages, address, mine = call.app.pages, call.request.path_qs, False
    if len(address) > _LONGEST:
        return pages.respond(call, await answer())

    async def make() -> Made[_Shown]:
        nonlocal mine
        mine = True
        result = await answer()
        if not isinstance(result, Page) or result.status != 200 or result.forms or result.headers or not call.topics:
            raise _Another(pages.respond(call, result))
        shown = _Shown(pages.cut(call, result, told), tuple(call.every_time))
        size = sum(map(len, shown.pieces)) + 2 * len(address) + 1_000
        return Made(shown, frozenset(call.topics), size, call.lasting)

    told = pages.companions(call)
    key = ("page", address, call.tr.locale, "HX-Request" in call.request.headers, tuple(told.values()))
    try:
        shown = await call.app.kept.find(key, make)
    except _Another as other:
        return other.response
    if not mine:
        for work in shown.works:
            work(call)
    return pages.fill(call, shown.pieces)
