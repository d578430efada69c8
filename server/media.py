"""Files under /media/: served for ever, or withheld from the public for as long as nobody may show them.

A withheld file lies below ``media/withheld`` under the path that it had. Who may see it still (its uploader, staff)
gets a sealed address, which lasts an hour and opens for them alone. Files move under the lock of their address and by
what is true then: whoever has changed what they go by asks for it again, and the last one is right.
"""

from __future__ import annotations

import asyncio
import hmac
import time
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from server import files
from server.database import Connection
from server.errors import Problem
from server.pictures import THUMBNAILS, sized

if TYPE_CHECKING:
    from server.application import Application

LASTS = 3600
"""Seconds that a sealed address lasts."""
_FOREVER = "public, max-age=31536000, immutable, s-maxage=600"
"""Who has seen a file may keep it; caches that many share ask again after ten minutes whether it is there still."""


class Withheld(Problem):
    """The file is one that was withheld, or waits for somebody to look at it."""

    code, status, message = "withheld", 422, "它没有通过审核，或者正在审核，不能再用"


def path_of(home: Path, address: str) -> Path:
    """Return where the file of an address (``/media/…``) lies while it is served."""
    return home / address[1:]


def withheld_path(home: Path, address: str) -> Path:
    """Return where the file of an address lies while it is withheld."""
    return home / "media" / "withheld" / address.removeprefix("/media/")


async def hold(connection: Connection, address: str) -> None:
    """Have who keeps the file of an address, who moves it and who removes it wait for each other until the transaction
    ends."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('media:' || $1, 0))", address)


async def keep(app: Application, address: str, body: bytes) -> None:
    """Write the file of an address, which stays where it is if it is there."""
    await asyncio.to_thread(files.keep, path_of(app.settings.home, address), body)


async def hold_served(app: Application, address: str) -> None:
    """Raise Withheld if the file of a held address is withheld."""
    if await asyncio.to_thread(withheld_path(app.settings.home, address).is_file):
        raise Withheld


async def is_served(app: Application, address: str) -> bool:
    """Tell whether the file of an address is served to everybody."""
    return await asyncio.to_thread(path_of(app.settings.home, address).is_file)


async def withhold(app: Application, address: str) -> None:
    """Serve the file of a held address, and its thumbnails, to nobody but who has a sealed address."""
    for each in _with_thumbnails(address):
        await asyncio.to_thread(files.move, path_of(app.settings.home, each), withheld_path(app.settings.home, each))


async def release(app: Application, address: str) -> None:
    """Serve the file of a held address, and its thumbnails, to everybody again."""
    for each in reversed(_with_thumbnails(address)):
        await asyncio.to_thread(files.move, withheld_path(app.settings.home, each), path_of(app.settings.home, each))


async def remove(app: Application, address: str) -> None:
    """Remove the file of a held address and its thumbnails, wherever they lie."""
    for each in _with_thumbnails(address):
        for path in (path_of(app.settings.home, each), withheld_path(app.settings.home, each)):
            await asyncio.to_thread(path.unlink, missing_ok=True)


def sealed(secret: bytes, address: str, owner: str) -> str:
    """Return the address under which ``owner`` (``member:7``, ``staff:3``), logged in, gets a file for an hour also
    while it is withheld."""
    until = int(time.time()) + LASTS
    return f"{address}?until={until}&seal={_seal(secret, address, owner, str(until))}"


async def show(
    app: Application, request: web.Request, address: str, media_type: str, thumbnail: str = ""
) -> web.StreamResponse:
    """Answer with the file of an address, or its ``thumbnail`` where there is one. Raises HTTPNotFound."""
    home, cache = app.settings.home, _FOREVER
    wanted = [thumbnail, address] if thumbnail else [address]  # no larger than its thumbnail would be, or older
    found = await _first(*(path_of(home, each) for each in wanted))
    if found is None and await _opens(app, address, request):
        found, cache = await _first(*(withheld_path(home, each) for each in wanted)), "private, no-store"
    if found is None:
        raise web.HTTPNotFound
    return web.FileResponse(
        found,
        headers={
            "Content-Type": media_type,
            "Cache-Control": cache,
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )


def _with_thumbnails(address: str) -> list[str]:
    """Return a picture's address and those of its thumbnails; of anything else its address."""
    return list(dict.fromkeys([address, *(sized(address, side) for side in THUMBNAILS)]))


async def _first(*paths: Path) -> Path | None:
    for path in paths:
        if await asyncio.to_thread(path.is_file):
            return path
    return None


async def _opens(app: Application, address: str, request: web.Request) -> bool:
    """Tell whether the request's seal was made for one of those whom it shows to be logged in, and lasts."""
    until, seal = request.query.get("until", ""), request.query.get("seal", "").encode(errors="replace")
    if not seal:
        return False
    for owner in await app.sessions.owners(request.headers, request.cookies):
        if hmac.compare_digest(seal, _seal(app.settings.secret, address, owner, until).encode()):
            return int(until) > time.time()  # a seal of ours: it is a number
    return False


def _seal(secret: bytes, address: str, owner: str, until: str) -> str:
    return hmac.digest(secret, f"media:{address}:{owner}:{until}".encode(errors="replace"), "sha256").hex()
