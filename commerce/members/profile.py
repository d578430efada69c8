"""What a member says about themselves."""

from __future__ import annotations

import re

from commerce.members import store
from commerce.members.names import hold_own
from server.application import Application
from server.errors import Invalid
from server.http import Kind

MOST = 20
"""Characters of a nickname."""

_HIDDEN = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


async def rename(app: Application, member_id: int, nickname: str) -> None:
    """Give a member another name.

    Signs that nobody sees, or that turn the text around, are refused, and what passes for the platform or a shop; a
    name that the member has had from before stays. Raises Invalid, NameReserved.
    """
    name = hold_name(nickname)
    async with app.database.connection() as connection:
        member = await store.member(connection, member_id)
        if member is None or member.nickname != name:
            await hold_own(app, connection, name)
        await store.set_nickname(connection, member_id, name)
    app.sessions.refresh(Kind.MEMBER, member_id)


def hold_name(nickname: str) -> str:
    """Return a nickname as it is kept. Raises Invalid."""
    name = nickname.strip()
    if not 1 <= len(name) <= MOST or _HIDDEN.search(name):
        raise Invalid("nickname", "昵称是 1 到 20 个看得见的字")
    return name
