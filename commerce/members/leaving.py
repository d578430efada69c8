"""Deleting an account: after seven days in which logging in takes it back, all that names the person is removed.

Orders stay without name, phone and door, as the law on commerce wants them kept for three years.
"""

from __future__ import annotations

from datetime import datetime

import structlog

from commerce.members import leaving_store, store
from commerce.members.belongings import Belongings
from commerce.members.errors import LeavingHeld
from commerce.members.proof import Proof, prove
from commerce.members.types import Secured, Status
from server.application import Application
from server.errors import NotFound
from server.events import publish
from server.http import Kind
from server.jobs import Schedule

DAYS = 7
_AT_ONCE = 50
log = structlog.get_logger("members")


async def against(app: Application, member_id: int) -> list[str]:
    """Return what stands against deleting an account (zh_CN msgids)."""
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
    if found := await against(app, member_id):
        raise LeavingHeld(details=found, reason=found[0])
    proven = await prove(app, member, proof)
    async with app.database.transaction() as connection:
        await proven.use(connection)
        if found := await app.resource(Belongings).against_leaving(connection, member_id):
            raise LeavingHeld(details=found, reason=found[0])
        due_at = await leaving_store.leave(connection, member_id, DAYS)
        ended = await app.sessions.revoke_all(connection, Kind.MEMBER, member_id)
        await store.note(connection, member_id, "leaves", f"member:{member_id}")
        await publish(connection, Secured(member_id=member_id, what="leaving"))
    for digest in ended:
        app.sessions.forget(digest)
    return due_at


async def erase_due(app: Application) -> None:
    """Delete the accounts whose seven days are over; one that something stands against waits for the next round."""
    async with app.database.connection() as connection:
        found = await leaving_store.due(connection, _AT_ONCE)
    for member_id in found:
        await _erase(app, member_id)


async def _erase(app: Application, member_id: int) -> None:
    belongings = app.resource(Belongings)
    async with app.database.transaction() as connection:
        [member] = await store.lock(connection, [member_id])
        if held := await belongings.against_leaving(connection, member_id):
            log.warning("account not deleted yet", member=member_id, reasons=held)
            return
        if not await leaving_store.still_due(connection, member_id) or member.status is not Status.ACTIVE:
            return
        for each in reversed(belongings.all):
            if each.erase is not None:
                await each.erase(connection, member_id)
        await store.note(connection, member_id, "gone", "system")


SCHEDULE = Schedule(name="members.erase_due", every=600, run=erase_due)
