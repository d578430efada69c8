"""What waits for a decision or an answer, on the back office's first page."""

from __future__ import annotations

from collections.abc import Sequence

from commerce.reviews import backoffice, queue_store
from commerce.reviews.queue_store import Desk, Queue
from commerce.staff import Figure
from server.database import Connection


async def to_decide(connection: Connection, shops: Sequence[int] | None) -> list[Figure]:
    """Return how much waits for a decision; that is the platform's, whatever the shop."""
    _, lengths = await queue_store.queue(connection, Queue.ALL, 0, 1)
    most = queue_store.MOST_COUNTED
    return [
        Figure(
            position=40, label="待审核的评价", value=lengths[Queue.ALL], href=backoffice.QUEUE, waits=True, most=most
        )
    ]


async def to_answer(connection: Connection, shops: Sequence[int] | None) -> list[Figure]:
    """Return how many reviews and questions have no answer of the shop."""
    _, total = await queue_store.desk(connection, Desk.OPEN, shops, 0, 1)
    most = queue_store.MOST_COUNTED
    return [Figure(position=30, label="待回复的评价和提问", value=total, href=backoffice.DESK, waits=True, most=most)]
