"""Logging in, with a code or with a password. A phone or mail address that is new becomes a member."""

from __future__ import annotations

import secrets

import msgspec

from commerce.courier import Channel
from commerce.credentials import check_password, clear_tries, count_try
from commerce.members import leaving_store, store
from commerce.members.codes import check_code
from commerce.members.devices import notice_device
from commerce.members.errors import CodeWrong, CredentialsWrong, MemberBanned
from commerce.members.targets import Target, target_of
from commerce.members.types import LogIn, Member, Status, Visitor
from server.application import Application
from server.database import Connection
from server.errors import Invalid
from server.http import Kind
from server.http.session import Issued


class Entered(msgspec.Struct, frozen=True):
    """Somebody has logged in. ``stays`` says that this took back a wish to have the account deleted."""

    member: Member
    issued: Issued
    stays: bool = False


async def log_in(app: Application, body: LogIn, visitor: Visitor) -> Entered:
    """Log in with what ``body`` holds. Raises Invalid, CodeWrong, CredentialsWrong, MemberBanned, RateLimited."""
    with_code = body.phone is not None or body.email is not None or body.code is not None
    with_password = body.account is not None or body.password is not None
    if with_code == with_password:
        raise Invalid("phone", "用手机号（或邮箱）加验证码，或者账号加密码")
    if with_password:
        if not body.account:
            raise Invalid("account", "必填")
        if not body.password:
            raise Invalid("password", "必填")
        return await by_password(app, body.account, body.password, visitor)
    if not body.code:
        raise Invalid("code", "必填")
    return await by_code(app, one_target(body.phone, body.email), body.code, visitor)


def one_target(phone: str | None, email: str | None) -> Target:
    """Return the one of both that is given. Raises Invalid."""
    if (phone is None) == (email is None):
        raise Invalid("phone", "手机号和邮箱，填一个")
    return target_of(phone, "phone") if phone is not None else target_of(email or "", "email")


async def by_code(app: Application, target: Target, code: str, visitor: Visitor) -> Entered:
    """Log in, or register, the owner of ``target``. Raises CodeWrong, MemberBanned."""
    mac = await check_code(app, target, code)
    async with app.database.transaction() as connection:
        if not await store.use_code(connection, target.value, mac):
            raise CodeWrong
        member, new = await found_or_registered(connection, target)
        entered = await enter(app, connection, member, visitor, new=new)
        if not _owns(entered.member, target):
            raise CodeWrong
        return entered


async def by_password(app: Application, account: str, password: str, visitor: Visitor) -> Entered:
    """Log in a member by phone or mail address. Raises CredentialsWrong, MemberBanned, TooManyTries."""
    try:
        target = target_of(account, "account")
    except Invalid:
        raise CredentialsWrong from None
    await count_try(app, Kind.MEMBER, target.value)
    async with app.database.connection() as connection:
        member = await _find(connection, target)
    if not await check_password(member.password_hash if member else None, password) or member is None:
        raise CredentialsWrong
    async with app.database.transaction() as connection:
        entered = await enter(app, connection, member, visitor)
        # Looking at a password takes its time: it may have been replaced meanwhile, and with it every session ended.
        if entered.member.password_hash != member.password_hash or not _owns(entered.member, target):
            raise CredentialsWrong
        await clear_tries(connection, Kind.MEMBER, target.value)
        return entered


def _owns(member: Member, target: Target) -> bool:
    held = member.phone if target.channel is Channel.SMS else member.email
    return held is not None and held.lower() == target.value


async def _find(connection: Connection, target: Target) -> Member | None:
    find = store.member_by_phone if target.channel is Channel.SMS else store.member_by_email
    return await find(connection, target.value)


async def find_or_register(connection: Connection, target: Target) -> Member:
    """Return the member of ``target``, a new one if there was none; of two at once both get the same."""
    return (await found_or_registered(connection, target))[0]


async def found_or_registered(connection: Connection, target: Target) -> tuple[Member, bool]:
    """Return the member of ``target`` and whether they are new."""
    member = await _find(connection, target)
    if member is not None:
        return member, False
    by_phone = target.channel is Channel.SMS
    tail = target.value[-4:] if by_phone else f"{secrets.randbelow(10_000):04d}"
    phone, email = (target.value, None) if by_phone else (None, target.value)
    registered = await store.register(connection, phone, email, f"凌峰用户{tail}")
    member = await _find(connection, target)
    assert member is not None  # registered here, or by another log-in that won the race
    if registered:
        await store.note(connection, member.id, "registered", f"member:{member.id}")
    return member, registered


async def enter(
    app: Application, connection: Connection, member: Member, visitor: Visitor, *, new: bool = False
) -> Entered:
    """Open a session of a member who has proved who they are, in the caller's transaction. Locks the member.

    Returned is the account as it is under the lock: the caller holds against it what was proved before. ``new`` is who
    has registered just now. A wish to have the account deleted is taken back. Raises MemberBanned.
    """
    [member] = await store.lock(connection, [member.id])
    if member.status is not Status.ACTIVE:
        raise MemberBanned
    if not new:
        await notice_device(app, connection, member.id, visitor)
    stays = await leaving_store.stay(connection, member.id)
    issued = await app.sessions.issue(connection, Kind.MEMBER, member.id, visitor.address, visitor.agent)
    return Entered(member, issued, stays)
