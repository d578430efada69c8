"""Pictures that people upload: never trusted, always decoded and encoded anew, kept under their digest.

What comes out has no metadata, no second file hidden behind the first, and bounds in bytes and pixels. Decoding runs in
a small pool of processes, so that a picture that breaks the decoder breaks a child and a slow one stops no request.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import io
import multiprocessing
import os
import secrets
import warnings
from collections.abc import AsyncIterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from aiohttp import web
from PIL import Image, ImageOps, UnidentifiedImageError

from server.database import Connection
from server.errors import BadRequest, Invalid, Problem, TooLarge, Unavailable, UnsupportedMedia
from server.http import Call, Id, LoggedIn, Routes, View
from server.http.forms import posted
from server.http.routes import Key

if TYPE_CHECKING:
    from server.application import Application

MOST_BYTES = 8 * 1024 * 1024
MOST_PIXELS = 40_000_000
LONGEST_SIDE = 2048
"""Pixels; larger pictures are made smaller."""
DECODE_WITHIN = 15.0
"""Seconds."""
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
_SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"RIFF")
_SLACK = 4096  # bytes of a multipart body around the file
FOLDER = ("media", "u")
ADDRESS = "/media/u/"

routes = Routes("uploads")


class PictureTooLarge(TooLarge):
    """More bytes or pixels than a picture needs."""

    code, message = "picture_too_large", "图片过大：最大 8 MB、4000 万像素"


class NotAPicture(UnsupportedMedia):
    """The bytes are no JPEG, PNG, WebP or GIF, whatever their name says."""

    code, message = "not_a_picture", "只支持 JPEG、PNG、WebP、GIF 图片"


class PictureBroken(Problem):
    """The picture begins well and cannot be decoded."""

    code, status, message = "picture_broken", 422, "图片已损坏，无法读取"


class UploadView(View, frozen=True):
    """A stored picture."""

    id: Id
    url: str
    width: int
    height: int
    media_type: str
    size: int


class Picture(msgspec.Struct, frozen=True):
    """A picture as encoded by us."""

    body: bytes
    width: int
    height: int
    media_type: str = "image/webp"


class Encoders:
    """The processes that decode pictures; started when first needed, replaced when one dies."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None
        self._free = asyncio.Semaphore(8)

    async def encode(self, raw: bytes) -> Picture:
        """Return ``raw`` encoded anew. Raises NotAPicture, PictureTooLarge, PictureBroken, Unavailable."""
        if not raw.startswith(_SIGNATURES):
            raise NotAPicture
        if self._free.locked():
            raise Unavailable(2)
        async with self._free:
            if self._pool is None:
                context = multiprocessing.get_context("forkserver")
                self._pool = ProcessPoolExecutor(2, context, max_tasks_per_child=200)
            pool = self._pool
            try:
                async with asyncio.timeout(DECODE_WITHIN):
                    result = await asyncio.get_running_loop().run_in_executor(pool, encode, raw)
            except BrokenProcessPool:
                self._drop(pool)
                raise PictureBroken from None
            except TimeoutError:
                self._drop(pool)
                raise PictureBroken from None
        if isinstance(result, Picture):
            return result
        raise {"large": PictureTooLarge, "format": NotAPicture}.get(result, PictureBroken)

    def close(self) -> None:
        """End the processes."""
        if self._pool is not None:
            self._drop(self._pool)

    def _drop(self, pool: ProcessPoolExecutor) -> None:
        """Give up a pool with whatever its processes are stuck in."""
        if self._pool is pool:
            self._pool = None
        for process in list((pool._processes or {}).values()):
            process.kill()  # shutdown() alone waits for a decoder that never ends
        pool.shutdown(wait=False, cancel_futures=True)


def encode(raw: bytes) -> Picture | str:
    """Return ``raw`` as WebP without metadata, turned upright, or why not: ``format``, ``large``, ``broken``."""
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(io.BytesIO(raw), formats=FORMATS) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    return "large"
                picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # a JPEG is decoded no larger than needed
                upright = ImageOps.exif_transpose(picture)
                clear = upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info
                flat = upright.convert("RGBA" if clear else "RGB")
        except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError):
            return "large"
        except UnidentifiedImageError:
            return "format"
        except (OSError, ValueError, SyntaxError, TypeError, KeyError, IndexError, EOFError, ArithmeticError):
            return "broken"  # what Pillow's decoders raise on bytes that lie
    flat.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    clean = Image.new(flat.mode, flat.size)
    clean.paste(flat)  # carries pixels and nothing else
    out = io.BytesIO()
    clean.save(out, "WEBP", quality=82, method=4)
    return Picture(out.getvalue(), clean.width, clean.height)


