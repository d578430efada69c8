"""Videos of products, uploaded by staff: looked through (video.py), kept under their digest, served in ranges."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from typing import IO, TYPE_CHECKING

from aiohttp import web

from commerce.merchandising import video_mp4, video_store, video_webm
from commerce.merchandising.types import MANAGE
from commerce.merchandising.video import NO_VIDEO, Refused, Video
from server import files
from server.errors import BadRequest, Invalid, Problem, TooLarge, UnsupportedMedia
from server.http import Call, Kind, Routes, StaffWith, View
from server.http.forms import posted
from server.http.routes import Key
from server.jobs import Schedule

if TYPE_CHECKING:
    from server.application import Application

routes = Routes("back office: products", realm=Kind.STAFF)
FOLDER = ("media", "v")
ADDRESS = "/media/v/"
MOST_BYTES = 30 * 1024 * 1024
KEPT_DAYS = 7
"""Days that a video stays which no product shows: it may be taken back, or the form is still open."""
_SLACK = 4096
_AT_ONCE = 2
"""Videos that are held in memory."""
_TYPES = {"mp4": "video/mp4", "webm": "video/webm"}
_turns = asyncio.Semaphore(_AT_ONCE)


class VideoTooLarge(TooLarge):
    """More bytes than a video may have."""

    code, message = "video_too_large", "视频过大：最大 30 MB"


class VideoRefused(Problem):
    """The file is not shown: ``reason`` says why."""

    code, status, message = "video_refused", 422, "视频不能用：{reason}"

    def __init__(self, reason: str) -> None:
        super().__init__(field="file", reason=reason)


class VideoView(View, frozen=True):
    """A stored video; `milliseconds` is 0 where it does not say how long it lasts."""

    url: str
    media_type: str
    size: int
    milliseconds: int


@routes.post(
    "/api/v1/backoffice/videos",
    StaffWith(MANAGE),
    status=201,
    key=Key.OWN,
    most=MOST_BYTES + _SLACK,
    limit="20/minute",
    deadline=120.0,
    errors=(VideoTooLarge, VideoRefused),
)
async def upload_video(call: Call) -> VideoView:
    """Upload a product's video (MP4 or WebM, at most 30 MB and 3 minutes) as the form's field `file`.

    It is shown as it is, in the coding it has; its padding and metadata are wiped.
    """
    if call.request.content_type != "multipart/form-data":
        raise UnsupportedMedia
    if call.request.content_length is not None and call.request.content_length > MOST_BYTES + _SLACK:
        raise VideoTooLarge
    with contextlib.closing(await _sent(call)) as file:
        async with _turns:
            raw = await asyncio.to_thread(file.read)
            if len(raw) > MOST_BYTES:
                raise VideoTooLarge
            video = await asyncio.to_thread(read, raw)
            address = _address(video)
            async with call.transaction() as connection:
                await video_store.add(connection, address, len(video.body), video.milliseconds, call.staff.id)
                # Behind the row, as they are removed: whoever tidies up has gone by then, or does not come.
                await asyncio.to_thread(files.keep, call.app.settings.home / address[1:], video.body)
    return VideoView(
        url=address, media_type=_TYPES[video.suffix], size=len(video.body), milliseconds=video.milliseconds
    )


def read(raw: bytes) -> Video:
    """Return a video fit to be served, by what its bytes say and not its name. Blocks. Raises VideoRefused."""
    try:
        if raw[4:8] == b"ftyp":
            return video_mp4.read(raw)
        if raw.startswith(b"\x1a\x45\xdf\xa3"):
            return video_webm.read(raw)
    except Refused as problem:
        raise VideoRefused(str(problem)) from None
    raise VideoRefused(NO_VIDEO)


async def _sent(call: Call) -> IO[bytes]:
    try:
        form = await posted(call.request)
    except TooLarge:
        raise VideoTooLarge from None
    except BadRequest:
        raise Invalid("file", "表单读不出来") from None
    unknown = set(form) - {"file", "csrf_token"}
    if unknown:
        raise Invalid(min(unknown), "没有这个字段")
    field = form.get("file")
    if not isinstance(field, web.FileField):
        raise Invalid("file", "必填")
    return field.file


def _address(video: Video) -> str:
    digest = hashlib.sha256(video.body).hexdigest()
    return f"{ADDRESS}{digest[:2]}/{digest}.{video.suffix}"


async def tidy(app: Application) -> None:
    """Remove videos that no product has shown for a week. Their rows are locked until the files are gone."""
    async with app.database.transaction() as connection:
        for address in await video_store.remove_unused(connection, KEPT_DAYS, 100):
            await asyncio.to_thread((app.settings.home / address[1:]).unlink, missing_ok=True)


SCHEDULE = Schedule(name="merchandising.videos", every=3600.0, run=tidy)


def serve(app: Application, site: web.Application) -> None:
    """Serve videos, which never change under their address, whole or in ranges."""
    folder = app.settings.home.joinpath(*FOLDER)

    async def show(request: web.Request) -> web.StreamResponse:
        part, digest, suffix = (request.match_info[name] for name in ("part", "digest", "suffix"))
        path = folder / part / f"{digest}.{suffix}"
        if not digest.startswith(part) or not await asyncio.to_thread(path.is_file):
            raise web.HTTPNotFound
        return web.FileResponse(
            path,
            headers={
                "Content-Type": _TYPES[suffix],
                "Cache-Control": "public, max-age=31536000, immutable",
                "Cross-Origin-Resource-Policy": "same-origin",
                "X-Content-Type-Options": "nosniff",
                "Content-Security-Policy": "default-src 'none'; sandbox",
            },
        )

    site.router.add_get(f"{ADDRESS}{{part:[0-9a-f]{{2}}}}/{{digest:[0-9a-f]{{64}}}}.{{suffix:mp4|webm}}", show)
