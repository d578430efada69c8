"""Pictures that people upload: encoded anew (server/pictures.py) and kept under their digest."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import msgspec
import structlog
from aiohttp import web

from server import files, media
from server.database import DOWN, Connection
from server.errors import BadRequest, Invalid, TooLarge, UnsupportedMedia
from server.http import Call, Id, Kind, LoggedIn, Routes, View
from server.http.forms import posted
from server.http.routes import Key
from server.jobs import Job, enqueue_all
from server.media import Withheld
from server.pictures import (
    ADDRESS,
    MOST_BYTES,
    THUMBNAILS,
    Encoders,
    NotAPicture,
    Picture,
    PictureBroken,
    PictureTooLarge,
    sized,
)

if TYPE_CHECKING:
    from server.application import Application

_SLACK = 4096  # bytes of a multipart body around the file
log = structlog.get_logger("uploads")
FOLDER = ("media", "u")
ORIGINALS = "originals"
"""Beside the pictures that are served: what people sent, metadata and all. Nothing reads it but operators."""
REMOVE = "uploads.remove"
PER_MEMBER = "200/day"
"""Pictures that one member may upload: enough for reviews with all their pictures, too few to fill a disk with."""
KEPT_HOURS = 24
"""Hours that a member's picture waits for something that shows it."""
_SIDES = "|".join(str(side) for side in THUMBNAILS)

routes = Routes("uploads")


class Removal(msgspec.Struct, frozen=True):
    """The job that removes the files of a picture."""

    digest: str


class UploadView(View, frozen=True):
    """A stored picture."""

    id: Id
    url: str
    width: int
    height: int
    media_type: str
    size: int


async def store(
    app: Application, connection: Connection, owner: str, picture: Picture, original: bytes | None = None
) -> UploadView:
    """Keep ``picture`` as a file named by its digest and a row in the caller's transaction; the same one is kept once.

    Of several who sent the same, staff own it before members, and the last before the others. Its thumbnails lie beside
    it, ``original`` where nobody is served from. The files are there before the row: a transaction that fails leaves at
    most files that nothing names. What a member sent waits a day for something that shows it. Locks the address.

    Raises Withheld when a member sends one that the public does not get; one that staff send it gets from then on.
    """
    digest = hashlib.sha256(picture.body).hexdigest()
    address = _address(digest)
    await media.hold(connection, address)
    if owner.startswith("staff:"):
        await media.release(app, address)
    await media.hold_served(app, address)
    for side, body in picture.smaller:
        await media.keep(app, sized(address, side), body)
    if original is not None:
        await asyncio.to_thread(files.keep, app.settings.home / ORIGINALS / digest[:2] / digest, original)
    await media.keep(app, address, picture.body)
    row = await connection.fetchrow(
        """
        INSERT INTO uploads AS u (digest, media_type, size, width, height, owner, kept_until)
        VALUES (
            $1, $2, $3, $4, $5, $6,
            CASE WHEN $6 LIKE 'member:%' THEN now() + make_interval(hours => $7) END
        )
        ON CONFLICT (digest) DO UPDATE SET
            owner = CASE WHEN excluded.owner LIKE 'staff:%' OR u.owner NOT LIKE 'staff:%' THEN excluded.owner
                ELSE u.owner END,
            kept_until = CASE WHEN u.owner LIKE 'staff:%' THEN NULL ELSE excluded.kept_until END
        RETURNING id
        """,
        digest,
        picture.media_type,
        len(picture.body),
        picture.width,
        picture.height,
        owner,
        KEPT_HOURS,
    )
    return UploadView(
        id=str(row["id"]),
        url=address,
        width=picture.width,
        height=picture.height,
        media_type=picture.media_type,
        size=len(picture.body),
    )


async def hand_over(connection: Connection, owner: str, to: str) -> None:
    """Have what ``owner`` uploaded be ``to``'s."""
    await connection.execute("UPDATE uploads SET owner = $2 WHERE owner = $1", owner, to)


async def owned(connection: Connection, owner: str) -> list[str]:
    """Return the addresses of what ``owner`` uploaded."""
    rows = await connection.fetch("SELECT digest FROM uploads WHERE owner = $1 ORDER BY id", owner)
    return [_address(row["digest"]) for row in rows]


async def let_go(connection: Connection, addresses: Collection[str]) -> None:
    """Have those of these that members uploaded be gone soon, unless something else shows them."""
    await connection.execute(
        "UPDATE uploads SET kept_until = now() WHERE digest = ANY ($1) AND owner LIKE 'member:%'", _digests(addresses)
    )


async def due(connection: Connection, most: int) -> list[str]:
    """Return the addresses of uploads that have waited long enough, their rows locked: nobody begins to show them
    meanwhile. Those that somebody is at now are left for later."""
    rows = await connection.fetch(
        """
        SELECT digest FROM uploads WHERE kept_until <= now() ORDER BY kept_until, id LIMIT $1 FOR UPDATE SKIP LOCKED
        """,
        most,
    )
    return [_address(row["digest"]) for row in rows]


