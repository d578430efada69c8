"""The features' static files: style sheets, modules, pictures."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from pathlib import Path

from aiohttp import web

from server.http.pages import GUARDS
from server.http.templates import digest_of

_YEAR = "public, max-age=31536000, immutable"
mimetypes.add_type("text/javascript", ".mjs")
mimetypes.add_type("image/webp", ".webp")


async def show(folders: Mapping[str, Path], request: web.Request) -> web.StreamResponse:
    """Serve a feature's static file, a compressed sibling where there is one; no path leads out of its folder.

    It may be kept for ever under an address that carries its digest, and under no other: else whoever invents an
    address, or asks an old process for a new file, leaves the wrong content in caches for a year.
    """
    path = request.match_info["path"]
    prefix, _, rest = path.partition("/")
    folder = folders.get(prefix)
    base, name = (folder, rest) if folder is not None and prefix else (folders[""], path)
    file = _inside(base, name)
    if file is None:
        raise web.HTTPNotFound
    kept = request.query.get("v") == digest_of(file) if "v" in request.query else False
    headers = dict(GUARDS) | {"Cache-Control": _YEAR if kept else "no-cache"}
    media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    headers["Content-Type"] = media_type + ("; charset=utf-8" if media_type.startswith("text/") else "")
    if file.suffix == ".svg":
        headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
    return web.FileResponse(file, headers=headers)


def _inside(folder: Path, name: str) -> Path | None:
    if "\x00" in name:
        return None
    file = (folder / name).resolve()
    try:
        return file if file.is_relative_to(folder.resolve()) and file.is_file() else None
    except OSError:  # a name longer than any file has
        return None
