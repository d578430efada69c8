"""What keeps an account its owner's: the password, and the end of all other sessions; and closing an account."""

from __future__ import annotations

from commerce.credentials import OldPasswordWrong, hash_password, hold_strength
from commerce.members import store
from commerce.members.errors import ProofWrong
from commerce.members.merging import withdraw
from commerce.members.proof import Proof, prove
from commerce.members.types import Member, Secured, Status, Visitor
from commerce.staff import On, audit
from server.application import Application
from server.database import Connection
from server.errors import Conflict, NotFound
from server.events import publish
from server.http import Kind
from server.http.session import Issued


async def change_password(app: Application, member_id: int, proof: Proof, new: str, visitor: Visitor) -> Issued:
    """Set or replace a member's password, end all their sessions and return a new one for who asked.

    The first one wants a proof too: else whoever comes by a session makes a way in of it that outlives it.
    Raises OldPasswordWrong, ProofWrong, TooManyTries, Invalid (field ``new``).
    """
    async with app.database.connection() as connection:
        member = await store.member(connection, member_id)
    if member is None:
        raise NotFound
    hold_new(member, new)
    try:
        proven = await prove(app, member, proof)
    except ProofWrong as problem:
        if problem.field == "password" and member.password_hash is not None:
            raise OldPasswordWrong(field="old") from None
        raise
    made = await hash_password(new)
    async with app.database.transaction() as connection:
        await proven.use(connection)
        if not await store.replace_password(connection, member.id, member.password_hash, made):
            raise Conflict
        await withdraw(connection, member.id)
        ended = await app.sessions.revoke_all(connection, Kind.MEMBER, member.id)
        issued = await app.sessions.issue(connection, Kind.MEMBER, member.id, visitor.address, visitor.agent)
        await store.note(connection, member.id, "password_changed", f"member:{member.id}")
        await publish(connection, Secured(member_id=member.id, what="password_set"))
    for digest in ended:
        app.sessions.forget(digest)
    return issued


def hold_new(member: Member, new: str) -> None:
    """Raise Invalid (field ``new``) for a password that is too easy for this member."""
    hold_strength("new", new, member.phone or "", member.email or "", member.nickname)


async def ban(app: Application, member_id: int, staff_id: int, reason: str) -> None:
    """Close an account: it cannot log in, and its sessions end in every process within a second or so.

    Raises NotFound, Conflict when it is closed already.
    """
    async with app.database.transaction() as connection:
        _hold(await store.member(connection, member_id), Status.ACTIVE)
        if not await store.move(connection, member_id, Status.ACTIVE, Status.BANNED):
            raise Conflict
        ended = await app.sessions.revoke_all(connection, Kind.MEMBER, member_id)
        await _noted(connection, member_id, staff_id, "banned", reason)
    for digest in ended:
        app.sessions.forget(digest)


async def unban(app: Application, member_id: int, staff_id: int, reason: str) -> None:
    """Open an account again. Raises NotFound, Conflict when it is open already."""
    async with app.database.transaction() as connection:
        _hold(await store.member(connection, member_id), Status.BANNED)
        if not await store.move(connection, member_id, Status.BANNED, Status.ACTIVE):
            raise Conflict
        await _noted(connection, member_id, staff_id, "unbanned", reason)


async def _noted(connection: Connection, member_id: int, staff_id: int, kind: str, reason: str) -> None:
    """Write down in the member's log and in that of staff that an account was closed or opened."""
    await store.note(connection, member_id, kind, f"staff:{staff_id}", reason)
    old, new = (Status.ACTIVE, Status.BANNED) if kind == "banned" else (Status.BANNED, Status.ACTIVE)
    await audit(
        connection,
        staff_id,
        f"member_{kind}",
        On("member", member_id),
        before={"status": old},
        after={"status": new},
        reason=reason,
    )


def _hold(member: Member | None, source: Status) -> None:
    if member is None:
        raise NotFound
    if member.status is not source:
        raise Conflict
