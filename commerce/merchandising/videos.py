"""Videos of products, uploaded by staff (server/videos.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from commerce.merchandising import video_store
from commerce.merchandising.types import MANAGE
from server import media, videos
from server.http import Call, Kind, Routes, StaffWith
from server.http.routes import Key
from server.jobs import Schedule
from server.videos import Shelf, VideoRefused, VideoTooLarge, VideoView

if TYPE_CHECKING:
    from server.application import Application

routes = Routes("back office: products", realm=Kind.STAFF)
SHELF = Shelf(address="/media/v/", most=30)
KEPT_DAYS = 7
"""Days that a video stays which no product shows: it may be taken back, or the form is still open."""


@routes.post(
    "/api/v1/backoffice/videos",
    StaffWith(MANAGE),
    status=201,
    key=Key.OWN,
    most=SHELF.most_bytes + videos.SLACK,
    limit="20/minute",
    deadline=120.0,
    errors=(VideoTooLarge, VideoRefused),
)
async def upload_video(call: Call) -> VideoView:
    """Upload a product's video (MP4 or WebM, at most 30 MB and 3 minutes) as the form's field `file`.

    It is shown as it is, in the coding it has; its padding and metadata are wiped.
    """
    async with SHELF.received(call) as video, call.transaction() as connection:
        address = SHELF.address_of(video)
        await video_store.add(connection, address, len(video.body), video.milliseconds, call.staff.id)
        # Behind the row, as they are removed: whoever tidies up has gone by then, or does not come.
        await SHELF.keep(call.app, video)
    return SHELF.view(video)


async def tidy(app: Application) -> None:
    """Remove videos that no product has shown for a week. Their rows are locked until the files are gone."""
    async with app.database.transaction() as connection:
        for address in await video_store.remove_unused(connection, KEPT_DAYS, 100):
            await media.remove(app, address)


SCHEDULE = Schedule(name="merchandising.videos", every=3600.0, run=tidy)
