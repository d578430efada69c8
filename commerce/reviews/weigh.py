"""What others do with a remark: find it useful, or report it."""

from __future__ import annotations

from commerce.reviews import queue_store, store
from commerce.reviews.plain import said
from commerce.reviews.types import AlreadyReported, OwnRemark, Remark, RemarkKind, ReportReason
from server.database import Connection
from server.errors import NotFound

MOST_NOTE = 200


async def vote(connection: Connection, member_id: int, remark_id: int, on: bool) -> tuple[Remark, int]:
    """Find a remark useful, or no longer; again is no change. Returns it and how many do. Locks it.

    Raises NotFound (also for a follow-up: its review has the votes), OwnRemark.
    """
    found = await _others(connection, member_id, remark_id)
    if found.kind is RemarkKind.FOLLOW_UP:
        raise NotFound
    change = queue_store.vote if on else queue_store.unvote
    useful = await change(connection, remark_id, member_id)
    return found, found.useful if useful is None else useful


async def report(connection: Connection, member_id: int, remark_id: int, reason: ReportReason, note: str) -> Remark:
    """Report a remark: it comes before who decides, and stays shown until then. Locks it.

    Raises NotFound, OwnRemark, AlreadyReported, Invalid.
    """
    note = said(note, "note", MOST_NOTE, required=reason is ReportReason.OTHER)
    found = await _others(connection, member_id, remark_id)
    if not await queue_store.report(connection, remark_id, member_id, reason, note):
        raise AlreadyReported
    return found


async def _others(connection: Connection, member_id: int, remark_id: int) -> Remark:
    found = await store.lock(connection, remark_id)
    if found is None or not found.seen:
        raise NotFound
    if found.member_id == member_id:
        raise OwnRemark
    return found
