"""Two accounts of one person become one: whoever proves another account while logged in is offered it.

The person says which one stays. It gets everything of the other, which remains as a row that says where all went. An
attempt at a flash sale that was under way may still be settled for the emptied account; the movers run again a minute
and three hours later, beyond the life of anything that was admitted before.
"""

from __future__ import annotations

import secrets
from typing import Literal

import msgspec

from commerce.courier import Channel
from commerce.members import merge_store, store
from commerce.members.belongings import Belongings, Hindrance, texts
from commerce.members.centre import Centre
from commerce.members.codes import write
from commerce.members.errors import MergeHeld, OfferEnded
from commerce.members.targets import Target
from commerce.members.types import Member, Secured, Status, Visitor
from server.application import Application
from server.database import Connection
from server.events import publish
from server.http import Kind
from server.http.session import Issued, digest_of
from server.i18n import Translator
from server.jobs import Job, enqueue

Stays = Literal["this", "other"]
"""Which account stays: the one that is logged in, or the one that was proved."""
LASTS = 900
"""Seconds that an offer stands."""
STRAGGLERS = "members.move_stragglers"
AGAIN = (60.0, 3 * 3600.0)


class Merged(msgspec.Struct, frozen=True):
    """The job that moves what came to an emptied account afterwards."""

    other_id: int


class Two(msgspec.Struct, frozen=True, kw_only=True):
    """Both accounts as their owner is asked about them, how many orders each has, and what stands against it.

    ``proof`` is what proved the other.
    """

    keeper: merge_store.Heap
    other: merge_store.Heap
    proof: str
    orders: tuple[int, int]
    against: list[Hindrance]

    @property
    def stays(self) -> Stays:
        """Which one is proposed to stay: the one with more orders, else the one that is logged in."""
        return "other" if self.orders[1] > self.orders[0] else "this"

    def contacts(self, stays: Stays) -> tuple[str | None, str | None]:
        """Return the phone and the mail address that log in when this one stays."""
        return (
            _contacts(self.keeper, self.other, self.proof)
            if stays == "this"
            else _contacts(self.other, self.keeper, "")
        )


class Done(msgspec.Struct, frozen=True):
    """The account that stayed, and its session where the one that asked has ended with the other account."""

    member: Member
    issued: Issued | None = None


async def make_offer(connection: Connection, keeper_id: int, other_id: int, proof: Literal["phone", "email"]) -> str:
    """Return the secret of an offer, in the caller's transaction. ``proof`` is what proved the other account."""
    secret = secrets.token_urlsafe(24)
    await merge_store.offer(connection, digest_of(secret), keeper_id, other_id, proof, LASTS)
    return secret


async def withdraw(connection: Connection, other_id: int) -> None:
    """End the offers that would empty an account, whose ways in have changed: what proved it proves it no more.

    The account is locked.
    """
    await merge_store.withdraw(connection, other_id)


async def look(app: Application, keeper_id: int, secret: str) -> Two:
    """Return what an offer is about. Raises OfferEnded."""
    async with app.database.connection() as connection:
        offer = await merge_store.offered(connection, digest_of(secret), keeper_id)
        if offer is None:
            raise OfferEnded
        keeper = await merge_store.heap(connection, keeper_id)
        other = await merge_store.heap(connection, offer.other_id)
        assert keeper is not None  # the offer refers to both
        assert other is not None
        count = app.resource(Centre).orders
        return Two(
            keeper=keeper,
            other=other,
            proof=offer.proof,
            orders=(
                sum((await count(connection, keeper_id)).values()),
                sum((await count(connection, other.id)).values()),
            ),
            against=await against(app, connection, keeper_id, other.id),
        )


async def against(app: Application, connection: Connection, own_id: int, other_id: int) -> list[Hindrance]:
    """Return what stands against merging two accounts; what is the other's leads nowhere."""
    held = app.resource(Belongings).against_merging
    others = await held(connection, other_id)
    return await held(connection, own_id) + [msgspec.structs.replace(each, href="", others=True) for each in others]


