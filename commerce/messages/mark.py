"""What a member does with messages: reads them, deletes them. Whoever tells them something meanwhile waits to count."""

from __future__ import annotations

from collections.abc import Collection

from commerce.messages import store
from commerce.messages.types import Category, Message
from realtime import notices
from server.database import Connection


async def open_one(connection: Connection, member_id: int, message_id: int) -> Message | None:
    """Mark a message as read and return it; None when there is none of theirs."""
    await notices.lock(connection, [member_id])
    return await store.read(connection, member_id, message_id)


async def read(
    connection: Connection, member_id: int, category: Category | None = None, ids: Collection[int] | None = None
) -> None:
    """Mark messages as read: those of a category, of those ids; of None all."""
    await notices.lock(connection, [member_id])
    await store.read_all(connection, member_id, category, ids)


async def drop(connection: Connection, member_id: int, ids: Collection[int]) -> int:
    """Delete messages and return how many there were. Told again with their keys they do not come back."""
    await notices.lock(connection, [member_id])
    return await store.drop(connection, member_id, ids)
