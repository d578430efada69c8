"""The picture that others see beside a member's name."""

from __future__ import annotations

from commerce.members import contact_store
from commerce.members.contact_pages import SECURITY, own
from commerce.members.pages import refused_profile
from commerce.members.types import MemberView, member_view
from server import uploads
from server.errors import Problem
from server.http import Call, Kind, LoggedIn, Routes
from server.http.pages import Page, Redirect
from server.http.routes import Key
from server.media import Withheld
from server.pictures import MOST_BYTES, Encoders, NotAPicture, PictureBroken, PictureTooLarge

routes = Routes("accounts")
_MOST = MOST_BYTES + 8192


async def take(call: Call) -> None:
    """Make the posted picture the caller's. Raises NotAPicture, PictureTooLarge, PictureBroken, Invalid."""
    raw = await uploads.read_picture(call)
    picture = await call.resource(Encoders).encode(raw)
    async with call.transaction() as connection:
        stored = await uploads.store(call.app, connection, call.owner, picture)
        await contact_store.set_avatar(connection, call.member.id, stored.url)
    call.app.sessions.refresh(Kind.MEMBER, call.member.id)


async def drop(call: Call) -> None:
    """Have the caller shown by the first sign of their name."""
    async with call.transaction() as connection:
        await contact_store.set_avatar(connection, call.member.id, "")
    call.app.sessions.refresh(Kind.MEMBER, call.member.id)


@routes.page("/me/avatar", LoggedIn(), "POST", most=_MOST, limit="20/minute", deadline=60.0)
async def change(call: Call) -> Page | Redirect:
    """Take the posted picture, or say what is wrong with it."""
    try:
        await take(call)
    except Problem as problem:
        return await refused_profile(call, "avatar", problem)
    return Redirect(SECURITY + "?done=avatar")


@routes.page("/me/avatar/remove", LoggedIn(), "POST")
async def remove(call: Call) -> Redirect:
    """Take the picture away."""
    await drop(call)
    return Redirect(SECURITY + "?done=avatar")


@routes.post(
    "/api/v1/me/avatar",
    LoggedIn(),
    key=Key.OWN,
    most=_MOST,
    limit="20/minute",
    deadline=60.0,
    errors=(PictureTooLarge, NotAPicture, PictureBroken, Withheld),
)
async def change_mine(call: Call) -> MemberView:
    """Make a picture (JPEG, PNG, WebP or GIF, at most 8 MB, the form's field `file`) the caller's."""
    await take(call)
    return member_view(await own(call))


@routes.delete("/api/v1/me/avatar", LoggedIn(), status=204)
async def remove_mine(call: Call) -> None:
    """Take the caller's picture away."""
    await drop(call)