async def settle(connection: Connection, addresses: Collection[str], shown: Collection[str]) -> None:
    """Have those of these uploads that are ``shown`` stay and the others be gone, files too, soon after the commit."""
    await connection.execute("UPDATE uploads SET kept_until = NULL WHERE digest = ANY ($1)", _digests(shown))
    rows = await connection.fetch(
        "DELETE FROM uploads WHERE digest = ANY ($1) AND NOT digest = ANY ($2) RETURNING digest",
        _digests(addresses),
        _digests(shown),
    )
    await enqueue_all(connection, REMOVE, [Removal(row["digest"]) for row in rows])


async def of_staff(connection: Connection, addresses: Collection[str]) -> set[str]:
    """Return which of these addresses staff uploaded."""
    rows = await connection.fetch(
        "SELECT digest FROM uploads WHERE digest = ANY ($1) AND owner LIKE 'staff:%'", _digests(addresses)
    )
    return {_address(row["digest"]) for row in rows}


async def remove(app: Application, removal: Removal) -> None:
    """Remove the files of a picture, unless somebody has uploaded the same meanwhile."""
    digest = removal.digest
    async with app.database.transaction() as connection:
        await media.hold(connection, _address(digest))
        if await connection.fetchval("SELECT true FROM uploads WHERE digest = $1", digest):
            return
        await media.remove(app, _address(digest))
        original = app.settings.home / ORIGINALS / digest[:2] / digest
        await asyncio.to_thread(original.unlink, missing_ok=True)


def _address(digest: str) -> str:
    return f"{ADDRESS}{digest[:2]}/{digest}.webp"


def _digests(addresses: Collection[str]) -> list[str]:
    return [Path(address).stem for address in addresses]


async def read_picture(call: Call) -> bytes:
    """Return the bytes of the form's ``file``. Raises UnsupportedMedia, PictureTooLarge, Invalid, RateLimited."""
    request = call.request
    if call.identity is not None and call.identity.kind is Kind.MEMBER:
        await call.app.limits.check(PER_MEMBER, "pictures", call.owner)
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
    unknown = set(form) - {"file", "csrf_token"}
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
    errors=(PictureTooLarge, NotAPicture, PictureBroken, Withheld),
)
async def upload(call: Call) -> UploadView:
    """Upload a picture (JPEG, PNG, WebP or GIF, at most 8 MB) as the form's field `file`."""
    picture = await call.resource(Encoders).encode(await read_picture(call))
    async with call.transaction() as connection:
        return await store(call.app, connection, call.owner, picture)


class Named:
    """Who knows the address of a picture that the database names: one each suffices to see that the files are gone."""

    def __init__(self) -> None:
        self.known: list[Callable[[Connection], Awaitable[str | None]]] = []

    def add(self, one: Callable[[Connection], Awaitable[str | None]]) -> None:
        """Add who returns the address of a picture, ``/media/…``, or None while there is none."""
        self.known.append(one)


async def warn_of_missing(app: Application) -> None:
    """Log a warning when the database names pictures that this data folder does not have, instead of many silent 404s:
    it was restored without them, or another machine's folder holds them."""
    try:
        async with app.database.connection() as connection:
            named = [address for one in app.resource(Named).known if (address := await one(connection))]
    except (*DOWN, asyncpg.UndefinedTableError) as error:  # nothing can be told now, and others tell why
        log.debug("pictures were not looked for", error=f"{type(error).__name__}: {error}")
        return
    gone = [address for address in named if not await asyncio.to_thread((app.settings.home / address[1:]).is_file)]
    if gone:
        log.warning(
            "pictures are missing: bring media/ of the data folder back, or share it between the machines",
            folder=str(app.settings.home / FOLDER[0]),
            example=gone[0],
        )


async def _any_upload(connection: Connection) -> str | None:
    digest = await connection.fetchval("SELECT digest FROM uploads ORDER BY id LIMIT 1")
    return _address(digest) if digest else None


@contextlib.asynccontextmanager
async def _look(app: Application) -> AsyncIterator[None]:
    """Look beside the start, which waits for no database."""
    looking = asyncio.create_task(warn_of_missing(app), name="look for pictures")
    try:
        yield
    finally:
        looking.cancel()
        await asyncio.wait([looking])


def setup(app: Application) -> None:
    """Register the route, the pool of decoders and the folder that pictures are served from."""
    app.provide(Encoders, Encoders())
    named = Named()
    named.add(_any_upload)
    app.provide(Named, named)
    app.lifespan(_look, "web")
    app.add(routes)
    app.job(Job(name=REMOVE, payload=Removal, run=remove))
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

    async def show(request: web.Request) -> web.StreamResponse:
        part, digest, side = (request.match_info[name] for name in ("part", "digest", "side"))
        if not digest.startswith(part):
            raise web.HTTPNotFound
        thumbnail = f"{ADDRESS}{part}/{digest}{side}.webp" if side else ""
        return await media.show(app, request, _address(digest), "image/webp", thumbnail)

    site.router.add_get(
        f"{ADDRESS}{{part:[0-9a-f]{{2}}}}/{{digest:[0-9a-f]{{64}}}}{{side:(?:-(?:{_SIDES}))?}}.webp", show
    )
