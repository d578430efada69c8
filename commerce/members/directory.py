"""Who a member's session belongs to."""

from __future__ import annotations

from commerce.members import store
from commerce.members.types import Status
from server.database import Connection
from server.http import Identity, Kind


async def directory(connection: Connection, member_id: int) -> Identity | None:
    """Return the member as requests see them, None when banned, merged or gone."""
    member = await store.member(connection, member_id)
    if member is None or member.status is not Status.ACTIVE:
        return None
    return Identity(kind=Kind.MEMBER, id=member.id, name=member.nickname, avatar=member.avatar)