async def store(app: Application, connection: Connection, owner: str, picture: Picture) -> UploadView:
    """Keep ``picture`` as a file named by its digest and a row in the caller's transaction; the same one is kept once.

    The file is there before the row: a transaction that fails leaves at most a file that nothing names.
    """
    digest = hashlib.sha256(picture.body).hexdigest()
    name = f"{digest}.webp"
    await asyncio.to_thread(_write, app.settings.home.joinpath(*FOLDER, digest[:2]), name, picture.body)
    row = await connection.fetchrow(
        """
        INSERT INTO uploads AS u (digest, media_type, size, width, height, owner) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (digest) DO UPDATE SET digest = u.digest RETURNING id
        """,
        digest,
        picture.media_type,
        len(picture.body),
        picture.width,
        picture.height,
        owner,
    )
    return UploadView(
        id=str(row["id"]),
        url=f"{ADDRESS}{digest[:2]}/{name}",
        width=picture.width,
        height=picture.height,
        media_type=picture.media_type,
        size=len(picture.body),
    )


def _write(folder: Path, name: str, body: bytes) -> None:
    """Write a file that appears whole or not at all, and survives a power cut."""
    path = folder / name
    if path.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / f".{secrets.token_hex(8)}"
    try:
        with made.open("xb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        made.rename(path)
    finally:
        made.unlink(missing_ok=True)


async def read_picture(call: Call) -> bytes:
    """Return the bytes of the form's ``file``. Raises UnsupportedMedia, PictureTooLarge, Invalid."""
    request = call.request
    if request.content_type != "multipart/form-data":
        raise UnsupportedMedia
    if request.content_length is not None and request.content_length > MOST_BYTES + _SLACK:
        raise PictureTooLarge
    try:
        form = await posted(request)
    except TooLarge:
        raise PictureTooLarge from None
    except BadRequest:
        raise Invalid("file", "表单读不出来") from None
    unknown = set(form) - {"file"}
    if unknown:
        raise Invalid(min(unknown), "没有这个字段")
    field = form.get("file")
    if not isinstance(field, web.FileField):
        raise Invalid("file", "必填")
    with contextlib.closing(field.file):
        raw = await asyncio.to_thread(field.file.read)
    if len(raw) > MOST_BYTES:
        raise PictureTooLarge
    return raw


@routes.post(
    "/api/v1/uploads",
    LoggedIn(),
    status=201,
    key=Key.OWN,
    most=MOST_BYTES + _SLACK,
    limit="60/minute",
    deadline=60.0,
    errors=(PictureTooLarge, NotAPicture, PictureBroken),
)
async def upload(call: Call) -> UploadView:
    """Upload a picture (JPEG, PNG, WebP or GIF, at most 8 MB) as the form's field `file`."""
    picture = await call.resource(Encoders).encode(await read_picture(call))
    async with call.transaction() as connection:
        return await store(call.app, connection, call.owner, picture)


def setup(app: Application) -> None:
    """Register the route, the pool of decoders and the folder that pictures are served from."""
    app.provide(Encoders, Encoders())
    app.add(routes)
    app.lifespan(_encoders)
    app.extend_web(_serve)


@contextlib.asynccontextmanager
async def _encoders(app: Application) -> AsyncIterator[None]:
    try:
        yield
    finally:
        app.resource(Encoders).close()


def _serve(app: Application, site: web.Application) -> None:
    """Serve the uploaded pictures, which never change under their address."""
    folder = app.settings.home.joinpath(*FOLDER)

    async def show(request: web.Request) -> web.StreamResponse:
        part, digest = request.match_info["part"], request.match_info["digest"]
        path = folder / part / f"{digest}.webp"
        if not digest.startswith(part) or not await asyncio.to_thread(path.is_file):
            raise web.HTTPNotFound
        return web.FileResponse(
            path,
            headers={
                "Content-Type": "image/webp",
                "Cache-Control": "public, max-age=31536000, immutable",
                "X-Content-Type-Options": "nosniff",
                "Content-Security-Policy": "default-src 'none'; sandbox",
            },
        )

    site.router.add_get(f"{ADDRESS}{{part:[0-9a-f]{{2}}}}/{{digest:[0-9a-f]{{64}}}}.webp", show)
