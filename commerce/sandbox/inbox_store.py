"""Every SQL statement of the inbox."""

from __future__ import annotations

from datetime import datetime

import msgspec

from commerce.courier import Channel, Message
from server.database import Connection, many


class Delivered(msgspec.Struct, frozen=True, kw_only=True):
    """A message as it would have arrived."""

    id: int
    channel: Channel
    target: str
    body: str
    code: str
    sent_at: datetime


async def keep(connection: Connection, message: Message) -> None:
    """Keep a message."""
    await connection.execute(
        "INSERT INTO sandbox_messages (channel, target, body, code) VALUES ($1, $2, $3, $4)",
        message.channel,
        message.to,
        message.text,
        message.code,
    )


async def newest(connection: Connection, target: str | None, most: int) -> list[Delivered]:
    """Return the newest ``most`` messages, to ``target`` alone if given."""
    rows = await connection.fetch(
        """
        SELECT id, channel, target, body, code, sent_at FROM sandbox_messages
        WHERE $1::text IS NULL OR target = $1 ORDER BY id DESC LIMIT $2
        """,
        target,
        most,
    )
    return many(Delivered, rows)


async def tidy(connection: Connection, days: int) -> None:
    """Remove messages older than ``days``."""
    await connection.execute("DELETE FROM sandbox_messages WHERE sent_at < now() - make_interval(days => $1)", days)
