"""Videos of reviews: uploaded by buyers while they write (server/videos.py), removed once no remark shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from commerce.reviews import video_store
from server import media, videos
from server.http import Call, LoggedIn, Routes
from server.http.routes import Key
from server.jobs import Schedule
from server.media import Withheld
from server.videos import Shelf, VideoRefused, VideoTooLarge, VideoView

if TYPE_CHECKING:
    from server.application import Application

routes = Routes("reviews")
SHELF = Shelf(address="/media/w/", most=20)
MOST_SECONDS = 60
PER_MEMBER = "20/day"
"""Videos that one member may upload."""
KEPT_HOURS = 24
"""Hours that a video waits for the review that is to show it."""
MOST_WAITING = 3
"""Videos of one member that wait: of more the first ones go."""
_AT_ONCE = 100


@routes.post(
    "/api/v1/me/review-videos",
    LoggedIn(),
    status=201,
    key=Key.OWN,
    most=SHELF.most_bytes + videos.SLACK,
    limit="6/minute",
    deadline=120.0,
    errors=(VideoTooLarge, VideoRefused, Withheld),
)
async def upload_video(call: Call) -> VideoView:
    """Upload a video for a review (MP4 or WebM, at most 20 MB and one minute) as the form's field `file`.

    It is shown as it is, in the coding it has; its padding and metadata, where it was taken among them, are wiped. It
    waits a day for the review or follow-up that names its `url`, once.
    """
    await call.app.limits.check(PER_MEMBER, "review videos", call.owner)
    async with SHELF.received(call) as video, call.transaction() as connection:
        if video.milliseconds > MOST_SECONDS * 1000:
            raise VideoRefused("视频最长 1 分钟")
        await video_store.add(
            connection,
            call.member.id,
            SHELF.address_of(video),
            len(video.body),
            video.milliseconds,
            KEPT_HOURS,
            MOST_WAITING,
        )
        await SHELF.keep(call.app, video)
    return SHELF.view(video)


async def tidy(app: Application) -> None:
    """Remove videos that no remark shows. Each is held until its file is gone, so that nobody brings it meanwhile."""
    while True:
        async with app.database.connection() as connection:
            found = await video_store.due(connection, _AT_ONCE)
        for address in found:
            async with app.database.transaction() as connection:
                await media.hold(connection, address)
                if await video_store.remove(connection, address):
                    await media.remove(app, address)
        if len(found) < _AT_ONCE:
            return


SCHEDULE = Schedule(name="reviews.videos", every=600.0, run=tidy)
