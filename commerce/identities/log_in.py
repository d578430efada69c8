"""Logging in with an identity. One that nobody has bound yet asks for a phone first, which becomes its account's."""

from __future__ import annotations

import secrets

from commerce.identities import store
from commerce.identities.types import Arrival, ArrivalEnded, LogInRefused, OtherBound, Profile
from commerce.members import store as members
from commerce.members.codes import check_code
from commerce.members.errors import CodeWrong
from commerce.members.log_in import Entered, enter, found_or_registered
from commerce.members.names import hold_own
from commerce.members.profile import hold_name
from commerce.members.targets import Target
from commerce.members.types import Secured, Visitor
from server.application import Application
from server.database import Connection
from server.errors import Invalid
from server.events import publish
from server.http.session import digest_of

ARRIVAL_LASTS = 900
"""Seconds in which a phone has to be proved."""


async def log_in(app: Application, profile: Profile, way: str, visitor: Visitor, title: str) -> Entered | str:
    """Log in whose identity it is, or return the secret under which the person may prove a phone.

    Raises MemberBanned, LogInRefused.
    """
    async with app.database.transaction() as connection:
        bound = await store.find(connection, profile)
        if bound is not None:
            await store.learn(connection, bound.id, profile)
            member = await members.member(connection, bound.member_id)
            assert member is not None  # the row refers to it
            entered = await enter(app, connection, member, visitor)
            held = await store.find(connection, profile)
            if held is None or held.member_id != member.id:  # unbound before the account was locked
                raise LogInRefused
            return entered
        secret = secrets.token_urlsafe(24)
        await store.keep_arrival(connection, digest_of(secret), profile, way, ARRIVAL_LASTS)
        return secret


async def arrival_of(app: Application, secret: str) -> Arrival:
    """Return who has yet to prove a phone. Raises ArrivalEnded."""
    async with app.database.connection() as connection:
        found = await store.arrival(connection, digest_of(secret))
    if found is None:
        raise ArrivalEnded
    return found


async def log_in_with_phone(
    app: Application, secret: str, target: Target, code: str, visitor: Visitor, title: str
) -> tuple[Entered, str]:
    """Bind an arrival to the account of a phone, a new one if there is none, log in, and return the way on too.

    Raises ArrivalEnded, CodeWrong, OtherBound, MemberBanned.
    """
    await arrival_of(app, secret)
    mac = await check_code(app, target, code)
    async with app.database.transaction() as connection:
        if not await members.use_code(connection, target.value, mac):
            raise CodeWrong
        arrival = await store.take_arrival(connection, digest_of(secret))
        if arrival is None:
            raise ArrivalEnded
        member, new = await found_or_registered(connection, target)
        entered = await enter(app, connection, member, visitor, new=new)
        if entered.member.phone != target.value:  # the account has got another one meanwhile
            raise CodeWrong
        await bind(connection, member.id, arrival, title, new=new)
        if new:
            await _name(app, connection, member.id, arrival.nickname)
    return entered, arrival.way


async def bind(connection: Connection, member_id: int, profile: Profile, title: str, *, new: bool = False) -> None:
    """Bind an identity in the caller's transaction. Raises OtherBound where the account, or the identity, has another.

    Bound to this account already it stays so. The owner is told of the new way in, unless the account is ``new`` too.
    """
    if not await store.add(connection, member_id, profile):
        held = await store.find(connection, profile)
        if held is None or held.member_id != member_id:
            raise OtherBound(title=title)
        return
    await members.note(connection, member_id, "identity_bound", f"member:{member_id}", profile.provider)
    if not new:
        await publish(connection, Secured(member_id=member_id, what="identity_bound", device=title))


async def _name(app: Application, connection: Connection, member_id: int, nickname: str) -> None:
    """Call a new member what the provider does, where a member may be called so."""
    try:
        name = hold_name(nickname)
        await hold_own(app, connection, name)
    except Invalid:
        return
    await members.set_nickname(connection, member_id, name)
