"""Videos that people upload: looked through (server/video.py), kept under their digest, served in ranges.

Each room that takes some keeps them in a folder of its own, so that none removes what another still shows.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator
from typing import IO, TYPE_CHECKING

import msgspec
from aiohttp import web

from server import media, video_mp4, video_webm
from server.errors import BadRequest, Invalid, Problem, TooLarge, UnsupportedMedia
from server.http import Call, View
from server.http.forms import posted
from server.video import NO_VIDEO, Refused, Video

if TYPE_CHECKING:
    from server.application import Application

SLACK = 4096
"""Bytes of a form around its file."""
_AT_ONCE = 2
"""Videos that are held in memory."""
_TYPES = {"mp4": "video/mp4", "webm": "video/webm"}
_turns = asyncio.Semaphore(_AT_ONCE)


class VideoTooLarge(TooLarge):
    """More bytes than a video may have: ``most`` MB."""

    code, message = "video_too_large", "视频过大：最大 {most} MB"


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


class Shelf(msgspec.Struct, frozen=True, kw_only=True):
    """Where a room keeps its videos, ``/media/…/`` on the site and below the data folder; ``most`` are MB."""

    address: str
    most: int

    @property
    def most_bytes(self) -> int:
        """Return how many bytes a video may have."""
        return self.most * 1024 * 1024

    def address_of(self, video: Video) -> str:
        """Return where a video is served."""
        digest = hashlib.sha256(video.body).hexdigest()
        return f"{self.address}{digest[:2]}/{digest}.{video.suffix}"

    @contextlib.asynccontextmanager
    async def received(self, call: Call) -> AsyncIterator[Video]:
        """Look through the form's field ``file`` and hold it in memory, as one of few at a time.

        Raises UnsupportedMedia, VideoTooLarge, VideoRefused, Invalid.
        """
        if call.request.content_type != "multipart/form-data":
            raise UnsupportedMedia
        length = call.request.content_length
        if length is not None and length > self.most_bytes + SLACK:
            raise VideoTooLarge(most=self.most)
        with contextlib.closing(await self._sent(call)) as file:
            async with _turns:
                raw = await asyncio.to_thread(file.read)
                if len(raw) > self.most_bytes:
                    raise VideoTooLarge(most=self.most)
                yield await asyncio.to_thread(read, raw)

    async def _sent(self, call: Call) -> IO[bytes]:
        try:
            form = await posted(call.request)
        except TooLarge:
            raise VideoTooLarge(most=self.most) from None
        except BadRequest:
            raise Invalid("file", "表单读不出来") from None
        unknown = set(form) - {"file", "csrf_token"}
        if unknown:
            raise Invalid(min(unknown), "没有这个字段")
        field = form.get("file")
        if not isinstance(field, web.FileField):
            raise Invalid("file", "必填")
        return field.file

    async def keep(self, app: Application, video: Video) -> None:
        """Write a video to the disk. Call it behind its row, which whoever tidies up locks until the file is gone.

        Raises Withheld when the public does not get it.
        """
        await media.hold_served(app, self.address_of(video))
        await media.keep(app, self.address_of(video), video.body)

    def view(self, video: Video) -> VideoView:
        """Return a video for the wire."""
        return VideoView(
            url=self.address_of(video),
            media_type=_TYPES[video.suffix],
            size=len(video.body),
            milliseconds=video.milliseconds,
        )

    def serve(self, app: Application, site: web.Application) -> None:
        """Serve the videos, which never change under their address, whole or in ranges."""

        async def show(request: web.Request) -> web.StreamResponse:
            part, digest, suffix = (request.match_info[name] for name in ("part", "digest", "suffix"))
            if not digest.startswith(part):
                raise web.HTTPNotFound
            shown = await media.show(app, request, f"{self.address}{part}/{digest}.{suffix}", _TYPES[suffix])
            shown.headers["Cross-Origin-Resource-Policy"] = "same-origin"
            return shown

        site.router.add_get(f"{self.address}{{part:[0-9a-f]{{2}}}}/{{digest:[0-9a-f]{{64}}}}.{{suffix:mp4|webm}}", show)


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
