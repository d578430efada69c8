"""Pictures that shops show, out of the data folder, under addresses that name their content."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import re
from functools import lru_cache
from pathlib import Path

from server import files
from server.errors import NotFound
from server.http import Anyone, Call, Routes
from server.http.pages import File

FOLDER = "media"
TYPES = {
    "svg": "image/svg+xml",
    "png": "image/png",
    "jpg": "image/jpeg",
    "webp": "image/webp",
    "avif": "image/avif",
}
_PART = r"[a-z0-9][a-z0-9_-]{0,80}"
_FOLDER = re.compile(_PART)
_NAME = re.compile(rf"{_PART}\.({'|'.join(TYPES)})")
_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Cross-Origin-Resource-Policy": "same-origin",
    # An SVG that is opened by itself is a document: its scripts must not run on our origin.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
}

routes = Routes("media")


def keep(home: Path, folder: str, name: str, suffix: str, body: bytes) -> str:
    """Write a picture into the data folder, under a name that ends in its digest, and return its address.

    A file that is there already is left alone. Raises ValueError for a name that could not be served.
    """
    file = f"{name}-{hashlib.sha256(body).hexdigest()[:10]}.{suffix}"
    if _FOLDER.fullmatch(folder) is None or _NAME.fullmatch(file) is None:
        raise ValueError(f"no name for a picture: {folder}/{file}")
    files.keep(home / FOLDER / folder / file, body)
    return f"/{FOLDER}/{folder}/{file}"


@routes.page("/media/{folder}/{name}", Anyone())
async def media(call: Call, folder: str, name: str) -> File:
    """Serve a picture for ever: another content has another address."""
    match = _NAME.fullmatch(name)
    if match is None or _FOLDER.fullmatch(folder) is None:
        raise NotFound
    try:
        path = call.app.settings.home / FOLDER / folder / name
        if match[1] != "svg":
            return File(await asyncio.to_thread(path.read_bytes), TYPES[match[1]], _HEADERS)
        plain, packed = await asyncio.to_thread(_drawing, path)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        raise NotFound from None
    headers = _HEADERS | {"Vary": "Accept-Encoding"}
    if "gzip" in call.request.headers.get("Accept-Encoding", ""):
        return File(packed, TYPES["svg"], headers | {"Content-Encoding": "gzip"})
    return File(plain, TYPES["svg"], headers)


@lru_cache(maxsize=512)
def _drawing(path: Path) -> tuple[bytes, bytes]:
    """Return a drawing as it is and packed. Its name holds its digest, so what is remembered cannot be stale."""
    body = path.read_bytes()
    return body, gzip.compress(body, 9)
