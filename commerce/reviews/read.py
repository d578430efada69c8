"""What a product's pages show of its reviews and questions, each in one moment of the database."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from commerce.reviews import queue_store, store
from commerce.reviews.types import Remark, RemarkKind, Show, Sort, Sums
from server.database import Connection
from server.errors import NotFound
from server.http import Call, Kind


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """A page of reviews: follow-ups by review, and what of all this the caller finds useful."""

    sums: Sums
    reviews: list[Remark]
    follow_ups: dict[int, Remark]
    voted: set[int]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A page of questions with their first answers."""

    total: int
    questions: list[Remark]
    best: dict[int, Remark]
    voted: set[int]


async def reviews(
    connection: Connection, call: Call, product_id: int, sums: Sums, show: Show, sort: Sort, offset: int, size: int
) -> Heard:
    """Return a page of a product's reviews; none are asked for where there are none."""
    found: list[Remark] = []
    follow_ups: dict[int, Remark] = {}
    if sums.of(show):
        found = await store.reviews(connection, product_id, show, sort, offset, size)
        if sums.followed and found:
            follow_ups = await store.follow_ups(connection, [each.id for each in found])
    return Heard(sums=sums, reviews=found, follow_ups=follow_ups, voted=await votes(connection, call, found))


async def questions(
    connection: Connection, call: Call, product_id: int, sums: Sums, sort: Sort, offset: int, size: int
) -> Asked:
    """Return a page of the questions about a product."""
    found: list[Remark] = []
    best: dict[int, Remark] = {}
    if sums.questions:
        found = await store.questions(connection, product_id, sort, offset, size)
        answered = [each.id for each in found if each.answers]
        best = await store.best_answers(connection, answered) if answered else {}
    seen = await votes(connection, call, [*found, *best.values()])
    return Asked(total=sums.questions, questions=found, best=best, voted=seen)


async def votes(connection: Connection, call: Call, remarks: Sequence[Remark]) -> set[int]:
    """Return which of these the caller finds useful."""
    who = call.identity
    if who is None or who.kind is not Kind.MEMBER or not remarks:
        return set()
    return await queue_store.voted(connection, who.id, [each.id for each in remarks])


async def on_shelf(connection: Connection, product_id: int) -> tuple[str, str, int]:
    """Return title, picture and shop of a product that people can see. Raises NotFound."""
    found = await store.product(connection, product_id)
    if found is None:
        raise NotFound
    return found


async def question(connection: Connection, question_id: int) -> Remark:
    """Return a question that people can see. Raises NotFound."""
    found = await store.remark(connection, question_id)
    if found is None or found.kind is not RemarkKind.QUESTION or found.state != "shown" or not found.on_shelf:
        raise NotFound
    return found
