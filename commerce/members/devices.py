"""Where a member is logged in: in words, ended one by one, and told when a new device appears."""

from __future__ import annotations

import re

from commerce.members import store
from commerce.members.types import Secured, Visitor
from server.application import Application
from server.database import Connection
from server.errors import NotFound
from server.events import publish
from server.http import Kind
from server.http.session import Held

_PROGRAMS = (
    ("MicroMessenger/", "微信"),
    (" QQ/", "QQ"),
    ("AlipayClient/", "支付宝"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("QQBrowser/", "QQ 浏览器"),
    ("UCBrowser/", "UC 浏览器"),
    ("HuaweiBrowser/", "华为浏览器"),
    ("MiuiBrowser/", "小米浏览器"),
    ("SamsungBrowser/", "三星浏览器"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
"""What browsers call themselves; one that claims to be several is the first of them."""
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("HarmonyOS", "HarmonyOS"),
    ("OpenHarmony", "HarmonyOS"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
_OTHER = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,30}")


def words_of(agent: str) -> tuple[str, str]:
    """Return a program and a system in words (zh_CN msgids, or names); empty for what is not told."""
    program = next((name for sign, name in _PROGRAMS if sign in agent), "")
    system = next((name for sign, name in _SYSTEMS if sign in agent), "")
    if not program and (named := _OTHER.match(agent)):
        program = named[0]
    return program, system


async def notice_device(app: Application, connection: Connection, member_id: int, visitor: Visitor) -> None:
    """Tell a member of a log-in from a device that is not among theirs, in the caller's transaction.

    Called before the session is opened, and not for who has registered just now: with no device known the next one is
    news all the same, as sessions of long ago are forgotten.
    """
    known = {words_of(agent) for agent in await app.sessions.agents_of(connection, Kind.MEMBER, member_id)}
    program, system = words_of(visitor.agent)
    if (program, system) in known:
        return
    await store.note(connection, member_id, "new_device", f"member:{member_id}", f"{program} {system}".strip())
    device = " · ".join(filter(None, (program, system))) or "?"
    await publish(connection, Secured(member_id=member_id, what="new_device", device=device, address=visitor.address))


async def devices_of(app: Application, member_id: int) -> list[Held]:
    """Return where a member is logged in."""
    async with app.database.connection() as connection:
        return await app.sessions.held_by(connection, Kind.MEMBER, member_id)


async def end_one(app: Application, member_id: int, session_id: str) -> None:
    """Log a device out, everywhere within a second or so. Raises NotFound."""
    found = next((held for held in await devices_of(app, member_id) if held.id == session_id), None)
    if found is None:
        raise NotFound
    async with app.database.transaction() as connection:
        await app.sessions.revoke(connection, found.digest)
        await store.note(connection, member_id, "device_ended", f"member:{member_id}")
    app.sessions.forget(found.digest)


async def end_others(app: Application, member_id: int, but: bytes) -> int:
    """Log out every device but the one of the session ``but``, and return how many."""
    async with app.database.transaction() as connection:
        ended = await app.sessions.revoke_others(connection, Kind.MEMBER, member_id, but)
        if ended:
            await store.note(connection, member_id, "devices_ended", f"member:{member_id}")
    for digest in ended:
        app.sessions.forget(digest)
    return len(ended)