async def merge(
    app: Application, member_id: int, secret: str, tr: Translator, visitor: Visitor, stays: Stays = "this"
) -> Done:
    """Do what was offered and return the account that stays. Locks both members in order of id.

    Both have been proved by who asks: which one stays decides about name, picture and passwords, not about who may.
    Phones and mail addresses of either that log in to nothing from then on are told, in the language of ``tr``.

    Raises OfferEnded, MergeHeld with what stands against it.
    """
    digest = digest_of(secret)
    async with app.database.transaction() as connection:
        offer = await merge_store.offered(connection, digest, member_id)
        if offer is None:
            raise OfferEnded
        both = {member.id: member for member in await store.lock(connection, [member_id, offer.other_id])}
        keeper, other = both[member_id], both[offer.other_id]
        if stays == "other":
            keeper, other = other, keeper
        if not await merge_store.take(connection, digest):
            raise OfferEnded
        if keeper.status is not Status.ACTIVE or other.status is not Status.ACTIVE:
            raise MergeHeld(details=["其中一个账号已停用，不能合并"], reason="其中一个账号已停用，不能合并")
        if found := texts(await against(app, connection, keeper.id, other.id)):
            raise MergeHeld(details=found, reason=found[0])
        await merge_store.empty(connection, keeper.id, other.id)
        await merge_store.set_contacts(
            connection, keeper.id, *_ways_in(keeper, other, offer.proof if stays == "this" else "")
        )
        await app.resource(Belongings).move(connection, keeper.id, other.id)
        ended = await app.sessions.revoke_all(connection, Kind.MEMBER, other.id)
        await store.note(connection, keeper.id, "merged", f"member:{keeper.id}", f"member:{other.id}")
        await store.note(connection, other.id, "merged_into", f"member:{keeper.id}", f"member:{keeper.id}")
        await publish(connection, Secured(member_id=keeper.id, what="merged"))
        for delay in AGAIN:
            await enqueue(connection, STRAGGLERS, Merged(other.id), delay=delay)
        issued = None
        if other.id == member_id:
            issued = await app.sessions.issue(connection, Kind.MEMBER, keeper.id, visitor.address, visitor.agent)
        after = await store.member(connection, keeper.id)
        assert after is not None
        await _tell_ended(app, connection, keeper, other, after, tr)
    for each in ended:
        app.sessions.forget(each)
    return Done(after, issued)


async def _tell_ended(
    app: Application, connection: Connection, keeper: Member, other: Member, after: Member, tr: Translator
) -> None:
    phones = {member.phone for member in (keeper, other)} - {None, after.phone}
    addresses = {member.email for member in (keeper, other)} - {None, after.email}
    for channel, ended in ((Channel.SMS, phones), (Channel.EMAIL, addresses)):
        for value in ended:
            text = tr("【凌峰】你的账号已和另一个合并，不能再用这里登录它。不是你本人操作的话，请马上联系客服。")
            await write(app, connection, Target(channel, str(value)), text)


def _ways_in(keeper: Member, other: Member, proof: str) -> tuple[str | None, str | None, str | None]:
    """Return phone, mail address and password hash of the account that stays."""
    return *_contacts(keeper, other, proof), keeper.password_hash or other.password_hash


def _contacts(
    keeper: Member | merge_store.Heap, other: Member | merge_store.Heap, proof: str
) -> tuple[str | None, str | None]:
    """Return phone and mail address of the account that stays.

    Its own before the other's; only what of the other has just been proved takes the place of its own.
    """
    phone = other.phone if proof == "phone" or keeper.phone is None else keeper.phone
    email = other.email if proof == "email" or keeper.email is None else keeper.email
    return phone, email


async def move_stragglers(app: Application, merged: Merged) -> None:
    """Move what came to an emptied account after it was merged."""
    async with app.database.transaction() as connection:
        keeper_id = await merge_store.merged_of(connection, merged.other_id)
        if keeper_id is not None:
            await store.lock(connection, [keeper_id, merged.other_id])
            await app.resource(Belongings).move(connection, keeper_id, merged.other_id)


JOB = Job(name=STRAGGLERS, payload=Merged, run=move_stragglers)


async def tidy(app: Application) -> None:
    """Remove offers that ended."""
    async with app.database.connection() as connection:
        await merge_store.tidy(connection)
