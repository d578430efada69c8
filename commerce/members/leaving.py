"""Deleting an account: after seven days in which logging in takes it back, all that names the person is removed.

Orders stay without name, phone and door, as the law on commerce wants them kept for three years.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
import structlog

from commerce.members import leaving_store, store
from commerce.members.belongings import Belongings, Hindrance, texts
from commerce.members.errors import LeavingHeld
from commerce.members.proof import Proof, prove
from commerce.members.types import Secured, Status
from server import uploads
from server.application import Application
from server.errors import NotFound
from server.events import publish
from server.http import Kind
from server.jobs import Job, Schedule, enqueue

DAYS = 7
_AT_ONCE = 500
ERASE = "members.erase"
log = structlog.get_logger("members")


class Due(msgspec.Struct, frozen=True):
    """The job that deletes an account."""

    member_id: int


async def against(app: Application, member_id: int) -> list[Hindrance]:
    """Return what stands against deleting an account."""
    async with app.database.connection() as connection:
        return await app.resource(Belongings).against_leaving(connection, member_id)


async def leave(app: Application, member_id: int, proof: Proof) -> datetime:
    """Have an account deleted in seven days, end all its sessions and return when it is due. Locks the member.

    Raises LeavingHeld, ProofWrong, TooManyTries.
    """
    async with app.database.connection() as connection:
        member = await store.member(connection, member_id)
    if member is None:
        raise NotFound
    if found := texts(await against(app, member_id)):
        raise LeavingHeld(details=found, reason=found[0])
    proven = await prove(app, member, proof)
    async with app.database.transaction() as connection:
        await proven.use(connection)
        if found := texts(await app.resource(Belongings).against_leaving(connection, member_id)):
            raise LeavingHeld(details=found, reason=found[0])
        due_at = await leaving_store.leave(connection, member_id, DAYS)
        ended = await app.sessions.revoke_all(connection, Kind.MEMBER, member_id)
        await store.note(connection, member_id, "leaves", f"member:{member_id}")
        await publish(connection, Secured(member_id=member_id, what="leaving"))
    for digest in ended:
        app.sessions.forget(digest)
    return due_at


async def erase_due(app: Application) -> None:
    """Have the accounts deleted whose seven days are over, each by a job of its own: none holds up another."""
    last = 0
    while True:
        async with app.database.transaction() as connection:
            found = await leaving_store.due(connection, last, _AT_ONCE)
            for member_id in found:
                await enqueue(connection, ERASE, Due(member_id), dedupe=f"{ERASE}:{member_id}")
        if len(found) < _AT_ONCE:
            return
        last = found[-1]


async def erase(app: Application, due: Due) -> None:
    """Delete an account that is due still. One that something stands against, or that is closed, waits."""
    belongings, member_id = app.resource(Belongings), due.member_id
    async with app.database.transaction() as connection:
        [member] = await store.lock(connection, [member_id])
        held = await belongings.against_leaving(connection, member_id)
        if held or member.status is Status.BANNED:
            log.warning("account not deleted yet", member=member_id, status=member.status, reasons=texts(held))
            return
        if not await leaving_store.still_due(connection, member_id) or member.status is not Status.ACTIVE:
            return
        for each in reversed(belongings.all):
            if each.erase is not None:
                await each.erase(connection, member_id)
        await uploads.let_go(connection, await uploads.owned(connection, f"member:{member_id}"))
        await store.note(connection, member_id, "gone", "system")


JOB = Job(name=ERASE, payload=Due, run=erase)
SCHEDULE = Schedule(name="members.erase_due", every=600, run=erase_due)
