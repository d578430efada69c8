"""The phone and the mail address of an account: added and replaced with proof of the account and of the new one.

One that has an account of its own leads to an offer to merge; the old one is told of its replacement.
"""

from __future__ import annotations

import asyncpg

from commerce.courier import Channel
from commerce.members import contact_store, store
from commerce.members.codes import check_code, write
from commerce.members.errors import (
    CodeSpent,
    CodeWrong,
    MergeOffered,
    NewCodeSpent,
    NewCodeWrong,
    NoOtherAccount,
    SameContact,
)
from commerce.members.merging import make_offer, withdraw
from commerce.members.proof import Proof, prove
from commerce.members.targets import Target
from commerce.members.types import Member, Secured
from server.application import Application
from server.database import Connection
from server.errors import Conflict, NotFound
from server.events import publish
from server.i18n import Translator


async def change_contact(
    app: Application, member_id: int, target: Target, code: str, proof: Proof, tr: Translator, *, merging: bool = False
) -> Member:
    """Give a member another phone or mail address; ``merging`` never does, but wants its account. Locks the member.

    Raises ProofWrong, TooManyTries, NewCodeWrong, NewCodeSpent, SameContact; MergeOffered, with the offer's secret as
    details, when it has an account already; NoOtherAccount when ``merging`` finds none, and both codes hold still.
    """
    async with app.database.connection() as connection:
        member = await store.member(connection, member_id)
    if member is None:
        raise NotFound
    by_phone = target.channel is Channel.SMS
    old = member.phone if by_phone else member.email
    if old == target.value:
        raise SameContact
    proven = await prove(app, member, proof)
    try:
        mac = await check_code(app, target, code)
    except CodeSpent:
        raise NewCodeSpent(field="new_code") from None
    except CodeWrong:
        raise NewCodeWrong(field="new_code") from None
    offer = ""
    async with app.database.transaction() as connection:
        held = await proven.use(connection)
        old = held.phone if by_phone else held.email
        if not await store.use_code(connection, target.value, mac):
            raise NewCodeWrong(field="new_code")
        find = store.member_by_phone if by_phone else store.member_by_email
        other = await find(connection, target.value)
        if other is not None and other.id != member_id:
            offer = await make_offer(connection, member_id, other.id, "phone" if by_phone else "email")
        elif merging:
            raise NoOtherAccount
        else:
            try:
                await contact_store.set_contact(connection, member_id, by_phone, target.value)
            except asyncpg.UniqueViolationError:  # somebody registered with it this very moment
                raise Conflict from None
            await withdraw(connection, member_id)
            kind = ("phone" if by_phone else "email") + ("_changed" if old else "_added")
            await publish(connection, Secured(member_id=member_id, what=kind))
            await store.note(connection, member_id, kind, f"member:{member_id}")
            if old:
                await _tell_old(app, connection, Target(target.channel, old), tr)
        after = await store.member(connection, member_id)
    if offer:
        raise MergeOffered(details={"offer": offer})
    assert after is not None
    return after


async def _tell_old(app: Application, connection: Connection, old: Target, tr: Translator) -> None:
    text = (
        tr("【凌峰】你的账号已换绑手机号，这个号码不能再登录它。不是你本人操作的话，请马上联系客服。")
        if old.channel is Channel.SMS
        else tr("【凌峰】你的账号已换绑邮箱，这个邮箱不能再登录它。不是你本人操作的话，请马上联系客服。")
    )
    await write(app, connection, old, text)
