"""Pictures of products, uploaded by staff: served as we encoded them, the originals kept for whoever runs the shop."""

from __future__ import annotations

from commerce.merchandising.types import MANAGE
from server import uploads
from server.http import Call, Kind, Routes, StaffWith
from server.http.routes import Key
from server.pictures import MOST_BYTES, Encoders, NotAPicture, PictureBroken, PictureTooLarge
from server.uploads import UploadView

routes = Routes("back office: products", realm=Kind.STAFF)
_SLACK = 4096  # bytes of a multipart body around the file


@routes.post(
    "/api/v1/backoffice/pictures",
    StaffWith(MANAGE),
    status=201,
    key=Key.OWN,
    most=MOST_BYTES + _SLACK,
    limit="120/minute",
    deadline=60.0,
    errors=(PictureTooLarge, NotAPicture, PictureBroken),
)
async def upload_picture(call: Call) -> UploadView:
    """Upload a product's picture (JPEG, PNG, WebP or GIF, at most 8 MB) as the form's field `file`."""
    raw = await uploads.read_picture(call)
    picture = await call.resource(Encoders).encode(raw)
    async with call.transaction() as connection:
        return await uploads.store(call.app, connection, call.owner, picture, raw)
