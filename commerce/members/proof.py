"""Proving once more that an account is one's own, before something about it changes: by password or by code."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from commerce.courier import Channel
from commerce.credentials import check_password, clear_tries, count_try
from commerce.members import store
from commerce.members.codes import check_code, send_code, wait_for
from commerce.members.errors import CodeSpent, CodeWrong, ProofSpent, ProofWrong
from commerce.members.targets import Target, masked
from commerce.members.types import Member, Secret
from server.application import Application
from server.database import Connection
from server.http import Body, Kind
from server.i18n import Translator

By = Literal["password", "phone", "email"]


class Proof(Body, frozen=True, kw_only=True):
    """The present password, or the code that was sent to the account's own phone or mail address."""

    by: By
    password: Secret = ""
    code: Annotated[str, Meta(max_length=12)] = ""


class Proven(msgspec.Struct, frozen=True):
    """A proof that held for ``member`` as it was. ``mac`` is of the code, None for a password.

    ``use`` it in the transaction that changes.
    """

    member: Member
    account: str
    mac: bytes | None

    async def use(self, connection: Connection) -> Member:
        """Use the code up, or forget the tries of the password, and return the member. Locks the member.

        Raises ProofWrong when the code was used meanwhile, or what it was proved with is the account's no more.
        """
        [held] = await store.lock(connection, [self.member.id])
        if self.mac is None:
            if held.password_hash != self.member.password_hash:
                raise ProofWrong(field="password")
            await clear_tries(connection, Kind.MEMBER, self.account)
        elif self.account not in (held.phone, held.email) or not await store.use_code(
            connection, self.account, self.mac
        ):
            raise ProofWrong(field="code")
        return held


def ways(member: Member) -> list[tuple[By, str]]:
    """Return how a member may prove themselves, and where a code would go, masked."""
    found: list[tuple[By, str]] = []
    if member.phone:
        found.append(("phone", masked(member.phone)))
    if member.email:
        found.append(("email", masked_mail(member.email)))
    if member.password_hash:
        found.append(("password", ""))
    return found


def masked_mail(address: str) -> str:
    """Return a mail address as it may be shown: ``li***@example.cn``."""
    name, _, host = address.partition("@")
    return f"{name[:2] if len(name) > 2 else name[:1]}***@{host}"


def own_target(member: Member, by: str) -> Target:
    """Return where the account's own code goes. Raises ProofWrong where it has no such thing."""
    if by == "phone" and member.phone:
        return Target(Channel.SMS, member.phone)
    if by == "email" and member.email:
        return Target(Channel.EMAIL, member.email)
    raise ProofWrong(field="by")


async def send_proof(app: Application, member: Member, by: str, address: str, tr: Translator) -> int:
    """Send a code to the account's own phone or mail address; return the seconds until another may be asked for.

    Raises ProofWrong, RateLimited, CourierMissing.
    """
    return await send_code(app, own_target(member, by), address, tr)


async def wait_for_proof(app: Application, member: Member, by: str) -> int:
    """Return the seconds until another code may be sent that way; 0 for a password, and a way it has not."""
    try:
        return await wait_for(app, own_target(member, by))
    except ProofWrong:
        return 0


async def prove(app: Application, member: Member, proof: Proof) -> Proven:
    """Hold a proof. Raises ProofWrong, ProofSpent, TooManyTries."""
    if proof.by == "password":
        account = member.phone or member.email or ""
        await count_try(app, Kind.MEMBER, account)
        if member.password_hash is None or not await check_password(member.password_hash, proof.password):
            raise ProofWrong(field="password")
        return Proven(member, account, None)
    target = own_target(member, proof.by)
    try:
        return Proven(member, target.value, await check_code(app, target, proof.code))
    except CodeSpent:
        raise ProofSpent(field="code") from None
    except CodeWrong:
        raise ProofWrong(field="code") from None
